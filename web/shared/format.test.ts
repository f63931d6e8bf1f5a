import { describe, expect, it } from "vitest";
import { formatDate, formatDateTime, formatDistance, formatMoney, formatSpan, formatTime, formatWhen, spanWords } from "./format";

const at = Date.UTC(2024, 4, 31, 18, 10, 7); // 2024-06-01 02:10:07 in Chongqing

describe("format", () => {
  it("shows the district's civil time on any machine", () => {
    expect(formatDate(at)).toBe("2024-06-01");
    expect(formatTime(at)).toBe("02:10:07");
    expect(formatDateTime(at)).toBe("2024-06-01 02:10");
    expect(formatTime(Date.UTC(2024, 0, 1, 16, 0, 0))).toBe("00:00:00");
    expect(formatDate(0)).toBe("");
  });

  it("shortens today's times", () => {
    expect(formatWhen(at, at + 3_600_000)).toBe("02:10:07");
    expect(formatWhen(at, at + 86_400_000)).toBe("2024-06-01 02:10");
  });

  it.each([
    [0, "00:00"],
    [59_999, "00:59"],
    [3_599_000, "59:59"],
    [3_600_000, "1:00:00"],
    [172_799_000, "47:59:59"],
    [172_800_000, "2 天 0 小时"],
    [-5, "00:00"],
  ])("span of %i ms", (ms, text) => expect(formatSpan(ms)).toBe(text));

  it("speaks a span", () => {
    expect(spanWords(65_000)).toBe("1 分 5 秒");
    expect(spanWords(3_600_000)).toBe("1 小时");
    expect(spanWords(0)).toBe("0 秒");
  });

  it.each([
    [0, "0.00 元"],
    [5, "0.05 元"],
    [123_400, "1,234.00 元"],
    [-34_700_000_000, "-347,000,000.00 元"],
  ])("money of %i fen", (fen, text) => expect(formatMoney(fen)).toBe(text));

  it("rounds distance to what a person can use", () => {
    expect(formatDistance(347)).toBe("350 米");
    expect(formatDistance(4230)).toBe("4.2 公里");
  });
});
