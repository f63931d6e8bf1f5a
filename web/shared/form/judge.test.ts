// The phone and the server say the same of a sheet: vectors that the server's
// own test writes, over all instruments.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judge, owes, type Rule } from "./judge";
import { type Answers, type Paper, asked, idOf, without } from "./paper";

const root = join(import.meta.dirname, "../../..");
const read = <T,>(path: string): T => JSON.parse(readFileSync(join(root, path), "utf8")) as T;
const papers = new Map<string, Paper>();
const paperOf = (id: string): Paper => {
  const paper = papers.get(id) ?? read<Paper>(`instruments/${id}.json`);
  papers.set(id, paper);
  return paper;
};

type Vector = { instrument: string; age?: number; items: Answers; critical: string[]; missing: string[]; needs_person: boolean; level: string | null; rules: string[]; never_alone: boolean; report: boolean };

describe("the rules of what is critical", () => {
  const rules = read<{ rules: Rule[] }>("policy/screening/2024-01-01.json").rules.filter((r) => r.same_day);
  const vectors = read<Vector[]>("instruments/vectors/phone.json");

  it("are the server's, over all instruments", () => {
    expect(vectors.length).toBeGreaterThan(600);
    for (const v of vectors) {
      const paper = paperOf(v.instrument);
      const j = judge(paper, v.items, v.age ?? -1);
      const o = owes(rules, paper, j);
      const got = { critical: j.critical, missing: j.missing, needs_person: j.needsPerson, level: j.level, rules: o.rules.map((r) => r.code).sort(), never_alone: o.neverAlone, report: o.report };
      const want = { critical: v.critical, missing: v.missing, needs_person: v.needs_person, level: v.level, rules: [...v.rules].sort(), never_alone: v.never_alone, report: v.report };
      expect(got, `${v.instrument} ${JSON.stringify(v.items)}`).toEqual(want);
    }
    expect(new Set(vectors.map((v) => v.instrument)).size).toBe(11);
  });

  it("hold the vectors of the scorer too", () => {
    const list = read<{ name: string; instrument: string; answers: { items: Answers; age?: number }; want: { critical?: string[]; missing?: string[]; needs_person?: boolean; level?: string | null } }[]>("instruments/vectors/score.json");
    for (const v of list) {
      const j = judge(paperOf(v.instrument), v.answers.items, v.answers.age ?? -1);
      if (v.want.critical) expect(j.critical, v.name).toEqual(v.want.critical);
      if (v.want.missing && !("variant" in v.answers)) expect(j.missing, v.name).toEqual(v.want.missing);
      if (v.want.needs_person !== undefined) expect(j.needsPerson, v.name).toBe(v.want.needs_person);
      if (v.want.level !== undefined) expect(j.level, v.name).toBe(v.want.level);
    }
  });
});

describe("which question follows", () => {
  it("takes back what a changed answer closes", () => {
    const asq = paperOf("asq");
    const five = asq.items.find((x) => idOf(x) === "5");
    if (!five) throw new Error("no question 5");
    expect(asked(asq, five, { 1: 0, 2: 0, 3: 0, 4: 0 })).toBe(false);
    expect(asked(asq, five, { 1: "refused" })).toBe(true);
    expect(without(asq, { 1: 0, 2: 0, 3: 0, 4: 0, 5: 1 })).toEqual({ 1: 0, 2: 0, 3: 0, 4: 0 });
    expect(without(asq, { 1: 1, 5: 1 })).toEqual({ 1: 1, 5: 1 });
  });
});
