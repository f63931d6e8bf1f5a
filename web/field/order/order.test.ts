import { describe, expect, it } from "vitest";
import type { Act, Verb } from "../keep/act";
import { groupOf, inOrder, mayDecline, standing, type MyOrder } from "./order";

const order = (o: Partial<MyOrder> = {}): MyOrder => ({
  id: "o1", no: "D20260601-001", matter_id: "m1", kind_name: "SOS 求助", urgency: "critical", drill: false, joint: "", state: "active",
  stage: "offered", step: 0, last_step: false, level: "grid", region_name: "", assignee: null, mine: "offered", offered_to: [], stages: [],
  due_at: 1, clock_started_at: 0, missed: 0, waits_for: "wait.offered", note: "", created_at: 0, version: 1, what: "what.sos", child: null, place: null, ...o,
});
const act = (verb: Verb, state: Act["state"] = "waiting", lane = "o1") => ({ verb, state, lane }) as Act;

describe("where an order stands", () => {
  it.each([
    ["offered to me", order(), [], "accept", false],
    ["carried by a colleague whose clock was missed", order({ stage: "on_the_way", missed: 1 }), [], "accept", false],
    ["accepted", order({ mine: "accepted", stage: "accepted" }), [], "depart", true],
    ["on scene", order({ mine: "accepted", stage: "on_scene" }), [], "handle", true],
    ["fed back", order({ mine: "accepted", stage: "fed_back" }), [], undefined, true],
    ["taken over by another", order({ mine: "released", stage: "accepted" }), [], undefined, false],
    ["withdrawn", order({ mine: "accepted", stage: "accepted", state: "cancelled" }), [], undefined, true],
    ["with three presses that wait", order(), [act("accept"), act("depart"), act("arrive")], "handle", true],
    ["with a press that the server has already", order({ mine: "accepted", stage: "on_scene" }), [act("depart")], "handle", true],
    ["with a refused press", order(), [act("accept", "refused")], "accept", false],
    ["with another order's press", order(), [act("accept", "waiting", "o2")], "accept", false],
    ["being handed back", order(), [act("decline")], undefined, false],
  ] as const)("%s", (_, o, acts, next, mine) => {
    const s = standing(o, [...acts]);
    expect([s.next, s.mine]).toEqual([next, mine]);
  });

  it("sorts into what waits for me, what I am doing, and what the seat calls back", () => {
    const group = (o: MyOrder, acts: Act[] = []) => groupOf(standing(o, acts));
    expect(group(order())).toBe("offered");
    expect(group(order(), [act("accept")])).toBe("underway");
    expect(group(order({ mine: "accepted", stage: "handled" }), [act("feedback")])).toBe("fed_back");
  });

  it("puts a drill after whatever is real", () => {
    const list = [order({ id: "d", drill: true }), order({ id: "n", urgency: "normal" }), order({ id: "c" })];
    expect(list.sort(inOrder).map((o) => o.id)).toEqual(["c", "n", "d"]);
  });
});

describe("handing back", () => {
  const may = (o: MyOrder, roles: string[], actions = ["order.decline"]) => mayDecline(standing(o, []), roles, actions);
  it("is offered to the field, until the matter is handled", () => {
    expect(may(order(), ["grid_worker"])).toBe(true);
    expect(may(order({ mine: "accepted", stage: "on_scene" }), ["village_director"])).toBe(true);
    expect(may(order({ mine: "accepted", stage: "handled" }), ["village_director"])).toBe(false);
  });
  it("is not offered to the district, nor to who has no right to it", () => {
    expect(may(order(), ["bureau_section"])).toBe(false);
    expect(may(order(), ["seat_leader"])).toBe(false);
    expect(may(order(), ["grid_worker"], [])).toBe(false);
  });
});
