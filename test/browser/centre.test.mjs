// The pages of the centre in a browser: a shift is rostered, a clock changed, a
// drill run to its report, a police incident entered, an unknown signal given
// to its child, a closed matter taken up again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, enter, openBrowser, openHouse, sees } from "./house.mjs";

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

const at = (account, path) => enter(browser, house.base, account, "/console" + path);

const noLeftovers = async (page) => {
  const words = await page.locator("body").innerText();
  for (const leftover of ["undefined", "NaN", "[object", "matter.", "signal.", "roster.", "rules.", "place.", "message."]) {
    assert.ok(!words.includes(leftover), `"${leftover}" stands on ${page.url()}`);
  }
};

test("the section publishes a changed clock after seeing what it changes, and an unusable one can't be", { timeout: 90_000 }, async () => {
  const { page, faults } = await at("section1", "/rules");
  await page.getByRole("button", { name: "普通求助" }).click();
  const clock = page.getByLabel("等待接单").first();
  await clock.fill("1");
  await page.getByRole("button", { name: "核对改动" }).click();
  await sees(page, "这样的规则不能使用");
  assert.equal(await page.getByRole("button", { name: "发布" }).count(), 0);
  await clock.fill("10800");
  await page.getByRole("button", { name: "核对改动" }).click();
  await page.getByText("3 小时").last().waitFor();
  await page.getByLabel("理由").fill("接单时间缩短到三小时");
  await page.getByRole("button", { name: "发布" }).click();
  await sees(page, "已发布");
  const kinds = (await api(page, "GET", "/kinds")).body.items;
  assert.equal(kinds.find((k) => k.key === "ordinary").seconds.offered, 10_800);
  const past = (await api(page, "GET", "/policies/kind/ordinary")).body.items;
  assert.equal(past[0].reason, "接单时间缩短到三小时");
  assert.ok(past[0].set_by_name);
  await noLeftovers(page);
  assert.deepEqual(faults, []);
});

test("a shift is rostered, stands in the week, and the week is copied once", { timeout: 90_000 }, async () => {
  const { page, faults } = await at("leader1", "/roster");
  const me = (await api(page, "GET", "/me")).body;
  const now = Date.now();
  const holders = (await api(page, "GET", `/duty/holders?region=${me.district.code}&role=seat_operator`)).body.items;
  assert.ok(holders.length > 1, "nobody can be rostered");
  const made = await api(page, "POST", "/duty/roster", { kind: "shift", region: me.district.code, level: "district", role: "seat_operator", account: holders[0].account, from: now, to: now + 8 * 3_600_000 });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  await page.getByRole("tab", { name: "排班表" }).click();
  await page.getByRole("button", { name: new RegExp(holders[0].name) }).first().waitFor();
  await page.getByRole("button", { name: "复制到之后 1 周" }).click();
  await sees(page, "已复制");
  await page.getByRole("button", { name: "下一周" }).click();
  await page.getByRole("button", { name: new RegExp(holders[0].name) }).first().waitFor();
  await noLeftovers(page);
  await page.getByRole("tab", { name: "交接班" }).click();
  await page.getByRole("button", { name: "交班", exact: true }).waitFor();
  assert.deepEqual(faults, []);
});

