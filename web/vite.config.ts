/// <reference types="vitest/config" />
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin, type UserConfig } from "vite";

// One project, three builds: the pages differ in what they may weigh and in
// how old a browser they meet, so each has its own target and its own React.
type Target = "console" | "field" | "public";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Preact stands in for React on the phone: measured on the shells of this
// project, 63 KB of gzip less (README, "Sizes").
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

/** Tells the service worker which files make a whole version of the pages. */
function precache(): Plugin {
  return {
    name: "zugou-precache",
    enforce: "post",
    generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter((f) => f !== "sw.js" && !f.endsWith(".map"));
      const hash = createHash("sha256");
      for (const f of files.sort()) {
        const item = bundle[f];
        hash.update(f).update(item?.type === "chunk" ? item.code : (item?.source ?? ""));
      }
      const urls = files.map((f) => (f === "index.html" ? "/m/" : `/m/${f}`));
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("no service worker in the build");
      worker.code = worker.code
        .replace(/["'`]__PRECACHE__["'`]/, JSON.stringify(JSON.stringify(urls)))
        .replace(/["'`]__VERSION__["'`]/, JSON.stringify(hash.digest("hex").slice(0, 12)));
    },
  };
}

const builds: Record<Target, UserConfig> = {
  console: {
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
  },
  field: {
    root: here("field"),
    base: "/m/",
    publicDir: here("static/field"),
    plugins: [htmlWords("../locale/zh-CN/field.json"), precache()],
    resolve: { alias: preact },
    build: {
      outDir: here("dist/m"),
      target: "chrome100",
      rolldownOptions: {
        input: { main: here("field/index.html"), sw: here("field/sw/sw.ts") },
        output: { entryFileNames: (c) => (c.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
      },
    },
  },
  public: {
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
          first: here("public/first/index.html"),
        },
      },
    },
  },
};

export default defineConfig(() => {
  const build = builds[(process.env.TARGET as Target) || "console"];
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
