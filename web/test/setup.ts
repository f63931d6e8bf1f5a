import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// A busy machine is no fault of a page: what is to appear is waited for.
configure({ asyncUtilTimeout: 10_000 });

// Pages say good-bye to the server when they go: the stand-in goes after them.
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
