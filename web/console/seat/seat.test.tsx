import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Card, MatterRow, Order, QueueAnswer } from "@shared/api/types";
import { refuse, renderConsole } from "../../test/console";
import { firstToCall } from "./contacts";
import { nextStage } from "./orders";
import Seat from "./seat";
import { townshipFacts } from "./side";

const now = Date.now();
const row = (id: string, over: Partial<MatterRow> = {}): MatterRow => ({
  id,
  no: `no-${id}`,
  kind: "sos",
  kind_name: "紧急求救",
  urgency: "critical",
  crisis: true,
  state: "open",
  drill: false,
  region: "500111113203",
  region_name: "雍溪镇",
  child: { id: `c-${id}`, name: `儿童${id}`, age: 11, sex: "f", level: "orange" },
  title: "胸牌求救",
  opened_at: now - 5000,
  signals: 1,
  pressed_again: 0,
  last_signal_at: now,
  stage: "received",
  waits_for: "wait.received",
  due_at: now + 60_000,
  clock_started_at: now - 1000,
  order_id: "",
  orders: 0,
  locked_by: null,
  version: 3,
  ...over,
});

const card = (m: MatterRow, over: Partial<Card> = {}): Card => ({
  matter: { ...m, text: "", opened_by: "", outcome: "", outcome_note: "", closed_at: 0, reopened: 0, contact_allowed: true, contact_decided_by: "", second_needed: true, closing: null },
  child: null,
  contacts: [
    { person_id: "p1", name: "陈德贵", relation: "父亲", phone_masked: "154****8817", carer: false, blocked: true, blocked_why: "blocked.conflict" },
    { person_id: "p2", name: "王秀英", relation: "外婆", phone_masked: "154****2231", carer: true, blocked: false },
  ],
  why: [],
  hints: [],
  signals: [],
  orders: [],
  helpers: [
    { account: "h1", name: "刘芳", role: "village_director", role_name: "儿童主任", level: "village", region_name: "红星村", distance_m: 640, on_duty: true, reachable: true, phone_masked: "", busy: 0, conflicted: false },
    { account: "h2", name: "陈德富", role: "grid_worker", role_name: "网格员", level: "grid", region_name: "红星村", on_duty: true, reachable: true, phone_masked: "", busy: 0, conflicted: true },
  ],
  places: [],
  timeline: [],
  conflicts: [],
  ...over,
});

const queue = (items: MatterRow[], over: Partial<QueueAnswer> = {}): QueueAnswer => ({
  items,
  unsaved: [],
  counts: { critical: items.length, urgent: 0, normal: 0, low: 0, unknown: 0 },
  storage_failing_since: 0,
  ...over,
});

const a = row("a");
const b = row("b", { pressed_again: 2 });
const answers = (over: Record<string, unknown> = {}) => ({
  "GET /queue": queue([a, b]),
  "GET /matters/a": card(a),
  "GET /matters/b": card(b),
  "GET /duty/now": { slots: [] },
  "POST /matters/a/dispatch": { orders: [] },
  ...over,
});


