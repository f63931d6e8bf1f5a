import { describe, expect, it } from "vitest";
import type { MatterRow, Unsaved } from "@shared/api/types";
import { heard, sounding, steadyOrder } from "./queue";

const now = 1_000_000;
const row = (over: Partial<MatterRow>) =>
  ({ id: "m", state: "open", stage: "received", urgency: "critical", drill: false, locked_by: null, due_at: now + 1000, ...over }) as MatterRow;
const taken = { id: "a", name: "x" };

describe("what is heard", () => {
  it.each<[string, MatterRow[], ReturnType<typeof sounding>]>([
    ["nothing in an empty queue", [], undefined],
    ["a new alarm by its urgency", [row({ urgency: "urgent" }), row({})], { what: "critical", drill: false }],
    ["nothing once somebody has taken it up", [row({ locked_by: taken })], undefined],
    ["nothing while an order runs in time", [row({ stage: "offered" })], undefined],
    ["an order whose clock is over, softer", [row({ stage: "offered", due_at: now })], { what: "urgent", drill: false }],
    ["one taken up and forgotten", [row({ locked_by: taken, due_at: now - 1 })], { what: "urgent", drill: false }],
    ["no low request", [row({ urgency: "low", due_at: 1 })], undefined],
    ["no closed matter", [row({ state: "closed" })], undefined],
    ["the real one before a drill", [row({ drill: true }), row({ urgency: "normal" })], { what: "normal", drill: false }],
    ["a drill alone as a drill", [row({ drill: true })], { what: "critical", drill: true }],
  ])("%s", (_, rows, want) => expect(sounding(rows, [], now)).toEqual(want));

  it("names the matters that a mute is accounted to", () => {
    const rows = [row({ id: "a" }), row({ id: "b", locked_by: taken }), row({ id: "c", drill: true })];
    expect(heard(rows, now).map((r) => r.id)).toEqual(["a"]);
  });

  it("an alarm that could not be stored before all else", () => {
    expect(sounding([row({})], [{ key: "u" } as Unsaved], now)).toEqual({ what: "unsaved", drill: false });
  });
});

describe("order of the queue", () => {
  it("follows the server while the hand is away", () => {
    expect(steadyOrder(["a", "b"], ["c", "b", "a"], false)).toEqual(["c", "b", "a"]);
  });
  it("moves nothing under the hand, and puts new ones behind", () => {
    expect(steadyOrder(["a", "b"], ["c", "b"], true)).toEqual(["a", "b", "c"]);
  });
});
