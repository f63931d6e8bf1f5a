import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refuse, renderConsole, seatLeader } from "../../test/console";
import Figures, { type Figure, lastDay } from "./figures";

const figure = (over: Partial<Figure>): Figure => ({
  code: "D05",
  system: "Z6",
  span: "year",
  measure: "rows",
  unit: "matter",
  from: "2026-01-01",
  to: "2027-01-01",
  value: 44,
  rows: 44,
  known: true,
  ...over,
});
const baseline = figure({ code: "D21", span: "recorded", known: false, value: 0, rows: 0 });
const answers = {
  "GET /indicators": { items: [figure({}), baseline], as_of: 1 },
  "GET /indicators/D05": {
    ...figure({}),
    as_of: 1,
    next: "",
    items: [{ id: "m1", kind: "matter", at: 1_716_000_000_000, region: "500111113", counted: "m1", label: "S20240518-0001" }],
  },
};

describe("the figures", () => {
  it("open into the rows they were counted from", async () => {
    renderConsole(<Figures />, answers);
    fireEvent.click(await screen.findByText("化解轻生风险隐患"));
    expect(await screen.findByText("统计依据（44 条）")).toBeTruthy();
    const row = await screen.findByText("事项 S20240518-0001");
    expect(row.closest("a")?.getAttribute("href")).toBe("/seat?matter=m1");
  });
  it("say where nothing was recorded, and let only the section record it", async () => {
    renderConsole(<Figures />, answers);
    expect(await screen.findByText("未填报")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "填报" })).toBeNull();
  });
  it("take a figure with its source paper", async () => {
    const section = { ...seatLeader, actions: ["report.read", "report.record"] };
    const { asked } = renderConsole(<Figures />, { ...answers, "POST /indicators/D21/recorded": { id: "f1" } }, "/figures", section);
    fireEvent.click(await screen.findByRole("button", { name: "填报" }));
    fireEvent.change(await screen.findByLabelText("数值"), { target: { value: "25" } });
    fireEvent.change(screen.getByLabelText("来源文件（名称、文号）"), { target: { value: "区公安局统计表" } });
    const buttons = screen.getAllByRole("button", { name: "填报" });
    fireEvent.click(buttons[buttons.length - 1]!);
    await expect.poll(() => asked.find((a) => a.path === "/indicators/D21/recorded")?.body).toEqual({
      from: "2026-01-01",
      to: "2027-01-01",
      value: 25,
      source: "区公安局统计表",
    });
  });
  it("say when they can't be had", async () => {
    renderConsole(<Figures />, { "GET /indicators": refuse(503, "busy", "系统繁忙，请稍后再试") });
    expect(await screen.findByText("系统繁忙，请稍后再试")).toBeTruthy();
  });
  it("end on the day before the period's end", () => {
    expect(lastDay("2025-01-01")).toBe("2024-12-31");
  });
});
