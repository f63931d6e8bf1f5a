// What casework asks people to fill in, filled in as they do: a mandatory
// report from its writing to the word to its reporter, at a desk and on a
// phone; a group with its measures; a publicity event; a room that two want. On
// machines whose people asked for less motion.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, box, choose, desktop, enter, fits, openBrowser, openHouse, phone, sees, shot } from "./house.mjs";

let house;
let browser;

before(async () => {
  house = await openHouse();
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

const at = (account, viewport, path) => enter(browser, house.base, account, "/console" + path, viewport);

test("a mandatory report goes from its writing to the word to its reporter; a school's arrives at the bureau", { timeout: 120_000 }, async () => {
  // A school's counsellor writes on a phone, without knowing who handles it.
  const school = await at("school1", phone, "/mandatory");
  await school.page.getByRole("button", { name: "新建报告" }).click();
  await choose(school.page, "情形", "5.");
  await box(school.page).getByLabel("事实", { exact: true }).fill("孩子身上多处新旧伤，说回家会挨打");
  await box(school.page).getByText("民政", { exact: true }).click();
  await box(school.page).getByLabel("报告单位").fill("试验小学");
  await box(school.page).getByLabel("报告人", { exact: true }).fill("某老师");
  await shot(school.page, "forms-report-phone");
  await box(school.page).getByRole("button", { name: "提交报告" }).click();
  await sees(school.page, "报告已提交，席位已收到事项");
  await fits(school.page);

  // For the bureau it was received, here and now: what is left is the result and the word to who reported.
  const bureau = await at("section1", desktop, "/mandatory");
  const page = bureau.page;
  await page.locator("tr").filter({ hasText: "我们收到" }).filter({ hasText: "试验小学" }).first().click();
  await sees(page.locator(".ant-drawer"), "孩子身上多处新旧伤");
  await sees(page.locator(".ant-drawer"), "经本系统送达");
  assert.ok(!(await page.locator("body").innerText()).includes("某老师"), "the bureau reads who reported");
  const step = async (name, fill) => {
    await page.locator(".ant-drawer").getByRole("button", { name, exact: true }).click();
    await fill?.();
    await page.locator(".ant-modal").getByRole("button", { name, exact: true }).click();
    await page.locator(".ant-modal").waitFor({ state: "hidden" });
  };
  assert.equal(await page.locator(".ant-drawer").getByRole("button", { name: "登记送出", exact: true }).count(), 0, "the bureau sends what it received");
  await step("登记处理结果", () => choose(page, "处理结果", "临时监护"));
  await step("登记已告知报告人");
  await page.locator(".care-steps .care-done").nth(3).waitFor();

  // The school reads what became of it, among its own reports.
  await school.page.reload();
  await school.page.locator("tr").filter({ hasText: "我们报出" }).filter({ hasText: "临时监护" }).first().click();
  await school.page.locator(".ant-drawer .care-steps .care-done").nth(3).waitFor();
  await shot(school.page, "forms-report-own-phone");
  await fits(school.page);

  // One of the bureau's own goes out to the police with a proof.
  await page.locator(".ant-drawer-close").click();
  await page.getByRole("button", { name: "新建报告" }).click();
  await choose(page, "情形", "4.");
  await box(page).getByLabel("事实", { exact: true }).fill("多处新旧伤，本人不愿说明");
  await box(page).getByRole("button", { name: "提交报告" }).click();
  await page.locator("tr").filter({ hasText: "待送出" }).first().click();
  await page.locator(".ant-drawer").getByRole("button", { name: "登记送出", exact: true }).click();
  await page.locator(".ant-modal").getByRole("button", { name: "登记送出", exact: true }).click();
  await page.locator(".ant-modal .ant-form-item-explain-error").first().waitFor(); // sent without a proof is not sent
  await page.locator(".ant-modal").getByLabel("送达凭证").fill("公函〔2026〕3号，专人送达");
  await page.locator(".ant-modal").getByRole("button", { name: "登记送出", exact: true }).click();
  await page.locator(".ant-modal").waitFor({ state: "hidden" });
  await step("登记回执", () => page.locator(".ant-modal").getByLabel("对方回执").fill("回执 17"));
  await step("登记处理结果", () => choose(page, "处理结果", "刑事立案"));
  await step("登记已告知报告人");
  await page.locator(".care-steps .care-done").nth(4).waitFor();
  await shot(page, "forms-report-done");

  // One that another unit sent to the bureau.
  await page.locator(".ant-drawer-close").click();
  await page.getByRole("button", { name: "新建报告" }).click();
  await box(page).getByText("我们收到", { exact: true }).click();
  await choose(page, "情形", "6.");
  await box(page).getByLabel("事实", { exact: true }).fill("医院送来：孩子独自在家三天");
  await box(page).getByRole("button", { name: "提交报告" }).click();
  await sees(page, "报告已提交，席位已收到事项");
  await page.getByText("收到", { exact: true }).first().click();
  await page.locator("tr").filter({ hasText: "待结果" }).first().waitFor();
  assert.deepEqual([...school.faults, ...bureau.faults], []);
});

test("a teacher finds the own pupils, refers one, and is offered nobody else", { timeout: 90_000 }, async () => {
  const teacher = await at("teacher1", phone, "/cases");
  const page = teacher.page;
  await page.getByRole("button", { name: "转介个案", exact: true }).click();
  await box(page).getByLabel("儿童", { exact: true }).click();
  const options = page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option");
  await options.first().waitFor();
  const offered = await options.allInnerTexts();
  const own = new Set(offered.map((x) => x.split(" ").pop()));
  assert.equal(own.size, 1, `more than one class is offered: ${[...own]}`);
  await shot(page, "forms-teacher-pick");
  await options.first().click();
  await choose(page, "来源", "学校");
  await box(page).getByLabel("转介原因").fill("上课常走神，家里只有爷爷");
  await box(page).getByRole("button", { name: "转介个案", exact: true }).click();
  await page.getByText("已转介", { exact: false }).first().waitFor();
  await fits(page);
  // Nothing of how a child is, by whatever door.
  const picked = await api(page, "GET", "/children/pick?q=");
  assert.equal(picked.status, 200);
  assert.deepEqual(Object.keys(picked.body.items[0]).sort(), ["id", "name", "place"]);
  for (const path of ["/children?q=", `/children/${picked.body.items[0].id}`, `/children/${picked.body.items[0].id}/level`]) assert.notEqual((await api(page, "GET", path)).status, 200, path);
  assert.deepEqual(teacher.faults, []);
});

/** Two children whose cases the clinician of the page works on. */
async function ownCases(page) {
  const section = await at("section1", desktop, "/cases");
  const me = (await api(page, "GET", "/me")).body.id;
  const workers = (await api(section.page, "GET", "/cases/workers")).body;
  const kids = (await api(section.page, "GET", "/children?limit=30")).body.items;
  const out = [];
  for (const k of kids) {
    const made = await api(section.page, "POST", "/cases", { child_id: k.id, source: "school", reason: "学校转来，情绪低落" });
    if (made.status !== 200) continue; // has a case already
    const taken = await api(section.page, "POST", `/cases/${made.body.id}/accept`, { worker: me, supervisor: workers.supervisors[0].id, version: made.body.version });
    assert.equal(taken.status, 200, JSON.stringify(taken.body));
    out.push(k);
    if (out.length === 2) break;
  }
  await section.context.close();
  await page.reload();
  return out;
}

test("a group is held with who came and what it changed, and an event with its materials", { timeout: 120_000 }, async () => {
  const { page, faults } = await at("clinic1", desktop, "/events");
  // A clinician does not search the register: the children of the own cases are there to choose.
  const kids = await ownCases(page);
  await page.getByRole("button", { name: "新建团辅" }).click();
  await box(page).getByLabel("主题").fill("认识情绪");
  await box(page).getByLabel("时间").click();
  await page.locator(".ant-picker-now-btn").click();
  for (const k of kids) {
    await box(page).getByLabel("参加儿童").fill(k.name);
    await page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option").filter({ hasText: k.name }).first().click();
  }
  await box(page).getByRole("button", { name: "列入计划" }).click();
  await page.locator("tr").filter({ hasText: "认识情绪" }).first().click();
  await choose(page, "前后测量表", "PHQ-A");
  await box(page).getByLabel(`${kids[0].name} 前测`).fill("14");
  await box(page).getByLabel(`${kids[0].name} 后测`).fill("8");
  await box(page).getByLabel(`${kids[1].name} 到场`).uncheck();
  await shot(page, "forms-group");
  await box(page).getByRole("button", { name: "登记已举办" }).click();
  await sees(box(page), "到场 1 人");
  await page.locator(".ant-drawer-close").click();

  await page.getByText("宣传活动", { exact: true }).click();
  await page.getByRole("button", { name: "新建宣传" }).click();
  await box(page).getByLabel("主题").fill("看见情绪");
  await box(page).getByLabel("时间").click();
  await page.locator(".ant-picker-now-btn").click();
  await box(page).getByRole("button", { name: "列入计划" }).click();
  await page.locator("tr").filter({ hasText: "看见情绪" }).first().click();
  await box(page).getByLabel("人数").fill("120");
  await box(page).getByLabel("发放资料").fill("300");
  await box(page).getByRole("button", { name: "登记已举办" }).click();
  await sees(box(page), "到场 120 人，发放资料 300 份");
  await page.setViewportSize(phone);
  await shot(page, "forms-event-phone");
  await fits(page);
  assert.deepEqual(faults, []);
});

test("a room is booked once", { timeout: 90_000 }, async () => {
  const bureau = await at("section1", desktop, "/booking");
  const page = bureau.page;
  await page.getByRole("button", { name: "登记场地" }).click();
  await box(page).getByLabel("场地").fill("一楼咨询室");
  await box(page).getByLabel("所在地").click();
  await page.locator(".ant-select-tree-title").first().click();
  await box(page).getByRole("button", { name: "保存" }).click();
  const add = page.getByRole("button", { name: /^预约 一楼咨询室/ });
  await add.nth(1).click();
  await box(page).getByRole("button", { name: "预约", exact: true }).click();
  await page.locator(".book-one").first().waitFor();
  const second = await at("clinic1", desktop, "/booking");
  await second.page.getByRole("button", { name: /^预约 一楼咨询室/ }).nth(1).click();
  await box(second.page).getByRole("button", { name: "预约", exact: true }).click();
  await second.page.locator(".ant-message-error").waitFor();
  await shot(second.page, "forms-booked-twice");
  assert.equal(await second.page.locator(".book-one").count(), 1);
  await page.setViewportSize(phone);
  await shot(page, "forms-booking-phone");
  await fits(page);
  assert.deepEqual([...bureau.faults, ...second.faults], []);
});
