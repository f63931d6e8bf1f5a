// Casework in a browser, from a questionnaire that finds a child in need to
// the closing and the follow-up: who refers, who takes it on, who assesses,
// approves and confirms are five people; and what nobody else may read.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, desktop, fits, openBrowser, openHouse, openPage, option, password, phone, sees, shot, signIn } from "./house.mjs";

const secret = "只有督导和我能看的话";
let house;
let browser;
let section;
let clinic;
let supervisor;
let child;
let village;
let caseID;

before(async () => {
  house = await openHouse();
  browser = await openBrowser();
  [section, clinic, supervisor] = await Promise.all(["section1", "clinic1", "super1"].map(as));
  const region = (await api(section.page, "GET", "/me")).body.district.code;
  village = (await api(section.page, "GET", "/children?q=" + encodeURIComponent("李") + "&limit=1")).body.items[0]?.region ?? region;
  const made = await api(section.page, "POST", "/children", {
    name: "试案甲", sex: "f", birth_on: "2013-05-06", id_no: "", no_id_reason: "测试用儿童", region: village, address: "", registered_region: "", registered_address: "", phones: [], paired_carer: "",
    flags: [], sheltered: false, categories: [{ kind: "left_behind", began_on: "2024-01-01" }], guardians: [], school: { name: "试校", grade: "七年级", class: "1班" },
  });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  child = made.body.id;
});

