import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderConsole, seatLeader } from "../../test/console";
import { LevelDrawer } from "./child";
import { minutes } from "./duties";
import { RuleTable } from "./rules";
import { above, stableContacts, type Contact, type LevelView } from "./types";

const at = Date.UTC(2024, 5, 1, 4);
const day = 86_400_000;
const contact = (n: number, stable: boolean, reached = true): Contact => ({ id: `x${n}`, kind: "contact", colour: "orange", who: "counsellor", due_at: 0, state: "done", tries: 1, reached, stable, note: "", done_at: at + n * day, done_by: "" });
const view = (over: Partial<LevelView> = {}): LevelView => ({
  child_id: "k1", colour: "orange", colour_at: at, colour_by: "周敏", second_by: "", urgency: "red", since: at, version: "2026.1", why: ["筛查提示急性危险"], screened_at: at, talk_until: 0,
  now: { urgency: "red", at_least: false, version: "2026.1", text: [], missing: [{ code: "school", urgency: "yellow", missing: [], text: "无法判定“多日缺课或辍学”：缺少近30天无故缺课" }] },
  evidence: [], contacts: [], in_case: { no: "", open: 0, next: 0 }, assessments: [], may_assess: true, may_contact: true, at, ...over,
});

describe("a child's level", () => {
  it("keeps the screen, the machine's urgency and the assessed colour apart", async () => {
    renderConsole(<LevelDrawer child="k1" name="林小禾" onClose={() => undefined} />, { "GET /children/k1/level": view() }, "/levels", seatLeader);
    expect(await screen.findByText("最近一次筛查")).toBeTruthy();
    expect(screen.getByText(/红\s*待专业评估/)).toBeTruthy();
    expect(screen.getByText("橙色 高度关注")).toBeTruthy();
    expect(screen.getByText("有 1 条规则缺少依据，无法判定")).toBeTruthy();
    expect(screen.getByText(/缺少近30天无故缺课/)).toBeTruthy();
  });
  it("lets nobody lower a colour without two stable contacts", async () => {
    renderConsole(<LevelDrawer child="k1" name="林小禾" onClose={() => undefined} />, { "GET /children/k1/level": view({ contacts: [contact(1, true)] }) }, "/levels", seatLeader);
    fireEvent.click(await screen.findByRole("button", { name: "专业评估" }));
    fireEvent.click(await screen.findByLabelText(/^黄/));
    expect(await screen.findByText(/两次稳定联系，并由另一名专业人员复核/)).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "提出降级" }).disabled).toBe(true);
  });
});

describe("the rule of two stable contacts", () => {
  const count = (...contacts: Contact[]) => stableContacts({ contacts, colour_at: at });
  it("counts days, not contacts", () => {
    expect(count(contact(1, true), { ...contact(1, true), id: "y" })).toBe(1);
    expect(count(contact(1, true), contact(2, true))).toBe(2);
  });
  it("begins anew after one that was not stable", () => expect(count(contact(1, true), contact(2, false), contact(3, true))).toBe(1));
  it("leaves out what was before the colour, and who was not reached", () => expect(count(contact(-1, true), contact(1, true, false))).toBe(0));
});

describe("words of the rules", () => {
  const rule = (code: string, when: string) => ({ code, urgency: "yellow" as const, title: code, when });
  it("stand in Chinese above the code; what can't be read out is its code alone", async () => {
    const set = { version: "1", from: "2024-01-01", status: "", source: "", rules: [rule("a", "dropout"), rule("b", "phq_total + 1 > 2")], talk: [] };
    renderConsole(<RuleTable set={set} words={{ dropout: "辍学" }} />, {}, "/rules", seatLeader);
    expect(await screen.findByText("辍学")).toBeTruthy();
    expect(screen.getByText("dropout")).toBeTruthy();
    expect(screen.getByText("phq_total + 1 > 2")).toBeTruthy();
  });
  it("say minutes as people do", () => expect([30, 240, 10080, 0].map(minutes)).toEqual(["30 分钟", "4 小时", "7 天", "不作要求"]));
  it("order the colours", () => expect(above("red", "orange") && above("yellow", "") && !above("green", "yellow")).toBe(true));
});
