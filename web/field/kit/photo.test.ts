import { expect, it } from "vitest";
import { fitted } from "./photo";

it.each([
  [4000, 3000, 1600, 1200],
  [3000, 4000, 1200, 1600],
  [1600, 900, 1600, 900],
  [640, 480, 640, 480],
  [8000, 10, 1600, 2],
  [10000, 1, 1600, 1],
])("a picture of %i×%i is drawn at %i×%i", (w, h, width, height) => {
  expect(fitted(w, h)).toEqual({ width, height });
});
