import { expect, test } from "vitest";
import { readPeriods } from "./periods";

test("silent hours are read as people write them", () => {
  expect(readPeriods("08:00-11:30,14:00-16:30")).toEqual([
    { From: 480, To: 690 },
    { From: 840, To: 990 },
  ]);
  expect(readPeriods("8:00 至 11:30，22:00—6:00")).toEqual([
    { From: 480, To: 690 },
    { From: 1320, To: 360 },
  ]);
  expect(readPeriods("  ")).toEqual([]);
  for (const wrong of ["8-11", "24:00-25:00", "08:00", "08:60-09:00", "abc", "1:00-2:00,2:00-3:00,3:00-4:00,4:00-5:00,5:00-6:00"]) {
    expect(readPeriods(wrong)).toBeUndefined();
  }
});
