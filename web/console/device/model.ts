// What a model means by the bits and fields that its protocol leaves to the
// maker, in words that a clerk of the store-room can hold against a leaflet.
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";

type Alarms = Record<string, string>;
type Rule = { read: string; length?: number[]; at?: number; size?: number; scale?: number; nonzero?: boolean; inverted?: boolean; alarms?: Alarms; sub?: Record<string, Rule> };
export type Model = { name: string; title: string; source: string; protocol: string; base?: string; alarms?: Alarms; tlv?: Record<string, Rule[]>; heartbeat?: Rule[]; hints?: Record<string, string> };
/** One line: where it stands, and what it says. */
export type Meaning = { where: string; what: string };

const alarmWord = (a: string): string => (a ? wordFor(words, "alarm", a) : t("model.ignored"));
const byNumber = ([a]: [string, unknown], [b]: [string, unknown]) => parseInt(a, 16) - parseInt(b, 16);

function ruleWords(r: Rule): string {
  if (r.alarms) {
    const list = Object.entries(r.alarms)
      .sort(byNumber)
      .map(([key, a]) => (r.read === "bits" ? t("model.bit", { bit: key, alarm: alarmWord(a) }) : t("model.code", { code: key.toUpperCase(), alarm: alarmWord(a) })))
      .join(t("list.comma"));
    return r.inverted ? t("model.inverted", { list }) : list;
  }
  return wordFor(words, "model.read", r.read) + (r.length?.length ? t("model.length", { n: r.length.join(t("model.or")) }) : "");
}

const calls = ["sos", "voice_help"];

/** The calls for help that a model reads from its maker's own bits and fields. */
function callsOf(m: Model | undefined): string[] {
  const only = (a: Alarms | undefined) => Object.fromEntries(Object.entries(a ?? {}).filter(([, x]) => calls.includes(x)));
  const narrowed = (r: Rule): Rule[] => {
    const sub = Object.fromEntries(Object.entries(r.sub ?? {}).flatMap(([id, s]) => narrowed(s).map((x) => [id, x] as const)));
    const alarms = only(r.alarms);
    return Object.keys(sub).length || Object.keys(alarms).length ? [{ ...r, alarms, sub: r.sub ? sub : undefined } as Rule] : [];
  };
  if (!m) return [];
  const tlv = Object.fromEntries(Object.entries(m.tlv ?? {}).map(([id, rules]) => [id, rules.flatMap(narrowed)]));
  return meanings({ ...m, alarms: only(m.alarms), tlv, heartbeat: (m.heartbeat ?? []).flatMap(narrowed), hints: {} }).map((x) => `${x.where} ${x.what}`);
}

/** What a device set to another model no longer calls for help by. */
export const callsLost = (was: Model | undefined, now: Model | undefined): string[] => {
  const kept = callsOf(now);
  return callsOf(was).filter((x) => !kept.includes(x));
};

/** What the model says of its own that its base does not. */
export function ownMeanings(m: Model, base: Model | undefined): Meaning[] {
  const known = new Set((base ? meanings(base) : []).map((x) => `${x.where}|${x.what}`));
  return meanings(m).filter((x) => !known.has(`${x.where}|${x.what}`));
}

/** All that the model says, in the order of its numbers; nothing for one that goes by its protocol. */
export function meanings(m: Model): Meaning[] {
  const out: Meaning[] = [];
  for (const [key, a] of Object.entries(m.alarms ?? {}).sort(byNumber)) {
    out.push({ where: m.protocol === "gt06" ? t("model.alarmCode", { code: key.toUpperCase() }) : t("model.alarmBit", { bit: key }), what: alarmWord(a) });
  }
  for (const [id, rules] of Object.entries(m.tlv ?? {}).sort(byNumber)) {
    for (const r of rules) {
      if (r.sub) for (const [inner, s] of Object.entries(r.sub).sort(byNumber)) out.push({ where: t("model.inner", { id: id.toUpperCase(), inner: inner.toUpperCase() }), what: ruleWords(s) });
      else out.push({ where: t("model.field", { id: id.toUpperCase() }), what: ruleWords(r) });
    }
  }
  for (const r of m.heartbeat ?? []) out.push({ where: t("model.heartbeat"), what: ruleWords(r) });
  for (const [alarm, hint] of Object.entries(m.hints ?? {})) out.push({ where: alarmWord(alarm), what: wordFor(words, "model.hint", hint) });
  return out;
}
