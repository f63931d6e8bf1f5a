// A visit in the hills: taken along, filled without a network, sent once when
// there is one, seen by the township; and nothing readable on the phone's disk.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { api, fits, openBrowser, openHouse, openPage, phone, sees, shot, signIn } from "./house.mjs";

let house, browser;
before(async () => {
  house = await openHouse();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  assert.equal(await house?.end(), 0, "the demonstration did not end gracefully");
});

/** All that lies in the phone's database, as text. */
const disk = (page) =>
  page.evaluate(async () => {
    const db = await new Promise((done) => {
      const r = indexedDB.open("zugou-m");
      r.onsuccess = () => done(r.result);
    });
    let text = "";
    for (const name of db.objectStoreNames) {
      const rows = await new Promise((done) => {
        const r = db.transaction(name).objectStore(name).getAll();
        r.onsuccess = () => done(r.result);
      });
      text += JSON.stringify(rows, (_, v) => (v instanceof ArrayBuffer ? new TextDecoder("utf-8").decode(v) : ArrayBuffer.isView(v) ? new TextDecoder("utf-8").decode(v) : v));
    }
    db.close();
    return text;
  });

test("a volunteer fills a visit without a network; it is sent once, and the township sees it", async () => {
  const { page, faults, context } = await openPage(browser, phone, { calm: false });
  await signIn(page, house.base, "volunteer1");
  await page.goto(`${house.base}/m/visits`);
  await page.locator(".f-card").first().waitFor({ timeout: 30_000 });
  const name = (await page.locator(".f-card b").first().textContent()) ?? "";
  assert.ok(name.length > 1);

  await context.setOffline(true);
  await page.locator(".f-card").first().click();
  await page.getByRole("button", { name: "到了，开始探访" }).click();
  await page.getByRole("button", { name: "保存", exact: true }).click();
  await sees(page, "请选择有没有见到孩子");
  await page.getByLabel("见到了").check();
  await page.getByRole("radiogroup", { name: "吃得饱" }).getByRole("radio", { name: "是" }).click();
  await page.getByLabel("走访情况").fill("孩子在家写作业，外婆身体还好");
  await page.getByText("还发了别的").click();
  await page.getByRole("button", { name: "多一个图书" }).click();
  await page.getByLabel("照护人").last().check();
  await page.locator(".zg-sign canvas").evaluate((c) => c.scrollIntoView({ block: "center" })); // clear of the button below
  const box = await page.locator(".zg-sign canvas").boundingBox();
  await page.mouse.move(box.x + 40, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + 160, box.y + 70, { steps: 5 });
  await page.mouse.up();
  await page.getByRole("button", { name: "重新签" }).waitFor();
  await page.getByRole("button", { name: "保存", exact: true }).click();
  await sees(page, "已保存在手机上");
  const lying = await disk(page);
  assert.ok(!lying.includes(name) && !lying.includes("写作业"), "the phone's disk holds readable words");

  await context.setOffline(false);
  await page.getByText("已送达").waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: "回到清单" }).click();
  assert.deepEqual(faults, []);

  const desk = await openPage(browser, { width: 1366, height: 768 }, { calm: false });
  await signIn(desk.page, house.base, "section1");
  const list = await api(desk.page, "GET", "/visits");
  assert.equal(list.status, 200);
  assert.equal(list.body.items.length, 1, "the visit is there once");
  await desk.page.goto(`${house.base}/console/visits?tab=records`);
  await desk.page.getByText(name).first().waitFor({ timeout: 30_000 });
  await desk.page.locator(".page-row-key").first().click();
  await sees(desk.page, "孩子在家写作业");
  await sees(desk.page, "图书 1");
  await desk.page.locator(".kit-files img").first().waitFor({ timeout: 30_000 });
  assert.deepEqual(desk.faults, []);
  await context.close();
  await desk.context.close();
});

/** A phone of its own with the day's route taken along. */
async function carried(name) {
  const p = await openPage(browser, phone, { calm: false });
  await signIn(p.page, house.base, "village001001");
  await p.page.goto(`${house.base}/m/visits`);
  await p.page.locator(".f-card").first().waitFor({ timeout: 30_000 });
  return { ...p, name };
}

