// What a frame says by a model, and what a draft would change of it, in words.
import { formatDateTime } from "@shared/format";
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";
import { meanings, type Model } from "./model";

/** One object as `zugou decode` prints it, with the hints beside its alarms. */
export type Reading = {
  type?: string;
  time?: string;
  valid?: boolean;
  lat?: number;
  lon?: number;
  battery?: number;
  signal?: number;
  satellites?: number;
  steps?: number;
  alarms?: string[];
  cells?: unknown[];
  wifi?: unknown[];
  vitals?: Record<string, number>;
  iccid?: string;
  history?: boolean;
  hints?: { alarm: string; hint: string }[];
  error?: string;
};
export type Tried = { n: number; was: Reading[] | null; will: Reading[] | null; same: boolean };

/** The parts of a frame that were not read: "time: not BCD; lat: …" names 时间 and 纬度. */
function unread(error: string): string {
  const parts = error.split("; ").map((x) => wordFor(words, "models.part", x.split(":")[0] ?? ""));
  return [...new Set(parts)].join(t("list.comma"));
}

/** All that a reading says, alarms first, each a few words. */
export function said(r: Reading): string[] {
  const out: string[] = [];
  for (const a of r.alarms ?? []) out.push(a === "general" ? t("models.r.general") : t("models.r.alarm", { value: wordFor(words, "alarm", a) }));
  for (const h of r.hints ?? []) out.push(t("models.r.hint", { value: wordFor(words, "model.hint", h.hint) }));
  if (r.valid !== undefined) out.push(r.valid ? t("models.r.fixed", { lat: (r.lat ?? 0).toFixed(5), lon: (r.lon ?? 0).toFixed(5) }) : t("models.r.unfixed"));
  if (r.time) out.push(t("models.r.time", { value: formatDateTime(Date.parse(r.time)) }));
  if (r.history) out.push(t("models.r.history"));
  for (const key of ["battery", "signal", "satellites", "steps"] as const) {
    const value = r[key];
    if (value !== undefined) out.push(t(`models.r.${key}`, { value: key === "battery" ? `${value}%` : value }));
  }
  for (const [key, value] of Object.entries(r.vitals ?? {})) out.push(`${wordFor(words, "models.part", key)} ${Math.round(value * 10) / 10}`);
  if (r.cells?.length) out.push(t("models.r.cells", { value: r.cells.length }));
  if (r.wifi?.length) out.push(t("models.r.wifi", { value: r.wifi.length }));
  if (r.iccid) out.push(t("models.r.iccid", { value: r.iccid }));
  if (out.length === 0 && r.type) out.push(t("models.r.type", { value: r.type }));
  if (r.error) out.push(t("models.r.unread", { value: unread(r.error) }));
  return out;
}

/** The lines of meaning that a draft takes away and brings. */
export function differences(was: Model | null, will: Model | null): { gone: string[]; new: string[] } {
  const lines = (m: Model | null) => (m ? meanings(m).map((x) => `${x.where} ${x.what}`) : []);
  const [a, b] = [lines(was), lines(will)];
  return { gone: a.filter((x) => !b.includes(x)), new: b.filter((x) => !a.includes(x)) };
}

export type Pair = { key: string; value: string };
/** A draft as it is typed: rows for bits and hints, JSON for the fields. */
export type Draft = { name: string; title: string; source: string; protocol: string; base: string; alarms: Pair[]; hints: Pair[]; fields: string };

const rows = (o: Record<string, string> | undefined): Pair[] => Object.entries(o ?? {}).map(([key, value]) => ({ key, value }));

/** Opens a model as it is written. */
export function draftOf(m: Model): Draft {
  const fields = { ...(m.tlv && { tlv: m.tlv }), ...(m.heartbeat && { heartbeat: m.heartbeat }) };
  return { name: m.name, title: m.title, source: m.source, protocol: m.protocol, base: m.base ?? "", alarms: rows(m.alarms), hints: rows(m.hints), fields: Object.keys(fields).length ? JSON.stringify(fields, null, 2) : "" };
}

/** The text to hand in; undefined where the fields are no JSON. A bit named twice stays twice: the server refuses nothing silently. */
export function bodyOf(d: Draft): string | undefined {
  let fields: { tlv?: unknown; heartbeat?: unknown } = {};
  if (d.protocol === "jt808" && d.fields.trim()) {
    try {
      const read: unknown = JSON.parse(d.fields);
      if (typeof read !== "object" || read === null || Array.isArray(read)) return undefined;
      fields = read;
    } catch {
      return undefined;
    }
  }
  const pairs = (list: Pair[]) => (list.length ? Object.fromEntries(list.map((x) => [x.key.trim(), x.value])) : undefined);
  return JSON.stringify({
    ...fields,
    name: d.name.trim(),
    title: d.title.trim(),
    source: d.source.trim(),
    protocol: d.protocol,
    ...(d.base && { base: d.base }),
    ...(d.protocol !== "watch" && pairs(d.alarms) && { alarms: pairs(d.alarms) }),
    ...(pairs(d.hints) && { hints: pairs(d.hints) }),
  });
}

/** Rows that name one thing twice: the second would go unseen. */
export const twice = (list: Pair[]): boolean => new Set(list.map((x) => x.key.trim())).size < list.length;
