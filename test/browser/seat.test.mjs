// The main job in a browser: a badge's SOS rings at the seat, goes out with one
// key, is carried on a phone, and is closed by two people.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, desktop, openBrowser, openHouse, openPage, phone, sees, signIn } from "./house.mjs";

let house;
let browser;

before(async () => {
  house = await openHouse("--demo-still=false");
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

test("an SOS rings within 30 seconds of the first page, and one key sends the nearest", { timeout: 120_000 }, async () => {
  const seat = await openPage(browser, desktop, { calm: false });
  await signIn(seat.page, house.base, "seat1");
  await seat.page.getByText("SOS 求助").first().waitFor({ timeout: 30_000 });
  await seat.page.keyboard.press("j");
  await sees(seat.page, "联系谁");
  const words = await seat.page.locator("body").innerText();
  for (const leftover of ["hardship", "mother", "father", "undefined", "NaN", "[object"]) {
    assert.ok(!words.includes(leftover), `"${leftover}" stands on the screen`);
  }
  const queue = (await api(seat.page, "GET", "/queue")).body;
  const matter = queue.items.find((m) => m.kind === "sos");
  await seat.page.keyboard.press("d");
  let order;
  for (let i = 0; i < 40 && !order; i++) {
    await seat.page.waitForTimeout(250);
    order = (await api(seat.page, "GET", `/matters/${matter.id}`)).body.orders[0];
    if (!order && i === 4) await seat.page.keyboard.press("Enter"); // a question may stand before the order
  }
  assert.ok(order, "one key sent no order");
  assert.ok(order.offered_to.length > 0, "nobody was called");

  const field = await openPage(browser, phone, { calm: false });
  const village = (await api(seat.page, "GET", `/matters/${matter.id}`)).body.matter.region.slice(6);
  await signIn(field.page, house.base, `village${village}`);
  await field.page.goto(`${house.base}/m`);
  await field.page.getByText(order.no).or(field.page.getByText("SOS 求助")).first().waitFor({ timeout: 30_000 });
  for (const step of ["accept", "depart", "arrive", "handle", "feedback"]) {
    const res = await api(field.page, "POST", `/orders/${order.id}/${step}`, { note: "已见到孩子,平安", key: `k-${step}` });
    assert.equal(res.status, 200, `${step}: ${JSON.stringify(res.body)}`);
    const again = await api(field.page, "POST", `/orders/${order.id}/${step}`, { note: "已见到孩子,平安", key: `k-${step}` });
    assert.equal(again.status, 200, `${step} sent twice`);
  }
  assert.equal((await api(seat.page, "POST", `/orders/${order.id}/callback`, { note: "已与照护人通话" })).status, 200);
  assert.equal((await api(seat.page, "POST", `/matters/${matter.id}/close`, { outcome: "safe_on_scene", note: "平安" })).body.state, "closing");
  assert.equal((await api(seat.page, "POST", `/matters/${matter.id}/confirm`, { ok: true })).status, 403);
  const second = await openPage(browser, desktop, { calm: false });
  await signIn(second.page, house.base, "seat2");
  assert.equal((await api(second.page, "POST", `/matters/${matter.id}/confirm`, { ok: true })).body.state, "closed");
  assert.deepEqual([...seat.faults, ...field.faults, ...second.faults], []);
});

test("a child asks for help without a name and reads the answer by the code", { timeout: 60_000 }, async () => {
  const child = await openPage(browser, phone, { calm: false });
  await child.page.goto(`${house.base}/help`);
  const words = await child.page.locator("body").innerText();
  for (const must of ["我想找人说说话", "我现在不安全", "我担心一个同学", "110"]) assert.ok(words.includes(must), `${must} is missing`);
  const asked = await api(child.page, "POST", "/help", { choice: "talk", text: "我晚上睡不着", key: "browser-test-key-0001" });
  assert.equal(asked.status, 200);
  const seat = await openPage(browser, desktop, { calm: false });
  await signIn(seat.page, house.base, "seat2");
  const row = (await api(seat.page, "GET", "/queue")).body.items.find((m) => m.kind === "help");
  assert.ok(row, "the request did not reach the seat");
  const answered = await api(seat.page, "POST", `/matters/${row.id}/help-answer`, { text: "谢谢你告诉我们", key: "a1" });
  assert.equal(answered.status, 200, JSON.stringify(answered.body));
  const read = await api(child.page, "POST", "/help/read", { code: asked.body.code });
  assert.equal(read.body.answers[0].text, "谢谢你告诉我们");
  assert.deepEqual([...child.faults, ...seat.faults], []);
});

test("nobody reads without a session, and a township officer sees only its own area", { timeout: 60_000 }, async () => {
  const stranger = await openPage(browser, desktop, { calm: false });
  await stranger.page.goto(house.base);
  for (const path of ["/queue", "/matters", "/signals", "/audit", "/orders/mine", "/system"]) {
    const res = await api(stranger.page, "GET", path);
    assert.ok(res.status === 401 || (res.body.items ?? []).length === 0, `${path} answers ${res.status}`);
  }
  const town = await openPage(browser, desktop, { calm: false });
  await signIn(town.page, house.base, "town116");
  for (const m of (await api(town.page, "GET", "/queue")).body.items) assert.ok(m.region.startsWith("500111116"), m.region);
});
