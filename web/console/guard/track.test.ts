import { expect, test } from "vitest";
import { clockOn, countAt, gapLimit, gapsOf, runsOf } from "./track";

const minute = 60_000;
const at = (m: number, more: { source?: string; accuracy_m?: number } = {}) => ({ at: m * minute, source: "gps", accuracy_m: 10, ...more });

test("silence is a gap, and what a badge does between two reports is none", () => {
  const day = [at(0), at(1), at(2), at(50), at(51)];
  expect(gapsOf(day)).toEqual([{ from: 2 * minute, to: 50 * minute }]);
  expect(runsOf(day, gapLimit(day)).map((r) => r.length)).toEqual([3, 2]);
  const slow = [at(0), at(15), at(30), at(45), at(60)];
  expect(gapsOf(slow)).toEqual([]);
  expect(gapsOf([])).toEqual([]);
});

test("no line is drawn to a guess, and a guess is no silence", () => {
  const day = [at(0), at(1), at(5, { source: "cell", accuracy_m: 700 }), at(9, { accuracy_m: 400 }), at(14), at(15)];
  expect(gapsOf(day)).toEqual([]);
  const runs = runsOf(day, gapLimit(day));
  expect(runs.map((r) => r.length)).toEqual([2, 2]);
});

test("the clock counts what was told, and does not wait in a gap", () => {
  const day = [at(0), at(1), at(2), at(50), at(51)];
  expect(countAt(day, 2 * minute)).toBe(3);
  expect(countAt(day, -1)).toBe(0);
  expect(countAt(day, 100 * minute)).toBe(5);
  const limit = gapLimit(day);
  expect(clockOn(day, limit, minute, minute)).toBe(2 * minute);
  expect(clockOn(day, limit, 2 * minute, minute)).toBe(50 * minute);
  expect(clockOn(day, limit, 51 * minute, minute)).toBe(52 * minute);
});
