// A watch that nobody knew: adopted with one press, handed out against a
// signature, its SOS rings with the child's name, it is told to answer, and it
// comes back; and who may see a child: consent, withdrawal, the cut, the
// child's own page.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import { api, openBrowser, openHouse, openPage, shot, signIn } from "./house.mjs";

const desktop = { width: 1366, height: 768 };
const phone = { width: 360, height: 780 };
const number = "7700000077";
const search = "按姓名、拼音或证件尾号找儿童";
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

async function at(account, path, viewport = desktop) {
  const s = await openPage(browser, viewport);
  if (account) await signIn(s.page, house.base, account);
  await s.page.goto(house.base + path);
  return s;
}

/** A watch on the line: says(content) writes a frame, heard(word) waits for one that holds the word. */
function watch() {
  const line = net.connect(house.watch(), "127.0.0.1");
  let said = "";
  const waiting = [];
  line.on("data", (b) => {
    said += b.toString("latin1");
    for (const w of waiting) if (said.includes(w.word)) w.done();
  });
  return {
    says: (content) => line.write(`[3G*${number}*${content.length.toString(16).padStart(4, "0")}*${content}]`),
    heard: (word) => new Promise((done) => (said.includes(word) ? done() : waiting.push({ word, done }))),
    end: () => line.destroy(),
  };
}

const two = (n) => String(n).padStart(2, "0");
function fix(kind, status) {
  const d = new Date();
  const on = `${two(d.getUTCDate())}${two(d.getUTCMonth() + 1)}${two(d.getUTCFullYear() % 100)},${two(d.getUTCHours())}${two(d.getUTCMinutes())}${two(d.getUTCSeconds())}`;
  return `${kind},${on},A,29.700000,N,105.700000,E,0,0,300,9,80,77,0,0,${status},0,0,460,0,0`;
}

async function sign(page, dialog) {
  const box = await dialog.locator(".gd-sign").boundingBox();
  await page.mouse.move(box.x + 40, box.y + 40);
  await page.mouse.down();
  for (let i = 1; i < 16; i++) await page.mouse.move(box.x + 40 + 10 * i, box.y + 40 + 25 * Math.sin(i));
  await page.mouse.up();
}

async function choose(page, where, name) {
  await where.getByLabel(search).fill(name);
  await page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option", { hasText: name }).first().click();
}

const find = async (page, state) => {
  await page.locator(".ant-segmented-item", { hasText: state }).click();
  await page.getByRole("button", { name: number }).click();
};

test("a watch is adopted, handed out, rings with the child's name, answers, and comes back", { timeout: 120_000 }, async () => {
  const line = watch();
  line.says("LK,0,0,88");
  await line.heard("LK]");
  const { page, faults } = await at("section1", "/console/devices");
  const kid = (await api(page, "GET", "/children?limit=1")).body.items[0];
  await page.getByRole("button", { name: /未登记设备/ }).click();
  await page.getByRole("button", { name: "纳入" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "纳入" }).click();
  await page.getByText("已纳入登记").waitFor();

  await find(page, "库存");
  await page.getByRole("button", { name: "发放", exact: true }).click();
  const out = page.getByRole("dialog").filter({ hasText: "发放设备" }).last();
  await choose(page, out, kid.name);
  await out.getByLabel("签收人").fill("王春梅");
  await sign(page, out);
  await shot(page, "device-hand-out");
  await out.getByRole("button", { name: "发放", exact: true }).click();
  await page.getByText("已发放").waitFor();
  await page.getByText(/王春梅签收/).waitFor();

  line.says(fix("AL", "00010000"));
  await line.heard("AL]");
  const seat = await at("seat1", "/console");
  const q = (await api(seat.page, "GET", "/queue")).body;
  const rung = JSON.stringify(q);
  assert.ok(rung.includes(kid.id) && rung.includes(kid.name), "the SOS rings with the child's name");
  await seat.page.getByText(kid.name).first().waitFor();
  await shot(seat.page, "device-sos");

  await page.getByRole("tab", { name: "指令" }).click();
  const tell = page.locator(".device-command");
  await tell.locator(".ant-select").first().click();
  await page.locator(".ant-select-item-option", { hasText: "立即定位" }).click();
  await tell.getByLabel("事由").fill("家长来电找孩子");
  await tell.getByRole("button", { name: "下发" }).click();
  await line.heard("CR]");
  await tell.getByText("已下发，等待回应").waitFor();
  line.says("CR");
  await tell.getByText("已执行").waitFor();

  await page.getByRole("button", { name: "收回", exact: true }).click();
  const back = page.getByRole("dialog").filter({ hasText: "收回设备" }).last();
  await back.getByLabel("签收人").fill("李大山");
  await back.getByText("完好").click();
  await sign(page, back);
  await shot(page, "device-return");
  await back.getByRole("button", { name: "收回", exact: true }).click();
  await page.getByText("已收回").waitFor();
  const row = (await api(page, "GET", `/devices?q=${number}&state=stock`)).body.items[0];
  assert.equal(row.wearer, null);
  line.end();
  assert.deepEqual([...faults, ...seat.faults], []);
});

