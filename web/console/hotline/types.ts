// What the calls of the children's line answer.
import type { Ms } from "@shared/api/types";

export type CallRow = {
  id: string;
  no: string;
  phone: string;
  arrived_at: Ms;
  claimed_at: Ms;
  ended_at: Ms;
  state: "waiting" | "talking" | "message" | "ended";
  level: number;
  seat: string;
  region: string;
  child_id: string;
  why: string;
  matter_id: string;
  result: string;
  consent: string;
  wait_ms: number;
  talk_ms: number;
  message_ms: number;
  talk_recorded: boolean;
  message_recorded: boolean;
  forwarded: string;
  class: string;
  topic: string;
  action: string;
  wrapped: boolean;
  version: number;
  channel: "phone" | "chat";
  grave: boolean; // a word was written that must not wait
  silent: boolean; // a chat without a word so far
};

export type SeatNow = { account: string; state: "free" | "talking" | "away"; since: Ms; call?: string };
export type Choices = { classes: string[]; topics: string[]; actions: string[]; age_bands: string[]; sexes: string[] };
export type Today = { calls: number; answered: number; abandoned: number; voicemail: number; silent: number; prank: number; test: number };

export type Board = {
  on: boolean;
  waiting: CallRow[];
  talking: CallRow[];
  unwrapped: CallRow[];
  seats: SeatNow[];
  today: Today;
  choices: Choices;
  forward: string[];
  names: Record<string, string>;
  children: Record<string, string>;
};

export type Happened = { n: number; at: Ms; kind: string; seat?: string; level?: number; number?: string; reason?: string; ms?: number };
export type Sheet = CallRow & { note: string; age_band: string; sex: string; heard_ms: number; course: Happened[]; earlier: CallRow[]; ended_by: string };

export type Counted = { key: string; n: number };
export type Counts = {
  total: number;
  answered: number;
  abandoned: number;
  voicemail: number;
  apart: number;
  wait_ms: number;
  max_wait: number;
  talk_ms: number;
  channel: Counted[];
  class: Counted[];
  topic: Counted[];
  action: Counted[];
  age_band: Counted[];
  sex: Counted[];
};

export type Question = { code: string; text: string; after: string; unless: "no" | "not_yes" | "" };
export type Script = { items: Question[]; draft: boolean };
export type Said = "yes" | "no" | "refused";
export type Triaged = { level: string; complete: boolean; missing: string[] };
export type Telephone = { user: string; account: string; level: number; made_at: Ms; there: boolean };
export type Edition = { from: Ms; body: string; set_at: Ms };

/** What a seat does with a call; one at a time. */
export type CallActs = { busy: string; answer: (call: CallRow) => Promise<void>; run: (name: string, what: () => Promise<unknown>) => Promise<void> };

/** What the call was, as far as it is known. */
export type WrapDraft = { class?: string; topic?: string; action?: string; age_band?: string; sex?: string; note?: string; child_id?: string; kind?: string };
