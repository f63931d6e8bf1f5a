import { defineConfig } from "vitest/config";

// What a person sees and what survives: the built pages in a real browser.
export default defineConfig({
  test: {
    environment: "node",
    include: ["test/browser/**/*.spec.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
