// What the server says of questionnaires, campaigns and sheets.
import type { Ms } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import { t, words } from "../locale";

export type Text = { zh: string; en: string };
export type Informant = "child" | "guardian" | "teacher" | "worker";
export type Mode = "self" | "interview" | "checklist";
export type Option = { value: number; text: Text; loinc?: string };
export type Item = {
  code: string;
  number?: string;
  section?: string;
  options: string;
  text: Text;
  reverse?: boolean;
  unscored?: boolean;
  optional?: boolean;
  suicide?: boolean;
  official_text_only?: boolean;
  ask_when?: { items: string[]; answer: string };
};
export type Cutoff = { key: string; scale: string; op: string; value: number; band?: string; from: string; to?: string; region?: string; age?: { min: number; max?: number }; informant?: Informant; source: string };
export type Instrument = {
  id: string;
  version: string;
  title: Text;
  licence: { class: string; holder: string; terms: string; address: string };
  source: string;
  wording: Record<string, { status: string; address: string }>;
  mode: Mode;
  informants: Informant[];
  age: { min: number; max?: number };
  instruction: Text;
  options: Record<string, Option[]>;
  sections?: { code: string; title: Text }[];
  items: Item[];
  scoring: { kind: string; multiply?: number; high_is_good?: boolean; base_band?: string };
  subscales?: { code: string; title: Text; items: string[] }[];
  bands?: { code: string; label: Text; min: number; max: number }[];
  cutoffs?: Cutoff[];
  levels?: { code: string; label: Text; any?: string[] }[];
  critical?: { item: string; value: number; kind: string }[];
  missing: { policy: string; invalid_from?: number; refused: string; source: string };
  notes?: Text[];
};
export type Version = {
  instrument: string;
  version: string;
  digest: string;
  title: Text;
  shipped: boolean;
  draft: boolean;
  address: string;
  licence: Instrument["licence"];
  mode: Mode;
  informants: Informant[];
  age: { min: number; max?: number };
  items: number;
  suicide: boolean;
  live: boolean;
  signature: { address: string; statement: string; by_name: string; at: Ms } | null;
  cutoffs: { id: string; row: Cutoff; reason: string; by: string; at: Ms; ended: boolean }[];
  note: string;
  made_by_name: string;
  made_at: Ms;
  retired: boolean;
  body?: Instrument;
};
export type Result = {
  scorable: boolean;
  total: number | null;
  subscales: Record<string, number>;
  band: string | null;
  level: string | null;
  critical: string[];
  missing: string[];
  needs_person: boolean;
  reasons: string[];
};

export type Campaign = {
  id: string;
  title: string;
  region: string;
  region_name?: string;
  selection: { areas: string[] | null; school_id?: string; school?: string; grade?: string; class?: string; min_age?: number; max_age?: number; list?: string[] };
  instruments: { id: string; version: string; mode: Mode; title: string }[];
  informant: Informant;
  suicide: boolean;
  per_day: number;
  starts_on: string;
  ends_on: string;
  state: "draft" | "open" | "closed";
  size: number;
  done: number;
  opened_at: Ms;
  closed_at: Ms;
  reminded_at: Ms;
};
export type Responder = { account: string; name: string; region: string; talks_a_day: number; trained_on: string; valid_until: string; on_duty: boolean };
export type Group = { school_id: string; school: string; grade: string; class: string; region: string; region_name: string; size: number; waiting: number; refused: number; begun: number; done: number; last_at: Ms };
export type Teaching = { account: string; name: string; school_id: string; school: string; grade: string; class: string };
export type Progress = {
  campaign: Campaign;
  groups: Group[];
  door: { open: boolean; why: string; needed: number; room: number; people: Responder[] } | null;
  teachers: Teaching[];
  may_write: boolean;
};
export type Member = {
  child_id: string;
  name: string;
  school: string;
  grade: string;
  class: string;
  region: string;
  age: number;
  consent: string;
  consent_by: string;
  consent_how: string;
  assent: string;
  code: string;
  started_at: Ms;
  done_at: Ms;
  done: boolean;
};
export type Colleague = { account: string; name: string; role: string; region: string; place: string };
/** A class with where its school lies: schools may have one name. */
export type ClassCount = { school_id: string; school: string; grade: string; class: string; area: string; area_name: string; children: number };

