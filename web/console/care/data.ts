// What the server says of cases, and the fields of what is written in them.
import type { Ms } from "@shared/api/types";

export type Row = {
  id: string; no: string; child_id: string; child_name: string; region: string; state: string; source: string; need: string; language: string; worker: string; worker_name: string; supervisor: string;
  opened_at: Ms; accepted_at: Ms; closed_at: Ms; crisis_at: Ms; result: string; next_due: Ms; version: number;
};
export type Part = {
  id: string; kind: string; edition: number; state: string; held_on?: string; form?: string; minutes?: number; body: Record<string, string>; has_secret: boolean;
  written_at: Ms; written_by: string; by_id: string; decided_at: Ms; decided_by: string;
};
export type Goal = { id: string; plan_id: string; text: string; service: string; who: string; by_on: string; state: string };
export type Move = { id: string; kind: string; from: string; to: string; to_department: string; consent: string; state: string; asked_at: Ms; from_name: string; to_name: string; reason: string; answer: string };
export type Due = { id: string; kind: string; due_at: Ms; who: string; state: string; done_at: Ms; reached: boolean; matter_id: string };
export type Change = { instrument: string; before: number; after: number; before_at: Ms; after_at: Ms; least: number; verdict: string };
export type Opinion = { id: string; who: string; way: string; asked_at: Ms; until: Ms; answered_at: Ms; helped: number; heard: number; again: number; text: string };
export type Sheet = Row & { opinions: Opinion[]; changes: Change[]; reason: string; parts: Part[]; goals: Goal[]; moves: Move[]; dues: Due[]; members: string[]; names: Record<string, string>; may_work: boolean; may_secret: boolean };
export type Found = { id: string; no: string; state: string; opened_at: Ms; worker_name: string; yours: boolean };
export type Forms = { sources: string[]; needs: string[]; results: string[]; risks: string[]; forms: string[]; measures: string[]; services: string[]; situations: number; languages: string[] };
export type Person = { id: string; name: string; role: string };
/** Somebody who can be given cases: what is carried, and at most (0: no limit). */
export type Hand = { account: string; name: string; kind: string; place: string; holds: number; most: number; needs: string[]; languages: string[]; blocked: string };
export type Given = Row & { place: string; to: string; away: string[] };
export type Handing = { cases: Given[]; hands: Hand[] };
export type Workers = { workers: Person[]; supervisors: Person[] };

export const open = ["referred", "intake", "assessed", "serving", "closing"];
export const life = ["referred", "intake", "assessed", "serving", "closing", "closed", "followed"] as const;

/** Fields of each kind in the order in which they are asked; "!" must be given. */
export const fields: Record<string, string[]> = {
  assessment: ["concern!", "risk!", "attempts", "means", "mental_state", "history", "family", "school", "strengths", "opinion!"],
  plan: [],
  session: ["theme!", "summary!", "next"],
  safety: ["signs!", "coping", "company", "people!", "professionals", "surroundings!", "means", "attempts"],
  protocol: ["handover!", "companion", "police", "hospital", "school", "guardian", "means"],
  review: ["progress!", "measures", "next"],
  consent: ["recipient!", "purpose!", "given!", "by!", "how"],
  protection: ["measure!", "organ!", "document", "from", "until", "note"],
  remark: ["text!"],
};
/** Fields answered by a choice or in one line; the others take a text. */
export const short = new Set(["theme", "recipient", "by", "how", "organ", "document", "purpose"]);
export const dates = new Set(["from", "until"]);
export const bare = (name: string) => name.replace("!", "");