/** Fills the visit of a child without a network, and keeps it on the phone. */
async function fillOffline(p, child, text) {
  await p.page.locator(".f-card").filter({ hasText: child }).first().click();
  await p.page.getByRole("button", { name: "到了，开始探访" }).click();
  await p.page.getByLabel("见到了").check();
  await p.page.getByRole("radiogroup", { name: "吃得饱" }).getByRole("radio", { name: "是" }).click();
  await p.page.getByLabel("走访情况").fill(text);
  const bare = p.page.getByLabel("这次没有带慰问品"); // asked on the days of a greeting
  if (await bare.count()) await bare.check();
  await p.page.getByLabel("照护人").last().check();
  await p.page.locator(".zg-sign canvas").evaluate((c) => c.scrollIntoView({ block: "center" }));
  const box = await p.page.locator(".zg-sign canvas").boundingBox();
  await p.page.mouse.move(box.x + 40, box.y + 40);
  await p.page.mouse.down();
  await p.page.mouse.move(box.x + 160, box.y + 70, { steps: 5 });
  await p.page.mouse.up();
  await p.page.getByRole("button", { name: "重新签" }).waitFor();
  await p.page.getByRole("button", { name: "保存", exact: true }).click();
  await sees(p.page, "已保存在手机上");
}

test("two phones fill one visit, both without a network: both versions stay, and a person decides", { timeout: 120_000 }, async () => {
  const [one, two] = [await carried("第一部手机"), await carried("第二部手机")];
  const child = (await one.page.locator(".f-card b").first().textContent()) ?? "";
  assert.ok((await two.page.locator(".f-card b").allTextContents()).includes(child), "the same visit is on both phones");
  for (const p of [one, two]) await p.context.setOffline(true);
  for (const p of [one, two]) await fillOffline(p, child, `${p.name}写的：${child}在家`);
  const before = await openPage(browser, { width: 1366, height: 768 }, { calm: false });
  await signIn(before.page, house.base, "section1");
  const kept = (await api(before.page, "GET", "/visits")).body.items.length;
  for (const p of [one, two]) {
    await p.context.setOffline(false);
    await p.page.getByText("已送达").waitFor({ timeout: 30_000 });
  }

  // The office is shown the conflict with both words, their photos of a signature too; nothing is lost or merged.
  const desk = before.page;
  await desk.goto(`${house.base}/console/visits`);
  await desk.locator(".ant-segmented-item").filter({ hasText: "两份记录" }).click();
  await desk.locator("tr").filter({ hasText: child }).locator(".page-row-key").first().click();
  const drawer = desk.locator(".ant-drawer");
  for (const p of [one, two]) await sees(drawer, `${p.name}写的：${child}在家`);
  await shot(desk, "visit-two-phones");
  const [visit] = (await api(desk, "GET", "/visits")).body.items;
  assert.equal((await api(desk, "GET", "/visits")).body.items.length, kept + 1, "one visit, not two");
  await drawer.getByRole("button", { name: "以这份为准" }).first().click();
  await sees(desk, "已确认");
  // What was not chosen can still be read.
  await desk.reload();
  const sheet = JSON.stringify((await api(desk, "GET", `/visits/${visit.id}`)).body);
  for (const p of [one, two]) assert.ok(sheet.includes(`${p.name}写的`), `the words of ${p.name} are gone`);
  assert.deepEqual([...one.faults, ...two.faults, ...before.faults], []);
  for (const p of [one, two, before]) await p.context.close();
});

test("a pairing is offered to who may meet children only; the festival's greetings say what is to be prepared", { timeout: 90_000 }, async () => {
  const section = await openPage(browser, { width: 1366, height: 768 }, { calm: false });
  await signIn(section.page, house.base, "section1");
  const workers = (await api(section.page, "GET", "/workforce")).body.items;
  const unfit = workers.find((w) => w.kind === "village_director" && w.blocked);
  const fit = workers.find((w) => w.kind === "village_director" && !w.blocked);
  assert.ok(unfit && fit, "the demonstration has a lapsed records check");
  const town = await openPage(browser, { width: 1366, height: 768 }, { calm: false });
  await signIn(town.page, house.base, "town001");
  const [kid] = (await api(town.page, "GET", "/children?limit=5")).body.items;
  await town.page.goto(`${house.base}/console/visits?tab=pairings`);
  await town.page.getByRole("button", { name: "新增结对" }).click();
  const modal = town.page.locator(".ant-modal");
  await modal.getByLabel("儿童", { exact: true }).fill(kid.name);
  await town.page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option").filter({ hasText: kid.name }).first().click();
  await modal.locator(".visit-match").filter({ hasText: fit.name }).first().waitFor();
  // Who is not vetted is shown with the reason and can't be chosen; nor by another way.
  const barred = modal.locator(".visit-match").filter({ hasText: unfit.name });
  if (await barred.count()) assert.ok(await barred.first().locator("input").isDisabled(), "who is not vetted can be chosen");
  const forced = await api(town.page, "POST", "/pairings", { child_id: kid.id, helper: unfit.account, kind: "carer" });
  assert.equal(forced.status, 422, JSON.stringify(forced.body));
  await modal.locator(".visit-match").filter({ hasText: fit.name }).first().locator("input").check();
  await modal.getByRole("button", { name: "新增结对" }).click();
  await town.page.locator("tr").filter({ hasText: kid.name }).filter({ hasText: fit.name }).first().waitFor();
  await town.page.locator(".ant-segmented-item").filter({ hasText: "节日慰问" }).click();
  await sees(town.page, "还需准备");
  await town.page.locator(".ant-table-row").first().waitFor();
  await shot(town.page, "visit-greetings");
  assert.deepEqual([...section.faults, ...town.faults], []);
  for (const p of [section, town]) await p.context.close();
});

