// The guard's thresholds as the page edits them: which numbers there are, and
// what differs between two editions.

export type Window = { days: string; from: string; to: string; since?: string; until?: string };
export type Term = { name: string; area: string; from: string; until: string };
export type Route = { fence?: string[]; within?: Window[]; to: string; matter?: string; urgency?: string };
export type Layer = { [key: string]: unknown };
export type Edition = { name: string; from: string; terms: Term[] | null; default: Layer; models?: Record<string, Layer>; areas?: Record<string, Layer> };

/** One number of the rules: where it stands, its unit, its bounds. */
export type Threshold = { path: string; unit: "m" | "s" | "percent" | "share" | "days" | "times" | "fixes" | "kmh" | "bpm" | "celsius" | "badges"; min: number; max: number };

const n = (path: string, unit: Threshold["unit"], min: number, max: number): Threshold => ({ path, unit, min, max });

/** The sections of the page, in the order in which they are read. */
export const sections: readonly { key: string; fields: readonly Threshold[] }[] = [
  {
    key: "fence",
    fields: [
      n("fence.exit_m", "m", 0, 500),
      n("fence.enter_m", "m", 0, 500),
      n("fence.exit_share", "share", 0, 90),
      n("fence.fixes", "fixes", 1, 10),
      n("fence.within_s", "s", 1, 3600),
      n("fence.alone_s", "s", 2, 7200),
      n("fence.grace_s", "s", 0, 7200),
      n("fence.coarse_m", "m", 1, 3000),
      n("fence.zone_m", "m", 1, 500),
      n("fence.good_m", "m", 1, 200),
      n("fence.cross_s", "s", 0, 120),
      n("fence.jump_kmh", "kmh", 10, 400),
      n("fence.reorder_s", "s", 0, 60),
    ],
  },
  { key: "battery", fields: [n("battery.low", "percent", 1, 90), n("battery.rearm", "percent", 2, 100), n("battery.flat", "percent", 0, 50)] },
  {
    key: "vitals",
    fields: [
      n("vitals.heart_rate.low", "bpm", 0, 120),
      n("vitals.heart_rate.high", "bpm", 0, 250),
      n("vitals.heart_rate.fixes", "times", 1, 10),
      n("vitals.temperature.high", "celsius", 0, 43),
      n("vitals.temperature.fixes", "times", 1, 10),
      n("vitals.spo2.low", "percent", 0, 99),
      n("vitals.spo2.fixes", "times", 1, 10),
      n("vitals.speed.high", "kmh", 0, 300),
      n("vitals.speed.fixes", "times", 1, 10),
    ],
  },
  { key: "silence", fields: [n("silence.interval_s", "s", 30, 86400), n("silence.times", "times", 1, 100), n("silence.grace_s", "s", 0, 86400)] },
  { key: "mass", fields: [n("mass.share", "share", 1, 100), n("mass.ended_at", "share", 0, 99), n("mass.within_s", "s", 1, 3600), n("mass.least", "badges", 2, 1000)] },
  { key: "keep", fields: [n("keep.positions", "days", 1, 3650), n("keep.media", "days", 1, 3650), n("keep.messages", "days", 1, 3650)] },
];

export const allFields: readonly Threshold[] = sections.flatMap((s) => s.fields);

/** The value at a path of a layer; undefined where nothing is said. */
export function valueAt(layer: Layer, path: string): unknown {
  let at: unknown = layer;
  for (const part of path.split(".")) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Layer)[part];
  }
  return at;
}

/** The layer with another value at the path; the one given stays as it is. */
export function withValue(layer: Layer, path: string, value: unknown): Layer {
  const [head = "", ...rest] = path.split(".");
  if (!rest.length) return { ...layer, [head]: value };
  const inner = layer[head];
  return { ...layer, [head]: withValue(typeof inner === "object" && inner !== null ? (inner as Layer) : {}, rest.join("."), value) };
}

/** A share is kept as 0.1 and shown as 10. */
export const shown = (f: Threshold, v: unknown): number | null => (typeof v !== "number" ? null : f.unit === "share" ? Math.round(v * 1000) / 10 : v);
export const kept = (f: Threshold, v: number): number => (f.unit === "share" ? Math.round(v * 10) / 1000 : v);

export type Difference = { path: string; was: unknown; now: unknown };

/** Every leaf that differs; lists are compared whole. */
export function differences(was: unknown, now: unknown, path = ""): Difference[] {
  const plain = (v: unknown): v is Layer => typeof v === "object" && v !== null && !Array.isArray(v);
  if (plain(was) && plain(now)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(now)])].sort();
    return keys.flatMap((k) => differences(was[k], now[k], path ? `${path}.${k}` : k));
  }
  return JSON.stringify(was ?? null) === JSON.stringify(now ?? null) ? [] : [{ path, was, now }];
}
