// Screening in a browser: a class of forty from consent to colour on a tablet
// that goes round, and a village asked on a phone without a network, with the
// browser killed in the middle of the sync.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { answer, bySlip, caller, calm, campaign, pupils, signed } from "./class.mjs";
import { openBrowser, openHouse, openPage, option, phone, sees, shot, signIn } from "./house.mjs";

const tablet = { width: 800, height: 1280 };
const PIN = "485296";

let house;
let browser;
let section; // calls of the API as the section, the clinician, the seat
let clinic;
let seat;
let village;

before(async () => {
  house = await openHouse();
  browser = await openBrowser();
  [section, clinic, seat] = [await caller(house.base, "section1"), await caller(house.base, "clinic1"), await caller(house.base, "seat1")];
  village = (await (await caller(house.base, "village001001"))("GET", "/me")).grants[0].region;
  await signed(clinic, "phq-a", "asq", "who-5");
});

after(async () => {
  await browser?.close();
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

async function setPin(page) {
  await page.goto(`${house.base}/m/me/pin`);
  await page.getByLabel("6 位数字").fill(PIN);
  await page.getByLabel("再输一次").fill(PIN);
  await page.getByRole("button", { name: "保存" }).click();
  await sees(page, "解锁数字已设置");
}

async function typeCode(page, code) {
  for (const d of code.replace(/ /g, "")) await page.locator(".q-pad button", { hasText: new RegExp(`^${d}$`) }).click();
  await page.getByRole("button", { name: "好了" }).click();
}

test("a class of forty is screened on a tablet that goes round, from consent to colour", { timeout: 180_000 }, async () => {
  const children = await pupils(section, village, 40, "轮流中学", "2011-03-01");
  const { page, faults } = await openPage(browser, tablet);
  await signIn(page, house.base, "teacher1");
  const teacher = (await (await caller(house.base, "teacher1"))("GET", "/me")).id;
  const id = await campaign(section, "轮流筛查", "轮流中学", ["phq-a"], async (c) => {
    await section("POST", `/campaigns/${c}/consents`, { items: children.map((x) => ({ child_id: x, consent: "given", by: "mother", how: "paper" })) });
    const { school_id: at } = (await section("GET", `/campaigns/${c}`)).groups[0];
    await section("PUT", `/campaigns/${c}/teachers`, { items: [{ account: teacher, name: "", school_id: at, school: "", grade: "七年级", class: "1班" }] });
  });
  const members = (await section("GET", `/campaigns/${id}/members`)).items;

  await setPin(page);
  await page.goto(`${house.base}/m/round/${id}`);
  await page.getByRole("button", { name: "40 还没填完" }).waitFor();
  await page.getByRole("button", { name: "开始轮流填写" }).click();
  await sees(page, "请交给下一位同学");

  // The first pupil says yes to the question on death; the second says no to all.
  const ends = [];
  for (const [n, places] of [[0, [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 1, 1]], [1, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1]]]) {
    await page.getByRole("button", { name: "我是下一位" }).click();
    await typeCode(page, members[n].code);
    await sees(page, "你是 试**");
    await page.getByRole("button", { name: "是的" }).click();
    await page.getByRole("button", { name: "我愿意填" }).click();
    await page.getByRole("button", { name: "开始" }).click();
    await answer(page, places);
    await page.getByRole("button", { name: "交上去" }).click();
    await sees(page, "谢谢你");
    ends.push(await page.locator(".q-calm").innerText());
    await page.getByRole("button", { name: "交给下一位" }).click();
    await sees(page, "请交给下一位同学");
    assert.ok(!(await page.locator("body").innerText()).includes("试"), "the next child reads a name");
  }
  assert.equal(ends[0], ends[1], "the end tells what was answered");
  for (const number of ["12355", "12356", "110", "120"]) assert.ok(ends[0].includes(number));

  // No page of the teacher's is to be had while the tablet goes round.
  await page.goto(`${house.base}/console/`);
  await sees(page, "请交给下一位同学");
  const left = await page.evaluate(async () => JSON.stringify([Object.entries(sessionStorage), Object.keys(localStorage), location.href]));
  assert.ok(!left.includes(members[0].code.replace(/ /g, "")), "the code stays on the tablet");

  for (const m of members.slice(2)) await bySlip(house.base, m.code, calm);

  await page.getByRole("button", { name: "老师解锁" }).click();
  await page.getByLabel("解锁数字").fill("111222");
  await page.getByRole("button", { name: "解锁", exact: true }).click();
  await sees(page, "还可以试 4 次");
  await page.getByLabel("解锁数字").fill(PIN);
  await page.getByRole("button", { name: "解锁", exact: true }).click();
  await page.getByRole("navigation", { name: "主菜单" }).waitFor();
  await page.goto(`${house.base}/m/round/${id}`);
  await page.getByRole("button", { name: "40 已填完" }).click();
  const seen = await page.locator("main").innerText();
  for (const secret of ["危急", "橙", "PHQ"]) assert.ok(!seen.includes(secret), `a teacher reads ${secret}`);

  // One child's answer rang the seat; a professional assesses a colour.
  const [positive, negative] = [members[0].child_id, members[1].child_id];
  const queue = (await seat("GET", "/queue")).items.filter((m) => m.child_id === positive || m.child?.id === positive);
  assert.equal(queue.length, 1, "the seat's queue");
  const waiting = (await clinic("GET", "/levels/waiting")).items.map((w) => w.child_id);
  assert.ok(waiting.includes(positive) && !waiting.includes(negative));
  await clinic("POST", `/children/${positive}/assess`, { colour: "orange", reason: "当天谈话，近两周有死亡念头，无计划，家人可陪伴" });
  assert.equal((await clinic("GET", `/children/${positive}/level`)).colour, "orange");
  assert.equal((await section("GET", `/campaigns/${id}`)).campaign.done, 40);
  assert.deepEqual(faults, []);
});

test("a village is asked on a phone without a network; the browser dies in the middle of the sync", { timeout: 180_000 }, async () => {
  const [grave, well] = await pupils(section, village, 2, "山里小学", "2014-03-01");
  const id = await campaign(section, "山里筛查", "山里小学", ["asq"]);
  const profile = mkdtempSync(join(tmpdir(), "zugou-phone-"));
  const open = () =>
    chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
      viewport: phone,
      locale: "zh-CN",
      timezoneId: "Asia/Shanghai",
    });
  let context = await open();
  try {
    let page = context.pages()[0] ?? (await context.newPage());
    await signIn(page, house.base, "village001001");
    await setPin(page);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await page.getByRole("link", { name: "返回" }).click();
    await page.goto(`${house.base}/m/ask`);
    await page.locator("li", { hasText: "山里筛查" }).getByRole("button", { name: "带到手机" }).click();
    await page.locator("dialog").getByRole("button", { name: "带到手机" }).click();
    await sees(page, "试甲东");

    await context.setOffline(true);
    await page.reload(); // out of the phone's own store
    const ask = async (name, places) => {
      await page.getByRole("link", { name: new RegExp(name) }).click();
      await page.getByLabel("母亲").check();
      await page.getByLabel("当面口头").check();
      await page.getByRole("button", { name: "同意参加" }).click();
      await page.getByRole("button", { name: "孩子愿意" }).click();
      await page.getByRole("button", { name: "开始" }).click();
      await answer(page, places);
    };
    await ask("试甲东", [1]);
    assert.equal(await page.getByText("有危急回答").count(), 0);
    await sees(page, "第 2 题");
    await page.locator(".q-options button:enabled").nth(0).click();
    await sees(page, "有危急回答，请马上处理");
    await sees(page, "坐席还不知道");
    assert.ok((await page.locator("a[href^='tel:']").count()) >= 2, "nobody to call");
    await page.reload(); // the browser ends in the middle of the interview
    await page.getByRole("button", { name: "开始" }).click();
    await sees(page, "第 3 题");
    for (const [i, place] of [[3, 1], [4, 1], [5, 1]]) {
      await sees(page, `第 ${i} 题`);
      await page.locator(".q-options button:enabled").nth(place).click();
    }
    await page.getByRole("button", { name: "填完了，交上" }).click();
    await sees(page, "已填完，等着发送");
    await page.getByRole("button", { name: "我已看到，正在处理" }).click();
    await page.getByText("已看到").last().waitFor();
    await page.getByRole("link", { name: "返回" }).click();
    await ask("试乙东", [1, 1, 1, 1]);
    await page.getByRole("button", { name: "填完了，交上" }).click();
    await sees(page, "已填完，等着发送");

    // On the disk of the phone no answer and no name lies open.
    const disk = await page.evaluate(
      () =>
        new Promise((done) => {
          const r = indexedDB.open("zugou-m");
          r.onsuccess = () => {
            const tx = r.result.transaction([...r.result.objectStoreNames]);
            const out = [];
            for (const s of r.result.objectStoreNames) tx.objectStore(s).getAll().onsuccess = (e) => out.push(JSON.stringify(e.target.result));
            tx.oncomplete = () => done(out.join("\n"));
          };
        }),
    );
    for (const open of ["试甲东", "试乙东", '"items"', "given"]) assert.ok(!disk.includes(open), `${open} lies open on the phone`);

    // The line returns. The server takes the first sheet; its answer never
    // arrives, and the browser is killed.
    let reached;
    const first = new Promise((done) => (reached = done));
    await context.route("**/api/sheets", async (route) => {
      await route.fetch();
      reached();
      await new Promise((done) => setTimeout(done, 60_000));
    });
    await context.setOffline(false);
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await first;
    await context.close();

    context = await open();
    page = context.pages()[0] ?? (await context.newPage());
    await page.goto(`${house.base}/m/me/unsent`);
    if (await page.getByRole("link", { name: /登录/ }).or(page.locator("input[type=password]")).first().isVisible().catch(() => false)) await signIn(page, house.base, "village001001");
    await page.goto(`${house.base}/m/me/unsent`);
    await page.locator(".f-act-done").nth(1).waitFor({ timeout: 60_000 });
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
  for (const child of [grave, well]) {
    const sheets = (await clinic("GET", `/children/${child}/sheets`)).items;
    assert.equal(sheets.length, 1, "a sheet is lost or doubled");
    assert.equal(sheets[0].critical, child === grave);
  }
  const queue = (await seat("GET", "/queue")).items.filter((m) => m.child_id === grave || m.child?.id === grave);
  assert.equal(queue.length, 1, "the seat's queue");
  assert.equal((await section("GET", `/campaigns/${id}`)).campaign.done, 2);
});

