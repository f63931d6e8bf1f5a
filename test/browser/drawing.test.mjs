// From print to rated: sheets of a class, photos handed in, one mended by
// dragging, two raters and a third, the mark.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { api, fits, openBrowser, openHouse, openPage, phone, sees, shot, signIn } from "./house.mjs";

let house, browser, photos;
const wide = { width: 1366, height: 768 };

before(async () => {
  photos = mkdtempSync(join(tmpdir(), "zugou-photos-"));
  house = await openHouse();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await house?.end();
  rmSync(photos, { recursive: true, force: true });
});

/** So much that a talk is advised. */
const many = ["W05", "W06", "W07", "W08", "W09", "H01", "H02", "T01", "T02", "P02"];

/** What stands in the square code of a sheet. */
const code = (sheet) => `ZGHTP1${sheet.number.replaceAll("-", "")}`;

/** Makes 1.jpg, 2.jpg … of the codes, and tells where the marks are. */
const photosOf = (folder, ...codes) =>
  execFileSync("go", ["run", "./test/photo/make", folder, ...codes], { cwd: join(import.meta.dirname, "../.."), encoding: "utf8", env: { ...process.env, CGO_ENABLED: "0" } })
    .trim()
    .split("\n")
    .map((line) => [...line.matchAll(/\((-?\d+),(-?\d+)\)/g)].map((m) => ({ x: Number(m[1]), y: Number(m[2]) })));

async function newBatch(page) {
  await page.getByRole("button", { name: "新建批次" }).click();
  await page.getByLabel("批次名称").fill("春季 浏览器测试");
  await page.getByLabel("作画日期").fill("2024-05-20");
  await page.keyboard.press("Enter"); // takes the date; the calendar goes
  await page.getByLabel("提供了彩笔").check();
  await page.getByRole("button", { name: "建立批次" }).click();
}

const tall = { width: 390, height: 844 };

/** Codes a whole sheet by the keyboard: what is named is there, the rest is not. */
async function rate(page, present) {
  await page.locator(".rate-list").focus();
  for (const code of present) {
    await page.locator(".rate-row", { hasText: code }).locator(".rate-code-1").click();
  }
  await page.locator(".rate-list").focus();
  await page.keyboard.press("a");
  await page.keyboard.press("Control+Enter");
}

