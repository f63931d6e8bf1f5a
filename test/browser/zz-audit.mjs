import { openBrowser, openPage, signIn } from "./house.mjs";
import { caller, signed, pupils, campaign, bySlip, calm } from "./class.mjs";
const base = "http://127.0.0.1:8320";
const section = await caller(base, "section1"), clinic = await caller(base, "clinic1");
const village = (await (await caller(base, "village001001"))("GET", "/me")).grants[0].region;
await signed(clinic, "phq-a", "asq", "who-5", "psc-17", "grassroots");
let camp = (await section("GET", "/campaigns")).items.find((c) => c.title === "审核用筛查")?.id;
if (!camp) {
  const kids = await pupils(section, village, 6, "审核中学", "2011-03-01");
  camp = await campaign(section, "审核用筛查", "审核中学", ["phq-a", "asq"], async (c) => {
    await section("POST", `/campaigns/${c}/consents`, { items: kids.map((x) => ({ child_id: x, consent: "given", by: "mother", how: "paper" })) });
    const t = (await (await caller(base, "teacher1"))("GET", "/me")).id;
    const { school_id } = (await section("GET", `/campaigns/${c}`)).groups[0];
    await section("PUT", `/campaigns/${c}/teachers`, { items: [{ account: t, name: "", school_id, school: "", grade: "七年级", class: "1班" }] });
  });
  const ms = (await section("GET", `/campaigns/${camp}/members`)).items;
  await bySlip(base, ms[0].code, calm);
  await bySlip(base, ms[1].code, { ...calm, 9: 2, ideation_month: 1 });
  await bySlip(base, ms[2].code, { ...calm, 1: 3, 2: 3, 3: 3, 4: 3, 5: 1 });
}
const browser = await openBrowser();
const loop = ["/drawings", "/rating", "/drawing-results", "/levels", "/levels?list=never", "/levels?list=places", "/levels?list=late", "/levels?list=reassess", "/levels?list=changes", "/levels?list=overrides", "/levels?list=agree", "/level-rules", "/instruments", "/typing", "/campaigns", `/campaigns/${camp}`, `/campaigns/${camp}?tab=members`, `/campaigns/${camp}?tab=results`, `/campaigns/${camp}?tab=people`, `/campaigns/${camp}?tab=teachers`];
const only = process.argv[2]?.split(",") ?? ["section1", "head1", "school1", "teacher1", "clinic1", "super1", "village001001"];
for (const account of only) {
  for (const [size, vp] of [["d", { width: 1366, height: 768 }], ["p", { width: 360, height: 780 }]]) {
    const { page, faults, context } = await openPage(browser, vp, { calm: true });
    page.setDefaultTimeout(15000);
    await signIn(page, base, account);
    for (const [i, path] of loop.entries()) {
      try {
        await page.goto(`${base}/console${path}`);
        await page.waitForTimeout(900);
        const r = await page.evaluate(() => ({ over: document.documentElement.scrollWidth > innerWidth + 1, text: document.body.innerText, inner: [...document.querySelectorAll(".ant-table-content, .ant-tabs-nav, .page-filters")].some((e) => e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflowX === "visible") }));
        const words = [...new Set((r.text.match(/[A-Za-z][A-Za-z_.]{3,}/g) ?? []))].filter((w) => !/^(PHQ|WHO|ASQ|section1|head1|school1|teacher1|clinic1|super1)/.test(w));
        const stray = r.text.match(/undefined|NaN|null|\{[a-z]+\}/);
        const no = /没有这个页面|无权|不能查看|没有权限/.test(r.text) ? " NOACCESS" : "";
        console.log(account, size, path.replace(camp, "C"), r.over ? "OVERFLOW" : "", r.inner ? "INNER" : "", stray ? `STRAY ${stray[0]}` : "", no, words.slice(0, 12).join(" "));
        if (!no) await page.screenshot({ path: `/tmp/shots-b/audit/${account}-${size}-${String(i).padStart(2, "0")}.png` });
      } catch (e) { console.log(account, size, path, "FAIL", String(e).slice(0, 150)); }
    }
    if (faults.length) console.log(account, size, "FAULTS", faults);
    await context.close();
  }
}
await browser.close();
