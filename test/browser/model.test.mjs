// A model of device is written down from the maker's papers: tried on frames
// beside what holds, published by a second person, and heard by a watch that is
// on the line, without anything being started again.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { api, enter, fits, openBrowser, openHouse, option, phone, sees, shot } from "./house.mjs";

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

const at = (account, path, viewport) => enter(browser, house.base, account, path, viewport);

/** A report of a JT/T 808 card with the alarm bit, as hex on the wire. */
function report(bit) {
  const body = Buffer.alloc(28);
  body.writeUInt32BE(2 ** bit, 0);
  body.writeUInt32BE(2, 4); // a fix
  body.writeUInt32BE(29_700_000, 8);
  body.writeUInt32BE(105_700_000, 12);
  Buffer.from("261129070000", "hex").copy(body, 22);
  const plain = Buffer.concat([Buffer.from("0200001c0138000000010001", "hex"), body]);
  const sum = plain.reduce((x, b) => x ^ b, 0);
  const whole = Buffer.concat([plain, Buffer.from([sum])]).toString("hex");
  return `7e${whole.replace(/../g, (b) => (b === "7d" ? "7d01" : b === "7e" ? "7d02" : b))}7e`;
}

test("a new card is written down, tried on its frames, and published by a second person", { timeout: 300_000 }, async () => {
  const admin = await at("system1", "/console/device-models");
  const { page } = admin;
  await sees(page, "G10LS 定位卡");
  await shot(page, "models");
  await page.getByRole("button", { name: "新增型号" }).click();
  const edit = page.getByRole("dialog").last();
  await edit.getByLabel("型号名称").fill("小卡一型学生卡");
  await edit.getByLabel("代号").fill("xk1");
  await edit.getByLabel("依据").first().fill("厂家附录三，第 2 版");
  await edit.getByRole("button", { name: "加一条", exact: true }).click();
  await edit.getByLabel("第几位").fill("16");
  await edit.getByLabel("含义").first().click();
  await option(page, "求救").click();
  await edit.getByLabel("粘贴报文试读").fill(`${report(16)}\n${report(0)}\n`);
  await sees(edit, "1 行读法有变化，共 2 行");
  const row = edit.locator(".ant-table-row").first();
  await sees(row, "报警：求救");
  assert.equal(await row.getByText("报警：未说明种类").count(), 1, "as the standard reads a reserved bit");
  await sees(edit, "可以提交");
  await shot(page, "models-draft");

  // The protocol's own SOS yields to no draft, and nothing can be handed in meanwhile.
  await edit.getByRole("button", { name: "加一条", exact: true }).click();
  await edit.getByLabel("第几位").last().fill("0");
  await edit.getByText(/是协议规定的求救/).first().waitFor();
  assert.ok(await edit.getByRole("button", { name: "提交批准" }).isDisabled());
  await shot(page, "models-sos");
  await edit.getByRole("button", { name: "删去" }).nth(1).click();
  await sees(edit, "可以提交");
  await edit.getByRole("button", { name: "提交批准" }).click();
  await page.getByLabel("理由").fill("新采购的学生卡，按厂家附录录入");
  await page.getByRole("dialog").last().getByRole("button", { name: "提交批准" }).click();
  await sees(page, "已提交，等待另一人批准");
  const waits = (await api(page, "GET", "/device-models")).body.items.find((e) => e.name === "xk1").waits;
  assert.equal((await api(page, "POST", `/device-models/${waits.id}/approve`)).status, 403, "who wrote it");

  const section = await at("section1", "/console/device-models");
  await sees(section.page.locator(".ant-table-row", { hasText: "小卡一型学生卡" }), "待批准");
  await section.page.getByRole("button", { name: "小卡一型学生卡" }).click();
  const drawer = section.page.getByRole("dialog").last();
  await sees(drawer, "报警第 16 位 求救");
  await shot(section.page, "models-waits");
  const saved = async (name) => {
    const [file] = await Promise.all([section.page.waitForEvent("download"), drawer.getByRole("button", { name, exact: true }).click()]);
    assert.equal(file.suggestedFilename(), "xk1.json");
    const path = join(tmpdir(), `zugou-${Date.now()}.json`);
    await file.saveAs(path);
    return path;
  };
  // The store-room without a network reads frames by the file.
  const said = (path) => JSON.parse(execFileSync(join(import.meta.dirname, "../../bin/zugou"), ["decode", "jt808", "--profile", path], { input: report(16) })).alarms;
  assert.deepEqual(said(await saved("导出这一版")), ["sos"]);
  await drawer.getByRole("button", { name: "批准并生效" }).click();
  await sees(section.page, "已批准，几秒内生效");
  await drawer.getByText("第 1 版").first().waitFor();
  assert.deepEqual(said(await saved("导出")), ["sos"]);
  await drawer.getByRole("tab", { name: "历次版本" }).click();
  await sees(drawer, /新采购的学生卡/);
  await shot(section.page, "models-history");
  const entered = await api(section.page, "POST", "/devices", { device_id: "861100000000091", kind: "card", profile: "xk1" });
  assert.equal(entered.status, 200, JSON.stringify(entered.body));

  // A later version that takes the call away is refused with the reason.
  const body = JSON.stringify({ name: "xk1", title: "小卡一型学生卡", source: "另一份附录", protocol: "jt808", base: "standard" });
  const worse = await api(page, "POST", "/device-models/try", { body, frames: report(16) });
  assert.match(worse.body.problems.join(""), /不能去掉求救/);
  const handed = await page.request.fetch(`${house.base}/api/device-models`, { method: "POST", headers: { "X-Zugou": "1" }, data: { body, reason: "按另一份附录" } });
  assert.equal(handed.status(), 422);
  assert.equal((await api(page, "GET", "/device-models")).body.items.find((e) => e.name === "xk1").waits, null);
  const audit = await at("audit1", "/console/audit");
  const rows = (await api(audit.page, "GET", "/audit?action=model.approve")).body.items;
  assert.ok(rows.some((r) => r.result === "published"), "on record");
  const seat = await at("seat1", "/console");
  assert.equal((await api(seat.page, "GET", "/device-models")).status, 403, "an operator needs none of it");
  assert.deepEqual([...admin.faults, ...section.faults, ...audit.faults, ...seat.faults], []);
});

