// A class at a school of the demonstration: its pupils, a campaign with their
// guardians' consent, and the slips by which they answer.
import assert from "node:assert/strict";
import { password, sees } from "./house.mjs";

/** PHQ-A with every answer at its lowest. */
export const calm = { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0, 8: 0, 9: 0, dysthymia: 0, difficulty: 0, ideation_month: 0, attempt_ever: 0 };

/** Calls of the API as somebody, without a page. */
export async function caller(base, account) {
  let cookies = "";
  const call = async (method, path, body) => {
    const res = await fetch(`${base}/api${path}`, { method, headers: { "X-Zugou": "1", "Content-Type": "application/json", Cookie: cookies }, body: body && JSON.stringify(body) });
    const set = res.headers.getSetCookie().map((c) => c.split(";")[0]);
    if (set.length) cookies = set.join("; ");
    const said = await res.json();
    assert.equal(res.status, 200, `${method} ${path}: ${JSON.stringify(said)}`);
    return said;
  };
  await call("POST", "/sign-in", { account, password });
  return call;
}

/** A clinician compares the words of the questionnaires with their source, and signs. */
export async function signed(clinic, ...names) {
  for (const v of (await clinic("GET", "/instruments")).items) {
    if (names.includes(v.instrument)) await clinic("POST", `/instruments/${v.instrument}/${v.version}/sign`, { digest: v.digest, address: v.address, statement: "已逐题核对", compared: true });
  }
}

export async function pupils(section, region, n, school, birth) {
  const made = [];
  for (let i = 0; i < n; i++) {
    const { id } = await section("POST", "/children", {
      name: `试${"甲乙丙丁戊己庚辛壬癸"[i % 10]}${"东南西北"[Math.floor(i / 10)]}`, sex: "f", birth_on: birth, id_no: "", no_id_reason: "测试用儿童", region, address: "",
      registered_region: "", registered_address: "", phones: [], paired_carer: "", flags: [], sheltered: false, categories: [], guardians: [], school: { name: school, grade: "七年级", class: "1班" },
    });
    made.push(id);
  }
  return made;
}

export async function campaign(section, title, school, instruments, prepare) {
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const c = await section("POST", "/campaigns", { title, region: "500111", informant: "child", instruments, selection: { areas: [], school }, starts_on: today, ends_on: today });
  await prepare?.(c.id);
  await section("POST", `/campaigns/${c.id}/open`, {});
  return c.id;
}

/** Chooses an answer of each question by its place; the page waits until it takes a finger again. */
export async function answer(page, places) {
  for (const [i, place] of places.entries()) {
    await sees(page, `第 ${i + 1} 题`);
    await page.locator(".q-options button:enabled").nth(place).click();
  }
}

/** What a child's slip opens, without a browser. */
export async function bySlip(base, code, items) {
  const call = async (path, body) => {
    const res = await fetch(`${base}/api${path}`, { method: "POST", headers: { "X-Zugou": "1", "Content-Type": "application/json" }, body: JSON.stringify(body) });
    assert.equal(res.status, 200, `${path}: ${await res.clone().text()}`);
    return res.json();
  };
  const told = await call("/sit", { code });
  assert.equal(told.needs_word, true);
  await call("/sit/word", { code, yes: true });
  const [paper] = told.instruments;
  assert.equal(paper.critical, undefined, "a child's page is told which answers are critical");
  return call("/sit/sheet", { code, sheet: { key: `slip-${code}`, instrument: paper.id, version: paper.version, items } });
}