test("the township hands a greeting's goods over at its office: signed, counted, and off the list of who still waits", { timeout: 120_000 }, async () => {
  const { page, faults, context } = await openPage(browser, { width: 1440, height: 900 }, { calm: false });
  page.setDefaultTimeout(30_000);
  await signIn(page, house.base, "town001");
  const [greeting] = (await api(page, "GET", "/visits/greetings")).body.items;
  const before = (await api(page, "GET", `/visits/greetings/${greeting.plan}?region=${greeting.region}`)).body;
  assert.ok(before.open.length > 1, "nobody waits for a greeting");
  const kid = before.open[0];
  await page.goto(`${house.base}/console/visits?tab=greetings`);
  await page.locator(".ant-table-row .page-row-key").first().click();
  const drawer = page.locator(".ant-drawer");
  await sees(drawer, `还没发放 ${before.open.length}`);
  await drawer.locator(".ant-table-row").filter({ hasText: kid.child_name }).filter({ hasText: kid.region_name }).first().getByRole("button", { name: "登记发放" }).click();
  const modal = page.locator(".ant-modal");
  await modal.getByRole("radio", { name: "监护人" }).check();
  await modal.getByRole("button", { name: "确认发放" }).click();
  await sees(modal, "请让签收人签字，或拍一张发放照片");
  await shot(page, "visit-hand");
  await modal.locator(".zg-sign canvas").evaluate((c) => c.scrollIntoView({ block: "center" }));
  const box = await modal.locator(".zg-sign canvas").boundingBox();
  await page.mouse.move(box.x + 60, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + 260, box.y + 90, { steps: 5 });
  await page.mouse.up();
  await modal.getByRole("button", { name: "重新签" }).waitFor();
  await modal.locator("input[type=file]").setInputFiles({ name: "领取.png", mimeType: "image/png", buffer: await page.screenshot({ clip: { x: 0, y: 0, width: 320, height: 240 } }) });
  await sees(modal, "已选 1 张");
  await modal.getByLabel("备注").fill("外婆到镇里领取");
  await modal.getByRole("button", { name: "确认发放" }).click();
  await sees(page, `已登记 ${kid.child_name} 的发放`);
  await sees(drawer, `还没发放 ${before.open.length - 1}`);
  await drawer.locator(".ant-segmented-item").filter({ hasText: "已发放" }).click();
  const row = drawer.locator(".ant-table-row").filter({ hasText: kid.child_name }).filter({ hasText: "到办公点领取" });
  await sees(row, "监护人");
  await sees(row, "2 份");
  await row.locator(".ant-table-row-expand-icon").click();
  await sees(drawer, "外婆到镇里领取");
  await drawer.locator(".kit-files img").nth(1).waitFor();
  await shot(page, "visit-handed");
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, "visit-handed-phone");
  await drawer.locator(".ant-segmented-item").filter({ hasText: "还没发放" }).click();
  await drawer.locator(".ant-table-row").first().waitFor();
  await shot(page, "visit-waiting-phone");
  await fits(page);
  // Another township's clerk may not read who waits here.
  const other = await openPage(browser, phone, { calm: false });
  await signIn(other.page, house.base, "town002");
  assert.notEqual((await api(other.page, "GET", `/visits/greetings/${greeting.plan}?region=${greeting.region}`)).status, 200);
  // The page opens on the first list that holds something, not on an empty one.
  await page.goto(`${house.base}/console/visits`);
  const counts = (await api(page, "GET", "/visits/counts")).body;
  const first = [["late", "已过期"], ["dues", "待探访"], ["conflict", "两份记录"], ["doubt", "存疑"], ["danger", "发现危险"], ["records", "全部记录"]].find(([k]) => counts[k] > 0)[1];
  await page.locator(".ant-segmented-item-selected").filter({ hasText: first }).waitFor();
  await page.locator(".ant-table-row").first().waitFor();
  await shot(page, "visit-first-phone");
  assert.deepEqual(faults, []);
  for (const c of [context, other.context]) await c.close();
});

