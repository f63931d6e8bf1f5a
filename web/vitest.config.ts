import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: { "@shared": here("shared"), "@locale": here("../locale/zh-CN") } },
  test: {
    environment: "happy-dom",
    include: ["{console,field,public,shared,test}/**/*.test.{ts,tsx}"],
    setupFiles: [here("test/setup.ts")],
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
