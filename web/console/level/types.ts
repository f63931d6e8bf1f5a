// What the server says of the four colours. A screen's result, the machine's
// urgency and a professional's colour are three fields and never one.
import type { Ms } from "@shared/api/types";
import { formatDate } from "@shared/format";

export type Colour = "" | "green" | "yellow" | "orange" | "red";
export type Overview = {
  waiting: number;
  oldest: Ms;
  red: number;
  orange: number;
  yellow: number;
  late: number;
  overdue: number;
  agree: number;
  overrides: number;
  changes: number;
  children: number;
  screened: number;
  colours: Partial<Record<Exclude<Colour, "">, number>>;
};
export type Entry = {
  child_id: string;
  name: string;
  age: number;
  region: string;
  region_name: string;
  school: string;
  colour: Colour;
  colour_at: Ms;
  urgency: Colour;
  since: Ms;
  due_at: Ms;
  rules: string[];
  why: string[];
  what: string;
  cause: string;
  who: string;
  was: Colour;
  became: Colour;
  at: Ms;
  by_name: string;
  ref: string;
  late: boolean;
  tries: number;
};
export type Standing = { region: string; region_name: string; school: string; school_id?: string; children: number; screened: number; red: number; orange: number; yellow: number; suspected: number };
export type Contact = {
  id: string;
  kind: string;
  colour: Colour;
  who: string;
  due_at: Ms;
  state: "open" | "late" | "done";
  tries: number;
  reached: boolean;
  stable: boolean;
  note: string;
  done_at: Ms;
  done_by: string;
};
export type Assessment = { id: string; at: Ms; by: string; second: string; was: Colour; colour: Colour; machine: Colour; overrides: boolean; state: "set" | "waits" | "refused"; reason: string; remark: string; mine: boolean };
export type LevelView = {
  child_id: string;
  colour: Colour;
  colour_at: Ms;
  colour_by: string;
  second_by: string;
  urgency: Colour;
  since: Ms;
  version: string;
  why: string[];
  screened_at: Ms;
  talk_until: Ms;
  now: { urgency: Colour; at_least: boolean; version: string; text: string[]; missing: { code: string; urgency: Colour; missing: string[]; text: string }[] };
  evidence: { field: string; label: string; value: string; at: Ms; stale: boolean }[];
  contacts: Contact[];
  /** Contacts that the child's case holds. */
  in_case: { no: string; open: number; next: number };
  assessments: Assessment[];
  may_assess: boolean;
  may_contact: boolean;
  at: Ms;
};

export type Field = { name: string; kind: "int" | "bool" | "text"; label: string; unit?: string; values?: Record<string, string>; fresh_days: number; talk_only?: boolean; note?: string };
export type RuleRow = { code: string; urgency?: Colour; title: string; when: string };
export type RuleSet = { version: string; from: string; status: string; source: string; rules: RuleRow[]; talk: RuleRow[] };
export type DutyRow = { colour: Colour; accept_within_minutes?: number; contact_within_minutes?: number; late_after_minutes?: number; next_hours?: number[]; every_days?: number; for_days?: number; reassess_days?: number[]; who: string };
export type DutyTable = { version: string; from: string; status: string; source: string; duties: DutyRow[] };
export type Edition = { id: string; kind: "rules" | "colours"; version: string; from_on: string; body: string; tried_at: Ms; published_at: Ms; by_name: string; made_at: Ms; reason: string };
/** words are conditions in Chinese, by condition. */
export type Book = { fields: Field[]; rules: Edition; words: Record<string, string>; colours: Edition; history: Edition[]; may_publish: boolean };
export type Trial = {
  id: string;
  from: string;
  to: string;
  children: number;
  unknown: number;
  counts: Record<string, Record<string, number>>;
  up: number;
  down: number;
  moves: { child_id: string; name: string; region_name: string; from: Colour; to: Colour; rules: string[] }[];
  took_ms: number;
};

export const colours = ["red", "orange", "yellow", "green"] as const;
const ranks: Record<Colour, number> = { "": 0, green: 1, yellow: 2, orange: 3, red: 4 };
export const above = (a: Colour, b: Colour) => ranks[a] > ranks[b];

/**
 * Days with a stable contact since the colour was set, counted anew after each
 * that was not: lowering asks for two.
 */
export function stableContacts(v: Pick<LevelView, "contacts" | "colour_at">): number {
  const made = v.contacts.filter((c) => c.state === "done" && c.reached && c.done_at > v.colour_at);
  const shaken = Math.max(v.colour_at, ...made.filter((c) => !c.stable).map((c) => c.done_at));
  return new Set(made.filter((c) => c.stable && c.done_at > shaken).map((c) => formatDate(c.done_at))).size;
}