test("a hint that was published a moment ago stands beside the next SOS", { timeout: 300_000 }, async () => {
  const number = "7700000078";
  const line = net.connect(house.watch(), "127.0.0.1");
  line.on("error", () => {});
  const says = (content) => line.write(`[3G*${number}*${content.length.toString(16).padStart(4, "0")}*${content}]`);
  const answered = new Promise((done) => line.once("data", done));
  says("LK,0,0,88");
  await answered;
  const section = await at("section1", "/console/device-models?model=watch-4g");
  const which = (await api(section.page, "GET", `/devices?q=${number}`)).body.items[0].id;
  const director = await at("village001001", "/m/", phone);
  const kid = (await api(director.page, "GET", "/children?limit=1")).body.items[0];
  assert.equal((await api(section.page, "POST", `/devices/${which}/adopt`, { kind: "watch", profile: "watch-4g", child_id: kid.id })).status, 200);
  let n = 0;
  const press = () => says(`AL,291126,07${String(Math.floor(++n / 60)).padStart(2, "0")}${String(n % 60).padStart(2, "0")},V,0.0,N,0.0,E,0,0,0,0,80,77,0,0,00010000,0,0,460,0,0`);
  const seat = await at("seat1", "/console");
  /** Presses until the card says it: the gateway reads its memory anew every few seconds. */
  const hinted = async (words) => {
    for (;;) {
      press();
      await new Promise((done) => setTimeout(done, 500));
      const matter = (await api(seat.page, "GET", `/matters?state=open&child=${kid.id}`)).body.items?.[0];
      const card = matter && (await api(seat.page, "GET", `/matters/${matter.id}`)).body;
      if (card?.hints.some((h) => h.hint.includes(words))) return matter.id;
    }
  };
  const matter = await hinted("sos_or_charger");
  await seat.page.goto(`${house.base}/console/seat?m=${matter}`);
  await sees(seat.page, /此型号的求救：取下充电器时也可能报。照常处置/);
  await seat.page.getByRole("button", { name: /派单/ }).first().waitFor();
  await shot(seat.page, "seat-hint");
  // Who is sent reads it in one line, until the child has been seen.
  const me = (await api(director.page, "GET", "/me")).body;
  const step = (await api(seat.page, "GET", `/matters/${matter}`)).body.orders.length;
  const sent = await api(seat.page, "POST", `/matters/${matter}/dispatch`, { to: [me.id], as_of_step: step, key: "hint-1" });
  assert.equal(sent.status, 200, JSON.stringify(sent.body));
  await director.page.goto(`${house.base}/m/order/${sent.body.id}`);
  await sees(director.page, "此型号的求救：取下充电器时也可能报。照常前往，见面先问一句");
  await fits(director.page);
  await shot(director.page, "order-hint-phone");
  for (const act of ["接单", "出发", "到场"]) await director.page.getByRole("button", { name: act, exact: true }).click();
  await director.page.getByRole("button", { name: "办结", exact: true }).click();
  await sees(director.page, /此型号的求救/);
  await director.page.getByLabel("说明").fill("孩子在家，刚取下充电器");
  await director.page.getByRole("dialog").getByRole("button", { name: "办结", exact: true }).click();
  await director.page.getByText(/此型号的求救/).waitFor({ state: "hidden" });
  // On the matters' page and on the device too.
  await seat.page.goto(`${house.base}/console/devices?device=${which}`);
  await sees(seat.page, /求救：取下充电器时也可能报/);
  await shot(seat.page, "device-hint");

  // Another word for it, on the page, by two people.
  const drawer = section.page.getByRole("dialog").last();
  await drawer.getByRole("button", { name: "修改" }).click();
  const edit = section.page.getByRole("dialog").last();
  await edit.getByLabel("提示内容").fill("拔充电器误报多，仍先打电话核实");
  await sees(edit, /可以提交，涉及 \d+ 台在用设备/);
  await edit.getByRole("button", { name: "提交批准" }).click();
  await section.page.getByLabel("理由").fill("坐席反映原来的提示太长");
  await section.page.getByRole("dialog").last().getByRole("button", { name: "提交批准" }).click();
  await sees(section.page, "已提交，等待另一人批准");
  await sees(section.page, /自己提交的版本须由另一人批准/);
  assert.equal(await section.page.getByRole("button", { name: "批准并生效" }).count(), 0);
  const head = await at("head1", "/console/device-models?model=watch-4g");
  await head.page.getByRole("button", { name: "批准并生效" }).click();
  await sees(head.page, "已批准，几秒内生效");
  assert.equal(await hinted("仍先打电话核实"), matter, "the same matter, the same line");
  const pocket = await at("seat1", `/console/matters?m=${matter}`, phone);
  await sees(pocket.page, /此型号的求救：拔充电器误报多/);
  assert.equal(await pocket.page.getByText(/此型号的求救/).count(), 1, "the newest word, and one");
  await pocket.page.getByText(/此型号的求救/).scrollIntoViewIfNeeded();
  await shot(pocket.page, "matter-hint-phone");
  await head.page.setViewportSize({ width: 360, height: 780 });
  await shot(head.page, "models-phone");
  line.destroy();
  assert.deepEqual({ section: section.faults, seat: seat.faults, head: head.faults, pocket: pocket.faults, director: director.faults }, { section: [], seat: [], head: [], pocket: [], director: [] });
});
