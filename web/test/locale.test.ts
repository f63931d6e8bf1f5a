// Every text stands in a locale file, every key that a page names exists, and
// no key is left over.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const web = join(import.meta.dirname, "..");
const locale = join(web, "../locale/zh-CN");

function files(dir: string, match: RegExp): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    if (e.name === "node_modules" || e.name === "dist") return [];
    const path = join(dir, e.name);
    return e.isDirectory() ? files(path, match) : match.test(e.name) ? [path] : [];
  });
}

const source = ["console", "field", "public", "shared"].flatMap((d) => files(join(web, d), /\.(tsx?|html)$/));
const product = source.filter((f) => !/\.test\.tsx?$/.test(f));
const text = new Map(product.map((f) => [f, readFileSync(f, "utf8")]));
const withoutComments = (code: string) => code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:])\/\/.*$/gm, "$1");

// The pages' own files. Others in the folder belong to the server.
const pageFiles = readdirSync(locale).filter((f) =>
  [...text.values()].some((code) => code.includes(`@locale/${f}`)),
);
const words = new Map(
  pageFiles.map((f) => [f, JSON.parse(readFileSync(join(locale, f), "utf8")) as Record<string, string>]),
);

describe("locale", () => {
  it("leaves no Chinese text in program or page", () => {
    const found = product
      .filter((f) => !f.endsWith("schema.d.ts"))
      .flatMap((f) =>
        withoutComments(text.get(f) ?? "")
          .split("\n")
          // A regular expression that cuts 街道 off a name is not a text.
          .filter((l) => /[\u4e00-\u9fff，。：；！？（）]/.test(l.replace(/\/[^/\n]*[\u4e00-\u9fff][^/\n]*\/[gu]*/g, "")))
          .map((l) => `${f}: ${l.trim()}`),
      );
    expect(found).toEqual([]);
  });

  it("has every key once over all files", () => {
    const seen = new Map<string, string>();
    const twice: string[] = [];
    for (const [file, table] of words) {
      for (const key of Object.keys(table)) {
        if (seen.has(key)) twice.push(`${key}: ${seen.get(key)} and ${file}`);
        seen.set(key, file);
      }
    }
    expect(twice).toEqual([]);
  });

  it("has no key that no page uses", () => {
    const all = [...text.values()].join("\n");
    const exact = new Set([...all.matchAll(/["'`%:]([a-z][\w-]*(?:\.[\w-]+)+)["'`%]/g)].map((m) => m[1]));
    // `level.${x}.long` uses every key of that form; wordFor(words, "level", x) too.
    const forms = [
      ...[...all.matchAll(/`([a-z][\w.-]*\.\$\{[^`]*)`/g)].map(
        (m) => new RegExp(`^${(m[1] ?? "").replace(/\./g, "\\.").replace(/\$\{[^}]*\}/g, "[\\w+-]+")}$`),
      ),
      // What the server names may be of two parts: colour.red.
      ...[...all.matchAll(/(?:wordFor\(\w+|pick\([\w.?]+), "([\w.-]+)"/g)].map((m) => new RegExp(`^${m[1]}\\.[\\w-]+(\\.[\\w-]+)?$`)),
      ...[...all.matchAll(/wordFor\(\w+, `([a-z][\w.-]*\.\$\{[^`]*)`/g)].map(
        (m) => new RegExp(`^${(m[1] ?? "").replace(/\./g, "\\.").replace(/\$\{[^}]*\}/g, "[\\w-]+")}\\.[\\w-]+$`),
      ),
    ];
    const unused = [...words]
      .flatMap(([file, table]) =>
        Object.keys(table)
          .filter((k) => !exact.has(k) && !forms.some((f) => f.test(k)))
          .map((k) => `${file}: ${k}`),
      );
    expect(unused).toEqual([]);
  });

  it("names no key that is missing", () => {
    // t("…") is checked by TypeScript; this holds for the words in HTML.
    const missing = product
      .filter((f) => f.endsWith(".html"))
      .flatMap((f) => [...(text.get(f) ?? "").matchAll(/%t:([\w.]+)%/g)].map((m) => m[1] ?? ""))
      .filter((k) => ![...words.values()].some((table) => k in table));
    expect(missing).toEqual([]);
  });

  it("uses plain words: no exclamation marks, no full stop in a label's place twice", () => {
    const loud = [...words].flatMap(([file, table]) =>
      Object.entries(table)
        .filter(([, v]) => /[!！]|。。/.test(v))
        .map(([k]) => `${file}: ${k}`),
    );
    expect(loud).toEqual([]);
  });
});
