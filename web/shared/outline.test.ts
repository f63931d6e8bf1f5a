import { describe, expect, it } from "vitest";
import { shapesOf, type Outlines } from "./outline";

const square = (code: string, west: number): Outlines["features"][number] => ({
  properties: { code, level: "township" },
  geometry: { type: "Polygon", coordinates: [[[west, 29], [west + 1, 29], [west + 1, 30], [west, 30], [west, 29]]] },
});

describe("shapesOf", () => {
  it("fills the picture, north up, and puts names in the middle", () => {
    const shapes = shapesOf({ features: [square("a", 105), square("b", 106)] }, ["a", "b"], 200, 400);
    const [a, b] = [shapes?.get("a"), shapes?.get("b")];
    expect(a?.x).toBeCloseTo(50);
    expect(b?.x).toBeCloseTo(150);
    expect(a?.y).toBeCloseTo(200);
    expect(a?.d).toMatch(/^M0\.0 .*Z$/);
  });

  it("gives the schematic back when a township is missing", () => {
    expect(shapesOf({ features: [square("a", 105)] }, ["a", "b"], 200, 400)).toBeUndefined();
  });

  it("names the greater of two parts", () => {
    const two = square("a", 105);
    two.geometry = { type: "MultiPolygon", coordinates: [[[[100, 29], [100.1, 29], [100.1, 29.1], [100, 29.1], [100, 29]]], two.geometry.coordinates as [number, number][][]] };
    expect(shapesOf({ features: [two] }, ["a"], 100, 100)?.get("a")?.x).toBeGreaterThan(80);
  });
});
