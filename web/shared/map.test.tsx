import { fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { neighbour, TownshipMap, townships } from "./map";

describe("schematic map", () => {
  it("has the 27 townships, each in a place of its own", () => {
    expect(townships.length).toBe(27);
    expect(new Set(townships.map((t) => t.code)).size).toBe(27);
    expect(new Set(townships.map((t) => `${t.col}/${t.row}`)).size).toBe(27);
  });

  it("lets the arrow keys reach every township", () => {
    const start = townships[0];
    if (!start) throw new Error("empty map");
    const reached = new Set([start]);
    for (const tile of reached) {
      for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) reached.add(neighbour(tile, key));
    }
    expect(reached.size).toBe(27);
  });

  it("is chosen from by pointer and by key, and says count and note", () => {
    const choose = vi.fn();
    render(
      <TownshipMap
        label="townships"
        facts={new Map([["500111118", { count: 3, note: "无人值守", mark: "gap" as const }]])}
        onSelect={choose}
      />,
    );
    const tile = screen.getByRole("option", { name: "高升镇，3 件，无人值守" });
    fireEvent.click(tile);
    fireEvent.keyDown(tile, { key: "Enter" });
    expect(choose.mock.calls).toEqual([["500111118"], ["500111118"]]);
  });
});
