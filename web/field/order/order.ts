// An order on the phone of who is called or carries it, as /orders/mine gives
// it, and where it stands once the presses that wait on the phone are counted.
import type { Ms, Position } from "@shared/api/types";
import type { Urgency } from "@shared/tag";
import type { Act, Verb } from "../keep/act";

export const stages = ["offered", "accepted", "on_the_way", "on_scene", "handled", "fed_back", "called_back"] as const;
export type Stage = (typeof stages)[number];

export type Colleague = { id: string; name: string; role_name: string; phone_masked: string };

export type MyOrder = {
  id: string;
  no: string;
  matter_id: string;
  kind_name: string;
  urgency: Urgency;
  drill: boolean;
  joint: string;
  state: "active" | "done" | "cancelled";
  stage: Stage;
  step: number;
  last_step: boolean;
  level: string;
  region_name: string;
  assignee: Colleague | null;
  /** My own call: offered, accepted, or what became of it. */
  mine?: string;
  offered_to: (Colleague & { state: string; step: number; sent_at: Ms; answered_at: Ms })[];
  stages: { stage: Stage; at: Ms; by_name: string; overdue: boolean }[];
  due_at: Ms;
  clock_started_at: Ms;
  missed: number;
  waits_for: string;
  note: string;
  created_at: Ms;
  version: number;
  /** A key of plain words: what.sos. */
  what: string;
  /** What is known of the device's model beside its alarm; orders kept from before have none. */
  hints?: { alarm: string; hint: string }[];
  child: {
    name: string;
    age: number;
    sex: string;
    address: string;
    phones: { person_id: string; name: string; relation: string; phone: string }[];
  } | null;
  place: Position | null;
};

export type Step = "accept" | "depart" | "arrive" | "handle" | "feedback";

const reaches: Record<Step, Stage> = {
  accept: "accepted",
  depart: "on_the_way",
  arrive: "on_scene",
  handle: "handled",
  feedback: "fed_back",
};
export const isStep = (v: Verb): v is Step => v in reaches;

const nextStep: Partial<Record<Stage, Step>> = {
  offered: "accept",
  accepted: "depart",
  on_the_way: "arrive",
  on_scene: "handle",
  handled: "feedback",
};

export type Standing = {
  stage: Stage;
  /** Whether I carry it, or said that I do. */
  mine: boolean;
  next: Step | undefined;
  /** Presses that the server does not have yet. */
  waiting: Act[];
  refused: Act[];
  declining: boolean;
};

/** Where an order stands for me: what the server said, and what I pressed since. */
export function standing(o: MyOrder, acts: Act[]): Standing {
  const own = acts.filter((a) => a.lane === o.id);
  const waiting = own.filter((a) => a.state === "waiting");
  let mine = o.mine === "accepted";
  let stage: Stage = mine ? o.stage : "offered";
  for (const a of waiting) {
    if (!isStep(a.verb)) continue;
    if (a.verb === "accept") mine = true;
    const to = reaches[a.verb];
    if (stages.indexOf(to) > stages.indexOf(stage)) stage = to;
  }
  const declining = waiting.some((a) => a.verb === "decline");
  const open = o.state === "active" && (mine || o.mine === "offered") && !declining;
  return { stage, mine, next: open ? nextStep[stage] : undefined, waiting, refused: own.filter((a) => a.state === "refused"), declining };
}

/** The press that waits for a stage, if one does. */
export const waitingFor = (s: Standing, stage: Stage): Act | undefined =>
  s.waiting.find((a) => isStep(a.verb) && reaches[a.verb] === stage);

// Nobody above can take it over from these: the district can't refuse.
const neverDecline = ["seat_operator", "seat_leader", "bureau_section", "bureau_head", "city_centre"];

/** Whether the person may hand an order back. */
export function mayDecline(s: Standing, roles: string[], actions: string[]): boolean {
  if (!s.next || s.next === "feedback" || !actions.includes("order.decline")) return false;
  return roles.some((r) => !neverDecline.includes(r));
}

export type Group = "offered" | "underway" | "fed_back";

export function groupOf(s: Standing): Group {
  if (!s.mine) return "offered";
  return s.stage === "fed_back" || s.stage === "called_back" ? "fed_back" : "underway";
}

const urgency = ["critical", "urgent", "normal", "low"];

/** Real ones before drills, then by urgency, then by clock. */
export const inOrder = (a: MyOrder, b: MyOrder): number =>
  Number(a.drill) - Number(b.drill) || urgency.indexOf(a.urgency) - urgency.indexOf(b.urgency) || a.due_at - b.due_at;