test("a class's drawings, from print to rated", { timeout: 420_000 }, async () => {
  const desk = await openPage(browser, wide);
  await signIn(desk.page, house.base, "section1");
  const classes = (await api(desk.page, "GET", "/drawings/classes")).body.items.filter((c) => c.school);
  const cls = classes.find((c) => c.children >= 3) ?? classes[0];
  assert.ok(cls, "the demonstration has a class");

  // Print.
  await desk.page.goto(`${house.base}/console/drawings`);
  await sees(desk.page, "还没有收集过画作");
  await shot(desk.page, "1-empty");
  await desk.page.getByRole("button", { name: "打印作画纸" }).click();
  await desk.page.getByRole("combobox", { name: "学校" }).click();
  await desk.page.locator(".ant-select-item-option", { hasText: cls.school }).first().click();
  await shot(desk.page, "2-print");
  const pdf = desk.page.waitForResponse((r) => r.url().endsWith("/api/drawings/sheets") && r.request().method() === "POST");
  await desk.page.getByRole("button", { name: "生成 PDF" }).click();
  assert.equal((await pdf).headers()["content-type"], "application/pdf");
  const sheets = (await api(desk.page, "GET", `/drawings/sheets?school=${cls.school_id}`)).body.items;
  assert.ok(sheets.length >= 2, "each child has a sheet");
  const codes = sheets.slice(0, 2).map(code);

  // Photos: the first is fine, the second has a corner folded over.
  const marks = photosOf(photos, codes[0], `fold:${codes[1]}`);

  // A batch, and the files into it.
  await newBatch(desk.page);
  await desk.page.getByTestId("files").setInputFiles([join(photos, "1.jpg"), join(photos, "2.jpg")]);
  await desk.page.getByText("收到 2 张新照片").waitFor({ timeout: 60_000 });
  await desk.page.getByRole("button", { name: "处理 1 张没读出来的" }).waitFor({ timeout: 60_000 });
  await shot(desk.page, "3-batch");

  // Mend by dragging the dots onto the marks and typing the number.
  await desk.page.getByRole("button", { name: "处理 1 张没读出来的" }).click();
  await desk.page.locator(".mend-dot").first().waitFor();
  await shot(desk.page, "4-mend");
  await desk.page.setViewportSize(tall);
  await desk.page.getByLabel("纸上的编号").waitFor();
  await shot(desk.page, "4-mend-phone");
  await fits(desk.page);
  await desk.page.setViewportSize(wide);
  await desk.page.locator(".mend-dot").nth(3).waitFor();
  for (const [n, m] of marks[1].entries()) {
    // Each is measured when it is taken: the page lies as it lies now.
    const box = await desk.page.locator(".mend-photo").boundingBox();
    const dot = await desk.page.locator(".mend-dot").nth(n).boundingBox();
    await desk.page.mouse.move(dot.x + dot.width / 2, dot.y + dot.height / 2);
    await desk.page.mouse.down();
    await desk.page.mouse.move(box.x + (m.x / 1200) * box.width, box.y + (m.y / 1600) * box.height, { steps: 4 });
    await desk.page.mouse.up();
  }
  await desk.page.getByLabel("纸上的编号").fill(sheets[1].number.toLowerCase());
  await shot(desk.page, "5-mended");
  await desk.page.getByRole("button", { name: "保存这幅画" }).click();
  await desk.page.getByText("没有需要处理的照片").first().waitFor({ timeout: 30_000 });

  // Two raters apart, and a third.
  for (const [account, present] of [["clinic1", many], ["clinic2", []], ["school1", many]]) {
    const r = await openPage(browser, wide);
    await signIn(r.page, house.base, account);
    await r.page.goto(`${house.base}/console/rating`);
    for (let n = 0; n < 2; n++) {
      await r.page.locator(".rate-list").waitFor({ timeout: 30_000 });
      const text = await r.page.locator("main, .drawing-page").first().innerText();
      for (const secret of [cls.school, sheets[0].name, sheets[1].name]) assert.ok(!text.includes(secret), `${account} is shown ${secret}`);
      if (n === 0) await shot(r.page, `6-rate-${account}`);
      const before = await r.page.locator(".rate-picture img").getAttribute("src");
      await rate(r.page, present);
      await r.page.waitForFunction((src) => document.querySelector(".rate-picture img")?.getAttribute("src") !== src, before, { timeout: 30_000 });
    }
    await sees(r.page, "现在没有需要您评定的画");
    assert.deepEqual(r.faults, []);
    await r.context.close();
  }

  // The mark, and the report.
  await desk.page.goto(`${house.base}/console/drawing-results`);
  await desk.page.getByRole("cell", { name: sheets[0].name }).first().waitFor({ timeout: 30_000 });
  await desk.page.getByText(/^至 /).first().waitFor();
  await sees(desk.page, cls.school);
  await shot(desk.page, "7-results");
  await desk.page.locator(".drawing-row").first().click();
  await desk.page.locator(".result-one img").waitFor();
  await shot(desk.page, "8-result");
  await desk.page.goto(`${house.base}/console/drawings`);
  await desk.page.locator(".drawing-row").first().click();
  await sees(desk.page, "一致性与效度");
  await sees(desk.page, "与后来专业评估相比");
  await shot(desk.page, "9-report");
  assert.deepEqual(desk.faults, []);
});

