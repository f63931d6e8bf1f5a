import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// Pages say good-bye to the server when they go: the stand-in goes after them.
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