test("answers that another system wrote down come in, and what is wrong with a file is said; a reminder goes to who is to act", { timeout: 120_000 }, async () => {
  await signed(clinic, "gad-7");
  const kids = await pupils(section, village, 2, "收卷中学", "2011-03-01");
  const id = await campaign(section, "收卷筛查", "收卷中学", ["gad-7"], (c) => section("POST", `/campaigns/${c}/consents`, { items: kids.map((x) => ({ child_id: x, consent: "given", by: "mother", how: "paper" })) }));
  const version = (await clinic("GET", "/instruments")).items.find((x) => x.instrument === "gad-7").version;
  const form = await clinic("GET", `/instruments/gad-7/${version}/fhir`);
  const flat = (items) => items.flatMap((i) => [i, ...flat(i.item ?? [])]);
  const good = { resourceType: "QuestionnaireResponse", status: "completed", questionnaire: `${form.url}|${form.version}`, item: flat(form.item).filter((i) => i.answerOption).map((i) => ({ linkId: i.linkId, answer: [{ valueCoding: i.answerOption[1].valueCoding }] })) };
  const changed = structuredClone(good);
  changed.item[2].answer[0].valueCoding.code = "9";
  const more = structuredClone(good);
  more.item.push({ linkId: "99", answer: [{ valueInteger: 1 }] });

  const { page, faults } = await openPage(browser, { width: 1366, height: 768 });
  page.setDefaultTimeout(30_000);
  await signIn(page, house.base, "clinic1");
  await page.goto(`${house.base}/console/typing?campaign=${id}`);
  await page.getByRole("button", { name: "导入 FHIR 答卷" }).click();
  const modal = page.locator(".ant-modal");
  const pick = async (n, text) => {
    await modal.locator(".ant-select").nth(n).click();
    await page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option").filter({ hasText: text }).first().click();
    await modal.locator(".ant-select").nth(n).filter({ hasText: text }).waitFor();
  };
  await pick(0, "试甲东");
  await pick(1, "GAD-7");
  const put = async (text, says, sends = true) => {
    await modal.locator("input[type=file]").setInputFiles({ name: "答卷.json", mimeType: "application/json", buffer: Buffer.from(text) });
    if (sends) await modal.locator(".ant-modal-footer .ant-btn-primary").click();
    await page.getByText(says).first().waitFor();
  };
  await put("{ not json", "这个文件不是 FHIR 的 JSON 文件", false);
  await put(JSON.stringify({ resourceType: "Patient" }), "这个文件不是 FHIR 答卷");
  await put(JSON.stringify({ ...good, questionnaire: "urn:zugou:questionnaire:phq-9|2026.1" }), "这份答卷属于另一份问卷");
  await put(JSON.stringify(changed), "答卷里有量表没有的选项");
  await put(JSON.stringify(more), "答卷里有这份量表没有的题目");
  assert.equal((await section("GET", `/campaigns/${id}`)).campaign.done, 0, "a refused file counts as answers");
  await put(JSON.stringify(good), "已导入");
  await modal.waitFor({ state: "hidden" });
  assert.equal((await section("GET", `/campaigns/${id}`)).campaign.done, 1);

  const desk = await openPage(browser, { width: 1366, height: 768 });
  await signIn(desk.page, house.base, "section1");
  await desk.page.goto(`${house.base}/console/campaigns/${id}`);
  await desk.page.getByRole("button", { name: "提醒未完成的" }).click();
  await desk.page.locator(".ant-modal-confirm-title").filter({ hasText: "已提醒 1 人" }).waitFor();
  await desk.page.locator(".ant-modal").getByRole("button", { name: "知道了" }).click();
  await sees(desk.page, "上次提醒");
  assert.deepEqual([...faults, ...desk.faults], []);
});

