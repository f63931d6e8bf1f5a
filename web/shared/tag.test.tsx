import { readFileSync } from "node:fs";
import { join } from "node:path";
import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { levels, LevelTag, urgencies, UrgencyTag } from "./tag";

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const colour = (name: string) => new RegExp(`--zg-${name}: (#[0-9a-f]{3,6});`).exec(css)?.[1] ?? "";

/** Contrast of two colours by WCAG 2. */
function contrast(a: string, b: string): number {
  const light = (hex: string) => {
    const full = hex.length === 4 ? hex.replace(/[0-9a-f]/g, "$&$&") : hex;
    const [r = 0, g = 0, bl = 0] = [1, 3, 5].map((i) => {
      const c = parseInt(full.slice(i, i + 2), 16) / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [hi = 0, lo = 0] = [light(a), light(b)].sort((x, y) => y - x);
  return (hi + 0.05) / (lo + 0.05);
}

describe("colours", () => {
  it.each([
    ["green", "#fff"],
    ["orange", "#fff"],
    ["red", "#fff"],
    ["primary", "#fff"],
    ["fault", "#fff"],
    ["drill", "#fff"],
    ["ink", "#fff"],
  ])("%s carries %s text to AA", (name, ink) => {
    expect(contrast(colour(name), ink)).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ["yellow-ink", "yellow"],
    ["amber-ink", "amber-tint"],
    ["red", "red-tint"],
    ["muted", "surface"],
    ["muted", "ground"],
    ["ink", "yellow-tint"],
    ["primary-deep", "primary-tint"],
    ["fault", "fault-tint"],
  ])("%s on %s reads to AA", (ink, ground) => {
    expect(contrast(colour(ink), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });
});

describe("tags", () => {
  it("give each colour its own shape and character", () => {
    const shapes = new Set<string>();
    const texts = levels.map((level) => {
      const { container } = render(<LevelTag level={level} />);
      shapes.add(container.querySelector("path")?.getAttribute("d") ?? "");
      return container.textContent;
    });
    expect(shapes.size).toBe(4);
    expect(texts).toEqual(["绿", "黄", "橙", "红"]);
  });

  it("say when there is no colour", () => {
    expect(render(<LevelTag level={undefined} />).container.textContent).toBe("未定级");
  });

  it("give each urgency its own word and number of bars", () => {
    const seen = urgencies.map((u) => {
      const { container } = render(<UrgencyTag urgency={u} />);
      return `${container.textContent} ${container.querySelectorAll('rect[opacity="1"]').length}`;
    });
    expect(seen).toEqual(["特急 4", "紧急 3", "一般 2", "低 1"]);
  });
});
