// What is critical on a sheet, and what it obliges: for the worker who holds
// the phone, also without a network. See paper.ts.
import { type Answers, type Item, type Paper, type Text, asked, idOf, optionsOf } from "./paper";

export type Judged = {
  /** Items whose answer was given and is critical. */
  critical: string[];
  missing: string[];
  /** A question on suicide has no answer: a person must ask. */
  needsPerson: boolean;
  level: string | null;
  kinds: string[];
};

export type Rule = {
  code: string;
  title: Text;
  when: { levels?: string[]; critical?: string[]; without_levels?: boolean; needs_person?: boolean; over_cutoff?: boolean; otherwise?: boolean }[];
  same_day?: boolean;
  never_alone?: boolean;
  compulsory_report?: boolean;
  first_contact_within_minutes?: number;
};

export type Owed = { rules: Rule[]; neverAlone: boolean; report: boolean };

export function judge(paper: Paper, answers: Answers, age = -1): Judged {
  const out: Judged = { critical: [], missing: [], needsPerson: false, level: null, kinds: [] };
  for (const it of paper.items) {
    const a = answers[idOf(it)];
    const rule = paper.critical?.find((c) => c.item === it.code);
    if (rule && typeof a === "number" && a >= rule.value) {
      out.critical.push(idOf(it));
      if (!out.kinds.includes(rule.kind)) out.kinds.push(rule.kind);
    }
    // A question on suicide that was put and refused is open even if the skip
    // rule would have closed it.
    const open = (asked(paper, it, answers, age) && typeof a !== "number") || (!!it.suicide && a === "refused");
    if (!open || it.optional) continue;
    out.missing.push(idOf(it));
    if (it.suicide) out.needsPerson = true;
  }
  if (paper.levels?.length) out.level = levelOf(paper, paper.levels, answers, out.missing);
  return out;
}

function levelOf(paper: Paper, levels: NonNullable<Paper["levels"]>, answers: Answers, missing: string[]): string | null {
  const yes = (it: Item | undefined): boolean => {
    if (!it) return false;
    const a = answers[idOf(it)];
    if (a === "refused") return paper.missing.refused === "yes";
    return a !== undefined && a > Math.min(...optionsOf(paper, it).map((o) => o.value));
  };
  let at = 0;
  levels.forEach((l, n) => {
    if (l.any?.some((code) => yes(paper.items.find((x) => x.code === code)))) at = Math.max(at, n);
  });
  let could = at;
  for (const id of missing) {
    const it = paper.items.find((x) => idOf(x) === id);
    if (!it || yes(it)) continue;
    if (it.missing_level) {
      at = Math.max(at, levels.findIndex((l) => l.code === it.missing_level));
      continue;
    }
    levels.forEach((l, n) => {
      if (l.any?.includes(it.code)) could = Math.max(could, n);
    });
  }
  // "No to all" must not be said where somebody did not answer.
  if (could > at && at === 0) return null;
  return levels[at]?.code ?? null;
}

/** The rules of a talk on the same day that apply, the most urgent first. */
export function owes(rules: Rule[], paper: Paper, judged: Judged): Owed {
  const found = rules.filter((r) =>
    r.when.some(
      (w) =>
        !w.over_cutoff &&
        !w.otherwise &&
        (!w.levels?.length || w.levels.includes(`${paper.id}:${judged.level ?? ""}`)) &&
        (!w.critical?.length || w.critical.some((k) => judged.kinds.includes(k))) &&
        (!w.without_levels || !paper.levels?.length) &&
        (!w.needs_person || judged.needsPerson),
    ),
  );
  return { rules: found, neverAlone: found.some((r) => r.never_alone), report: found.some((r) => r.compulsory_report) };
}