test("whoever a child names is taken off its visits at once, by a list of colleagues, and finds nothing of it", { timeout: 120_000 }, async () => {
  const office = await openPage(browser, { width: 1440, height: 900 }, { calm: false });
  const field = await openPage(browser, phone, { calm: false });
  const desk = await openPage(browser, { width: 1440, height: 900 }, { calm: false });
  for (const x of [office, field, desk]) x.page.setDefaultTimeout(30_000);
  await signIn(office.page, house.base, "town001");
  await signIn(field.page, house.base, "village001001");
  await signIn(desk.page, house.base, "seat1");
  const me = (await api(field.page, "GET", "/me")).body;
  const [kid] = (await api(field.page, "GET", "/children?limit=5")).body.items;
  const day = new Date(Date.now() + 32 * 3_600_000).toISOString().slice(0, 10);
  const asked = await api(office.page, "POST", "/visits/dues", { child_id: kid.id, who: me.id, due_on: day, why: "开学走访" });
  assert.equal(asked.status, 200, JSON.stringify(asked.body));
  const due = (await api(office.page, "GET", "/visits/dues")).body.items.find((d) => d.id === asked.body.id);
  await field.page.goto(`${house.base}/m/visits`);
  await field.page.getByText(due.child_name).first().waitFor();

  assert.equal((await api(desk.page, "POST", "/signals", { source: "neighbour", kind: "help", text: "孩子说怕村里的主任", child_id: due.child_id, key: "named-1" })).status, 200);
  const [first] = (await api(desk.page, "GET", `/matters?state=open&child=${due.child_id}`)).body.items;
  await desk.page.goto(`${house.base}/console/matters?m=${first.id}`);
  const more = desk.page.getByRole("button", { name: /更多/ }).first();
  const open = desk.page.getByRole("button", { name: /回避名单/ }).first();
  await open.or(more).first().waitFor();
  if (!(await open.count())) await more.click();
  await desk.page.getByText("回避名单").last().click();
  const dialog = desk.page.getByRole("dialog").filter({ hasText: "列入回避名单" }).last();
  await dialog.getByLabel("谁").click();
  await desk.page.keyboard.type(me.name);
  const choice = desk.page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option", { hasText: me.name }).filter({ hasText: "儿童主任" }).first();
  await choice.waitFor();
  await shot(desk.page, "conflict-choose");
  await choice.click();
  await dialog.getByLabel(/理由|原因/).fill("孩子说他打过她");
  await shot(desk.page, "conflict-dialog");
  await dialog.getByRole("button", { name: "列入", exact: true }).click();
  await sees(desk.page, /回避：.*孩子说他打过她/);
  await shot(desk.page, "conflict-card");

  // The visit is somebody else's, and nothing of the child is left to the director.
  const now = (await api(office.page, "GET", "/visits/dues")).body.items.filter((d) => d.child_id === due.child_id);
  assert.ok(now.length > 0 && now.every((d) => d.who_name !== me.name), JSON.stringify(now.map((d) => d.who_name)));
  await field.page.reload();
  await shot(field.page, "conflict-phone-first");
  await field.page.getByRole("heading").first().waitFor();
  await field.page.getByText(due.child_name).first().waitFor({ state: "hidden" });
  await shot(field.page, "conflict-phone");
  for (const path of [`/children/${due.child_id}`, `/matters/${first.id}`]) assert.equal((await api(field.page, "GET", path)).status, 404, path);
  assert.ok(!JSON.stringify((await api(field.page, "GET", "/visits?which=")).body).includes(due.child_id), "a visit in a list");

  // Another matter of the child's knows of it, and tells nobody why.
  assert.equal((await api(desk.page, "POST", "/signals", { source: "school", kind: "abuse", text: "老师看到旧伤", child_id: due.child_id, key: "named-2" })).status, 200);
  const second = (await api(desk.page, "GET", `/matters?state=open&child=${due.child_id}`)).body.items.find((m) => m.id !== first.id);
  await desk.page.goto(`${house.base}/console/matters?m=${second.id}`);
  await sees(desk.page, /回避：.*列入该儿童的另一事项/);
  await shot(desk.page, "conflict-other");
  const entry = (await api(desk.page, "GET", `/matters/${first.id}`)).body.conflicts[0];
  assert.equal((await api(desk.page, "POST", `/matters/${first.id}/conflicts/${entry.id}/remove`, { reason: "核实后不是他" })).status, 200);
  assert.deepEqual([...office.faults, ...desk.faults], []);
  for (const x of [office, field, desk]) await x.context.close();
});

