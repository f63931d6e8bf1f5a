import { fireEvent, screen } from "@testing-library/react";
import { Route } from "wouter";
import { describe, expect, it } from "vitest";
import { renderConsole, seatLeader } from "../../test/console";
import CampaignPage from "./campaign";
import AskPage from "./interview";

const campaign = {
  id: "c1", title: "七年级筛查", region: "500111", selection: { areas: [], school: "试验中学" }, instruments: [{ id: "phq-a", version: "1", mode: "self", title: "PHQ-A" }],
  informant: "child", suicide: true, per_day: 0, starts_on: "2024-06-01", ends_on: "2024-06-30", state: "draft", size: 40, done: 0, opened_at: 0, closed_at: 0, reminded_at: 0,
};
const group = { school: "试验中学", grade: "七年级", class: "1班", region: "500111001", region_name: "龙岗街道", size: 40, waiting: 3, refused: 1, begun: 2, done: 5, last_at: 0 };
const door = { open: false, why: "campaign.no_room", needed: 10, room: 4, people: [] };
const page = <Route path="/campaigns/:id"><CampaignPage /></Route>;
const section = { ...seatLeader, actions: ["campaign.read", "campaign.write", "campaign.consent", "level.list", "sheet.read"] };
const teacher = { ...seatLeader, actions: ["campaign.read"] };
const answers = (over: object = {}) => ({ "GET /campaigns/c1": { campaign, groups: [group], door, teachers: [], may_write: true, ...over }, "GET /regions": { items: [] } });

describe("a campaign", () => {
  it("says in plain words why it can't be opened", async () => {
    renderConsole(page, answers(), "/campaigns/c1", section);
    expect(await screen.findByText("现在还不能开始")).toBeTruthy();
    expect(screen.getByText(/可能需要 10 次谈话；在岗的谈话人员今天只剩 4 次余量/)).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "开始筛查" }).disabled).toBe(true);
  });
  it("opens when people are there", async () => {
    const { asked } = renderConsole(page, { ...answers({ door: { ...door, open: true, why: "" } }), "POST /campaigns/c1/open": campaign }, "/campaigns/c1", section);
    fireEvent.click(await screen.findByRole("button", { name: "开始筛查" }));
    await expect.poll(() => asked.some((a) => a.path === "/campaigns/c1/open")).toBe(true);
  });
  it("shows a teacher who has finished, and nothing else", async () => {
    const members = [{ child_id: "k1", name: "林小禾", school: "试验中学", grade: "七年级", class: "1班", done: true, age: -1, consent: "", assent: "", code: "", started_at: 0, done_at: 0 }];
    renderConsole(page, { ...answers({ door: null, may_write: false }), "GET /campaigns/c1/members": { items: members } }, "/campaigns/c1?tab=members", teacher);
    expect(await screen.findByText("林小禾")).toBeTruthy();
    expect(screen.getByText("已填完")).toBeTruthy();
    for (const word of ["监护人", "填写编号", "结果", "谈话人员", "打印"]) expect(screen.queryByText(word)).toBeNull();
  });
});

const asq = {
  id: "asq", version: "1", mode: "interview", title: { zh: "ASQ", en: "" }, instruction: { zh: "单独问", en: "" }, informants: ["child"], missing: { policy: "complete", refused: "yes", source: "" },
  options: { yesno: [{ value: 1, text: { zh: "是", en: "" } }, { value: 0, text: { zh: "否", en: "" } }] }, scoring: { kind: "levels" },
  items: [{ code: "a", number: "1", options: "yesno", text: { zh: "第一个问题", en: "" }, suicide: true }, { code: "b", number: "2", options: "yesno", text: { zh: "第二个问题", en: "" }, suicide: true }],
  critical: [{ item: "a", value: 1, kind: "suicide" }],
};

describe("an interview", () => {
  it("shows what is critical at once, and hands in what was asked so far", async () => {
    const member = { child_id: "k1", name: "林小禾", school: "", grade: "", class: "", age: 12, consent: "given", assent: "given" };
    const { asked } = renderConsole(
      <Route path="/campaigns/:id/ask/:child"><AskPage /></Route>,
      { "GET /campaigns/c1/ask/k1": { member, papers: [asq], done: [], bar: "", bar_text: "", open: true, own_age: 14 }, "POST /sheets": { id: "s1", state: "done", critical: true, needs_person: true, matter_id: "m1", differing: [] } },
      "/campaigns/c1/ask/k1",
      { ...seatLeader, actions: ["sheet.take"] },
    );
    fireEvent.click(await screen.findByText("ASQ"));
    fireEvent.click(await screen.findByText("是"));
    expect(await screen.findByText("危急回答：第 1 题")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "马上提交并通知坐席" }));
    expect(await screen.findByText("已提交")).toBeTruthy();
    const sent = asked.find((a) => a.path === "/sheets")?.body as { items: unknown; way: string; campaign_id: string };
    expect(sent).toMatchObject({ items: { "1": 1 }, way: "interview", campaign_id: "c1" });
  });
});
