// A questionnaire as the pages know it: the same JSON that the server scores,
// or the part of it that a child's page is given. Nothing here makes a score.
//
// The rules of what is critical are the server's (internal/loop/screening/
// instrument, obligation), and the vectors in instruments/vectors/phone.json
// hold both to the same answers. The phone uses them to tell a worker at once;
// what counts is what the server finds when the sheet arrives.

export type Text = { zh: string; en: string };
export type Option = { value: number; text: Text };
export type Answer = number | "refused";
export type Answers = Record<string, Answer>;

export type Item = {
  code: string;
  number?: string;
  section?: string;
  options: string;
  text: Text;
  ask_when?: { items: string[]; answer: string };
  optional?: boolean;
  suicide?: boolean;
  missing_level?: string;
};

export type Paper = {
  id: string;
  version: string;
  /** For staff only. */
  title?: Text;
  mode: "self" | "interview" | "checklist";
  instruction: Text;
  options: Record<string, Option[]>;
  sections?: { code: string; title: Text }[];
  items: Item[];
  missing: { refused: string };
  levels?: { code: string; label: Text; any?: string[] }[];
  critical?: { item: string; value: number; kind: string }[];
  variants?: { code: string; age?: { min: number; max?: number }; omit?: string[] }[];
};

/** How answers name an item: the printed number, or the code where none is printed. */
export const idOf = (it: Item): string => it.number || it.code;

export const optionsOf = (paper: Paper, it: Item): Option[] => paper.options[it.options] ?? [];

const lowest = (paper: Paper, it: Item): number => Math.min(...optionsOf(paper, it).map((o) => o.value));

/** A yes, or a refusal where refusals count as yes. */
function affirmed(paper: Paper, it: Item, answers: Answers): boolean {
  const a = answers[idOf(it)];
  if (a === undefined) return false;
  if (a === "refused") return paper.missing.refused === "yes";
  return a > lowest(paper, it);
}

/** A no that was said. */
function denied(paper: Paper, it: Item, answers: Answers): boolean {
  const a = answers[idOf(it)];
  return typeof a === "number" && a === lowest(paper, it);
}

/** What the variant for an age leaves out. */
function omitted(paper: Paper, age: number): string[] {
  if (age < 0) return [];
  const v = paper.variants?.find((x) => x.age && age >= x.age.min && (!x.age.max || age <= x.age.max));
  return v?.omit ?? [];
}

/** Whether an item is put, by what was answered before it. */
export function asked(paper: Paper, it: Item, answers: Answers, age = -1): boolean {
  if (omitted(paper, age).includes(it.code)) return false;
  const rule = it.ask_when;
  if (!rule) return true;
  return rule.items.some((code) => {
    const on = paper.items.find((x) => x.code === code);
    if (!on) return false;
    return rule.answer === "yes" ? affirmed(paper, on, answers) : !denied(paper, on, answers);
  });
}

/** The items that are put, in order. */
export const itemsAsked = (paper: Paper, answers: Answers, age = -1): Item[] => paper.items.filter((it) => asked(paper, it, answers, age));

/** Answers without those that a changed answer before them closed. */
export function without(paper: Paper, answers: Answers, age = -1): Answers {
  const out: Answers = {};
  for (const it of paper.items) {
    const a = answers[idOf(it)];
    if (a !== undefined && asked(paper, it, out, age)) out[idOf(it)] = a;
  }
  return out;
}