describe("the seat", () => {
  it("is walked with J and K, and one key sends the nearest", async () => {
    const { asked } = renderConsole(<Seat />, answers());
    await screen.findByText("儿童a");
    await userEvent.keyboard("j");
    await screen.findByRole("article", { name: "no-a" });
    await userEvent.keyboard("jk");
    await screen.findByRole("article", { name: "no-a" });
    await screen.findByRole("button", { name: /派单给最近的人/ });
    await userEvent.keyboard("d");
    await waitFor(() => expect(asked.filter((x) => x.path === "/matters/a/dispatch").length).toBe(1));
    expect(asked.find((x) => x.path === "/matters/a/dispatch")?.body).toMatchObject({ to: [], as_of_step: 0 });
  });

  it("sends the same key again when the first press did not get through", async () => {
    const { asked } = renderConsole(<Seat />, answers({ "POST /matters/a/dispatch": refuse(503, "busy", "稍后再试") }), "/seat?m=a");
    await screen.findByRole("button", { name: /派单给最近的人/ });
    const sent = () => asked.filter((x) => x.path === "/matters/a/dispatch").map((x) => (x.body as { key: string }).key);
    await userEvent.keyboard("d");
    await waitFor(() => expect(sent().length).toBe(1));
    await screen.findByText("稍后再试");
    await userEvent.keyboard("d");
    await waitFor(() => expect(sent().length).toBe(2));
    expect(new Set(sent()).size).toBe(1);
  });

  it("sends those chosen, never somebody of the conflict list", async () => {
    const { asked } = renderConsole(<Seat />, answers(), "/seat?m=a");
    const box = await screen.findByRole("checkbox", { name: "刘芳" });
    expect(screen.getByRole("checkbox", { name: "陈德富" })).toHaveProperty("disabled", true);
    fireEvent.click(box);
    await userEvent.click(await screen.findByRole("button", { name: /派给选中的 1 人/ }));
    await waitFor(() => expect(asked.find((x) => x.path === "/matters/a/dispatch")?.body).toMatchObject({ to: ["h1"] }));
  });

  it("phones the carer with C, and offers no call to a blocked person", async () => {
    const { asked } = renderConsole(<Seat />, answers({ "POST /matters/a/reveal-phone": { phone: "15412342231" } }), "/seat?m=a");
    await screen.findByText("王秀英");
    expect(screen.getAllByRole("button", { name: /拨打/ }).length).toBe(1);
    await userEvent.keyboard("c");
    expect((await screen.findByText("15412342231")).getAttribute("href")).toBe("tel:15412342231");
    expect(asked.find((x) => x.path === "/matters/a/reveal-phone")?.body).toEqual({ person_id: "p2" });
  });

  it("calls nobody of the family before an officer decides", async () => {
    const barred = card(a);
    barred.matter.contact_allowed = false;
    const { asked } = renderConsole(<Seat />, answers({ "GET /matters/a": barred }), "/seat?m=a");
    await screen.findByText("暂不联系家庭");
    expect(screen.queryByRole("button", { name: /拨打/ })).toBeNull();
    await userEvent.keyboard("c");
    expect(asked.some((x) => x.path === "/matters/a/reveal-phone")).toBe(false);
  });

  it("shows another operator's matter without letting one act on it", async () => {
    const held = row("a", { locked_by: { id: "other", name: "吴江" } });
    const { asked } = renderConsole(<Seat />, answers({ "GET /queue": queue([held]), "GET /matters/a": card(held) }), "/seat?m=a");
    await screen.findByText(/您可以查看，不能操作/);
    expect(screen.queryByRole("button", { name: /派单给最近的人/ })).toBeNull();
    await userEvent.keyboard("d");
    expect(asked.some((x) => x.path === "/matters/a/dispatch")).toBe(false);
  });

  it("shows an alarm that could not be stored, also when the queue can't be read", async () => {
    const { tell } = renderConsole(<Seat />, { "GET /queue": refuse(503, "busy", "暂时不能保存") });
    await screen.findByText("暂时不能保存", undefined, { timeout: 3000 });
    tell("unsaved", { key: "u1", device_id: "8800000123", kind: "sos", child_name: "罗心怡", received_at: now });
    const alarm = await screen.findByText("未保存的报警");
    expect(within(alarm.closest("li") as HTMLElement).getByText("罗心怡")).toBeTruthy();
  });

  it("marks what was pressed again", async () => {
    renderConsole(<Seat />, answers());
    expect(await screen.findByText("再次按下 2 次")).toBeTruthy();
  });

  it("says what is known of the alarm's model, in words, and takes nothing of the card away", async () => {
    const hints = [{ alarm: "sos", hint: "sos_or_charger" }, { alarm: "fall", hint: "坐下太快也会报" }, { alarm: "removed", hint: "unproven" }];
    renderConsole(<Seat />, answers({ "GET /matters/a": card(a, { hints }) }), "/seat?m=a");
    await screen.findByText(/此型号的求救：取下充电器时也可能报。照常处置/);
    screen.getByText("此型号的跌倒：坐下太快也会报");
    screen.getByText(/这条摘除的连接没有通过鉴权.*照常处置/);
    screen.getByRole("button", { name: /派单给最近的人/ });
  });

  it("closes only with an outcome and what was found", async () => {
    const { asked } = renderConsole(<Seat />, answers({ "GET /outcomes": { items: [{ key: "safe", label: "儿童安全" }] } }), "/seat?m=a");
    await screen.findByRole("button", { name: "结案" });
    await userEvent.keyboard("x");
    const dialog = await screen.findByRole("dialog");
    fireEvent.click(within(dialog).getByRole("button", { name: "结案" }));
    await screen.findByText("请选择结果。");
    fireEvent.click(await within(dialog).findByLabelText("儿童安全"));
    fireEvent.change(within(dialog).getByLabelText("处置情况"), { target: { value: "孩子在外婆家" } });
    fireEvent.click(within(dialog).getByRole("button", { name: "结案" }));
    await waitFor(() =>
      expect(asked.find((x) => x.path === "/matters/a/close")?.body).toEqual({ outcome: "safe", note: "孩子在外婆家", version: 3 }),
    );
  });

  it("lets the second person confirm, not the one who closed", async () => {
    const closing = (by: string) => {
      const c = card({ ...a, state: "closing" });
      c.matter.closing = { outcome: "safe", by, by_name: "吴江", at: now };
      return c;
    };
    const { unmount } = renderConsole(<Seat />, answers({ "GET /matters/a": closing("me") }), "/seat?m=a");
    await screen.findByText("等待另一人确认");
    expect(screen.queryByRole("button", { name: "确认结案" })).toBeNull();
    unmount();
    renderConsole(<Seat />, answers({ "GET /matters/a": closing("other") }), "/seat?m=a");
    expect(await screen.findByRole("button", { name: "确认结案" })).toBeTruthy();
  });
});

describe("rules of the seat", () => {
  it("phones first the one who cares for the child", () => {
    expect(firstToCall(card(a).contacts)?.person_id).toBe("p2");
    expect(firstToCall([])).toBeUndefined();
  });

  it("finds the stage that an order waits for", () => {
    const stages = ["offered", "accepted", "on_the_way"].map((stage, i) => ({ stage, at: i ? 0 : 1, by_name: "", overdue: false }));
    expect(nextStage({ stages } as unknown as Order)).toBe("accepted");
    expect(nextStage({ stages: stages.map((s) => ({ ...s, at: 1 })) } as unknown as Order)).toBeUndefined();
  });

  it("counts open matters by township, without drills", () => {
    const words = { alarm: "报警", child: "儿童", gap: "无人" };
    const rows = [a, b, row("d", { drill: true }), row("e", { region: "500111" })];
    const facts = townshipFacts(rows, undefined, ["500111118"], words);
    expect(facts.get("500111113")).toMatchObject({ count: 2, mark: "alarm" });
    expect(facts.get("500111118")).toMatchObject({ mark: "gap", note: "无人" });
    expect(facts.size).toBe(2);
    expect(townshipFacts(rows, a.region, [], words).get("500111113")?.mark).toBe("child");
  });
});
