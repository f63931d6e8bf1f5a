// Shapes of the server's answers that more than one page names. Instants are
// Unix milliseconds, 0 = none; personal values are masked already.
import type { Urgency } from "../tag";

export type Ms = number;
export type List<T> = { items: T[]; next?: string; total?: number };

export type Grant = { role: string; region: string; region_name: string; department: string };

export type Me = {
  id: string;
  account: string;
  name: string;
  roles: string[];
  grants: Grant[];
  actions: string[];
  must_change: boolean;
  locked: boolean;
  idle_seconds: number;
  demo: boolean;
  district: { code: string; name: string };
};

export type SignInState = "ok" | "second_factor" | "enrol_second_factor" | "change_password";
export type SignIn = { state: SignInState; me?: Me };

export type Stage =
  | "received"
  | "offered"
  | "accepted"
  | "on_the_way"
  | "on_scene"
  | "handled"
  | "fed_back"
  | "called_back";
export type OrderState = "active" | "done" | "cancelled";

export type Position = { lat: number; lon: number; at: Ms; source: string; accuracy_m: number; age_seconds?: number };

export type MatterRow = {
  id: string;
  no: string;
  kind: string;
  kind_name: string;
  urgency: Urgency;
  crisis: boolean;
  state: "open" | "closing" | "closed";
  drill: boolean;
  region: string;
  region_name: string;
  child: { id: string; name: string; age: number; sex: "m" | "f"; level?: string } | null;
  /** The child's name; the device's number while nobody is matched. */
  title: string;
  opened_at: Ms;
  signals: number;
  pressed_again: number;
  last_signal_at: Ms;
  stage: Stage;
  /** Key of what the clock waits for: "wait.offered". */
  waits_for: string;
  due_at: Ms;
  clock_started_at: Ms;
  order_id: string;
  /** How many orders there were: the step that a dispatch is "as of". */
  orders: number;
  locked_by: { id: string; name: string } | null;
  version: number;
};

export type Unsaved = {
  key: string;
  device_id: string;
  kind: string;
  child_name?: string;
  region?: string;
  received_at: Ms;
  /** How often the device repeated it. */
  times: number;
  /** The decoded frame. */
  position?: SignalBody | null;
};

/** What a device's frame said, as far as pages show it. */
export type SignalBody = { lat?: number; lon?: number; accuracy?: number; battery?: number; valid?: boolean };

export type QueueAnswer = {
  items: MatterRow[];
  unsaved: Unsaved[];
  counts: Record<Urgency | "unknown", number>;
  storage_failing_since: Ms;
};

export type OrderStage = { stage: Stage; at: Ms; by_name: string; overdue: boolean };

export type Order = {
  id: string;
  no: string;
  matter_id: string;
  kind_name: string;
  urgency: Urgency;
  drill: boolean;
  joint: string;
  state: OrderState;
  stage: Stage;
  step: number;
  last_step: boolean;
  level: "grid" | "village" | "township" | "district" | "city" | "police";
  region_name: string;
  assignee: { id: string; name: string; role_name: string; phone_masked: string } | null;
  offered_to: {
    id: string;
    name: string;
    role_name: string;
    /** offered, accepted, declined, missed … */
    state: string;
    step: number;
    sent_at: Ms;
    answered_at: Ms;
  }[];
  stages: OrderStage[];
  due_at: Ms;
  clock_started_at: Ms;
  waits_for: string;
  missed: number;
  note: string;
  version: number;
  /** The actor's own call: offered, accepted. */
  mine?: string;
};

export type Contact = {
  person_id: string;
  name: string;
  relation: string;
  phone_masked: string;
  carer: boolean;
  blocked: boolean;
  blocked_why?: string;
};

export type Helper = {
  account: string;
  name: string;
  role: string;
  role_name: string;
  level: string;
  region_name: string;
  distance_m?: number | null;
  on_duty: boolean;
  reachable: boolean;
  phone_masked: string;
  busy: number;
  conflicted: boolean;
};

export type Card = {
  matter: MatterRow & {
    text: string;
    opened_by: string;
    outcome: string;
    outcome_note: string;
    closed_at: Ms;
    reopened: number;
    contact_allowed: boolean;
    contact_decided_by: string;
    second_needed: boolean;
    closing: { outcome: string; by: string; by_name: string; at: Ms } | null;
  };
  child: {
    id: string;
    name: string;
    age: number;
    sex: "m" | "f";
    /** The colour that a professional set. */
    level?: string;
    /** What the machine raised and nobody has assessed yet. */
    level_urgency?: string;
    screened_at?: Ms;
    photo_url?: string;
    region_name: string;
    address_masked: string;
    school: string;
    categories: string[];
    flags: { key: string; text: string }[];
    five: { key: string; text: string; at?: Ms }[];
    last_position: Position | null;
    battery?: number | null;
    /** What it wears, the one heard last. */
    device_id?: string;
  } | null;
  contacts: Contact[];
  /** Keys such as "why.device", with the device's number or the like. */
  why: { key: string; text: string }[];
  /** What is known beside an alarm of this model of device; changes nothing of the alarm. */
  hints: { alarm: string; hint: string }[];
  signals: {
    id: string;
    source: string;
    kind: string;
    received_at: Ms;
    device_at?: Ms;
    text?: string;
    alarms: string[];
    body?: SignalBody | null;
    late_by_seconds: number;
    pressed_again: boolean;
  }[];
  orders: Order[];
  scene?: string;
  helpers: Helper[];
  places: { kind: "police" | "hospital" | "school" | "minors_centre"; name: string; phone: string; distance_m?: number | null }[];
  timeline: {
    id: string;
    at: Ms;
    kind: string;
    text?: string;
    data: Record<string, unknown> | null;
    by_name: string;
    order_id?: string;
  }[];
  conflicts: { id: string; name: string; relation: string; reason: string; by_name: string; at: Ms; other: boolean }[];
};

export type Outcome = { key: string; label: string; false_alarm?: boolean };

export type Kind = { key: string; name: string; urgency: Urgency; crisis: boolean };

/** One line of the conversation with somebody who asked without a name. */
export type HelpMessage = { at: Ms; text: string; from_child: boolean };

/** An event of the live stream (`change`). */
export type Change = {
  at: Ms;
  topic: "signal" | "matter" | "order" | "notice" | "duty" | "system" | "import" | "child" | "device" | "help" | "guard" | "call" | "case" | "campaign" | "sheet" | "level";
  kind: string;
  region: string;
  ref: string;
  data: Record<string, unknown>;
};

/** Something to ring for; a locked screen is not told for which matter. */
export type Ring = { urgency: Urgency; matter_id?: string; call_id?: string; drill: boolean };

export type SystemState = {
  version: string;
  storage_failing_since: Ms;
  channels_configured: boolean;
  demo: boolean;
  drill: boolean;
  gap_count: number;
};

export type PhoneNumber = { number: string; label: string; note: string };
