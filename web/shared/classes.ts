// The order of grades and classes as a school has them: by their texts 高三
// stands before 高二, 九年级 before 八年级 and 10班 before 2班.
type Class = { school?: string; grade: string; class: string };

const digits = "零一二三四五六七八九";
const early = ["托班", "小班", "中班", "大班", "学前"];
const collator = new Intl.Collator("zh", { numeric: true });

/** Where a grade stands; what is no known grade stands last, by its text. */
export function gradeRank(grade: string): number {
  const kindergarten = early.findIndex((word) => grade.includes(word));
  if (kindergarten >= 0) return kindergarten;
  const [, stage, n] = /^(小|初|高|职|中职)?([一二三四五六七八九]|\d)(?:年|级|$)/.exec(grade.replace(/年级|年/, "年")) ?? [];
  if (!n) return 100;
  const year = digits.indexOf(n) > 0 ? digits.indexOf(n) : Number(n);
  return { "": 10, 小: 10, 初: 16, 高: 19, 职: 30, 中职: 30 }[stage ?? ""]! + year;
}

/** Compares two classes: by school, grade and the number of the class. */
export const compareClasses = (a: Class, b: Class) =>
  collator.compare(a.school ?? "", b.school ?? "") || gradeRank(a.grade) - gradeRank(b.grade) || collator.compare(a.grade, b.grade) || collator.compare(a.class, b.class);
