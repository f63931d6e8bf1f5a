import { expect, test } from "vitest";
import { overlap, overMidnight, periodsOf, presets } from "./periods";

test("silent hours as the server takes them, with weekdays where the device can tell them apart", () => {
  expect(periodsOf(presets.school, true)).toEqual([
    { From: 480, To: 720, Days: 31 },
    { From: 840, To: 1050, Days: 31 },
  ]);
  expect(periodsOf(presets.school, false)).toEqual([
    { From: 480, To: 720 },
    { From: 840, To: 1050 },
  ]);
  expect(periodsOf(presets.night, true)).toEqual([{ From: 1320, To: 390 }]);
  expect(periodsOf([{ from: "07:05", to: "07:06" }], true)).toEqual([{ From: 425, To: 426 }]);
  expect(periodsOf([], true)).toEqual([]);
});

test("a span over midnight is one, and is told", () => {
  expect(overMidnight({ from: "22:00", to: "06:30" })).toBe(true);
  expect(overMidnight({ from: "08:00", to: "12:00" })).toBe(false);
  expect(overMidnight({ from: "22:00" })).toBe(false);
});

test("two at once are found, also behind midnight and from Sunday into Monday", () => {
  expect(overlap(periodsOf([...presets.school, ...presets.noon, ...presets.night], true))).toBe(-1);
  expect(overlap([{ From: 480, To: 720 }, { From: 700, To: 840 }])).toBe(1);
  expect(overlap([{ From: 1320, To: 390 }, { From: 360, To: 400 }])).toBe(1);
  expect(overlap([{ From: 1320, To: 390, Days: 64 }, { From: 360, To: 400, Days: 1 }])).toBe(1);
  expect(overlap([{ From: 1320, To: 390, Days: 64 }, { From: 360, To: 400, Days: 2 }])).toBe(-1);
  expect(overlap([{ From: 480, To: 720, Days: 31 }, { From: 480, To: 720, Days: 96 }])).toBe(-1);
});
