// The order of grades and classes as a school has them: by their texts the third
// year stands before the second, and class 10 before class 2.
import shared from "@locale/shared.json";

type Class = { school?: string; grade: string; class: string };

/** The names of each year, the last first: a lower year's name may be part of a higher one's. */
const years = shared["grade.order"].split("|").map((names) => names.split(" ")).reverse();
const collator = new Intl.Collator("zh", { numeric: true });

/** Where a grade stands; what is no known grade stands last, by its text. */
export function gradeRank(grade: string): number {
  const year = years.findIndex((names) => names.some((name) => grade.includes(name)));
  return year < 0 ? years.length : years.length - 1 - year;
}

/** Compares two classes: by school, grade and the number of the class. */
export const compareClasses = (a: Class, b: Class) =>
  collator.compare(a.school ?? "", b.school ?? "") || gradeRank(a.grade) - gradeRank(b.grade) || collator.compare(a.grade, b.grade) || collator.compare(a.class, b.class);