test("a paper with a grave answer is typed in: the seat rings at the first typing, a second hand types it again, and where they differ the paper decides", { timeout: 120_000 }, async () => {
  const [kid] = await pupils(section, village, 1, "纸卷中学", "2011-03-01");
  const id = await campaign(section, "纸卷筛查", "纸卷中学", ["phq-a", "who-5"], (c) => section("POST", `/campaigns/${c}/consents`, { items: [{ child_id: kid, consent: "given", by: "mother", how: "paper", assent: "given" }] }));
  const type = async (page, keys) => {
    await page.locator(".survey-row").first().focus();
    for (const k of keys) await page.keyboard.press(k); // each takes the next row
  };
  const first = await openPage(browser, { width: 1366, height: 768 });
  await signIn(first.page, house.base, "clinic1");
  await first.page.goto(`${house.base}/console/typing?campaign=${id}`);
  const [child, paper] = [1, 2].map((n) => first.page.locator(".survey-type-head .ant-select").nth(n));
  await child.click();
  await option(first.page, "试甲东").click();
  await paper.click();
  await option(first.page, "PHQ-A").click();
  await type(first.page, "0000000020001");
  await shot(first.page, "typing-first");
  await first.page.getByRole("button", { name: "保存", exact: true }).click();
  await sees(first.page, "这份答卷有危急回答");
  const rang = (await seat("GET", "/queue")).items.filter((m) => m.child?.id === kid);
  assert.equal(rang.length, 1, "the seat does not ring");
  // Who typed it once waits for the second typing, and is not taken by mistake.
  await child.click();
  await option(first.page, "已录入一次，等第二次").waitFor();
  await shot(first.page, "typing-once");

  const second = await openPage(browser, { width: 1366, height: 768 });
  await signIn(second.page, house.base, "social1");
  await second.page.goto(`${house.base}/console/typing?tab=again`);
  await second.page.locator(".ant-table-row").filter({ hasText: "试甲东" }).first().click();
  await second.page.getByRole("dialog").locator(".survey-row").first().waitFor();
  await type(second.page, "1000000020001");
  await second.page.getByRole("dialog").getByRole("button", { name: "保存" }).click();
  await sees(second.page, "第 1 题和第一次不一样");
  await second.page.getByRole("dialog").getByRole("button", { name: "知道了" }).click();
  await second.page.goto(`${house.base}/console/typing?tab=settle`);
  await second.page.locator(".ant-table-row").filter({ hasText: "试甲东" }).first().click();
  await second.page.getByRole("dialog").locator(".ant-table-row .ant-btn").nth(1).click();
  await shot(second.page, "typing-settle");
  await second.page.getByRole("dialog").getByRole("button", { name: "保存" }).click();
  await sees(second.page, "已核对，这份答卷已完成");
  const sheets = (await clinic("GET", `/children/${kid}/sheets`)).items;
  assert.deepEqual([sheets.length, sheets[0].state, sheets[0].critical], [1, "done", true]);
  assert.deepEqual([...first.faults, ...second.faults], []);
});
