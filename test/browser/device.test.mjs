// A watch that nobody knew: adopted with one press, handed out against a
// signature, its SOS rings with the child's name, it is told to answer, and it
// comes back; the list in order, in the address and out as Excel; a delivery
// with mistakes, taken and taken back; family numbers, reminders, speech; and
// who may see a child: consent, withdrawal, every cut, the child's own page.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import net from "node:net";
import { after, before, test } from "node:test";
import { api, enter, fits, openBrowser, openHouse, option, phone, sees, shot } from "./house.mjs";

const number = "7700000077";
const search = "按姓名、拼音或证件尾号找儿童";
let house;
let browser;

before(async () => {
  house = await openHouse();
  // A microphone that hums, and nobody who has to allow it.
  browser = await openBrowser("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
});

after(async () => {
  await browser?.close();
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

const at = (account, path, viewport) => enter(browser, house.base, account, path, viewport);

/** A watch on the line: says(content) writes a frame, heard(word) waits for one that holds the word. */
function watch() {
  const line = net.connect(house.watch(), "127.0.0.1");
  let said = "";
  let located = false;
  const waiting = [];
  const says = (content) => line.write(`[3G*${number}*${content.length.toString(16).padStart(4, "0")}*${content}]`);
  line.on("data", (b) => {
    const now = b.toString("latin1");
    said += now;
    if (located && now.includes("*CR]")) says("CR");
    for (const w of waiting) if (said.includes(w.word)) w.done();
  });
  return {
    says,
    /** From now on it tells where it is whenever the guard asks: no setting is sent before that is answered. */
    tells: () => {
      located = true;
      says("CR");
    },
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
  await option(page, name).click();
}

const find = async (page, state) => {
  await page.locator(".ant-segmented-item", { hasText: state }).click();
  await page.getByRole("button", { name: number }).click();
};

test("a watch is adopted, handed out, rings with the child's name, answers, and comes back", { timeout: 300_000 }, async () => {
  const line = watch();
  line.says("LK,0,0,88");
  await line.heard("LK]");
  const { page, faults } = await at("section1", "/console/devices");
  const kid = (await api(page, "GET", "/children?limit=1")).body.items[0];
  await page.getByRole("button", { name: /未登记设备/ }).click();
  await page.getByRole("button", { name: "纳入" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "纳入" }).click();
  await sees(page, "已纳入登记");

  await find(page, "库存");
  await page.getByRole("button", { name: "发放", exact: true }).click();
  const out = page.getByRole("dialog").filter({ hasText: "发放设备" }).last();
  await choose(page, out, kid.name);
  await out.getByLabel("签收人").fill("王春梅");
  await sign(page, out);
  await shot(page, "device-hand-out");
  await out.getByRole("button", { name: "发放", exact: true }).click();
  await sees(page, "已发放");
  await sees(page, /王春梅签收/);

  line.says(fix("AL", "00010000"));
  await line.heard("AL]");
  const seat = await at("seat1", "/console");
  const q = (await api(seat.page, "GET", "/queue")).body;
  const rung = JSON.stringify(q);
  assert.ok(rung.includes(kid.id) && rung.includes(kid.name), "the SOS rings with the child's name");
  await seat.page.getByText(kid.name).first().waitFor();
  await shot(seat.page, "device-sos");
  // One press on the card asks the watch where the child is.
  const open = (await api(seat.page, "GET", `/matters?state=open&child=${kid.id}`)).body.items[0];
  await seat.page.goto(`${house.base}/console/seat?m=${open.id}`);
  await seat.page.getByRole("button", { name: "立即定位" }).click();
  await sees(seat.page, /已要求定位/);
  await line.heard("CR]");
  line.says("CR");
  line.says(fix("UD", "00000000").replace("29.700000", "29.712345"));
  await sees(seat.page, /29\.7123/);
  await seat.page.getByText(/的位置$/).first().waitFor(); // how old it is
  await seat.page.getByRole("button", { name: "打开设备" }).click();
  await seat.page.getByRole("dialog").getByText(number).first().waitFor();
  await shot(seat.page, "seat-device");
  await seat.page.goto(`${house.base}/console`);

  await page.getByRole("tab", { name: "指令" }).click();
  const tell = page.locator(".device-command");
  await tell.locator(".ant-select").first().click();
  await page.locator(".ant-select-item-option", { hasText: "立即定位" }).click();
  await tell.getByLabel("事由").fill("家长来电找孩子");
  await tell.getByRole("button", { name: "下发" }).click();
  await line.heard("CR]");
  await sees(tell, "已下发，等待回应");
  line.tells();
  await tell.getByText("已执行").first().waitFor();

  const told = async (kind, fill, word, answer) => {
    await tell.locator(".ant-select").first().click();
    await page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option", { hasText: kind }).click();
    await fill();
    await tell.getByLabel("事由").fill("家长要求，已电话核实");
    await tell.getByRole("button", { name: "下发" }).click();
    await line.heard(word);
    line.says(answer);
    const row = tell.locator(".device-command-list li", { hasText: kind }).first();
    await sees(row, "已执行");
  };
  await told("亲情号码", async () => {
    await tell.getByLabel("第1个称呼").fill("奶奶");
    await tell.getByLabel("第1个号码").fill("154 0000 0001");
    await tell.getByRole("button", { name: /再加一个/ }).click();
    await tell.getByLabel("第2个称呼").fill("班主任");
    await tell.getByLabel("第2个号码").fill("15400000002");
    await shot(page, "device-contacts");
  }, "PHB,15400000001,59765976,15400000002,", "PHB");
  await told("提醒闹钟", async () => {
    await tell.getByRole("checkbox", { name: "周六" }).check();
    await shot(page, "device-reminder");
  }, "REMIND,07:00-1-3-0111111", "REMIND");
  await told("静默时段", async () => {
    await sees(tell, /每天相同，不分星期/); // said before anybody counts on it
    // Two spans over each other say so where they stand, and nothing is sent.
    await tell.getByRole("button", { name: /加一段/ }).click();
    for (const [label, time] of [["第3段开始", "11:00"], ["第3段结束", "12:30"]]) {
      await tell.getByLabel(label).fill(time);
      await tell.getByLabel(label).press("Enter");
    }
    await sees(tell, "与前面的时段重叠");
    await tell.getByLabel("事由").fill("家长要求，已电话核实");
    const device = new URL(page.url()).searchParams.get("device");
    const before = (await api(page, "GET", `/devices/${device}/commands`)).body.items.length;
    await tell.getByRole("button", { name: "下发" }).click();
    await tell.locator(".ant-form-item-explain-error", { hasText: "与前面的时段重叠" }).waitFor();
    await shot(page, "device-silent-overlap");
    assert.equal((await api(page, "GET", `/devices/${device}/commands`)).body.items.length, before, "nothing was queued");
    const periods = [[8 * 60, 12 * 60], [11 * 60, 12 * 60 + 30]].map(([From, To]) => ({ From, To }));
    const forced = await page.request.fetch(`${house.base}/api/devices/${device}/commands`, { method: "POST", headers: { "X-Zugou": "1" }, data: { key: "forced-1", kind: "silent_hours", periods, reason: "不经页面的请求" } });
    assert.match(`${forced.status()} ${await forced.text()}`, /^422 .*两个静默时段有重叠/);
    await tell.getByRole("button", { name: "去掉" }).last().click();
    await tell.getByRole("button", { name: /夜间/ }).click();
    await shot(page, "device-silent");
  }, "SILENCETIME,08:00-12:00,14:00-17:30,22:00-06:30", "SILENCETIME");
  await told("发文字给孩子", () => tell.getByLabel("显示给孩子的文字").fill("奶奶"), "MESSAGE,59765976", "MESSAGE");
  await told("发语音给孩子", async () => {
    await tell.getByRole("button", { name: "录音", exact: true }).click();
    await tell.getByRole("button", { name: /说完了（[1-9]/ }).click();
    await sees(tell, /已录约/);
    await tell.getByRole("button", { name: "试听" }).click();
    await shot(page, "device-voice");
  }, "TK,#!AMR", "TK,1");

  // The child speaks: the seat hears it in the page. And a recording that a
  // page fetched, as those of the hotline are, is allowed to sound.
  line.says("TK,#!AMR\n" + ("\x3c" + "\0".repeat(31)).repeat(100));
  const which = (await api(page, "GET", `/devices?q=${number}`)).body.items[0].id;
  await seat.page.goto(`${house.base}/console/devices?device=${which}`);
  await seat.page.getByRole("tab", { name: "语音与照片" }).click();
  // It is marked as heard at once, here and for who looks on.
  const other = await at("leader1", `/console/devices?device=${which}`);
  await other.page.getByRole("tab", { name: "语音与照片" }).click();
  await sees(other.page, "未查看");
  await sees(seat.page, "未查看");
  await seat.page.getByRole("button", { name: "播放" }).first().click();
  await sees(seat.page, /已查看/);
  await sees(other.page, /已查看/);
  assert.equal(await seat.page.getByText("这段录音放不出来").count(), 0);
  await shot(seat.page, "device-heard");
  const sounds = await seat.page.evaluate(() => new Promise((done) => {
    const wav = new Uint8Array(844);
    wav.set([82, 73, 70, 70, 68, 3, 0, 0, 87, 65, 86, 69, 102, 109, 116, 32, 16, 0, 0, 0, 1, 0, 1, 0, 64, 31, 0, 0, 64, 31, 0, 0, 1, 0, 8, 0, 100, 97, 116, 97, 32, 3, 0, 0]);
    const audio = new Audio(URL.createObjectURL(new Blob([wav], { type: "audio/wav" })));
    audio.oncanplay = () => done("yes");
    audio.onerror = () => done("refused");
  }));
  assert.equal(sounds, "yes");

  await page.getByRole("button", { name: "收回", exact: true }).click();
  const back = page.getByRole("dialog").filter({ hasText: "收回设备" }).last();
  await back.getByLabel("签收人").fill("李大山");
  await back.getByText("遗失").click();
  await sees(back, /转为停用：令牌、鉴权码立即失效/);
  await shot(page, "device-lost");
  await back.getByText("完好").click();
  await back.getByText(/转为停用/).waitFor({ state: "hidden" });
  await sign(page, back);
  await shot(page, "device-return");
  await back.getByRole("button", { name: "收回", exact: true }).click();
  await sees(page, "已收回");
  const row = (await api(page, "GET", `/devices?q=${number}&state=stock`)).body.items[0];
  assert.equal(row.wearer, null);
  line.end();
  assert.deepEqual([...faults, ...seat.faults, ...other.faults], []);
});

test("the list is ordered, kept in the address, and taken out on record by who may", { timeout: 300_000 }, async () => {
  const { page, faults } = await at("section1", "/console/devices");
  await page.getByRole("columnheader", { name: "流量卡到期" }).click();
  await page.waitForURL(/sort=sim/);
  const first = page.locator(".ant-table-row").first();
  await sees(first, "胸牌101"); // the card that ran out
  await page.getByLabel("全部镇街").fill("邮亭");
  await page.locator(".ant-select-item-option", { hasText: "邮亭镇" }).click();
  await page.waitForURL(/region=500111116/);
  await page.reload();
  await page.getByRole("columnheader", { name: "流量卡到期", exact: false }).and(page.locator("[aria-sort=ascending]")).waitFor();
  const sims = (await api(page, "GET", "/devices?state=active&region=500111116&sort=sim")).body.items.map((d) => d.sim_until);
  assert.ok(sims.length > 1 && sims.every((s, i) => !i || sims[i - 1] <= s), String(sims));
  await page.getByRole("button", { name: "导出 Excel" }).click();
  await page.getByRole("dialog").getByLabel("理由", { exact: true }).fill("流量卡续费核对");
  const taken = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: "导出 Excel" }).click();
  const file = await readFile(await (await taken).path());
  assert.equal(file.subarray(0, 2).toString(), "PK");
  await first.click();
  await page.waitForURL(/device=/);
  await sees(page.getByRole("dialog"), "登记与签收");
  await shot(page, "device-list");

  const audit = await at("audit1", "/console/audit");
  const rows = (await api(audit.page, "GET", "/audit?action=device.export")).body.items;
  assert.ok(rows.length > 0, "the export is on record");
  const village = await at("village001001", "/console/devices", phone);
  await village.page.locator(".ant-table-row").first().waitFor();
  assert.equal(await village.page.getByRole("button", { name: "导出 Excel" }).count(), 0);
  const refused = await village.page.evaluate(async () => (await fetch("/api/devices/export?reason=%E6%83%B3%E7%9C%8B%E4%B8%80%E4%B8%8B")).status);
  assert.equal(refused, 403);
  await shot(village.page, "device-list-phone");
  assert.deepEqual([...faults, ...audit.faults, ...village.faults], []);
});

test("a delivery with mistakes shows what it is, is taken, and is taken back", { timeout: 300_000 }, async () => {
  const { page, faults } = await at("section1", "/console/devices");
  await page.getByRole("link", { name: "导入登记表" }).click();
  await page.waitForURL(/imports\?kind=devices/);
  const kid = (await api(page, "GET", "/children?limit=200")).body.items.find((k, i, all) => !k.device && all.filter((o) => o.name === k.name).length === 1) ?? (await api(page, "GET", "/children?limit=1")).body.items[0];
  const list = ["设备编号,类型,型号,SIM卡号,流量卡到期日,通信协议,姓名,身份证号", `6600000001,学生卡,HX-3,15480000001,46500,JT/T 808,${kid.name},`, "6600000001,手表,HX-3,,,手表,,", ",胸牌,HX-3,,,,王无名,", "6600000004,胸牌,,,,蓝牙,,", "6600000005,胸牌,,,后年,,,", "6600000006,手表,,,,,查无此人,", "8800000001,胸牌,,,,,,"];
  await page.locator("input[type=file]").setInputFiles({ name: "delivery.csv", mimeType: "text/csv", buffer: Buffer.from(list.join("\n")) });
  await page.waitForURL(/imports\/.+/);
  await sees(page, "2027-04-23 到期");
  assert.deepEqual(await page.locator(".ant-table-thead th").allInnerTexts(), ["行", "结果", "设备编号", "类型与型号", "协议", "流量卡", "佩戴人", "所在地", "说明"]);
  const row = (text) => page.locator(".ant-table-row", { hasText: text });
  await sees(row("按姓名和所在地找到"), "154****0001");
  await row("设备编号与前面一行相同").waitFor();
  await row("设备编号未填").waitFor();
  await row("通信协议没有认出").waitFor();
  await row("流量卡到期日读不出来").waitFor();
  await row("没有找到佩戴的儿童").waitFor();
  await row("这台设备已发给另一名儿童").waitFor();
  await shot(page, "device-import");
  await page.getByRole("button", { name: "导入 4 行" }).click();
  await sees(page, "已登记 4 台设备");
  const card = (await api(page, "GET", "/devices?q=6600000001")).body.items[0];
  assert.deepEqual([card.kind, card.profile, card.sim_until, card.wearer?.name], ["card", "jt808", "2027-04-23", kid.name]);

  // What this protocol can't do is said before; what is asked waits for the device.
  await page.goto(`${house.base}/console/devices?device=${card.id}`);
  await page.getByRole("tab", { name: "指令" }).click();
  const tell = page.locator(".device-command");
  await sees(tell, /该设备（JT\/T 808）做不到：.*亲情号码/);
  await sees(tell, "设备离线，指令排队");
  await tell.locator(".ant-select").first().click();
  await page.locator(".ant-select-item-option", { hasText: "立即定位" }).click();
  await tell.getByLabel("事由").fill("发放前试一试");
  await tell.getByRole("button", { name: "下发" }).click();
  await sees(tell, "等待上线");
  await shot(page, "device-waiting");
  await tell.getByRole("button", { name: "撤回" }).click();
  await sees(tell.locator(".device-command-list"), "已撤回");

  await page.goto(`${house.base}/console/imports`);
  await page.locator(".ant-table-row", { hasText: "delivery.csv" }).click();
  await page.getByRole("button", { name: "撤销整批导入" }).click();
  await page.getByRole("dialog").getByLabel("理由", { exact: true }).fill("这批设备型号发错");
  await page.getByRole("dialog").getByRole("button", { name: "撤销整批导入" }).click();
  await sees(page, "整批已撤销，没有留下任何设备");
  assert.equal((await api(page, "GET", "/devices?q=660000000")).body.items.length, 0);
  assert.deepEqual(faults, []);
});

test("a card is entered by its model, and read by another once it turns out to be that", { timeout: 300_000 }, async () => {
  const { page, faults } = await at("section1", "/console/devices");
  await page.getByRole("button", { name: "登记设备" }).click();
  const enter = page.getByRole("dialog").filter({ hasText: "登记设备" }).last();
  await enter.getByLabel("设备号").fill("861100000000017");
  const choose = async (where, title) => {
    await where.locator(".gd-wide .ant-select").click();
    await page.keyboard.type(title); // the list is found by typing, for it is long
    await page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option", { hasText: title }).first().click();
  };
  await choose(enter, "G10LS");
  await sees(enter, "报警第 17 位"); // what the maker means by it, before it counts
  await sees(enter, /依据：/);
  await shot(page, "device-model");
  await enter.getByRole("button", { name: "登记入库" }).click();
  await page.waitForURL(/device=/);
  const id = new URL(page.url()).searchParams.get("device");
  const drawer = page.getByRole("dialog").last();
  await sees(drawer, /JT\/T 808，G10LS/);
  await choose(drawer, "C5、C5L");
  await drawer.getByText("附加字段 F8").first().waitFor();
  await drawer.getByRole("button", { name: "保存" }).click();
  await sees(drawer, /JT\/T 808，C5、C5L/);
  assert.equal((await api(page, "GET", `/devices/${id}`)).body.profile, "c5");
  const refused = await page.request.fetch(`${house.base}/api/devices`, { method: "POST", headers: { "X-Zugou": "1" }, data: { device_id: "861100000000018", kind: "card", profile: "c99" } });
  assert.equal(refused.status(), 422, "a model that nobody has");
  await shot(page, "device-model-changed");
  // From a model whose SOS stands in a field of its own to one without: said before it is saved.
  await choose(drawer, "用 E8 字段报求救");
  await drawer.getByRole("button", { name: "保存" }).click();
  await sees(drawer, /JT\/T 808，用 E8/);
  await choose(drawer, "C5、C5L");
  await sees(drawer, /改后不再按这些读求救：附加字段 E8/);
  await shot(page, "device-model-calls");
  await drawer.getByRole("tab", { name: "接入凭据" }).click();
  await sees(drawer, /设备还没有注册/);

  // A badge that speaks MQTT gets its token on the page: once, and again only as another.
  const badge = (await api(page, "POST", "/devices", { device_id: "B-9001", kind: "badge", profile: "mqtt" })).body;
  await page.goto(`${house.base}/console/devices?state=stock&device=${badge.id}`);
  await page.getByRole("tab", { name: "接入凭据" }).click();
  await sees(page, /还没有令牌/);
  await page.getByRole("button", { name: "发放令牌" }).click();
  await page.locator(".ant-modal-confirm").getByRole("button", { name: "发放令牌" }).click();
  const shown = page.locator(".ant-modal-confirm", { hasText: "令牌只显示这一次" });
  const token = (await shown.locator(".ant-typography").innerText()).trim();
  assert.ok(token.length > 20, token);
  await shot(page, "device-token");
  await shown.getByRole("button", { name: "已写入" }).click();
  await sees(page, /令牌由.+发放/);
  assert.ok(!JSON.stringify((await api(page, "GET", `/devices/${badge.id}/secrets`)).body).includes(token), "never shown again");
  await page.getByRole("button", { name: "收回令牌" }).click();
  await sees(page, /设备当场断线，不能再接入/);
  await page.locator(".ant-modal-confirm").getByRole("button", { name: "收回令牌" }).click();
  await sees(page, /还没有令牌/);
  // Before it goes to a child without a token, and before its secrets end with it, the page says so.
  await page.getByRole("button", { name: "发放", exact: true }).click();
  await sees(page, /这台设备还没有令牌/);
  await shot(page, "device-untokened");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "停用" }).click();
  await sees(page, /令牌、鉴权码立即失效，设备当场断线/);
  await page.keyboard.press("Escape");

  const audit = await at("audit1", "/console/audit");
  const rows = (await api(audit.page, "GET", "/audit?action=device.write")).body.items.filter((r) => JSON.stringify(r).includes(id));
  assert.ok(rows.some((r) => JSON.stringify(r).includes("profile")), "the change of the model is on record");
  assert.deepEqual([...faults, ...audit.faults], []);
});

