// The children's line in a browser: a telephone of SIPp's calls in and a seat
// takes it with its (false) microphone; a child writes from an old phone's
// browser and a seat answers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { api, desktop, fits, openBrowser, openHouse, openPage, phone, sees, shot, signIn } from "./house.mjs";

let house;
let browser;
let sip;

before(async () => {
  house = await openHouse("--sip", "127.0.0.1:0");
  browser = await openBrowser("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
  for (let i = 0; i < 50 && !sip; i++) {
    sip = /sip:(127\.0\.0\.1:\d+)/.exec(house.said())?.[1];
    if (!sip) await new Promise((again) => setTimeout(again, 100));
  }
  assert.ok(sip, house.said());
});

after(async () => {
  await browser?.close();
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

/** A caller that stays on the line until it is hung up or for some seconds. */
function caller(seconds) {
  const child = spawn("sipp", ["-sn", "uac", sip, "-s", "line", "-m", "1", "-d", String(seconds * 1000), "-i", "127.0.0.1", "-rtp_echo", "-nostdin"], { stdio: "ignore" });
  return { end: () => child.kill("SIGKILL"), done: new Promise((resolve) => child.on("exit", resolve)) };
}

/** Chooses from one of the page's lists. */
async function choose(page, label, option) {
  await page.getByRole("combobox", { name: label }).click();
  await page.locator(".ant-select-item-option").filter({ hasText: new RegExp(`^${option}$`) }).first().click();
}

test("a telephone rings in the browser, is taken, spoken with, and written down", { timeout: 90_000 }, async () => {
  const seat = await openPage(browser, desktop);
  await signIn(seat.page, house.base, "seat1");
  await seat.page.goto(`${house.base}/console/hotline`);
  await seat.page.getByRole("switch").click();
  await seat.page.getByText("今天还没有人就绪").waitFor({ state: "detached", timeout: 30_000 });
  const tel = caller(60);
  try {
    await seat.page.getByRole("button", { name: "接听" }).waitFor({ timeout: 30_000 });
    await shot(seat.page, "line-waiting");
    await seat.page.getByRole("button", { name: "接听" }).click();
    await seat.page.getByRole("button", { name: "静音" }).waitFor({ timeout: 30_000 }); // sound goes both ways
    await seat.page.getByText("否", { exact: true }).first().click();
    await shot(seat.page, "line-talking");
    await seat.page.waitForTimeout(2_000);
    await seat.page.getByRole("button", { name: "挂断" }).click();
    await seat.page.getByRole("heading", { name: "通话已结束" }).waitFor({ timeout: 30_000 });
    await choose(seat.page, "类别", "心理倾诉");
    await seat.page.getByRole("textbox", { name: /记录要点/ }).fill("聊了家里的事");
    await seat.page.getByRole("button", { name: /保存/ }).click();
    await seat.page.getByText("没有来电").or(seat.page.getByRole("heading", { name: "通话已结束" })).first().waitFor();
    await seat.page.waitForTimeout(800);
    await shot(seat.page, "line-wrapped");
    const rows = (await api(seat.page, "GET", "/calls")).body.items;
    const call = rows.find((r) => r.channel === "phone");
    assert.equal(call.result, "answered");
    assert.ok(call.wrapped && call.talk_ms > 1000, JSON.stringify(call));
  } finally {
    tel.end();
    await tel.done;
  }
  assert.deepEqual(seat.faults, []);
  await seat.context.close();
});

test("who hangs up before anybody came is called back", { timeout: 60_000 }, async () => {
  const seat = await openPage(browser, desktop);
  await signIn(seat.page, house.base, "seat1");
  const before = (await api(seat.page, "GET", "/calls?result=abandoned")).body.items.length;
  const tel = caller(1);
  await tel.done;
  let rows = [];
  for (let i = 0; i < 40 && rows.length === before; i++) {
    await seat.page.waitForTimeout(250);
    rows = (await api(seat.page, "GET", "/calls?result=abandoned")).body.items;
  }
  assert.equal(rows.length, before + 1, "the record was there before the call was answered");
  await seat.context.close();
});

test("a child writes without a name, a seat answers, and the words are read later for a reason only", { timeout: 90_000 }, async () => {
  const child = await openPage(browser, phone);
  await child.page.goto(`${house.base}/chat/`);
  await child.page.getByRole("button", { name: "开始聊" }).click();
  await sees(child.page, "正在找人");
  await child.page.getByLabel("想说的话").fill("我不想回家");
  await child.page.getByRole("button", { name: "发送" }).click();
  await sees(child.page, "我不想回家");
  await fits(child.page);
  await shot(child.page, "chat-waiting");

  const seat = await openPage(browser, desktop);
  await signIn(seat.page, house.base, "seat1");
  await seat.page.goto(`${house.base}/console/hotline`);
  await seat.page.getByText("我不想回家").waitFor({ timeout: 30_000 });
  await seat.page.getByRole("button", { name: "接待" }).click();
  await seat.page.getByRole("textbox", { name: "回复" }).fill("我在，你慢慢说");
  await seat.page.keyboard.press("Enter");
  await child.page.getByText("我在，你慢慢说").waitFor({ timeout: 30_000 });
  await shot(seat.page, "chat-seat");
  // Without a network the words stay on the page and go when it is back.
  await child.context.setOffline(true);
  await child.page.getByLabel("想说的话").fill("爸爸喝酒了");
  await child.page.getByRole("button", { name: "发送" }).click();
  await sees(child.page.locator(".pending"), "爸爸喝酒了");
  await child.context.setOffline(false);
  await seat.page.getByText("爸爸喝酒了").waitFor({ timeout: 30_000 });
  await child.page.reload(); // a reload keeps the chat
  await child.page.getByText("我在，你慢慢说").waitFor({ timeout: 30_000 });
  const call = (await api(seat.page, "GET", "/hotline")).body.talking.find((c) => c.channel === "chat");
  const colleague = await openPage(browser, desktop);
  await signIn(colleague.page, house.base, "seat2");
  assert.equal((await api(colleague.page, "GET", `/calls/${call.id}/chat`)).status, 403, "a colleague reads along");
  await colleague.context.close();
  await seat.page.getByRole("button", { name: "结束聊天" }).click();
  await child.page.getByText("这次聊天结束了").waitFor({ timeout: 30_000 });
  await shot(child.page, "chat-ended");
  assert.equal(await child.page.evaluate(() => sessionStorage.getItem("chat")), null, "an ended chat stays on the phone");
  assert.equal((await api(seat.page, "POST", `/calls/${call.id}/wrap`, { class: "counselling", topic: "family" })).status, 200);
  assert.equal((await api(seat.page, "GET", `/calls/${call.id}/chat`)).status, 403);
  const lead = await openPage(browser, desktop);
  await signIn(lead.page, house.base, "leader1");
  assert.equal((await api(lead.page, "POST", `/calls/${call.id}/chat`, { reason: "质量抽查" })).body.items.length, 3);
  assert.deepEqual([...child.faults, ...seat.faults], []);
  // The quick exit leaves nothing behind.
  await child.page.goto(`${house.base}/chat/`);
  await child.page.getByRole("button", { name: "开始聊" }).click();
  await sees(child.page, "正在找人");
  await child.page.evaluate(() => document.getElementById("exit").setAttribute("href", "/help/"));
  await child.page.getByRole("link", { name: "马上离开" }).click();
  await child.page.waitForURL(/help/);
  assert.equal(await child.page.evaluate(() => sessionStorage.getItem("chat")), null);
});

test("a flood of chats without a word crowds out no child: its phone works a moment, and it stands before them", { timeout: 90_000 }, async () => {
  // Behind the child's own address; each with another browser's name.
  const flood = async (n) => {
    const res = await fetch(`${house.base}/api/chat`, { method: "POST", headers: { "X-Zugou": "1", "Content-Type": "application/json", "User-Agent": `robot ${n}` }, body: JSON.stringify({ key: `flood-${n}-`.padEnd(40, "0") }) });
    return { status: res.status, body: await res.json() };
  };
  let opened = 0;
  let held;
  for (let n = 0; n < 60 && !held; n++) {
    const got = await flood(n);
    assert.equal(got.status, 200, JSON.stringify(got.body));
    if (got.body.ok) opened++;
    else held = got.body.work;
  }
  assert.ok(opened >= 8 && opened <= 10 && held.bits > 0, `${opened} chats opened without any work`);

  const child = await openPage(browser, phone);
  await child.page.goto(`${house.base}/chat/`);
  await child.page.getByRole("button", { name: "开始聊" }).click();
  await child.page.locator("#room").waitFor({ timeout: 30_000 });
  await child.page.getByLabel("想说的话").fill("他又打我了");
  await child.page.getByRole("button", { name: "发送" }).click();
  await sees(child.page.locator("#talk li:not(.pending)"), "他又打我了");
  const seat = await openPage(browser, desktop);
  await signIn(seat.page, house.base, "seat1");
  const waiting = (await api(seat.page, "GET", "/hotline")).body.waiting;
  assert.ok(waiting[0].grave && waiting.slice(1).every((c) => c.silent), JSON.stringify(waiting.map((c) => [c.grave, c.silent])));
  await seat.page.goto(`${house.base}/console/hotline`);
  await seat.page.locator(".line-item").first().getByText("危急字词").waitFor({ timeout: 30_000 });
  await shot(seat.page, "chat-flood");
  assert.deepEqual([...child.faults, ...seat.faults], []);
});
