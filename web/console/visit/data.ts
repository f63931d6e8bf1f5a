// What the server says of visits.
import type { Ms } from "@shared/api/types";

export type Goods = { item: string; count: number };
export type Due = { id: string; child_id: string; child_name: string; region_name: string; plan: string; why: string; who: string; who_name: string; due_on: string; colour: string; late: boolean };
export type Row = { id: string; child_id: string; child_name: string; region_name: string; by: string; by_name: string; began_at: Ms; ended_at: Ms; state: string; met: boolean; danger: string; matter_id: string; marks: number; plan: string; stored_at: Ms; decided_at: Ms };
export type Body = { seen: Record<string, string>; present: string[]; text: string; danger: string; wish: string; signed: string };
export type Version = { id: string; by_name: string; began_at: Ms; ended_at: Ms; stored_at: Ms; met: boolean; danger: string; body: Body; goods: Goods[]; placed: boolean; far: number };
export type Mark = { id: string; kind: string; other: string; metres: number; seconds: number; state: string; answer: string; settled_by: string };
export type Sheet = Row & { current: string; versions: Version[]; mark_list: Mark[]; names: Record<string, string>; may_decide: boolean };
export type Pairing = { id: string; child_id: string; child_name: string; region_name: string; helper: string; helper_name: string; kind: string; begun_on: string; ended_on: string; end_reason: string; unfit: string; last_on: string };
export type Greeting = { plan: string; festival: string; due_on: string; region: string; region_name: string; children: number; done: number; needed: Goods[]; given: Goods[] };
export type Match = { id: string; account: string; name: string; kind: string; region_name: string; blocked: string; load: { cases: number; pairings: number }; most: number; reasons: { key: string; fit: string; n: number }[] };
export type Counts = Record<"late" | "dues" | "conflict" | "doubt" | "danger" | "records" | "pairings" | "greetings", number>;
export type Awaited = Due & { goods: Goods[]; visited: boolean; may_give: boolean };
export type Greeted = { record: "visit" | "hand"; id: string; child_name: string; region_name: string; way: string; signer: string; at: Ms; by_name: string; goods: Goods[]; note: string; files: number; may_add: boolean };
export type GreetingSheet = { open: Awaited[]; given: Greeted[]; items: Record<string, string> };