test("whoever stands on a child's conflict list finds no trace of it by its badge", { timeout: 300_000 }, async () => {
  const town = await at("town001", "/console/devices");
  await town.page.locator(".ant-table-row").first().waitFor();
  const worn = (await api(town.page, "GET", "/devices?state=active&limit=200")).body.items.filter((d) => d.wearer);
  const badge = worn.find((d) => worn.filter((o) => o.wearer.name === d.wearer.name).length === 1);
  const row = town.page.locator(".ant-table-row", { has: town.page.getByRole("button", { name: badge.label, exact: true }) });
  await row.waitFor();
  const seat = await at("seat1", "/console");
  const entered = await api(seat.page, "POST", "/signals", { source: "neighbour", kind: "help", text: "孩子说怕镇上来的人", child_id: badge.wearer.id, key: "foe-1" });
  assert.equal(entered.status, 200, JSON.stringify(entered.body));
  const matter = (await api(seat.page, "GET", `/matters?state=open&child=${badge.wearer.id}`)).body.items[0];
  const officer = "15409000021"; // the invented number of the first township's officer
  const listed = await api(seat.page, "POST", `/matters/${matter.id}/conflicts`, { name: "镇上的干部", phone: officer, relation: "亲属", reason: "孩子指认" });
  assert.equal(listed.status, 200, JSON.stringify(listed.body));

  await town.page.reload();
  await town.page.locator(".ant-table-row").first().waitFor();
  await row.waitFor({ state: "hidden" });
  const left = (await api(town.page, "GET", "/devices?state=active&limit=200")).body.items;
  assert.deepEqual(worn.filter((d) => !left.some((o) => o.id === d.id)).map((d) => d.label), [badge.label], "its badge, and no other");
  for (const path of [`/devices/${badge.id}`, `/devices/${badge.id}/commands`, `/children/${badge.wearer.id}/fences`]) {
    const got = await api(town.page, "GET", path);
    assert.ok(got.status === 404 || got.status === 403, `${path}: ${got.status}`);
  }
  assert.equal((await api(town.page, "GET", `/devices?q=${badge.device_id}`)).body.items.length, 0);
  const health = (await api(town.page, "GET", "/guard/health")).body;
  assert.ok(!JSON.stringify(health).includes(badge.wearer.id), "the health page");
  await town.page.goto(`${house.base}/console/health`);
  await town.page.getByRole("tab", { name: "回访名单" }).or(town.page.locator(".ant-tabs-tab").first()).first().waitFor();
  assert.ok(!(await town.page.locator("body").innerText()).includes(badge.label));
  await shot(town.page, "device-conflict-list");
  // Whoever may give secrets to badges gives none to this one while it stands there itself.
  const section = await at("section1", "/console/devices");
  const secret = (path) => section.page.request.fetch(`${house.base}/api/devices/${badge.id}/${path}`, { method: "POST", headers: { "X-Zugou": "1" } });
  assert.equal((await api(seat.page, "POST", `/matters/${matter.id}/conflicts`, { name: "科室干部", phone: "15409000007", relation: "亲属", reason: "孩子指认" })).status, 200);
  for (const path of ["token", "pair"]) {
    const got = await secret(path);
    assert.equal(got.status(), 404, `${path}: ${got.status()}`);
    assert.ok(!(await got.text()).includes('"token"'));
  }
  const own = (await api(seat.page, "GET", `/matters/${matter.id}`)).body.conflicts.find((c) => c.name === "科室干部");
  assert.equal((await api(seat.page, "POST", `/matters/${matter.id}/conflicts/${own.id}/remove`, { reason: "核实后不是他" })).status, 200);
  assert.equal((await secret("pair")).status(), 200, "off the list");
  // A colleague still finds it.
  assert.equal((await api(seat.page, "GET", `/devices/${badge.id}`)).body.wearer.id, badge.wearer.id);
  const entry = (await api(seat.page, "GET", `/matters/${matter.id}`)).body.conflicts[0];
  assert.equal((await api(seat.page, "POST", `/matters/${matter.id}/conflicts/${entry.id}/remove`, { reason: "核实后不是他" })).status, 200);
  assert.equal((await api(town.page, "GET", `/devices/${badge.id}`)).body.wearer.id, badge.wearer.id);
  assert.deepEqual([...town.faults, ...seat.faults, ...section.faults], []);
});

