// The register in a browser: a list as a township sent it is looked at and let
// go; another, with a heading nobody knows, is corrected, registered, its child
// found by initials and uncovered for a reason, and the whole taken back.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { api, openBrowser, openHouse, openPage, sees, signIn } from "./house.mjs";

const samples = join(import.meta.dirname, "../../internal/people/roster/testdata/samples");
let house;
let browser;
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "zugou-list-"));
  house = await openHouse();
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
  if (house) assert.equal(await house.end(), 0, "the graceful stop");
});

/** An invented number of an area that never was, with its check character. */
function idNo(birth, serial) {
  const body = `500199${birth}${serial}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = [...body].reduce((n, d, i) => n + Number(d) * weights[i], 0);
  return body + "10X98765432"[sum % 11];
}

const give = async (page, file) => {
  await page.goto(`${house.base}/console/imports`);
  await page.locator("input[type=file]").setInputFiles(file);
  await page.waitForURL(/\/imports\/./, { timeout: 30_000 });
};

test("a list of a township is seen as it will be, with what is refused and why, and let go", { timeout: 90_000 }, async () => {
  const { page, faults, context } = await openPage(browser, { width: 1366, height: 768 });
  await signIn(page, house.base, "section1");
  await give(page, join(samples, "困境儿童花名册-雍溪镇.xlsx"));
  await sees(page, "表头已全部识别");
  await page.getByRole("button", { name: /未导入 \d+/ }).click();
  await page.getByText("身份证号不正确").first().waitFor();
  const [book] = await Promise.all([page.waitForEvent("download"), page.getByText(/下载未导入的 \d+ 行/).click()]);
  assert.match(book.suggestedFilename(), /\.xlsx$/);
  assert.ok(!(await page.locator("body").innerText()).match(/\d{17}[\dX]/), "a whole ID number stands on the screen");
  await page.getByRole("button", { name: "放弃" }).click();
  await sees(page, "没有写入任何人");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a heading is corrected, the child registered, found, uncovered for a reason, and the list undone", { timeout: 120_000 }, async () => {
  const file = join(folder, "留守儿童.csv");
  writeFileSync(
    file,
    `\ufeff娃儿称呼,身份证号,儿童类别,家庭住址,监护人姓名,监护人电话\n` +
      `欧阳若水,${idNo("20150612", "021")},留守儿童,大足区雍溪镇慈云村3组12号,欧阳长河,15400098761\n`,
  );
  const { page, faults, context } = await openPage(browser, { width: 1366, height: 768 });
  await signIn(page, house.base, "section1");
  await give(page, file);
  await page.getByLabel("“娃儿称呼”这一列是").click();
  await page.keyboard.type("姓名");
  await page.locator(".ant-select-item-option").filter({ hasText: /^姓名$/ }).click();
  await sees(page, "欧阳若水");
  const draft = page.url();
  await page.getByRole("button", { name: "导入 1 行" }).click();
  await page.getByText("已导入 1 行").waitFor({ timeout: 30_000 });

  await page.goto(`${house.base}/console/children`);
  await page.getByPlaceholder(/拼音/).fill("oyrs");
  await page.getByRole("row", { name: /欧阳若水/ }).click();
  await page.getByRole("heading", { name: "欧阳若水" }).waitFor();
  assert.ok(!page.url().includes("%"), "a name stands in the address");
  const masked = await page.locator("dl.reg-facts").innerText();
  assert.match(masked, /50019920\*+/);
  await page.getByRole("button", { name: /身份证号/ }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("核对户籍信息");
  await page.getByRole("dialog").getByRole("button", { name: "查看" }).click();
  await sees(page, idNo("20150612", "021"));

  await page.goto(draft);
  await page.getByRole("button", { name: "撤销整批导入" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("名单发错了");
  await page.getByRole("dialog").getByRole("button", { name: "撤销整批导入" }).click();
  await page.getByText("整批已撤销").waitFor({ timeout: 30_000 });
  const left = (await api(page, "GET", "/children?q=oyrs")).body.items;
  assert.deepEqual(left, []);
  assert.deepEqual(faults, []);
  await context.close();
});
