import { describe, expect, it } from "vitest";
import { allFields, differences, kept, shown, valueAt, withValue } from "./thresholds";

describe("thresholds", () => {
  const layer = { battery: { low: 20, rearm: 30 }, mass: { share: 0.2 }, alarms: { silent: [{ to: "village" }] } };

  it("reads and writes by path and leaves the rest alone", () => {
    expect(valueAt(layer, "battery.low")).toBe(20);
    expect(valueAt(layer, "battery.low.deep")).toBeUndefined();
    const next = withValue(layer, "battery.low", 25);
    expect(next).toEqual({ ...layer, battery: { low: 25, rearm: 30 } });
    expect(layer.battery.low).toBe(20);
    expect(withValue({}, "silence.interval_s", 60)).toEqual({ silence: { interval_s: 60 } });
  });

  it("tells what differs, lists as a whole", () => {
    const next = withValue(withValue(layer, "battery.low", 25), "alarms.silent", [{ to: "seat" }]);
    expect(differences(layer, next)).toEqual([
      { path: "alarms.silent", was: [{ to: "village" }], now: [{ to: "seat" }] },
      { path: "battery.low", was: 20, now: 25 },
    ]);
    expect(differences(layer, structuredClone(layer))).toEqual([]);
    expect(differences({ a: {} }, {})).toHaveLength(1);
  });

  it("shows shares in percent and keeps them as parts of one", () => {
    const share = allFields.find((f) => f.path === "mass.share");
    if (!share) throw new Error("no such field");
    expect(shown(share, 0.2)).toBe(20);
    expect(kept(share, 12.5)).toBe(0.125);
    expect(shown(share, undefined)).toBeNull();
  });
});
