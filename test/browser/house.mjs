// The real binary in demo mode on free ports, and a real Chromium.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const password = "Haitang-7.Qiao";

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

/** A call of the API as the signed-in person of the page, whatever the page does meanwhile. */
export async function api(page, method, path, body) {
  const res = await page.request.fetch(`${new URL(page.url()).origin}/api${path}`, { method, headers: { "X-Zugou": "1" }, data: body });
  return { status: res.status(), body: await res.json() };
}

/** A picture of the page into the folder of SHOTS, to look at the screens. */
export const shot = async (page, name) => process.env.SHOTS && (await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) }));
