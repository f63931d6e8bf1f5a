/// <reference types="vitest/config" />
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin, type UserConfig } from "vite";

// One project, three builds: the pages differ in what they may weigh and in
// how old a browser they meet, so each has its own target and its own React.
type Target = "console" | "field" | "worker" | "public";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Preact stands in for React on the phone: 53 KB of gzip for the phone's frame
// with its offline queue, against 112 KB with React.
const preact = {
  "react/jsx-runtime": "preact/jsx-runtime",
  "react-dom/client": "preact/compat/client",
  "react-dom": "preact/compat",
  react: "preact/compat",
};

/** Puts the words of a locale file where an HTML page says `%t:key%`. */
function htmlWords(file: string): Plugin {
  return {
    name: "zugou-html-words",
    transformIndexHtml: {
      order: "pre",
      handler(html) {
        const words: Record<string, string> = JSON.parse(readFileSync(here(file), "utf8"));
        return html.replace(/%t:([\w.]+)%/g, (_, key: string) => {
          const text = words[key];
          if (text === undefined) throw new Error(`${file} has no key ${key}`);
          return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
        });
      },
    },
  };
}

/** The files of the built phone pages and a name for this version of them. */
function phonePages(): { files: string[]; version: string } {
  const root = here("dist/m/");
  const hash = createHash("sha256");
  const files: string[] = [];
  const names = existsSync(root) ? readdirSync(root, { recursive: true, encoding: "utf8" }) : [];
  for (const name of names.sort()) {
    if (name === "sw.js" || name.endsWith(".gz") || !statSync(root + name).isFile()) continue;
    hash.update(name).update(readFileSync(root + name));
    files.push(name === "index.html" ? "/m/" : `/m/${name}`);
  }
  return { files, version: hash.digest("hex").slice(0, 12) };
}

const builds: Record<Target, () => UserConfig> = {
  console: () => ({
    root: here("console"),
    base: "/console/",
    plugins: [htmlWords("../locale/zh-CN/console.json")],
    build: {
      outDir: here("dist/console"),
      target: "chrome100",
      chunkSizeWarningLimit: 1200,
      rolldownOptions: {
        onLog(level, log, say) {
          // Ant Design marks files for server rendering, which we don't have.
          if (log.code !== "MODULE_LEVEL_DIRECTIVE") say(level, log);
        },
      },
    },
  }),
  field: () => ({
    root: here("field"),
    base: "/m/",
    publicDir: here("static/field"),
    plugins: [htmlWords("../locale/zh-CN/field.json")],
    resolve: { alias: preact },
    build: { outDir: here("dist/m"), target: "chrome100" },
  }),
  // After the phone pages: the worker is one file by itself and names them all.
  worker: () => {
    const { files, version } = phonePages();
    return {
      root: here("field/sw"),
      define: { BUILT_FILES: JSON.stringify(files), BUILT_VERSION: JSON.stringify(version) },
      build: {
        outDir: here("dist/m"),
        emptyOutDir: false,
        target: "chrome100",
        rolldownOptions: { input: here("field/sw/sw.ts"), output: { format: "iife", entryFileNames: "sw.js" } },
      },
    };
  },
  public: () => ({
    root: here("public"),
    base: "/",
    publicDir: here("static/public"),
    plugins: [htmlWords("../locale/zh-CN/public.json")],
    resolve: { alias: preact },
    build: {
      outDir: here("dist"),
      emptyOutDir: false,
      target: ["chrome70", "es2017"],
      rolldownOptions: {
        input: {
          front: here("public/index.html"),
          help: here("public/help/index.html"),
          answer: here("public/help/answer/index.html"),
          login: here("public/login/index.html"),
          guardian: here("public/guardian/index.html"),
          first: here("public/first/index.html"),
          sit: here("public/sit/index.html"),
          chat: here("public/chat/index.html"),
          opinion: here("public/opinion/index.html"),
          seen: here("public/seen/index.html"),
        },
      },
    },
  }),
};

export default defineConfig(() => {
  const build = builds[(process.env.TARGET as Target) || "console"]();
  return {
    publicDir: false,
    ...build,
    resolve: {
      alias: { ...build.resolve?.alias, "@shared": here("shared"), "@locale": here("../locale/zh-CN") },
    },
    server: { proxy: { "/api": process.env.API ?? "http://127.0.0.1:8080" } },
    build: { emptyOutDir: true, sourcemap: false, modulePreload: { polyfill: false }, ...build.build },
  } satisfies UserConfig;
});
