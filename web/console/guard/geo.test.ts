import { describe, expect, it } from "vitest";
import { corners, fit, metres, project, ringOf, scaleBar, unproject } from "./geo";

const view = { lat: 29.7, lon: 105.72, mpp: 4 };

describe("the flat picture", () => {
  it("goes both ways", () => {
    for (const [x, y] of [[0, 0], [400, 300], [799, 10]] as const) {
      const back = project(view, unproject(view, x, y, 800, 600), 800, 600);
      expect(back.x).toBeCloseTo(x, 6);
      expect(back.y).toBeCloseTo(y, 6);
    }
  });
  it("has north above and true lengths", () => {
    const p = project(view, { lat: 29.71, lon: 105.72 }, 800, 600);
    expect(p.x).toBe(400);
    expect(300 - p.y).toBeCloseTo(metres(view, { lat: 29.71, lon: 105.72 }) / 4, 3);
  });
  it("fits what it is given", () => {
    const circle = corners({ circle: { lat: 29.7, lon: 105.72, radius_m: 300 } });
    const v = fit(circle, 800, 600);
    expect(v?.lat).toBeCloseTo(29.7, 6);
    for (const p of circle) {
      const at = project(v!, p, 800, 600);
      expect(at.x).toBeGreaterThan(0);
      expect(at.y).toBeLessThan(600);
    }
    expect(fit([], 800, 600)).toBeUndefined();
  });
  it("closes rings and rounds scales", () => {
    expect(ringOf([view, { lat: 1, lon: 2 }])[0]).toEqual([[105.72, 29.7], [2, 1], [105.72, 29.7]]);
    expect(scaleBar(4, 120)).toEqual({ metres: 200, px: 50 });
  });
});
