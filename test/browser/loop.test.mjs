// The whole loop in a browser: a class answers by slips, one answer rings the
// seat, a clinician goes by the phone, a colour, a case, its closing by two
// people, and the days of its follow-up.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answer, bySlip, caller, calm, campaign, pupils, signed } from "./class.mjs";
import { desktop, enter, fits, openBrowser, openHouse, option, phone, sees, shot } from "./house.mjs";

const day = 86_400_000;

let house;
let browser;
let section;
let children;
let members;
const faults = [];

before(async () => {
  house = await openHouse();
  browser = await openBrowser();
  section = await caller(house.base, "section1");
  await signed(await caller(house.base, "clinic1"), "phq-a");
  const village = (await (await caller(house.base, "village001001"))("GET", "/me")).grants[0].region;
  children = await pupils(section, village, 40, "闭环中学", "2011-03-01");
  const id = await campaign(section, "闭环筛查", "闭环中学", ["phq-a"], (c) => section("POST", `/campaigns/${c}/consents`, { items: children.map((x) => ({ child_id: x, consent: "given", by: "mother", how: "paper" })) }));
  members = (await section("GET", `/campaigns/${id}/members`)).items;
});

after(async () => {
  await browser?.close();
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

/** Somebody at a screen, on a page. */
async function at(account, viewport, path) {
  const p = await enter(browser, house.base, account, path, viewport);
  faults.push(p.faults);
  return p.page;
}

const inForm = (page, label) => page.locator(".ant-drawer, .ant-modal").last().getByLabel(label, { exact: true });
async function choose(page, label, text) {
  await inForm(page, label).click();
  await option(page, text).click();
}
async function write(page, kind, fill) {
  await page.getByRole("button", { name: "填写记录" }).click();
  await page.getByRole("menuitem", { name: kind, exact: true }).click();
  await fill();
  await page.getByRole("button", { name: "签署提交" }).click();
  await page.locator("article.care-part header b").filter({ hasText: kind }).first().waitFor();
}
const stands = (page, state) => page.locator(".care-life [aria-current]").getByText(state).waitFor();
const dateOf = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10);

let child;
let matter;

test("前端防: a child of the class answers on an old phone, and the seat's queue has it", { timeout: 120_000 }, async () => {
  const [one, ...others] = members;
  child = one.child_id;
  for (const m of others) await bySlip(house.base, m.code, calm);
  const page = await at("", phone, `/sit/#${one.code.replace(/ /g, "")}`);
  await page.getByRole("button", { name: "好了" }).click();
  await page.getByRole("button", { name: "是的" }).click();
  await fits(page);
  await page.getByRole("button", { name: "我愿意填" }).click();
  await page.getByRole("button", { name: "开始" }).click();
  await answer(page, [2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 0, 1, 1]);
  await page.getByRole("button", { name: "交上去" }).click();
  await sees(page, "谢谢你");
  await fits(page);
  await shot(page, "loop-slip");

  const seat = await caller(house.base, "seat1");
  const found = (await seat("GET", "/queue")).items.filter((m) => m.child_id === child || m.child?.id === child);
  assert.equal(found.length, 1, "the seat's queue");
  matter = found[0].id;
  assert.equal(found[0].kind, "screen_talk");
});

test("the seat sends, a clinician goes by the phone, two people end the matter", { timeout: 120_000 }, async () => {
  const seat = await at("seat1", desktop, `/console/seat?m=${matter}`);
  await seat.getByRole("button", { name: "派单给最近的人" }).click();
  await seat.getByText("已派单").first().waitFor();
  const order = (await (await caller(house.base, "seat1"))("GET", `/matters/${matter}`)).orders[0];

  const field = await at("clinic1", phone, `/m/order/${order.id}`);
  for (const verb of ["接单", "出发", "到场"]) {
    await field.getByRole("button", { name: verb, exact: true }).click();
    await field.getByRole("button", { name: verb, exact: true }).waitFor({ state: "detached" });
  }
  await fits(field);
  await shot(field, "loop-order");
  await field.getByRole("button", { name: "办结", exact: true }).click();
  await field.getByLabel("说明").fill("到校谈话，完成安全评估");
  await field.getByRole("dialog").getByRole("button", { name: "办结" }).click();
  await field.getByRole("button", { name: "反馈", exact: true }).click();
  await field.getByLabel("处置情况").fill("有死亡念头，无计划，外婆接回家陪伴");
  await field.getByRole("dialog").getByRole("button", { name: "反馈" }).click();
  await sees(field, "联动坐席会回访");

  await seat.getByRole("button", { name: "回访", exact: true }).click();
  await seat.locator(".ant-modal textarea").fill("与外婆通话，孩子在家");
  await seat.locator(".ant-modal").getByRole("button", { name: "回访" }).click();
  await seat.locator(".ant-modal").waitFor({ state: "hidden" });
  await seat.getByRole("button", { name: /^结案/ }).click();
  await seat.getByLabel("已转个案服务").check();
  await seat.getByLabel("处置情况").fill("已谈话，转个案服务");
  await seat.locator(".ant-modal").getByRole("button", { name: "结案" }).click();
  await seat.getByText("等待另一人确认").first().waitFor();
  await shot(seat, "loop-seat");
  const second = await at("seat2", desktop, `/console/seat?m=${matter}`);
  await second.getByRole("button", { name: "确认结案", exact: true }).click();
  await second.getByText(/已结案|已办结/).first().waitFor();
});

let file;

test("中端治: a colour by a person, the case, its plan by another, a session, the review", { timeout: 180_000 }, async () => {
  const clinic = await at("clinic1", desktop, "/console/levels");
  await clinic.getByText("试甲东").first().click();
  await clinic.getByRole("button", { name: "专业评估", exact: true }).click();
  await clinic.locator(".colour-choices label").filter({ hasText: "橙" }).click();
  await clinic.locator(".ant-modal textarea").fill("当天谈话，有死亡念头，无计划，家人可陪伴");
  await clinic.locator(".ant-modal").getByRole("button", { name: "定级" }).click();
  await clinic.locator(".ant-modal").waitFor({ state: "hidden" });
  await shot(clinic, "loop-colour");

  const bureau = await at("section1", desktop, "/console/cases");
  await bureau.getByRole("button", { name: "转介个案", exact: true }).click();
  await bureau.locator("#care-child, #child_id").first().fill("试甲东");
  await bureau.locator(".ant-select-item-option").filter({ hasText: "试甲东" }).first().click();
  await choose(bureau, "来源", "筛查");
  await choose(bureau, "主要需要", "抑郁");
  await inForm(bureau, "转介原因").fill("班级筛查危急回答，当天评估为橙色");
  await bureau.locator(".ant-modal").getByRole("button", { name: "转介个案", exact: true }).click();
  await bureau.waitForURL(/cases\/.+/);
  file = bureau.url().split("/").pop();
  const [worker, boss] = await Promise.all(["clinic1", "super1"].map(async (a) => (await (await caller(house.base, a))("GET", "/me")).name));
  await bureau.getByRole("button", { name: "接案", exact: true }).click();
  await choose(bureau, "承办人", worker);
  await choose(bureau, "督导", boss);
  await bureau.locator(".ant-modal").getByRole("button", { name: "接案", exact: true }).click();
  await stands(bureau, "已接案");

  await clinic.goto(`${house.base}/console/cases/${file}`);
  await write(clinic, "专业评估", async () => {
    await inForm(clinic, "主要问题").fill("近两周有死亡念头，睡眠差");
    await choose(clinic, "风险等级", "中");
    await inForm(clinic, "评估意见").fill("每周会谈，家校同步");
  });
  await write(clinic, "服务计划", async () => {
    await inForm(clinic, "目标").fill("每周会谈一次");
    await choose(clinic, "服务", "心理");
    await inForm(clinic, "由谁").fill("咨询师");
    await inForm(clinic, "完成日期").fill(dateOf(Date.now() + 60 * day));
    await inForm(clinic, "完成日期").press("Enter");
    await inForm(clinic, "由谁").click(); // leaves the calendar
  });
  const supervisor = await at("super1", desktop, `/console/cases/${file}`);
  await supervisor.getByRole("button", { name: "批准计划" }).click();
  await stands(supervisor, "服务中");
  await write(clinic, "会谈记录", async () => {
    await inForm(clinic, "主题").fill("情绪");
    await inForm(clinic, "会谈概要").fill("谈了学校和外婆");
  });

  // The same instrument again, asked in an interview; both scores stand side by side.
  const ask = await caller(house.base, "clinic1");
  const sheets = (await ask("GET", `/children/${child}/sheets`)).items;
  await ask("POST", "/sheets", { key: "loop-review", child_id: child, instrument: "phq-a", version: sheets[0].version, informant: "child", way: "interview", reason: "个案复评",
    items: { ...calm, 1: 1, 3: 1, 4: 1, 5: 1 } });
  await write(clinic, "阶段评估", () => inForm(clinic, "进展").fill("情绪稳定，能向外婆求助"));
});

test("末端护: a second person closes, and the follow-ups stand on their days", { timeout: 120_000 }, async () => {
  const clinic = await at("clinic1", desktop, `/console/cases/${file}`);
  await clinic.getByRole("tab", { name: /目标/ }).click();
  await clinic.getByRole("button", { name: "已达到" }).click();
  await clinic.getByRole("button", { name: "已达到" }).waitFor({ state: "detached" });
  await clinic.getByRole("button", { name: "申请结案" }).click();
  await choose(clinic, "结案结果", "达到");
  await inForm(clinic, "说明").fill("目标已达到，情绪稳定");
  await clinic.locator(".ant-modal").getByRole("button", { name: "申请结案" }).click();
  await stands(clinic, "待结案确认");
  const supervisor = await at("super1", desktop, `/console/cases/${file}`);
  await supervisor.getByRole("button", { name: "确认结案" }).click();
  await stands(supervisor, "已结案");
  const closed = Date.now();

  await clinic.reload();
  await clinic.getByRole("tab", { name: /联系任务/ }).click();
  for (const days of [30, 90]) {
    await clinic.locator("tr").filter({ hasText: "回访" }).filter({ hasText: dateOf(closed + days * day) }).getByRole("button", { name: "已联系到" }).waitFor();
  }
  await shot(clinic, "loop-follow");

  // On a phone the same case reads from top to bottom.
  const pocket = await at("clinic1", phone, `/console/cases/${file}`);
  await pocket.getByRole("tab", { name: /联系任务/ }).click();
  await pocket.getByText(dateOf(closed + 30 * day)).first().waitFor();
  await shot(pocket, "loop-follow-phone");
  await fits(pocket);

  // 跟踪问效: the child is counted, and the figure opens to this case.
  const year = new Date(closed + 8 * 3_600_000).getUTCFullYear();
  const opened = await (await caller(house.base, "section1"))("GET", `/indicators/D15?from=${year}-01-01&to=${year + 1}-01-01&limit=200`);
  assert.ok(opened.items.some((row) => row.id === file), "D15 does not count the case");
  const timeline = (await (await caller(house.base, "clinic1"))("GET", `/children/${child}/timeline`)).items.map((e) => e.ref_id);
  for (const ref of [matter, file]) assert.ok(timeline.includes(ref), "the child's timeline lacks a step");
  assert.deepEqual(faults.flat(), []);
});
