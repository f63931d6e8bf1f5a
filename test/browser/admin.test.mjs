// Three administrators and a newcomer: asked for, approved, given a password
// and changed, granted by a second person, taken back; and the auditor reads
// all of it in Chinese.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, desktop, enter, openBrowser, openHouse, openPage, password, sees } from "./house.mjs";

const newcomer = { account: "qiaozhen01", name: "乔珍", first: "Shiju-3.Liu", second: "Lamei-8.Xue" };
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

/** Answers the dialog that asks for a reason. */
async function reason(page, verb) {
  const dialog = page.getByRole("dialog").last();
  await dialog.getByLabel("理由").fill("按工作安排办理");
  await dialog.getByRole("button", { name: verb, exact: true }).click();
}

test("a newcomer asks, is let in by three administrators, and loses the right again", { timeout: 180_000 }, async () => {
  const { page, faults } = await openPage(browser, desktop);
  await page.goto(`${house.base}/login/`);
  await page.getByRole("button", { name: "立即注册" }).click();
  await page.getByRole("tab", { name: "工作人员" }).click();
  for (const [name, value] of [["account", newcomer.account], ["name", newcomer.name], ["phone", "15470098765"], ["password", newcomer.first], ["reason", "区民政局坐席"]]) await page.locator(`input[name=${name}]`).fill(value);
  for (const [name, value] of [["department", "civil_affairs"], ["role", "seat_operator"], ["region", "500111"]]) await page.locator(`select[name=${name}]`).selectOption(value);
  await page.getByRole("button", { name: "提交申请" }).click();
  await sees(page, "申请已提交");

  const admin = await at("system1", "/accounts");
  await admin.page.getByRole("button", { name: /待审核账号/ }).click();
  await admin.page.getByRole("button", { name: newcomer.name }).click();
  await admin.page.getByRole("button", { name: "审核通过" }).click();
  await reason(admin.page, "审核通过");
  await admin.page.getByRole("button", { name: "重置密码" }).click();
  await reason(admin.page, "重置密码");
  const told = admin.page.getByRole("dialog").filter({ hasText: "只显示这一次" });
  const initial = (await told.locator(".zg-num").innerText()).trim();
  await told.getByRole("button").click();
  const wanted = (await api(admin.page, "GET", "/grants?state=proposed")).body.items.filter((g) => g.account_name === newcomer.name);
  if (!wanted.length) {
    await admin.page.getByRole("button", { name: "申请授权" }).click();
    const form = admin.page.getByRole("dialog").last();
    await form.getByLabel("角色").fill("联动坐席");
    await form.getByLabel("角色").press("Enter");
    await form.getByLabel("理由").fill("坐席上岗");
    await form.getByRole("button", { name: "申请授权" }).click();
    await sees(admin.page, "已提交，等待安全管理员批准");
  }

  const security = await at("security1", "/accounts");
  await security.page.getByRole("button", { name: /待批准授权/ }).click();
  await security.page.getByRole("row", { name: new RegExp(newcomer.name) }).getByRole("button", { name: "批准", exact: true }).click();
  await reason(security.page, "批准");
  await security.page.getByText("已办理").first().waitFor();

  await page.goto(`${house.base}/login/`);
  await page.locator("input").first().fill(newcomer.account);
  await page.locator("input[type=password]").first().fill(initial);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/console/);
  // A demonstration forces no change of an initial password; one's own page does it.
  await page.goto(`${house.base}/console/own`);
  await page.getByLabel("当前密码").first().fill(initial);
  await page.getByLabel("新密码").fill(newcomer.second);
  await page.getByRole("button", { name: "修改", exact: true }).first().click();
  await sees(page, "已修改，其他设备已退出");
  await page.getByRole("link", { name: "联动坐席" }).waitFor({ state: "attached" });
  assert.ok((await api(page, "GET", "/me")).body.actions.includes("matter.lock"));

  await security.page.getByLabel("审批表状态").click();
  await security.page.getByTitle("有效", { exact: true }).click();
  const paper = (await api(security.page, "GET", "/grants?state=active&limit=200")).body.items.find((g) => g.account_name === newcomer.name);
  assert.ok(paper?.document_no, "a right without a paper");
  const row = security.page.getByRole("row", { name: new RegExp(newcomer.name) });
  await security.page.getByLabel("姓名、拼音").last().fill(newcomer.name);
  await security.page.keyboard.press("Enter");
  await row.getByRole("button", { name: "收回" }).click();
  await reason(security.page, "收回");
  await security.page.getByText("已办理").last().waitFor();
  const me = await api(page, "GET", "/me");
  assert.ok(me.status !== 200 || !me.body.actions.includes("matter.lock"), "the right outlived its paper");

  const audit = await at("audit1", "/audit");
  for (const act of ["收回授权", "批准授权", "申请授权", "审核登记"]) await audit.page.getByRole("cell", { name: act, exact: true }).first().waitFor();
  const words = await audit.page.locator("main").innerText();
  assert.doesNotMatch(words, /\b(grant|account|session|child)\.[a-z_]+\b|phone_masked|undefined/);
  await audit.page.getByRole("button", { name: "校验全部记录" }).click();
  await audit.page.getByText(/校验完毕：.*发现问题 0 处/).waitFor({ timeout: 60_000 });
  assert.deepEqual([...faults, ...admin.faults, ...security.faults, ...audit.faults], []);
});

test("the system administrator lets a platform in, sees its secret once, and ends it", { timeout: 90_000 }, async () => {
  const { page, faults } = await at("system1", "/platforms");
  await page.getByRole("button", { name: "接入新平台" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("平台名称").fill("市级中心");
  await form.getByRole("button", { name: "生成密钥" }).click();
  const once = page.getByRole("dialog").filter({ hasText: "密钥只显示这一次" });
  await once.waitFor();
  assert.match(await once.locator("code").first().innerText(), /^zk_/);
  await once.getByRole("button").last().click();
  await page.getByRole("button", { name: "市级中心" }).click();
  await sees(page, "没有回调记录");
  await page.getByRole("button", { name: "停用密钥" }).click();
  await reason(page, "停用密钥");
  await page.getByText("已停用").first().waitFor();
  const list = (await api(page, "GET", "/platforms")).body.items;
  assert.ok(list.find((p) => p.name === "市级中心").revoked_at > 0);
  assert.ok(!JSON.stringify(list).includes("secret"), "the secret is told again");
  assert.deepEqual(faults, []);
});
