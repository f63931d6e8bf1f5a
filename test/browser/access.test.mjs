// Every page of the console, as somebody who uses it: no page of a menu opens
// to a refusal, and none has a serious or critical fault for a keyboard, a
// screen reader or weak eyes (WCAG 2 AA by axe).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { openBrowser, openHouse, openPage, signIn } from "./house.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
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

/** The serious faults of what the page shows, one line each. */
const faultsOf = (page) =>
  page.evaluate(async () => {
    const found = await window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
      resultTypes: ["violations"],
      // A tile of the map is called by its township; the figure in it is no part of its name.
      rules: { "label-content-name-mismatch": { enabled: false } },
    });
    return found.violations
      .filter((v) => v.impact === "serious" || v.impact === "critical")
      .flatMap((v) => v.nodes.slice(0, 3).map((n) => `${v.id}: ${n.target.join(" ")} ${n.failureSummary?.split("\n")[1]?.trim() ?? ""}`));
  });

const settled = (page) => page.waitForFunction(() => !document.querySelector(".zg-skeleton, .ant-spin-spinning"), null, { timeout: 30_000 });

test("every page that a menu offers opens, and can be used by keyboard and screen reader", { timeout: 400_000 }, async () => {
  const seen = new Set();
  const bad = [];
  for (const account of ["leader1", "section1", "system1", "security1", "audit1", "school1", "super1", "clinic1"]) {
    const { page, faults, context } = await openPage(browser, { width: 1366, height: 768 });
    page.on("response", (r) => {
      if (r.status() === 403) bad.push(`${account} is refused ${new URL(r.url()).pathname} on ${new URL(page.url()).pathname}`);
    });
    await page.addInitScript(axe);
    await signIn(page, house.base, account);
    await page.goto(`${house.base}/console/own`);
    await settled(page);
    const menu = await page.$$eval("nav a[href]", (links) => links.map((a) => [new URL(a.href).pathname, a.textContent]));
    assert.ok(menu.length > 0, `${account} has no menu`);
    for (const [path, words] of [["/console/own", "我的账号"], ...menu]) {
      const again = seen.has(path);
      seen.add(path);
      await page.evaluate((p) => history.pushState(null, "", p), path);
      await page.waitForFunction((w) => document.title.includes(w), words);
      await settled(page).catch(() => bad.push(`${account}: ${path} goes on loading`));
      if (!again) bad.push(...(await faultsOf(page)).map((f) => `${path} (${account}): ${f}`));
    }
    assert.deepEqual(faults, [], account);
    await context.close();
  }
  assert.ok(seen.size >= 30, `only ${seen.size} pages were opened`);
  assert.deepEqual(bad, []);
});
