import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isSynced, localNow, resetClock, serverNow, tellServerTime } from "./clock";
import { clockPhase } from "./countdown";

describe("server clock", () => {
  beforeEach(() => {
    localStorage.clear();
    resetClock();
  });
  afterEach(() => vi.useRealTimers());

  it("keeps the sample with the least doubt", () => {
    const now = localNow();
    tellServerTime(now + 480_000, now - 200, now + 200);
    tellServerTime(now + 480_050, now - 10, now + 10);
    tellServerTime(now + 489_000, now - 900, now + 900);
    expect(Math.abs(serverNow() - localNow() - 480_050)).toBeLessThan(2);
  });

  it("remembers how far the machine is off, for a page opened without a network", () => {
    const now = localNow();
    tellServerTime(now + 480_000, now - 10, now + 10);
    resetClock();
    expect(isSynced()).toBe(false);
    expect(Math.abs(serverNow() - Date.now() - 480_000)).toBeLessThan(100);
  });

  it("replaces an old sample even by a worse one", () => {
    const now = localNow();
    tellServerTime(now + 1000, now - 5, now + 5);
    tellServerTime(now + 700_000 + 3000, now + 700_000 - 300, now + 700_000 + 300);
    expect(Math.abs(serverNow() - localNow() - 3000)).toBeLessThan(2);
  });

  // The API takes instants as whole milliseconds: a sheet typed in before noon was refused.
  it("gives whole milliseconds", () => {
    expect(Number.isInteger(serverNow())).toBe(true);
    const now = localNow();
    tellServerTime(now + 1000.25, now - 5.5, now + 5.125);
    expect(Number.isInteger(serverNow())).toBe(true);
  });
});

describe("phase of a clock", () => {
  it.each([
    [0, "calm"],
    [49, "calm"],
    [50, "amber"],
    [79, "amber"],
    [80, "red"],
    [99, "red"],
    [100, "over"],
    [500, "over"],
  ])("after %i of 100 s is %s", (gone, phase) => {
    expect(clockPhase(0, 100_000, gone * 1000)).toBe(phase);
  });

  it("of a clock without length is over or red, never calm", () => {
    expect(clockPhase(5, 5, 5)).toBe("over");
    expect(clockPhase(10, 5, 4)).toBe("red");
  });
});
