import { describe, expect, it } from "vitest";
import { criticalNow, isAsked, type Instrument, type Item } from "./types";

const item = (code: string, more: Partial<Item> = {}): Item => ({ code, number: code, options: "yesno", text: { zh: code, en: code }, ...more });
const form = {
  options: { yesno: [{ value: 1, text: { zh: "", en: "" } }, { value: 0, text: { zh: "", en: "" } }] },
  items: [item("1"), item("2", { ask_when: { items: ["1"], answer: "yes" } }), item("3", { ask_when: { items: ["1"], answer: "not_no" } })],
  critical: [{ item: "1", value: 1, kind: "suicide" }],
  missing: { policy: "complete", refused: "yes", source: "" },
} as unknown as Instrument;
const asked = (answers: Record<string, number | "refused">, f = form) => f.items.filter((i) => isAsked(f, i, answers)).map((i) => i.code);

describe("the skip rules of a form", () => {
  it("open the next question on a yes", () => expect(asked({ "1": 1 })).toEqual(["1", "2", "3"]));
  it("close both on a no", () => expect(asked({ "1": 0 })).toEqual(["1"]));
  it("never take silence for a no", () => expect(asked({})).toEqual(["1", "3"]));
  it("take a refusal as the form says", () => {
    expect(asked({ "1": "refused" })).toEqual(["1", "2", "3"]);
    expect(asked({ "1": "refused" }, { ...form, missing: { ...form.missing, refused: "missing" } })).toEqual(["1", "3"]);
  });
});

describe("what is critical", () => {
  it("is an answer that was given and reaches the rule", () => {
    expect(criticalNow(form, { "1": 1 })).toEqual(["1"]);
    expect(criticalNow(form, { "1": 0, "2": 1 })).toEqual([]);
    expect(criticalNow(form, {})).toEqual([]);
  });
  it("is a refusal where refusals count as yes", () => expect(criticalNow(form, { "1": "refused" })).toEqual(["1"]));
});