test("a police incident is entered, closed by two people, proved by its clocks, and taken up again", { timeout: 120_000 }, async () => {
  const { page, faults } = await at("seat1", "/signals");
  await page.getByRole("button", { name: "登记来电、来访、警情" }).click();
  await page.getByRole("dialog").getByText("警情", { exact: true }).click();
  await page.getByLabel("警情联动").check();
  await page.getByRole("textbox", { name: "内容" }).fill("派出所来电:集市上有一名走失儿童");
  await page.getByRole("button", { name: "登记并打开" }).click();
  await page.getByText("派出所来电").first().waitFor();
  const row = (await api(page, "GET", "/matters?kind=police")).body.items[0];
  assert.equal((await api(page, "GET", `/matters/${row.id}`)).body.signals[0].source, "police");
  const closing = await api(page, "POST", `/matters/${row.id}/close`, { outcome: "returned_home", note: "已送回" });
  assert.equal(closing.body.state, "closing");
  const second = await at("seat2", `/matters?m=${row.id}`);
  await second.page.getByRole("button", { name: "确认结案" }).click();
  await second.page.getByRole("button", { name: "重新办理" }).waitFor();
  await second.page.getByRole("button", { name: "时限依据" }).click();
  await sees(second.page, "与列表显示的时限一致");
  await second.page.getByRole("button", { name: "重新办理" }).click();
  await second.page.getByRole("dialog").getByLabel("理由").fill("孩子又离开了家");
  await second.page.getByRole("dialog").getByRole("button", { name: "重新办理" }).last().click();
  await sees(second.page, "已重新办理");
  const again = (await api(second.page, "GET", `/matters/${row.id}`)).body.matter;
  assert.equal(again.state, "open");
  assert.equal(again.reopened, 1);
  const proof = (await api(second.page, "GET", `/matters/${row.id}/clock`)).body;
  assert.equal(proof.agrees, true, JSON.stringify(proof));
  await noLeftovers(second.page);
  assert.deepEqual([...faults, ...second.faults], []);
});

test("an unknown signal is given to its child", { timeout: 90_000 }, async () => {
  const { page, faults } = await at("seat1", "/signals");
  const entered = await api(page, "POST", "/signals", { source: "neighbour", kind: "help", text: "邻居说孩子在门口哭", region: "500111116", key: "unknown-1" });
  assert.equal(entered.status, 200, JSON.stringify(entered.body));
  await page.reload();
  await page.getByText("邻里").first().click();
  await sees(page, "邻居说孩子在门口哭");
  const child = (await api(page, "GET", "/children?region=500111116&limit=1")).body.items[0];
  await page.getByLabel("姓名、拼音、证件或电话末四位").fill(child.name);
  await page.getByRole("button", { name: "就是这个孩子" }).first().click();
  await sees(page, "已归到这个孩子");
  assert.ok((await api(page, "GET", `/matters/${entered.body.matter_id}`)).body.child, "the matter has no child");
  await noLeftovers(page);
  assert.deepEqual(faults, []);
});

test("the Excel file of the matters comes with its headings and is audited", { timeout: 60_000 }, async () => {
  const { page } = await at("leader1", "/matters");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "导出 Excel" }).click()]);
  assert.equal(download.suggestedFilename(), "matters.xlsx");
  const audit = await at("audit1", "/");
  const rows = (await api(audit.page, "GET", "/audit?action=matter.export")).body.items;
  assert.ok(rows.length > 0, "the export is not in the audit");
});

test("a drill runs to its report", { timeout: 120_000 }, async () => {
  const { page, faults } = await at("leader1", "/drills");
  const second = await at("seat2", "/matters");
  // A real crisis keeps an exercise from beginning: those of the stories above are ended first.
  for (const m of (await api(page, "GET", "/matters?state=open&limit=200")).body.items.filter((m) => m.crisis)) {
    await api(page, "POST", `/matters/${m.id}/close`, { outcome: "false_alarm", note: "测试前结清" });
    await api(second.page, "POST", `/matters/${m.id}/confirm`, { ok: true });
  }
  await page.getByRole("button", { name: "开始演练" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("区域").fill("雍溪");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "开始演练" }).click();
  await sees(page, "演练进行中");
  const drill = (await api(page, "GET", "/drills")).body.items[0];
  const sent = await api(page, "POST", `/matters/${drill.matter_id}/dispatch`, { to: [], as_of_step: 0, key: "drill-1" });
  assert.equal(sent.status, 200, JSON.stringify(sent.body));
  await page.getByRole("button", { name: "结束演练" }).click();
  await sees(page, "演练已结束");
  await page.getByText("正常结束").click();
  await sees(page, "受理到派单");
  const report = (await api(page, "GET", `/drills/${drill.id}/report`)).body;
  assert.ok(report.levels.length > 0 && report.pages > 0, JSON.stringify(report));
  await noLeftovers(page);
  assert.deepEqual(faults, []);
});
