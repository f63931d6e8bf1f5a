// The real binary in demo mode on free ports, a real Chromium, and what every
// story does with a page.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const password = "Haitang-7.Qiao";
export const desktop = { width: 1366, height: 768 };
export const phone = { width: 360, height: 780 };

/**
 * Starts `zugou demo` in a folder of its own, with further flags; end() stops
 * it gracefully. No badge raises an alarm of its own, so that a story meets
 * what it did itself; who needs the alarms opens it with "--demo-still=false".
 */
export async function openHouse(...flags) {
  const data = mkdtempSync(join(tmpdir(), "zugou-browser-"));
  const bin = join(import.meta.dirname, "../../bin/zugou");
  const child = spawn(bin, ["demo", "--data", data, "--http", "127.0.0.1:0", "--watch", "127.0.0.1:0", "--demo-still", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const base = await new Promise((resolve, reject) => {
    const look = (chunk) => {
      said += chunk;
      const m = /(http:\/\/127\.0\.0\.1:\d+)\/console/.exec(said);
      if (m) resolve(m[1]);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", (chunk) => (said += chunk));
    child.on("exit", (code) => reject(new Error(`the demonstration ended with ${code}: ${said}`)));
  });
  return {
    base,
    /** Where watches connect. */
    watch: () => Number(/127\.0\.0\.1:(\d+)\D*$/.exec(said.split("\n").find((l) => l.includes(base) && l.split("127.0.0.1:").length > 2) ?? "")?.[1]),
    /** What it printed so far. */
    said: () => said,
    async end() {
      child.removeAllListeners("exit");
      const code = await new Promise((resolve) => {
        child.on("exit", resolve);
        child.kill("SIGINT");
      });
      rmSync(data, { recursive: true, force: true });
      return code;
    },
  };
}

/** Debian's Chromium, without its calls home. */
export const openBrowser = (...more) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more],
  });

/**
 * A page that collects any error of its own. It asks for less motion: what still moves is not where it is pressed, on a
 * busy machine for long. Stories that show the house as most see it set calm to false.
 */
export async function openPage(browser, viewport, { calm = true } = {}) {
  const context = await browser.newContext({ viewport, locale: "zh-CN", timezoneId: "Asia/Shanghai", reducedMotion: calm ? "reduce" : "no-preference" });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (e) => faults.push(String(e)));
  return { page, faults, context };
}

export async function signIn(page, base, account) {
  await page.goto(`${base}/login`);
  await page.locator("input").first().fill(account);
  await page.locator("input[type=password]").first().fill(password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/login"), { timeout: 30_000 });
}

/** Somebody signed in (account "" is nobody) on a page of the house: {page, faults, context}. */
export async function enter(browser, base, account, path, viewport = desktop) {
  const p = await openPage(browser, viewport);
  if (account) await signIn(p.page, base, account);
  await p.page.goto(base + path);
  return p;
}

/** Waits until words are seen, once or more often: a passing word may still stand from the time before. */
export const sees = (where, words, options) => where.getByText(words, options).filter({ visible: true }).first().waitFor();

/** The drawer or dialog in front. */
export const box = (page) => page.locator(".ant-drawer:visible, .ant-modal:visible").last();

/** An entry of the list that is open. */
export const option = (page, text) => page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option").filter({ hasText: text }).first();

/** Chooses an entry of a list of the drawer or dialog in front. */
export async function choose(page, label, text) {
  await box(page).getByLabel(label, { exact: true }).click();
  await option(page, text).click();
}

/** Nothing stands beside the screen, once the page is laid out. */
export const fits = (page) => page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, null, { timeout: 5_000 }).catch(() => assert.fail(`${page.url()} is wider than its screen`));

/** A call of the API as the signed-in person of the page, whatever the page does meanwhile. */
export async function api(page, method, path, body) {
  const res = await page.request.fetch(`${new URL(page.url()).origin}/api${path}`, { method, headers: { "X-Zugou": "1" }, data: body });
  return { status: res.status(), body: await res.json() };
}

/** A picture of the page into the folder of SHOTS, to look at the screens. */
export const shot = async (page, name) => process.env.SHOTS && (await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) }));