test("a village photographs drawings without a network, and each is sent once", { timeout: 180_000 }, async () => {
  const desk = await openPage(browser, wide);
  await signIn(desk.page, house.base, "section1");
  const cls = (await api(desk.page, "GET", "/drawings/classes")).body.items.find((c) => c.school);
  const printed = await desk.page.evaluate(async (school) => (await fetch("/api/drawings/sheets", { method: "POST", headers: { "X-Zugou": "1", "Content-Type": "application/json" }, body: JSON.stringify({ school }) })).status, cls.school_id);
  assert.equal(printed, 200);
  const [sheet] = (await api(desk.page, "GET", `/drawings/sheets?school=${cls.school_id}`)).body.items;
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const { body: batch } = await api(desk.page, "POST", "/drawings/batches", { title: "村里拍的画", region: "", drawn_on: today, colours: false, time_limit: 0, material: "铅笔" });
  const own = mkdtempSync(join(tmpdir(), "zugou-phone-photos-"));
  try {
    photosOf(own, code(sheet), "blank:ZGHTP1NOBODY");
    const { page, faults, context } = await openPage(browser, phone);
    await signIn(page, house.base, "village001001");
    await page.goto(`${house.base}/m/drawings`);
    await page.locator("li", { hasText: "村里拍的画" }).getByRole("link", { name: "开始拍" }).click();
    await sees(page, "拍第一张");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await context.setOffline(true);
    for (const n of [1, 2]) {
      await page.locator("input[type=file][capture]").setInputFiles(join(own, `${n}.jpg`));
      await page.waitForFunction((k) => document.querySelectorAll(".d-counts b")[1]?.textContent === String(k), n, { timeout: 60_000 });
    }
    await page.reload(); // out of the phone's own store
    await page.waitForFunction(() => document.querySelectorAll(".d-counts b")[1]?.textContent === "2", undefined, { timeout: 60_000 });
    await shot(page, "10-phone-kept");

    // The server takes the first one, its answer never arrives: it is sent again.
    let cut = false;
    await context.route("**/pile", async (route) => {
      if (cut) return route.continue();
      cut = true;
      await route.fetch();
      await route.abort();
    });
    await context.setOffline(false);
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.waitForFunction(() => document.querySelectorAll(".d-counts b")[2]?.textContent === "2", undefined, { timeout: 120_000 });
    await shot(page, "11-phone-sent");
    assert.deepEqual(faults, []);
    await context.close();
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  // The same two photos, read: one a drawing, one with a number that nobody was given.
  for (let tries = 0; ; tries++) {
    const { counts } = (await api(desk.page, "GET", `/drawings/batches/${batch.id}`)).body;
    assert.equal(counts.photos, 2, "a photo is lost or doubled");
    if (counts.waiting === 0) {
      assert.equal(counts.read + counts.again, 1, "the one with a sheet");
      break;
    }
    assert.ok(tries < 120, "not read");
    await new Promise((done) => setTimeout(done, 1_000));
  }
  assert.deepEqual(desk.faults, []);
});

// A supervisor makes a decided drawing one to train on. Who never rated
// practises first, sees what was overlooked, and may rate only when the
// supervisor said "again" and it was passed.
test("who never rated practises first, and may try again when a supervisor says so", { timeout: 300_000 }, async () => {
  const own = await openHouse();
  const pictures = mkdtempSync(join(tmpdir(), "zugou-photos-"));
  try {
    const desk = await openPage(browser, wide);
    await signIn(desk.page, own.base, "section1");
    const cls = (await api(desk.page, "GET", "/drawings/classes")).body.items.find((c) => c.school);
    await desk.page.evaluate(async (school) => (await fetch("/api/drawings/sheets", { method: "POST", headers: { "X-Zugou": "1", "Content-Type": "application/json" }, body: JSON.stringify({ school }) })).status, cls.school_id);
    const [sheet] = (await api(desk.page, "GET", `/drawings/sheets?school=${cls.school_id}`)).body.items;
    photosOf(pictures, code(sheet));
    await desk.page.goto(`${own.base}/console/drawings`);
    await newBatch(desk.page);
    await desk.page.getByTestId("files").setInputFiles([join(pictures, "1.jpg")]);
    await desk.page.getByText("收到 1 张新照片").waitFor({ timeout: 60_000 });
    for (const account of ["clinic1", "clinic2"]) {
      const r = await openPage(browser, wide);
      await signIn(r.page, own.base, account);
      await r.page.goto(`${own.base}/console/rating`);
      await r.page.locator(".rate-list").waitFor({ timeout: 30_000 });
      await rate(r.page, many);
      await r.page.getByText("现在没有需要您评定的画").waitFor({ timeout: 30_000 });
      await r.context.close();
    }

    const lead = await openPage(browser, wide);
    await signIn(lead.page, own.base, "super1");
    await lead.page.goto(`${own.base}/console/drawing-results`);
    await lead.page.locator(".drawing-row").first().click();
    await lead.page.getByRole("button", { name: "设为练习参考" }).click();
    await sees(lead.page, "已设为练习参考");
    await lead.page.keyboard.press("Escape");
    const trainee = await openPage(browser, wide);
    await signIn(trainee.page, own.base, "school1");
    await trainee.page.goto(`${own.base}/console/rating`);
    await trainee.page.getByText("练习 0/1").waitFor({ timeout: 30_000 });
    await trainee.page.setViewportSize(tall);
    await trainee.page.locator(".rate-picture img").waitFor();
    await shot(trainee.page, "10-practice-phone");
    await fits(trainee.page);
    await trainee.page.setViewportSize(wide);
    await rate(trainee.page, []);
    await trainee.page.getByRole("button", { name: "下一幅练习" }).click();
    await sees(trainee.page, "练习没有通过");
    await shot(trainee.page, "10-failed");
    await lead.page.getByRole("button", { name: "评定人", exact: true }).click();
    await sees(lead.page, "没有通过");
    await shot(lead.page, "11-trainings");
    await lead.page.setViewportSize(tall);
    await lead.page.waitForFunction(() => document.querySelector(".ant-drawer-content-wrapper")?.getBoundingClientRect().left >= 0);
    await shot(lead.page, "11-trainings-phone");
    await lead.page.setViewportSize(wide);
    await lead.page.getByRole("button", { name: "重新练习" }).click();
    await lead.page.locator(".ant-modal-confirm").getByRole("button", { name: "重新练习" }).click();
    await sees(lead.page, "还没有人练习");
    await trainee.page.reload();
    await trainee.page.getByText("练习 0/1").waitFor({ timeout: 30_000 });
    await rate(trainee.page, many);
    await trainee.page.getByRole("button", { name: "下一幅练习" }).click();
    await sees(trainee.page, "练习已通过");
    await trainee.page.getByRole("button", { name: "开始正式评定" }).click();
    await sees(trainee.page, "现在没有需要您评定的画");
    assert.deepEqual([...lead.faults, ...trainee.faults], []);
  } finally {
    await own.end();
    rmSync(pictures, { recursive: true, force: true });
  }
});

// A pile large enough that one of each rater's block comes again without a
// word: the supervisor sees who coded it otherwise, the rater never which.
test("two raters code a pile by hand; the supervisor sees how steady each is over the hidden repeats", { timeout: 900_000 }, async () => {
  const own = await openHouse();
  const pictures = mkdtempSync(join(tmpdir(), "zugou-photos-"));
  const pile = 27; // a block of 14, and twelve others behind its last drawing
  try {
    const desk = await openPage(browser, wide);
    desk.page.setDefaultTimeout(60_000);
    await signIn(desk.page, own.base, "section1");
    const schools = new Map();
    for (const c of (await api(desk.page, "GET", "/drawings/classes")).body.items.filter((x) => x.school)) schools.set(c.school_id, (schools.get(c.school_id) ?? 0) + c.children);
    const sheets = [];
    for (const [school] of [...schools].sort((a, b) => b[1] - a[1])) {
      if (sheets.length >= pile) break;
      await desk.page.evaluate(async (name) => (await fetch("/api/drawings/sheets", { method: "POST", headers: { "X-Zugou": "1", "Content-Type": "application/json" }, body: JSON.stringify({ school: name }) })).status, school);
      sheets.push(...(await api(desk.page, "GET", `/drawings/sheets?school=${school}`)).body.items);
    }
    assert.ok(sheets.length >= pile, `the demonstration has ${sheets.length} pupils`);
    photosOf(pictures, ...sheets.slice(0, pile).map(code));
    await desk.page.goto(`${own.base}/console/drawings`);
    await newBatch(desk.page);
    await desk.page.getByTestId("files").setInputFiles(Array.from({ length: pile }, (_, i) => join(pictures, `${i + 1}.jpg`)));
    await desk.page.getByText(`收到 ${pile} 张新照片`).waitFor({ timeout: 180_000 });
    // Photos of one picture under many numbers look alike: a person says that both are kept.
    const [batch] = (await api(desk.page, "GET", "/drawings/batches")).body.items;
    for (let tries = 0; ; tries++) {
      const { counts } = (await api(desk.page, "GET", `/drawings/batches/${batch.id}`)).body;
      const { items } = (await api(desk.page, "GET", `/drawings/batches/${batch.id}/mending`)).body;
      if (counts.waiting === 0 && items.length === 0) {
        assert.equal(counts.drawings, pile, JSON.stringify(counts));
        break;
      }
      for (const x of items) await api(desk.page, "POST", x.drawing ? `/drawing/${x.drawing}/choose` : `/drawings/photos/${x.photo}/mend`, x.drawing ? { choice: "both" } : { accept: true });
      assert.ok(tries < 240, `not read: ${JSON.stringify(counts)}`);
      await new Promise((done) => setTimeout(done, 1_000));
    }
    for (const account of ["clinic1", "clinic2"]) {
      const r = await openPage(browser, wide);
      r.page.setDefaultTimeout(60_000);
      await signIn(r.page, own.base, account);
      await r.page.goto(`${own.base}/console/rating`);
      const seen = new Map(); // pictures by their bytes: no name tells that one comes again
      for (let n = 0; n <= pile + 2; n++) {
        await r.page.locator(".rate-list").or(r.page.getByText("现在没有需要您评定的画")).first().waitFor();
        if (await r.page.getByText("现在没有需要您评定的画").count()) break;
        const src = await r.page.locator(".rate-picture img").getAttribute("src");
        const key = n < pile ? "first" : "again";
        seen.set(key, (seen.get(key) ?? 0) + 1);
        // clinic1 codes alike each time; clinic2 sees another thing in what comes later.
        await rate(r.page, account === "clinic1" ? ["W06"] : n < 14 ? ["W06"] : ["T02"]);
        await r.page.waitForFunction((was) => document.querySelector(".rate-picture img")?.getAttribute("src") !== was, src);
      }
      assert.equal(seen.get("again"), 1, `${account} had ${JSON.stringify(Object.fromEntries(seen))}`);
      assert.equal((await api(r.page, "GET", "/rating/repeats")).status, 403, "a rater reads which were repeated");
      assert.deepEqual(r.faults, []);
      await r.context.close();
    }
    const lead = await openPage(browser, { width: 1440, height: 900 });
    lead.page.setDefaultTimeout(30_000);
    await signIn(lead.page, own.base, "super1");
    const steady = (await api(lead.page, "GET", "/rating/repeats")).body.items;
    assert.equal(steady.length, 2, JSON.stringify(steady));
    await lead.page.goto(`${own.base}/console/drawing-results`);
    await lead.page.getByRole("button", { name: "评定人", exact: true }).click();
    await lead.page.locator(".ant-segmented-item").filter({ hasText: "隐藏复评" }).click();
    for (const x of steady) await lead.page.locator(".repeats tr").filter({ hasText: x.name }).first().waitFor();
    await lead.page.locator(".repeats .ant-table-row-expand-icon").first().click();
    await lead.page.locator(".repeats-list li").first().waitFor();
    await shot(lead.page, "12-repeats");
    await lead.page.setViewportSize(tall);
    await shot(lead.page, "12-repeats-phone");
    assert.deepEqual([...desk.faults, ...lead.faults], []);
  } finally {
    await own.end();
    rmSync(pictures, { recursive: true, force: true });
  }
});