export type Listed = {
  id: string;
  campaign_id: string;
  child_id: string;
  name: string;
  instrument: string;
  title: string;
  version: string;
  informant: Informant;
  way: "web" | "phone" | "interview" | "paper";
  state: "first" | "differs" | "done" | "withheld";
  urgency: string;
  critical: boolean;
  needs_person: boolean;
  over: boolean;
  matter_id: string;
  taken_at: Ms;
  by_name: string;
};
/** One answer: a value, "refused", or null where nothing was ticked. */
export type Given = number | "refused" | null;
export type SheetView = Listed & {
  result: Result | null;
  reasons: string[];
  band: string;
  lines: { id: string; text: string; answer: string; critical: boolean; missing: boolean }[];
  differing: { item: string; first: Given; second: Given }[];
  form: Instrument;
};
export type Receipt = { id: string; again: boolean; state: Listed["state"]; urgency: string; critical: boolean; needs_person: boolean; matter_id: string; withheld?: string; differing: string[] };
export type Answers = Record<string, number | "refused">;

export const itemID = (i: Item) => i.number || i.code;
/** The number that people see: items that the form prints none for are counted as further ones. */
export function itemNo(form: Instrument, id: string): string {
  const further = form.items.filter((i) => !i.number).findIndex((i) => i.code === id);
  return further < 0 ? id : t("survey.furtherItem", { n: further + 1 });
}

/** What the scorer says, with its codes in words. */
export function plainReason(form: Instrument, text: string): string {
  let out = text;
  for (const i of form.items) if (!i.number) out = out.replaceAll(` ${i.code} `, ` ${itemNo(form, i.code)} `);
  for (const s of form.subscales ?? []) out = out.replace(new RegExp(`\\b${s.code}(?=[<>])`), s.title.zh);
  return out.replace(/\btotal(?=[<>])/, t("survey.total")).replace(">=", " ≥ ").replace("<=", " ≤ ");
}

export const optionsOf = (form: Instrument, item: Item) => form.options[item.options] ?? [];
export const informants: readonly Informant[] = ["child", "guardian", "teacher", "worker"];
export const informantName = (i: string) => wordFor(words, "survey.informant", i);
/** How the members of a group are asked for; a name alone stands while it is asked which school it means. */
export const queryOf = (g: Group): Record<string, string> =>
  g.school_id ? { school_id: g.school_id, grade: g.grade, class: g.class } : g.school ? { school: g.school, grade: g.grade, class: g.class, region: g.region.slice(0, 6) } : { region: g.region };

export const className = (g: { school: string; grade: string; class: string }) => [g.school, `${g.grade}${g.class}`].filter(Boolean).join(" ");

const lowest = (form: Instrument, item: Item) => Math.min(...optionsOf(form, item).map((o) => o.value));

/**
 * Whether an item is to be asked after the answers so far. The rule is the
 * scorer's own: "yes" opens on an affirmative answer, "not_no" on anything but
 * a no; a refusal on a form where it counts as yes opens both.
 */
export function isAsked(form: Instrument, item: Item, answers: Answers): boolean {
  const rule = item.ask_when;
  if (!rule) return true;
  return rule.items.some((code) => {
    const on = form.items.find((i) => i.code === code);
    const a = on ? answers[itemID(on)] : undefined;
    if (!on) return false;
    if (rule.answer === "not_no") return a !== lowest(form, on);
    return a === "refused" ? form.missing.refused === "yes" : typeof a === "number" && a > lowest(form, on);
  });
}

/** The items whose answer never waits, as far as they are answered now. */
export function criticalNow(form: Instrument, answers: Answers): string[] {
  return form.items
    .filter((i) => {
      const a = answers[itemID(i)];
      const rule = form.critical?.find((c) => c.item === i.code);
      if (!rule || a === undefined) return false;
      return a === "refused" ? form.missing.refused === "yes" : a >= rule.value;
    })
    .map(itemID);
}

export const ages = (a: { min: number; max?: number }) => (a.max ? t("form.ages", { min: a.min, max: a.max }) : t("form.agesFrom", { min: a.min }));

/** Counts of one questionnaire at one school. */
export type SchoolSummary = { instrument: string; title: string; school_id: string; school: string; done: number; critical: number; person: number; over: number; plain: number; paper: number; withheld: number };