test("two phones' versions, a visit that can't be true, and a phone that must forget", { timeout: 90_000 }, async () => {
  const field = await openPage(browser, phone, { calm: false });
  await signIn(field.page, house.base, "volunteer1");
  await field.page.goto(`${house.base}/m/visits`);
  await field.page.locator(".f-card").first().waitFor({ timeout: 30_000 });
  const stops = (await api(field.page, "GET", "/visits/route")).body.stops;
  assert.ok(stops.length >= 2, "two children are to be visited");
  const now = Date.now();
  const minute = 60_000;
  const said = (text) => ({ seen: { enough_food: "yes" }, present: ["child"], text, wish: "", danger: "", signed: "" });
  const tell = async (stop, key, began, ended, lat, text) => {
    const res = await api(field.page, "POST", "/visits", { key, visit_id: randomUUID(), due_id: stop.id, began_at: began, ended_at: ended, lat, lon: 105.7, accuracy_m: 10, met: true, body: said(text), goods: [] });
    assert.equal(res.status, 200, JSON.stringify(res.body));
  };
  // The same due visit from two phones, both begun without a network.
  await tell(stops[0], "two-phones-1", now - 40 * minute, now - 20 * minute, 29.7, "第一部手机写的");
  await tell(stops[0], "two-phones-2", now - 39 * minute, now - 19 * minute, 29.7, "第二部手机写的");
  // A minute later, sixty kilometres away.
  await tell(stops[1], "far-away-1", now - 18 * minute, now - 5 * minute, 30.3, "一分钟后在很远的地方");

  const desk = await openPage(browser, { width: 1366, height: 768 }, { calm: false });
  await signIn(desk.page, house.base, "section1");
  await desk.page.goto(`${house.base}/console/visits`);
  const drawer = desk.page.locator(".ant-drawer");
  await desk.page.locator(".ant-segmented-item").filter({ hasText: "两份记录" }).click();
  await desk.page.locator(".page-row-key").first().click();
  await sees(drawer, "第一部手机写的");
  await sees(drawer, "第二部手机写的");
  await drawer.getByRole("button", { name: "以这份为准" }).last().click();
  await sees(desk.page, "已确认");
  await drawer.getByRole("button", { name: "Close" }).or(drawer.locator(".ant-drawer-close")).first().click();

  await desk.page.locator(".ant-segmented-item").filter({ hasText: "存疑" }).click();
  await desk.page.locator(".page-row-key").first().click();
  await drawer.getByRole("button", { name: "记录不实" }).first().click();
  await desk.page.locator(".ant-modal textarea").fill("本人承认没有去");
  await desk.page.locator(".ant-modal").getByRole("button", { name: "登记" }).click();
  await sees(drawer, "本人承认没有去");
  await drawer.locator(".ant-drawer-close").click();

  await desk.page.goto(`${house.base}/console/workforce`);
  const me = (await api(field.page, "GET", "/me")).body;
  await desk.page.locator(".page-row-key").filter({ hasText: me.name }).first().click();
  await desk.page.getByRole("button", { name: "清除手机数据" }).click();
  await desk.page.locator(".ant-modal textarea").fill("手机丢失");
  await desk.page.locator(".ant-modal").getByRole("button", { name: "清除手机数据" }).click();
  await sees(desk.page, "已要求清除");
  // The phone hears of it with its next word to the server, and nothing is left to read.
  await field.page.goto(`${house.base}/m/visits`);
  let order;
  for (let i = 0; i < 80 && !order?.done_at; i++) {
    await desk.page.waitForTimeout(250);
    order = (await api(desk.page, "GET", "/wipes")).body.items[0];
  }
  assert.ok(order.done_at > 0, JSON.stringify(order));
  for (let i = 0; i < 40 && (await disk(field.page)).includes(stops[1].child.name); i++) await field.page.waitForTimeout(250);
  assert.ok(!(await disk(field.page)).includes(stops[1].child.name), "a name lies on the phone that was told to forget");
  assert.equal((await api(field.page, "GET", "/me")).status, 401, "the phone is still signed in");
  await shot(field.page, "visit-wiped");
  assert.deepEqual(desk.faults, []);
});