test("a mother agrees, takes it back, agrees again, and is cut off; the child sees it all on its own page", { timeout: 120_000 }, async () => {
  const mother = await at("guardian1", "/guardian/", phone);
  const agree = async () => {
    await mother.page.getByRole("button", { name: /阅读并签署同意/ }).click();
    await mother.page.getByRole("button", { name: "我已阅读并同意" }).click();
    await mother.page.getByText(/最后位置：|还没有位置/).first().waitFor();
  };
  await mother.page.getByText("还差一步").waitFor();
  const kid = (await api(mother.page, "GET", "/guardian/children")).body.items[0];
  await agree();

  const office = await at("section1", "/console/viewers");
  await choose(office.page, office.page, kid.name);
  await office.page.getByRole("button", { name: "给孩子看的说明" }).click();
  const made = office.page.waitForResponse((r) => r.url().endsWith("/own-link"));
  await office.page.getByRole("button", { name: "生成二维码" }).click();
  const { link } = await (await made).json();
  await office.page.locator(".gd-code svg").first().waitFor();
  await shot(office.page, "device-child-sheet");
  await office.page.getByRole("dialog").getByRole("button", { name: "返回" }).click();

  const own = await at("", `/seen/#${link}`, phone);
  await own.page.getByText(/能看到$/).waitFor();
  const said = await own.page.locator("body").innerText();
  assert.ok(!said.includes(kid.name) && !own.page.url().includes(link), "neither a name nor the link stays");
  assert.ok((await own.page.evaluate(() => document.documentElement.scrollWidth)) <= phone.width);
  await shot(own.page, "device-child-page");

  await mother.page.getByRole("button", { name: /撤回同意/ }).click();
  await mother.page.getByRole("button", { name: "确定撤回" }).click();
  await mother.page.getByText("还差一步").waitFor();
  assert.equal((await api(mother.page, "GET", `/guardian/children/${kid.child_id}`)).status, 403);
  await own.page.goto(`${house.base}/help/`);
  await own.page.goto(`${house.base}/seen/#${link}`);
  await own.page.getByText("现在，家里没有人能在手机上看到你在哪里。").waitFor();

  await agree();
  await office.page.getByRole("button", { name: "登记监护限制" }).click();
  const bar = office.page.getByRole("dialog").last();
  const pick = async (label, text) => {
    await bar.getByLabel(label).click();
    await office.page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option", { hasText: text }).first().click();
  };
  await pick("对谁", "");
  await pick("类型", "监护中止");
  await bar.getByLabel("文书编号").fill("试裁1号");
  await shot(office.page, "device-bar");
  await bar.getByRole("button", { name: "登记并切断" }).click();
  await mother.page.getByText("现在不能查看这个孩子的位置").waitFor();
  assert.ok(!(await mother.page.locator("body").innerText()).includes(kid.name), "the name stays on the page");
  await shot(mother.page, "device-dark");

  await office.page.getByRole("button", { name: "给孩子看的说明" }).click();
  await office.page.getByRole("button", { name: "停用" }).click();
  await office.page.getByRole("tooltip").getByRole("button", { name: "停用" }).click();
  await office.page.getByText("已停用").waitFor();
  await own.page.goto(`${house.base}/help/`);
  await own.page.goto(`${house.base}/seen/#${link}`);
  await own.page.getByText("已经停用或者到期").waitFor();
  assert.deepEqual([...mother.faults, ...office.faults, ...own.faults], []);
});

test("who has no child yet reads what the way is, asks, and waits", { timeout: 60_000 }, async () => {
  const s = await at("guardian1", "/guardian/", phone);
  await s.page.route("**/api/guardian/children", (r) => r.fulfill({ json: { items: [], waiting: false, refused: false } }), { times: 1 });
  await s.page.reload();
  await s.page.getByText("您还没有可以查看的孩子").waitFor();
  await shot(s.page, "device-no-child");
  await s.page.getByRole("button", { name: "申请查看孩子的位置" }).click();
  await s.page.getByRole("button", { name: "提交申请" }).click();
  await s.page.getByText("请填写孩子姓名").waitFor();
  await s.page.getByLabel("孩子姓名").fill("卢小溪");
  await shot(s.page, "device-ask");
  await s.page.getByRole("button", { name: "提交申请" }).click();
  await s.page.getByText("镇街正在核实").waitFor();
  assert.deepEqual(s.faults, []);
});
