// Words of the screens. Every text stands in locale/zh-CN/*.json under a flat
// key; a program names the key and TypeScript knows which keys exist.
//
//   t("clock.overdue")                     → "超时"
//   t("state.retryIn", { seconds: 5 })     → "5 秒后再试"
//
// Keys are unique over all files, so that pages can merge what they use.
import shared from "@locale/shared.json";

export type Words = Record<string, string>;
export type Args = Record<string, string | number>;

/** Makes a translator over one page's words. An unknown key shows itself. */
export function translator<W extends Words>(words: W) {
  return (key: keyof W & string, args?: Args): string => {
    const text = words[key] ?? key;
    return args ? text.replace(/\{(\w+)\}/g, (all, name: string) => String(args[name] ?? all)) : text;
  };
}

export const t = translator(shared);
export type SharedKey = keyof typeof shared;

/**
 * Words for a key made from data: `wordFor(words, "wait", "offered")`, or with
 * the prefix in the data already. Falls back to the data itself.
 */
export function wordFor(words: Words, prefix: string, value: string, args?: Args): string {
  const key = value.startsWith(`${prefix}.`) ? value : `${prefix}.${value}`;
  const text = words[key] ?? value;
  return args ? text.replace(/\{(\w+)\}/g, (_, name: string) => String(args[name] ?? "")) : text;
}