after(async () => {
  await browser?.close();
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

async function as(account) {
  const p = await openPage(browser, desktop);
  p.page.setDefaultTimeout(30_000);
  await signIn(p.page, house.base, account);
  return p;
}

/** Calls of the API as somebody, without a page. */
async function caller(account) {
  let cookies = "";
  const ask = async (method, path, body) => {
    const res = await fetch(`${house.base}/api${path}`, { method, headers: { "X-Zugou": "1", "Content-Type": "application/json", Cookie: cookies }, body: body && JSON.stringify(body) });
    const set = res.headers.getSetCookie().map((c) => c.split(";")[0]);
    if (set.length) cookies = set.join("; ");
    return res;
  };
  assert.equal((await ask("POST", "/sign-in", { account, password })).status, 200, account);
  return ask;
}

const open = (p, path) => p.page.goto(`${house.base}/console${path}`);
const tab = (p, name) => p.page.getByRole("tab", { name: new RegExp(name) }).click();

/** A field of the form that is open, by its label. */
const field = (p, label) => p.page.locator(".ant-drawer, .ant-modal").last().getByLabel(label, { exact: true });
async function choose(p, label, text) {
  await field(p, label).click();
  await option(p.page, text).click();
}
async function write(p, kind, fill) {
  await p.page.getByRole("button", { name: "填写记录" }).click();
  await p.page.getByRole("menuitem", { name: kind, exact: true }).click();
  await fill();
  await p.page.getByRole("button", { name: "签署提交" }).click();
  await p.page.locator("article.care-part header b").filter({ hasText: kind }).first().waitFor().catch(async (e) => { await shot(p.page, "care-fail"); throw e; });
}

test("from the referral to the plan that another approves", { timeout: 120_000 }, async () => {
  await open(section, "/cases");
  await section.page.getByRole("button", { name: "转介个案", exact: true }).click();
  await section.page.locator("#care-child, #child_id").first().fill("试案甲");
  await section.page.locator(".ant-select-item-option").filter({ hasText: "试案甲" }).first().click();
  await choose(section, "来源", "筛查");
  await choose(section, "主要需要", "抑郁");
  await field(section, "转介原因").fill("班级筛查超过分界，本人愿意谈");
  await section.page.locator(".ant-modal").getByRole("button", { name: "转介个案", exact: true }).click();
  await section.page.waitForURL(/cases\/.+/);
  caseID = section.page.url().split("/").pop();
  await section.page.getByRole("button", { name: "接案", exact: true }).click();
  await choose(section, "承办人", (await api(clinic.page, "GET", "/me")).body.name);
  await choose(section, "督导", (await api(supervisor.page, "GET", "/me")).body.name);
  await section.page.locator(".ant-modal").getByRole("button", { name: "接案", exact: true }).click();
  await sees(section.page.locator(".care-life [aria-current]"), "已接案");

  await open(clinic, `/cases/${caseID}`);
  await write(clinic, "专业评估", async () => {
    await field(clinic, "主要问题").fill("近一个月情绪低落，睡眠差");
    await choose(clinic, "风险等级", "中");
    await field(clinic, "评估意见").fill("建议个别咨询");
  });
  await write(clinic, "服务计划", async () => {
    await field(clinic, "目标").fill("每周会谈一次");
    await choose(clinic, "服务", "心理");
    await field(clinic, "由谁").fill("咨询师");
    await field(clinic, "完成日期").fill("2027-01-30");
    await field(clinic, "完成日期").press("Enter");
    await field(clinic, "由谁").click(); // leaves the calendar
  });
  assert.equal(await clinic.page.getByRole("button", { name: "批准计划" }).count(), 0, "the writer of a plan may approve it");
  await open(supervisor, `/cases/${caseID}`);
  await supervisor.page.getByRole("button", { name: "批准计划" }).click();
  await sees(supervisor.page.locator(".care-life [aria-current]"), "服务中");
  await shot(supervisor.page, "care-approved");
});

test("a session's confidential part is read by two people and stands nowhere else", { timeout: 90_000 }, async () => {
  await write(clinic, "会谈记录", async () => {
    await field(clinic, "主题").fill("情绪");
    await field(clinic, "会谈概要").fill("谈了学校和外婆");
    await field(clinic, "保密内容").fill(secret);
  });
  const sheet = (await api(clinic.page, "GET", `/cases/${caseID}`)).body;
  const part = sheet.parts.find((p) => p.kind === "session");
  await supervisor.page.reload();
  await supervisor.page.getByRole("button", { name: "查看保密部分" }).click();
  await sees(supervisor.page, secret);
  // Every door that any other role has: nothing of it.
  const to = "2099-01-01";
  const doors = [
    `/cases/${caseID}`, `/cases/of/${child}`, `/cases/safety/${child}`, "/cases", "/cases/offers", "/cases/desk", `/care-results?from=2020-01-01&to=${to}`, `/care-results/sessions_per_case?from=2020-01-01&to=${to}`,
    `/children?q=${encodeURIComponent("保密")}`, `/children?q=${encodeURIComponent(secret)}`, `/children/${child}`, `/children/${child}/timeline`, `/children/export?q=${encodeURIComponent("试案")}`,
    `/audit?subject=${child}`, "/audit", `/attachments?record_kind=case&record_id=${caseID}`, `/attachments?record_kind=part&record_id=${part.id}`, "/mandatory-reports", "/matters/export", "/calls/export",
    `/indicators?from=2020-01-01&to=${to}`, "/messages", "/outbox",
  ];
  for (const account of ["section1", "head1", "seat1", "leader1", "clinic2", "social1", "school1", "system1", "audit1", "town001"]) {
    const ask = await caller(account);
    assert.notEqual((await ask("POST", `/cases/${caseID}/parts/${part.id}/secret`)).status, 200, account);
    for (const path of doors) assert.ok(!(await (await ask("GET", path)).text()).includes(secret), `${account} reads it at ${path}`);
  }
  assert.ok(!house.said().includes(secret), "it stands in the log");
});

test("a second worker joins the case and finds it; a transfer refused twice leaves it; what protects the child stands at its head", { timeout: 120_000 }, async () => {
  const [social, clinic2] = await Promise.all(["social1", "clinic2"].map(as));
  const nameOf = async (p) => (await api(p.page, "GET", "/me")).body.name;
  const ask = async (kind, to, why) => {
    await open(clinic, `/cases/${caseID}`);
    await clinic.page.getByRole("button", { name: "转介、转案、联合" }).click();
    await choose(clinic, "类型", kind);
    await choose(clinic, "对方", to);
    await choose(clinic, "监护人或本人意见", "同意");
    await field(clinic, "理由").fill(why);
    await clinic.page.locator(".ant-modal").getByRole("button", { name: "转介、转案、联合" }).click();
    await clinic.page.getByText("已提出，等待对方答复").first().waitFor();
  };
  await ask("联合", await nameOf(social), "请社工做家庭工作");
  await open(social, "/cases");
  await social.page.getByRole("button", { name: "接受" }).click();
  await social.page.waitForURL(/cases\/.+/);
  await social.page.getByText("联合办理").first().waitFor();
  assert.equal(await social.page.getByRole("button", { name: "申请结案" }).count(), 0, "who works on it jointly may end it");
  // It stands in the own list from now on.
  await open(social, "/cases");
  await social.page.locator("tr").filter({ hasText: "试案甲" }).first().waitFor();

  for (const time of ["一", "二"]) {
    await ask("转案", await nameOf(clinic2), `第${time}次请求转案`);
    await open(clinic2, "/cases");
    await clinic2.page.locator(".care-offer").getByRole("button", { name: "拒绝" }).click();
    await clinic2.page.locator(".ant-modal textarea").fill(`第${time}次不能接，手上有危机个案`);
    await clinic2.page.locator(".ant-modal .ant-btn-primary").click();
    await clinic2.page.locator(".care-offer").waitFor({ state: "detached" });
  }
  await open(clinic, `/cases/${caseID}`);
  await tab(clinic, "转介与联合");
  for (const time of ["一", "二"]) await sees(clinic.page, `第${time}次不能接，手上有危机个案`);
  assert.equal((await api(clinic.page, "GET", `/cases/${caseID}`)).body.worker_name, await nameOf(clinic), "the case is another's");

  await tab(clinic, "记录");
  await write(clinic, "保护措施", async () => {
    await choose(clinic, "措施", "人身安全保护令");
    await field(clinic, "决定机关").fill("区人民法院");
    await field(clinic, "文书号").fill("（2026）民保令3号");
  });
  await sees(clinic.page, "在执行的保护措施");
  await shot(clinic.page, "care-protected");
  await clinic.page.setViewportSize(phone);
  await fits(clinic.page);
  await clinic.page.setViewportSize(desktop);
  assert.deepEqual([...social.faults, ...clinic2.faults], []);
});

test("before cases are handed over it is seen who goes above the limit; they are split, or the reason stands in the case", { timeout: 180_000 }, async () => {
  const [head, social] = await Promise.all(["super1", "section1"].map(caller));
  const json = async (res) => (await res.json());
  const { workers, supervisors } = await json(await head("GET", "/cases/workers"));
  const [from, near, far] = workers.filter((w) => w.role === "social_worker" || w.role === "clinician").slice(-3);
  // What they hold already is theirs; the limit of one is set to what it has and one more.
  const people = (await json(await social("GET", "/workforce"))).items;
  const holds = Object.fromEntries(people.map((p) => [p.account, p.load.cases + p.load.pairings]));
  const limit = async (who, n) => {
    const p = await json(await social("GET", `/workforce/${people.find((x) => x.account === who.id).id}`));
    const res = await social("POST", `/workforce/${p.id}`, { account: p.account, name: p.name, kind: p.kind, region: p.region, sex: p.sex, languages: p.languages, needs: p.needs, capacity: n, began_on: p.began_on, classes: p.classes, version: p.version });
    assert.equal(res.status, 200, await res.text());
  };
  await limit(near, holds[near.id] + 1);
  await limit(far, holds[far.id] + 30);
  const before = (await json(await head("GET", `/cases?worker=${from.id}&state=open`))).items.length;
  for (const [n, need, language] of [[0, "family", "dazu"], [1, "family", "mandarin"], [2, "bullying", ""]]) {
    const kid = await json(await social("POST", "/children", {
      name: `试交${"甲乙丙"[n]}`, sex: "f", birth_on: "2013-05-06", id_no: "", no_id_reason: "测试用儿童", region: village, address: "", registered_region: "", registered_address: "", phones: [], paired_carer: "",
      flags: [], sheltered: false, categories: [{ kind: "left_behind", began_on: "2024-01-01" }], guardians: [], school: { name: "试校", grade: "七年级", class: "1班" },
    }));
    const c = await json(await social("POST", "/cases", { child_id: kid.id, source: "school", need, language, reason: "学校转来，家里想有人谈谈" }));
    const taken = await social("POST", `/cases/${c.id}/accept`, { worker: from.id, supervisor: supervisors[0].id });
    assert.equal(taken.status, 200, await taken.text());
  }
  const page = supervisor.page;
  await open(supervisor, "/care-desk");
  await page.getByRole("button", { name: "整体交接" }).click();
  await choose(supervisor, "原承办人", from.name);
  await sees(page, `名下有${before + 3}个在办个案`);
  await choose(supervisor, "接手人（可选多人）", near.name);
  await page.keyboard.press("Escape");
  await sees(page, `还有${before + 2}个没有接手人`);
  assert.ok(await page.locator(".ant-modal .ant-btn-primary").isDisabled(), "cases without a receiver may be handed over");
  const hand = (who) => page.locator(".care-hand").filter({ hasText: who.name });
  const give = async (group, who) => {
    await page.waitForFunction(() => [...document.querySelectorAll(".ant-select-dropdown")].every((d) => !d.offsetHeight)); // the last one is gone
    await page.locator(".care-each li").filter({ hasText: group }).locator(".ant-select").click();
    await page.locator(".ant-select-dropdown:visible .ant-select-item-option").filter({ hasText: who.name }).first().click();
  };
  const groups = async (way) => {
    await page.locator(".ant-modal .ant-segmented-item").filter({ hasText: way }).click();
    return page.locator(".care-each li").count();
  };
  await groups("逐个");
  for (const li of await page.locator(".care-each li").all()) await give(await li.locator("span").first().innerText().then((x) => x.split("\n")[0]), near);
  await sees(hand(near), `交接后${holds[near.id] + before + 3}，上限${holds[near.id] + 1}`);
  await sees(hand(near), `超出${before + 2}`);
  await field(supervisor, "交接原因").fill("调离岗位，全部交接");
  await page.locator(".ant-modal .ant-btn-primary").click();
  await page.locator(".ant-modal .ant-form-item-explain-error").first().waitFor();
  await shot(page, "care-handover-above");
  await choose(supervisor, "接手人（可选多人）", far.name);
  await page.keyboard.press("Escape");
  await hand(far).waitFor();
  await page.getByRole("button", { name: "重新自动分配" }).click();
  assert.ok((await groups("按需要")) >= 2 && (await groups("按语言")) >= 3 && (await groups("按片区")) >= 1);
  await groups("按语言");
  await give("大足话", near);
  await give("普通话", far);
  await give("不限语言", far);
  await sees(hand(near), `交接后${holds[near.id] + 1}，上限${holds[near.id] + 1}`);
  await page.locator(".ant-modal #above").waitFor({ state: "detached" });
  await shot(page, "care-handover");
  await page.setViewportSize(phone);
  await fits(page); // laid out anew
  await shot(page, "care-handover-phone");
  await page.setViewportSize(desktop);
  await page.locator(".ant-modal .ant-btn-primary").click();
  await sees(page, `已交接${before + 3}个个案`);
  assert.equal((await json(await head("GET", `/cases?worker=${from.id}&state=open`))).items.length, 0);
  const got = (await json(await head("GET", `/cases?worker=${near.id}&state=open`))).items.map((c) => c.child_name);
  assert.ok(got.includes("试交甲") && !got.includes("试交乙"), got.join());

  // A child names its worker: that case must go, and the others may stay.
  const named = (await json(await head("GET", `/cases?worker=${far.id}&state=open`))).items;
  const must = named.find((c) => c.child_name === "试交乙");
  const seat = await caller("seat1");
  assert.equal((await seat("POST", "/signals", { source: "neighbour", kind: "help", text: "孩子说怕社工", child_id: must.child_id, key: "care-named" })).status, 200);
  const [matter] = (await json(await seat("GET", `/matters?state=open&child=${must.child_id}`))).items;
  assert.equal((await seat("POST", `/matters/${matter.id}/conflicts`, { account_id: far.id, relation: "承办人", reason: "孩子指认" })).status, 200);
  await open(supervisor, "/care-desk");
  await page.getByRole("button", { name: "整体交接" }).click();
  await choose(supervisor, "原承办人", far.name);
  await choose(supervisor, "接手人（可选多人）", from.name);
  await page.keyboard.press("Escape");
  await hand(from).waitFor();
  await groups("逐个");
  const row = page.locator(".care-each li").filter({ hasText: "试交乙" });
  await sees(row, "承办人须回避");
  const stays = named.filter((c) => c.id !== must.id);
  for (const c of stays) await give(c.no, { name: "不交接" });
  await give(must.no, from);
  await field(supervisor, "交接原因").fill("承办人须回避");
  await shot(page, "care-recused");
  await page.setViewportSize(phone);
  await fits(page);
  await shot(page, "care-recused-phone");
  await page.setViewportSize(desktop);
  await page.locator(".ant-modal .ant-btn-primary").click();
  await sees(page, "已交接1个个案");
  assert.equal((await json(await head("GET", `/cases?worker=${far.id}&state=open`))).items.length, stays.length);
});

test("from the goal to the closing by a second person, the child's opinion on a phone, the follow-up and the results", { timeout: 120_000 }, async () => {
  await tab(clinic, "目标");
  await clinic.page.getByRole("button", { name: "已达到" }).click();
  await clinic.page.getByRole("button", { name: "已达到" }).waitFor({ state: "detached" });
  await clinic.page.getByRole("button", { name: "申请结案" }).click();
  await choose(clinic, "结案结果", "达到");
  await field(clinic, "说明").fill("目标已达到，情绪稳定");
  await clinic.page.locator(".ant-modal").getByRole("button", { name: "申请结案" }).click();
  await sees(clinic.page.locator(".care-life [aria-current]"), "待结案确认");
  await open(supervisor, `/cases/${caseID}`);
  await supervisor.page.getByRole("button", { name: "确认结案" }).click();
  await sees(supervisor.page.locator(".care-life [aria-current]"), "已结案");

  await tab(supervisor, "成效");
  await supervisor.page.getByRole("button", { name: "听取意见" }).click();
  await supervisor.page.locator(".ant-modal").getByRole("button", { name: "生成链接" }).click();
  const link = (await supervisor.page.locator(".care-link").innerText()).trim();
  assert.match(link, /opinion\/#/);
  const kid = await openPage(browser, phone);
  await kid.page.goto(link);
  await sees(kid.page, "这段时间的帮助，你觉得怎么样？");
  assert.ok(!kid.page.url().includes("#"), "the link's secret stays in the address");
  await fits(kid.page);
  await kid.page.getByRole("button", { name: "提交" }).click();
  await sees(kid.page, "请把三个问题都选上");
  for (const name of ["helped", "heard", "again"]) await kid.page.locator(`input[name=${name}][value="5"]`).check({ force: true });
  await shot(kid.page, "care-opinion");
  await kid.page.getByRole("button", { name: "提交" }).click();
  await sees(kid.page, "已经收到");
  await kid.page.goto("about:blank");
  await kid.page.goto(link);
  await sees(kid.page, "已经填过");
  await supervisor.page.locator(".ant-modal").getByRole("button", { name: "完成" }).click();

  // The follow-ups have their days; who was reached is written down.
  await clinic.page.reload();
  await tab(clinic, "联系任务");
  for (let left = 2; left > 0; left--) {
    await clinic.page.getByRole("button", { name: "已联系到" }).first().click();
    await field(clinic, "联系情况").or(clinic.page.locator(".ant-modal textarea")).first().fill("电话联系，情况稳定");
    await clinic.page.locator(".ant-modal").getByRole("button", { name: "已联系到" }).click();
    await clinic.page.waitForFunction((n) => document.querySelectorAll(".ant-modal-wrap:not([style*='none'])").length === 0 && [...document.querySelectorAll("button")].filter((b) => b.innerText === "已联系到").length === n, left - 1);
  }
  await sees(clinic.page.locator(".care-life [aria-current]"), "回访完成");

  await open(supervisor, "/care-results");
  await supervisor.page.getByRole("button", { name: /儿童评分/ }).getByText("5", { exact: true }).waitFor({ timeout: 30_000 });
  const none = await supervisor.page.getByRole("button", { name: /监护人评分/ }).innerText();
  assert.ok(none.includes("—") && !none.includes("0"), none);
  await supervisor.page.getByRole("button", { name: /目标达到率/ }).click();
  await sees(supervisor.page.locator(".ant-drawer"), /G\d{8}-\d{4}/);
  await shot(supervisor.page, "care-results");
  for (const p of [section, clinic, supervisor, kid]) assert.deepEqual(p.faults, []);
});
