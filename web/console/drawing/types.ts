// Shapes of the answers about drawings.
export type Counts = {
  photos: number;
  waiting: number;
  read: number;
  mend: number;
  again: number;
  dropped: number;
  compare: number;
  drawings: number;
  rated: number;
  marked: number;
  seconds_left: number;
};

export type Batch = {
  id: string;
  title: string;
  region: string;
  region_name: string;
  drawn_on: string;
  colours: boolean;
  time_limit: number;
  material: string;
  created_at: number;
  closed_at: number;
  counts: Counts;
};

export type ClassRow = { school_id: string; school: string; place: string; grade: string; class: string; children: number };
export type Taken = { photos: number; known: number; refused: number };
export type Point = { x: number; y: number };

export type ToMend = {
  photo: string;
  drawing: string;
  what: "mend" | "again" | "suspect" | "second";
  faults: string[];
  number: string;
  child: string;
  school: string;
  class: string;
  width: number;
  height: number;
  corners: Point[];
  other_drawing: string;
  other_number: string;
  other_child: string;
};

export type Code = 0 | 1 | 9;
export type Codes = Record<string, Code>;
export type Feature = { code: string; zh: string; direction: string; machine?: boolean; note?: string };
export type CodingSheet = { version: string; title: string; warning: string; features: Feature[] };
export type Subject = { id: string; age_band: string; sex: "m" | "f" | ""; colours: boolean; time_limit: number; suggested: Codes };
export type Desk = { task: Subject | null; waiting: number; done: number; trained: boolean; training: number };
export type Answered = { id: string; codes: Codes; should: Codes; note: string };
export type Training = {
  trial: Subject | null;
  done: number;
  of: number;
  passed: boolean;
  result: { weak: string[] | null; missed_urgent: string[] | null };
};

export type Result = {
  drawing: string;
  child: string;
  name: string;
  sum: number;
  present: string[];
  urgent: string[];
  why: string[];
  matter: string;
  school: string;
  mark_until: number;
  mark_ended: number;
  talked_at: number;
  decided_at: number;
};

export type Agreement = {
  both: number;
  only_a: number;
  only_b: number;
  neither: number;
  excluded: number;
  kappa: number | null;
  undefined?: string;
  positive: number | null;
};
export type Share = { count: number; of: number; value: number | null; low: number | null; high: number | null };
export type Report = {
  agreement: { features: Record<string, Agreement>; raters: Record<string, Agreement>; repeats: Record<string, Agreement> };
  retrain: string[];
  raters: { id: string; name: string; rated: number }[];
  validity: { sensitivity: Share; specificity: Share; ppv: Share; npv: Share; waiting: number };
  drawings: number;
  decided: number;
  marked: number;
  warning: string;
};

/** A drawing to train on, as its keepers see it. */
export type Reference = { id: string; drawing: string; note: string; present: string[]; by_name: string; made_at: number; tried: number };
export type Trainee = { account: string; name: string; done: number; of: number; passed: boolean; missed: number; weak: string[] | null; last_at: number };
export type Trainings = { references: Reference[]; trainees: Trainee[] };

/** How a rater's hidden repeats agree with the own first sheets. */
export type Twice = { drawing: string; batch: string; first: number; again: number; apart: { code: string; first: number; again: number }[] };
export type Steadiness = { account: string; name: string; rated: number; agreement: Agreement; weak: string[]; repeats: Twice[] };