test("a mother agrees, takes it back, agrees again, and is cut off; the child sees it all on its own page", { timeout: 300_000 }, async () => {
  const mother = await at("guardian1", "/guardian/", phone);
  const agree = async () => {
    await mother.page.getByRole("button", { name: /阅读并签署同意/ }).click();
    await mother.page.getByRole("button", { name: "我已阅读并同意" }).click();
    await mother.page.getByText(/最后位置：|还没有位置/).first().waitFor();
  };
  await sees(mother.page, "还差一步");
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
  await sees(own.page, /能看到$/);
  const said = await own.page.locator("body").innerText();
  assert.ok(!said.includes(kid.name) && !own.page.url().includes(link), "neither a name nor the link stays");
  await fits(own.page);
  await shot(own.page, "device-child-page");

  await mother.page.getByRole("button", { name: /撤回同意/ }).click();
  await mother.page.getByRole("button", { name: "确定撤回" }).click();
  await sees(mother.page, "还差一步");
  assert.equal((await api(mother.page, "GET", `/guardian/children/${kid.child_id}`)).status, 403);
  await own.page.goto(`${house.base}/help/`);
  await own.page.goto(`${house.base}/seen/#${link}`);
  await sees(own.page, "现在，家里没有人能在手机上看到你在哪里。");

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
  await sees(mother.page, "现在不能查看这个孩子的位置");
  assert.ok(!(await mother.page.locator("body").innerText()).includes(kid.name), "the name stays on the page");
  await shot(mother.page, "device-dark");

  // Lifted, it opens again; the list of who must not be told cuts as fast, and
  // so does a guardianship that was revoked.
  const back = async () => {
    await mother.page.getByRole("button", { name: "返回" }).click();
    await mother.page.getByRole("button", { name: new RegExp(kid.name) }).or(mother.page.getByRole("button", { name: /阅读并签署同意/ })).first().waitFor();
    if (await mother.page.getByRole("button", { name: /阅读并签署同意/ }).count()) await agree();
    else {
      await mother.page.getByRole("button", { name: new RegExp(kid.name) }).first().click();
      await mother.page.getByText(/最后位置：|还没有位置/).first().waitFor();
    }
  };
  await office.page.getByRole("button", { name: "解除", exact: true }).click();
  await office.page.getByRole("dialog").getByLabel("理由", { exact: true }).fill("法院已恢复监护");
  await office.page.getByRole("dialog").getByRole("button", { name: "解除", exact: true }).click();
  await office.page.getByText("已解除").first().waitFor();
  await back();

  const seat = await at("seat1", "/console/matters");
  const entered = await api(seat.page, "POST", "/signals", { source: "neighbour", kind: "help", text: "邻居说夜里听见孩子哭喊", child_id: kid.child_id, key: "cut-1" });
  assert.equal(entered.status, 200, JSON.stringify(entered.body));
  const matters = (await api(seat.page, "GET", `/matters?state=open&child=${kid.child_id}`)).body.items;
  await seat.page.goto(`${house.base}/console/matters?m=${matters[0].id}`);
  await seat.page.getByRole("button", { name: /回避名单/ }).first().or(seat.page.getByRole("button", { name: /更多/ }).first()).first().waitFor();
  if (!(await seat.page.getByRole("button", { name: /回避名单/ }).count())) await seat.page.getByRole("button", { name: /更多/ }).first().click();
  await seat.page.getByText("回避名单").last().click();
  const list = seat.page.getByRole("dialog").filter({ hasText: "列入回避名单" }).last();
  await list.getByLabel("谁").click();
  const who = (await api(office.page, "GET", `/children/${kid.child_id}/viewers`)).body.items.find((v) => v.why === "");
  await seat.page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option", { hasText: who.name }).first().click();
  await list.getByLabel(/理由|原因/).fill("孩子说怕她");
  await shot(seat.page, "device-conflict");
  await list.getByRole("button", { name: "列入", exact: true }).click();
  await sees(mother.page, "现在不能查看这个孩子的位置");
  assert.ok(!(await mother.page.locator("body").innerText()).includes(kid.name), "the name stays on the page");
  assert.equal((await api(mother.page, "GET", `/guardian/children/${kid.child_id}`)).status, 403);
  await sees(office.page, /在未结事项的回避名单上/);
  const entry = (await api(seat.page, "GET", `/matters/${matters[0].id}`)).body.conflicts[0];
  assert.equal((await api(seat.page, "POST", `/matters/${matters[0].id}/conflicts/${entry.id}/remove`, { reason: "核实后不是她" })).status, 200);
  await office.page.getByText(/在未结事项的回避名单上/).waitFor({ state: "hidden" });
  await back();

  await office.page.getByRole("button", { name: "登记监护限制" }).click();
  await pick("对谁", who.name);
  await pick("类型", "监护资格被撤销");
  await bar.getByLabel("文书编号").fill("试撤1号");
  await bar.getByRole("button", { name: "登记并切断" }).click();
  await sees(mother.page, "现在不能查看这个孩子的位置");
  assert.equal((await api(mother.page, "GET", `/guardian/children/${kid.child_id}`)).status, 403);

  await office.page.getByRole("button", { name: "给孩子看的说明" }).click();
  await office.page.getByRole("button", { name: "停用" }).click();
  await office.page.getByRole("tooltip").getByRole("button", { name: "停用" }).click();
  await sees(office.page, "已停用");
  await own.page.goto(`${house.base}/help/`);
  await own.page.goto(`${house.base}/seen/#${link}`);
  await sees(own.page, "已经停用或者到期");
  assert.deepEqual([...mother.faults, ...office.faults, ...own.faults], []);
});

test("who has no child yet reads what the way is, asks, and waits", { timeout: 60_000 }, async () => {
  const s = await at("guardian1", "/guardian/", phone);
  await s.page.route("**/api/guardian/children", (r) => r.fulfill({ json: { items: [], waiting: false, refused: false } }), { times: 1 });
  await s.page.reload();
  await sees(s.page, "您还没有可以查看的孩子");
  await shot(s.page, "device-no-child");
  await s.page.getByRole("button", { name: "申请查看孩子的位置" }).click();
  await s.page.getByRole("button", { name: "提交申请" }).click();
  await sees(s.page, "请填写孩子姓名");
  await s.page.getByLabel("孩子姓名").fill("卢小溪");
  await shot(s.page, "device-ask");
  await s.page.getByRole("button", { name: "提交申请" }).click();
  await sees(s.page, "镇街正在核实");
  assert.deepEqual(s.faults, []);
});
