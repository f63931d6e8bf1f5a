// Badges in a browser: a danger zone is drawn, its corner moved, zones come
// from a file; a child's day is played back for a reason; a badge is told to
// tell where it is; a guardian looks on a phone and is cut off at once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, enter, fits, openBrowser, openHouse, phone, sees, shot } from "./house.mjs";

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

/** A spot of the map, by shares of its width and height. */
async function spot(page, x, y) {
  const box = await page.locator(".gd-map").boundingBox();
  return [box.x + box.width * x, box.y + box.height * y];
}

const zone = async (page, name) => (await api(page, "GET", "/fences")).body.items.find((f) => f.name === name);

/** A badge whose wearer's name nobody else has, and that has told where it is. */
async function located(page) {
  const worn = (await api(page, "GET", "/devices?state=active")).body.items.filter((d) => d.wearer);
  const only = worn.filter((d) => worn.filter((o) => o.wearer.name === d.wearer.name).length === 1);
  const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10); // in China
  for (let n = 0; n < 10; n++) {
    for (const d of only.slice(0, 40)) {
      const got = await api(page, "POST", `/children/${d.wearer.id}/track`, { day, reason: "处置中的告警，需核实位置" });
      assert.equal(got.status, 200, JSON.stringify(got.body));
      if (got.body.spots.length > 0) return d;
    }
    await page.waitForTimeout(5000);
  }
  assert.fail("no badge told where it is");
}

