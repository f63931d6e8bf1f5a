import { expect, it } from "vitest";
import { compareClasses } from "./classes";

const sorted = (...list: [string, string][]) => list.map(([grade, cls]) => ({ school: "甲校", grade, class: cls })).sort(compareClasses).map((c) => c.grade + c.class);

it("orders grades as a school has them", () => {
  expect(sorted(["高三", "1班"], ["高二", "1班"], ["高一", "1班"])).toEqual(["高一1班", "高二1班", "高三1班"]);
  expect(sorted(["九年级", ""], ["八年级", ""], ["七年级", ""], ["一年级", ""], ["大班", ""], ["小班", ""])).toEqual(["小班", "大班", "一年级", "七年级", "八年级", "九年级"]);
  expect(sorted(["高一", ""], ["初三", ""], ["初一", ""], ["六年级", ""])).toEqual(["六年级", "初一", "初三", "高一"]);
});

it("orders classes by number, and what it does not know last", () => {
  expect(sorted(["七年级", "10班"], ["七年级", "2班"], ["", ""], ["社会青年", ""])).toEqual(["七年级2班", "七年级10班", "", "社会青年"]);
});

it("keeps schools apart", () => {
  const list = [{ school: "乙校", grade: "一年级", class: "" }, { school: "甲校", grade: "六年级", class: "" }].sort(compareClasses);
  expect(list.map((c) => c.grade)).toEqual(["六年级", "一年级"]);
});
