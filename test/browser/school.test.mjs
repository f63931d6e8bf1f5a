// Schools as things of their own: a name that may mean two schools is asked
// about before any teacher finds the child; a school is renamed and merged; the
// teacher's list follows. And the rules of the four colours, read in Chinese.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { caller, pupils } from "./class.mjs";
import { api, box, desktop, enter, fits, openBrowser, openHouse, option, phone, sees, shot } from "./house.mjs";

let house;
let browser;
let section;
let village;

before(async () => {
  house = await openHouse();
  browser = await openBrowser();
  section = await caller(house.base, "section1");
  village = (await (await caller(house.base, "village001001"))("GET", "/me")).grants[0].region;
});

after(async () => {
  await browser?.close();
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

const at = (account, viewport, path) => enter(browser, house.base, account, "/console" + path, viewport);

test("a name that two schools have is asked about, settled, and the two are made one", { timeout: 180_000 }, async () => {
  const [first] = await pupils(section, village, 1, "双名小学", "2013-03-01");
  const desk = await at("section1", desktop, "/schools");
  const page = desk.page;
  await page.getByLabel("学校名称、地址").fill("双名小学");
  await page.locator("tbody tr").filter({ hasText: "双名小学" }).waitFor();
  assert.equal(await page.getByRole("region", { name: "待确认的校名" }).count(), 0);

  // A second school of the name is entered knowingly.
  await page.getByRole("button", { name: "新增学校" }).click();
  await box(page).getByLabel("学校名称").fill("双名小学");
  await box(page).getByLabel("学段").click();
  await option(page, "小学").click();
  await box(page).getByLabel("简要地址").fill("后山路 3 号");
  await box(page).getByRole("button", { name: "保存" }).click();
  await sees(page.locator(".ant-modal-confirm"), "已经登记过“双名小学”");
  await shot(page, "school-twin");
  await page.getByRole("button", { name: "是另一所学校" }).click();
  await page.locator("tbody tr").filter({ hasText: "后山路" }).waitFor();

  // A child written under the name alone is no school's pupil until somebody says.
  const kid = await (await caller(house.base, "village001001"))("POST", "/children", {
    name: "试小问", sex: "f", birth_on: "2013-03-01", id_no: "", no_id_reason: "测试用儿童", region: village, address: "", registered_region: "", registered_address: "", phones: [], paired_carer: "",
    flags: [], sheltered: false, categories: [], guardians: [], school: { name: "双名小学", grade: "七年级", class: "1班" },
  });
  await page.reload();
  const asked = page.getByRole("region", { name: "待确认的校名" });
  await sees(asked, "“双名小学”", { exact: true });
  await shot(page, "school-asked");
  await fits(page);
  await page.goto(`${house.base}/console/children/${kid.id}`);
  await sees(page, "待确认是哪一所学校");
  await page.goto(`${house.base}/console/schools`);
  await asked.getByLabel("“双名小学”是哪一所学校").click();
  await option(page, "后山路").click();
  await asked.getByRole("button", { name: "确认", exact: true }).click();
  await sees(page, "已确认，1 名儿童归到这所学校");
  await asked.waitFor({ state: "detached" });
  const where = async (id) => (await section("GET", `/children/${id}`)).school.id;
  assert.notEqual(await where(first), await where(kid.id));

  // The two turn out to be one.
  await page.getByLabel("学校名称、地址").fill("双名");
  await page.locator("tbody tr").filter({ hasText: "后山路" }).click();
  await box(page).getByRole("button", { name: "并入另一所学校" }).click();
  await box(page).getByLabel("并入", { exact: true }).click();
  await option(page, "双名小学").click();
  await sees(box(page), "“双名小学”的 1 名在册学生将归到“双名小学”（现有 1 名）");
  await box(page).getByLabel("理由").fill("同一所学校登记了两次");
  await shot(page, "school-merge");
  await box(page).getByRole("button", { name: "并入另一所学校" }).click();
  await sees(page, "已合并");
  await page.locator("tbody tr").filter({ hasText: "后山路" }).waitFor({ state: "detached" });
  assert.equal(await where(first), await where(kid.id));

  // They are two after all: who came is on the list, and goes back.
  await page.locator("tbody tr").filter({ hasText: "双名小学" }).click();
  const took = page.getByRole("region", { name: "合并记录" });
  await sees(took, "“双名小学”并入本校");
  await sees(took, "学生 1 名");
  await shot(page, "school-mergers");
  await took.getByRole("button", { name: "查看名单" }).click();
  await box(page).getByText("七年级1班（1 人）").click();
  await sees(box(page), "试小问", { exact: true });
  await shot(page, "school-came");
  await box(page).getByRole("button", { name: "关闭", exact: true }).last().click();
  await took.getByRole("button", { name: "撤销合并" }).click();
  await sees(box(page), "将转回 1 名学生；合并后已转走 0 名，不转回。");
  await box(page).getByLabel("理由").fill("两所学校，只是同名");
  await shot(page, "school-undo");
  await box(page).getByRole("button", { name: "撤销合并" }).click();
  await sees(page, "已撤销合并，1 名学生转回");
  await sees(took, "理由：两所学校，只是同名。转回：学生 1 名");
  assert.notEqual(await where(first), await where(kid.id));
  await shot(page, "school-undone");
  // Merged again, for good.
  await section("POST", `/schools/${await where(kid.id)}/merge`, { into: await where(first), reason: "核实后仍是同一所" });

  // And a class is parted from the one.
  await section("POST", "/schools", { name: "双名二小", kind: "primary", region: "500111" });
  await page.reload();
  await page.getByLabel("学校名称、地址").fill("双名");
  await page.locator("tbody tr").filter({ hasText: "双名小学" }).click();
  await box(page).getByRole("button", { name: "按班级转出" }).click();
  await box(page).getByLabel("班级").click();
  await option(page, "七年级1班（2 人）").click();
  await page.keyboard.press("Escape");
  await box(page).getByLabel("转到").click();
  await option(page, "双名二小").click();
  await shot(page, "school-part");
  await box(page).getByRole("button", { name: "按班级转出" }).click();
  await sees(page, "已转 2 名学生");
  assert.equal((await section("GET", `/children/${kid.id}`)).school.name, "双名二小");
  const back = (await section("GET", "/schools")).items;
  await section("POST", `/schools/${back.find((s) => s.name === "双名二小").id}/classes`, { to: back.find((s) => s.name === "双名小学").id, classes: [{ grade: "七年级", class: "1班", children: 2 }] });
  await page.reload();
  await page.getByLabel("学校名称、地址").fill("双名小学");

  // A new name goes with the pupils.
  await page.locator("tbody tr").filter({ hasText: "双名小学" }).click();
  await box(page).getByLabel("学校名称").fill("单名小学");
  await shot(page, "school-edit");
  await box(page).getByRole("button", { name: "保存" }).click();
  await page.getByLabel("学校名称、地址").fill("单名小学");
  await page.locator("tbody tr").filter({ hasText: "单名小学" }).waitFor();
  assert.equal((await section("GET", `/children/${kid.id}`)).school.name, "单名小学");
  await shot(page, "school-list");

  // The child's form chooses a school of the register.
  await page.goto(`${house.base}/console/children/${kid.id}`);
  await page.getByRole("button", { name: "更正信息" }).click();
  await sees(box(page), "单名小学");
  await box(page).getByLabel("学校").click();
  await page.keyboard.type("没有登记的学校");
  await option(page, "未登记的校名").click();
  await shot(page, "school-form");
  await page.keyboard.press("Escape");
  assert.deepEqual([...desk.faults], []);

  const small = await at("section1", phone, "/schools");
  await small.page.getByText("单名小学").first().waitFor();
  await shot(small.page, "school-phone");
  await fits(small.page);
  await small.page.getByLabel("学校名称、地址").fill("单名小学");
  await small.page.locator("tbody tr").filter({ hasText: "单名小学" }).click();
  await sees(small.page.getByRole("region", { name: "合并记录" }), "已撤销");
  await small.page.getByRole("region", { name: "合并记录" }).scrollIntoViewIfNeeded();
  await shot(small.page, "school-mergers-phone");
  await small.page.getByRole("button", { name: "查看名单" }).first().click();
  await box(small.page).getByText("七年级1班（1 人）").click();
  await sees(box(small.page), "试小问");
  await sees(box(small.page), "已转走"); // by classes, above: no undoing moves it
  await shot(small.page, "school-came-phone");
  assert.deepEqual([...small.faults], []);
});

test("a teacher finds the pupils of the school by its id, and nobody else", { timeout: 120_000 }, async () => {
  const [mine] = await pupils(section, village, 1, "老师小学", "2013-03-01");
  const [other] = await pupils(section, village, 1, "别的小学", "2013-03-01");
  const at1 = (await section("GET", `/children/${mine}`)).school.id;
  const person = (await section("GET", "/workforce?kind=teacher")).items.find((x) => x.kind === "teacher");
  const desk = await at("section1", desktop, "/workforce");
  const { body: sheet } = await api(desk.page, "GET", `/workforce/${person.id}`);
  await section("POST", `/workforce/${person.id}`, {
    account: sheet.account, name: sheet.name, kind: sheet.kind, region: sheet.region, sex: sheet.sex, languages: sheet.languages, needs: sheet.needs, capacity: sheet.capacity, began_on: sheet.began_on, version: sheet.version,
    classes: [{ school_id: at1, grade: "七年级" }],
  });
  const teacher = await caller(house.base, "teacher1");
  const found = (await teacher("GET", "/children/pick")).items.map((x) => x.id);
  assert.ok(found.includes(mine) && !found.includes(other), JSON.stringify(found));
});

test("the conditions of the rules are read in Chinese where they stand, are written and are tried", { timeout: 120_000 }, async () => {
  const desk = await at("section1", desktop, "/level-rules");
  const page = desk.page;
  const said = "曾有自杀行为，且（近一年生活事件至少1件，或近30天无故缺课至少3天）";
  await sees(page, said);
  for (const row of await page.locator("tbody tr").all()) assert.match(await row.locator(".colour-said").innerText(), /[\u4e00-\u9fff]/);
  await shot(page, "rules-read");
  await page.getByRole("button", { name: "修改规则" }).click();
  await sees(box(page), `读作：${said}`);
  await box(page).getByLabel("条件", { exact: true }).first().fill("screen_urgency == 'rde'");
  await box(page).getByText("“screen_urgency”没有“rde”这个取值").first().waitFor();
  await box(page).getByLabel("条件", { exact: true }).first().fill("screen_urgency in ['red', 'orange'] && !dropout");
  await sees(box(page), "读作：最近一次筛查的紧急程度为“急性危险”或“危急题阳性”，且“辍学”为否");
  await shot(page, "rules-written");
  assert.deepEqual([...desk.faults], []);
});