test("a danger zone is drawn, its corner is moved, and others come from a file", { timeout: 180_000 }, async () => {
  const { page, faults } = await at("section1", "/console/map");
  await page.getByText("龙水湖水库（演示）").first().waitFor();
  await page.getByText("画多边形").click();
  for (const [x, y] of [[0.4, 0.4], [0.5, 0.4], [0.5, 0.52], [0.4, 0.52]]) await page.mouse.click(...(await spot(page, x, y)));
  await page.getByRole("button", { name: "完成" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("名称").fill("试画的河湾");
  await dialog.getByRole("button", { name: "添加时段" }).click();
  await dialog.getByRole("button", { name: "保存" }).click();
  await page.getByText("试画的河湾").first().waitFor();
  const drawn = await zone(page, "试画的河湾");
  assert.equal(drawn.outline.polygon[0].length, 5);
  assert.deepEqual(drawn.schedule[0].days, "school");

  await page.getByRole("button", { name: "改试画的河湾的边界" }).click();
  const corner = page.getByRole("button", { name: "第1个角", exact: true });
  await corner.waitFor();
  const box = await corner.boundingBox();
  await page.mouse.move(box.x + 9, box.y + 9);
  await page.mouse.down();
  await page.mouse.move(box.x - 40, box.y - 30, { steps: 5 });
  await page.mouse.up();
  await shot(page, "guard-corners");
  await page.getByRole("button", { name: "在第2个角后加一个角" }).press("ArrowRight");
  await page.getByRole("button", { name: "完成" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "保存" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  const moved = await zone(page, "试画的河湾");
  assert.equal(moved.version, 2);
  assert.equal(moved.outline.polygon[0].length, 6, "a corner was added");
  assert.ok(moved.outline.polygon[0][0][0] < drawn.outline.polygon[0][0][0], "the corner moved west");

  await page.getByRole("button", { name: "导入围栏文件" }).click();
  const lake = [[105.70, 29.70], [105.71, 29.70], [105.71, 29.71], [105.70, 29.71], [105.70, 29.70]];
  const file = { type: "FeatureCollection", features: [
    { type: "Feature", properties: { name: "水利局的塘" }, geometry: { type: "Polygon", coordinates: [lake] } },
    { type: "Feature", properties: { name: "一个点" }, geometry: { type: "Point", coordinates: lake[0] } },
  ] };
  await page.getByTestId("geojson").setInputFiles({ name: "water.geojson", mimeType: "application/geo+json", buffer: Buffer.from(JSON.stringify(file)) });
  await sees(page, "不是多边形，略过");
  await shot(page, "guard-geojson");
  await page.getByRole("button", { name: "导入1个" }).click();
  await page.getByText("水利局的塘").first().waitFor();
  assert.ok(await zone(page, "水利局的塘"));

  await page.getByRole("button", { name: "删除试画的河湾" }).click();
  await page.getByRole("tooltip").getByRole("button", { name: "删除" }).click();
  await sees(page, "已删除");
  assert.equal(await zone(page, "试画的河湾"), undefined);
  assert.deepEqual(faults, []);
});

/** A day of some two thousand places: home, the way, a classroom that only cells reach, and a noon of silence. */
function longDay(day) {
  const start = Date.parse(`${day}T00:00:00+08:00`);
  const minute = (h, m) => start + (h * 60 + m) * 60_000;
  const out = [];
  const stay = (from, to, step, lat, lon, source, accuracy_m) => {
    for (let at = from; at < to; at += step) out.push({ at, lat: lat + 1e-4 * Math.sin(at), lon: lon + 1e-4 * Math.cos(at), source, accuracy_m, late: false, suspect: false });
  };
  stay(minute(0, 0), minute(7, 0), 60_000, 29.7, 105.72, "wifi", 40);
  stay(minute(7, 0), minute(9, 0), 20_000, 29.705, 105.73, "gps", 8);
  stay(minute(9, 0), minute(9, 45), 300_000, 29.705, 105.731, "cell", 700);
  stay(minute(9, 45), minute(11, 50), 30_000, 29.705, 105.73, "gps", 8);
  stay(minute(13, 40), minute(17, 30), 20_000, 29.703, 105.728, "gps", 8);
  stay(minute(17, 30), minute(23, 50), 60_000, 29.7, 105.72, "gps", 12);
  return out;
}

test("a child's day is played back for a reason, and the badge is asked where it is", { timeout: 300_000 }, async () => {
  const { page, faults } = await at("seat1", "/console/map");
  const device = await located(page);
  await page.getByLabel("按姓名、拼音或证件尾号找儿童").fill(device.wearer.name);
  await page.locator(".ant-select-item-option", { hasText: device.wearer.name }).first().click();
  await page.getByRole("button", { name: "查看轨迹" }).click();
  await page.getByRole("dialog").getByLabel("理由").fill("处置中的告警，需核实位置");
  await page.getByRole("dialog").getByRole("button", { name: "查看", exact: true }).click();
  await sees(page, /最后位置：/);
  await page.getByRole("slider", { name: "轨迹时间" }).waitFor();
  await page.locator(".gd-here").waitFor();
  await shot(page, "guard-track");

  // A long day: the badges of the demonstration have just begun theirs.
  await page.route("**/api/children/*/track", async (route) => {
    const answer = await route.fetch();
    const track = await answer.json();
    await route.fulfill({ response: answer, json: { ...track, spots: longDay(track.day) } });
  });
  await page.getByRole("button", { name: "查看轨迹" }).click();
  await page.getByRole("dialog").getByLabel("理由").fill("处置中的告警，需核实位置");
  await page.getByRole("dialog").getByRole("button", { name: "查看", exact: true }).click();
  await sees(page, /共 2\d{3} 个位置/);
  await sees(page, "没有定位的时段：11:49–13:40");
  const whole = page.getByRole("button", { name: "停止，看全天" });
  const slider = page.getByRole("slider", { name: "轨迹时间" });
  await slider.press("Home");
  await page.locator(".gd-play b", { hasText: "00:00" }).waitFor();
  await page.getByText("20 分钟", { exact: true }).click();
  await page.getByRole("button", { name: "播放" }).click();
  // It goes by the badge's clock, and does not wait where nothing was heard.
  await page.waitForFunction(() => {
    const at = document.querySelector(".gd-play b")?.textContent ?? "";
    return at >= "13:40";
  }, undefined, { timeout: 120_000 });
  await page.getByRole("button", { name: "暂停" }).click();
  await shot(page, "guard-track-long");
  await whole.click();
  await page.locator(".gd-play b", { hasText: "23:49" }).waitFor();
  assert.ok(await whole.isDisabled());
  await page.unroute("**/api/children/*/track");

  await page.goto(`${house.base}/console/devices`);
  await page.getByRole("button", { name: device.label, exact: true }).click();
  await page.getByRole("tab", { name: "指令" }).click();
  await page.getByLabel("指令", { exact: true }).first().waitFor({ state: "attached" });
  await page.locator(".device-command .ant-select").first().click();
  await page.locator(".ant-select-item-option", { hasText: "立即定位" }).click();
  await page.locator(".device-command").getByRole("textbox").last().fill("家长来电找孩子");
  await page.locator(".device-command").getByRole("button", { name: "下发" }).click();
  await sees(page.locator(".device-command-list"), "立即定位");
  await shot(page, "guard-command");
  const told = (await api(page, "GET", `/devices/${device.id}/commands`)).body;
  assert.equal(told.items[0].kind, "locate");
  assert.ok(!told.kinds.some((k) => k.includes("monitor")), "nobody can listen in");
  assert.deepEqual(faults, []);
});

test("a guardian sees the child on a phone, and is cut off while looking", { timeout: 180_000 }, async () => {
  const { page, faults } = await at("guardian1", "/guardian/", phone);
  await page.getByRole("button", { name: /阅读并签署同意/ }).click();
  await sees(page, "孩子可以知道谁能看到他在哪里");
  await page.getByRole("button", { name: "我已阅读并同意" }).click();
  await sees(page, /最后位置：|还没有位置/);
  await page.getByText(/电量/).first().waitFor();
  await shot(page, "guard-phone");
  await fits(page);

  const mine = (await api(page, "GET", "/guardian/children")).body.items[0];
  assert.equal(mine.state, "open");
  const office = await at("section1", "/console/viewers");
  const viewers = (await api(office.page, "GET", `/children/${mine.child_id}/viewers`)).body;
  const who = viewers.items.find((v) => v.why === "");
  assert.ok(who.consent_at > 0, "the consent is recorded");
  const barred = await api(office.page, "POST", `/children/${mine.child_id}/bars`, { person_id: who.person_id, kind: "protection_order", document_no: "试令1号", from_on: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10) });
  assert.equal(barred.status, 200, JSON.stringify(barred.body));
  await page.getByText("现在不能查看这个孩子的位置").waitFor({ timeout: 30_000 });
  assert.ok(!(await page.locator("body").innerText()).includes(mine.name), "the name stays on the page");
  const again = await api(page, "GET", `/guardian/children/${mine.child_id}`);
  assert.equal(again.status, 403);
  assert.deepEqual([...faults, ...office.faults], []);
});
