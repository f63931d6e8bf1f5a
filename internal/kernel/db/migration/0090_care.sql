-- Cases: professional help for one child, from referral to follow-up.
CREATE TABLE care_case (
  id TEXT PRIMARY KEY,
  no TEXT NOT NULL UNIQUE,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  state TEXT NOT NULL,
  source TEXT NOT NULL,
  source_ref TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL,
  need TEXT NOT NULL DEFAULT '',
  worker TEXT NOT NULL DEFAULT '',
  supervisor TEXT NOT NULL DEFAULT '',
  opened_at BIGINT NOT NULL,
  opened_by TEXT NOT NULL,
  accepted_at BIGINT NOT NULL DEFAULT 0,
  result TEXT NOT NULL DEFAULT '',
  closing_at BIGINT NOT NULL DEFAULT 0,
  closing_by TEXT NOT NULL DEFAULT '',
  closed_at BIGINT NOT NULL DEFAULT 0,
  confirmed_by TEXT NOT NULL DEFAULT '',
  crisis_at BIGINT NOT NULL DEFAULT 0,
  reopened INTEGER NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX care_case_child ON care_case (child_id, opened_at);
CREATE INDEX care_case_state ON care_case (state, region);
CREATE INDEX care_case_worker ON care_case (worker, state);
CREATE INDEX care_case_supervisor ON care_case (supervisor, state);
CREATE INDEX care_case_region ON care_case (region, opened_at);

-- Who works on a case beside its worker.
CREATE TABLE care_member (
  case_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  since BIGINT NOT NULL,
  until BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (case_id, account_id)
);
CREATE INDEX care_member_account ON care_member (account_id, until);

-- What is written in a case: every edition stays. body is sealed by the child's
-- key, secret (the confidential part) by the child's key under a place of its own.
CREATE TABLE care_part (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  edition INTEGER NOT NULL,
  previous TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  held_on TEXT NOT NULL DEFAULT '',
  form TEXT NOT NULL DEFAULT '',
  minutes INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  secret TEXT NOT NULL DEFAULT '',
  written_at BIGINT NOT NULL,
  written_by TEXT NOT NULL,
  decided_at BIGINT NOT NULL DEFAULT 0,
  decided_by TEXT NOT NULL DEFAULT '',
  idem_key TEXT NOT NULL DEFAULT ''
);
CREATE INDEX care_part_case ON care_part (case_id, kind, written_at);
CREATE INDEX care_part_by ON care_part (written_by, written_at);
CREATE UNIQUE INDEX care_part_key ON care_part (written_by, idem_key) WHERE idem_key <> '';

CREATE TABLE care_goal (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  text TEXT NOT NULL,
  service TEXT NOT NULL,
  who TEXT NOT NULL DEFAULT '',
  by_on TEXT NOT NULL,
  state TEXT NOT NULL,
  settled_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX care_goal_case ON care_goal (case_id);

-- Referral, transfer, request of a transfer, joint case.
CREATE TABLE care_move (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  from_account TEXT NOT NULL,
  to_account TEXT NOT NULL DEFAULT '',
  to_department TEXT NOT NULL DEFAULT '',
  consent TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL DEFAULT 0,
  answered_by TEXT NOT NULL DEFAULT '',
  answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX care_move_case ON care_move (case_id, asked_at);
CREATE INDEX care_move_to ON care_move (to_account, state);

-- What must be done with a child by when: contacts after a crisis, follow-up,
-- review. A missed one goes to the seat.
CREATE TABLE care_due (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  who TEXT NOT NULL,
  state TEXT NOT NULL,
  done_at BIGINT NOT NULL DEFAULT 0,
  done_by TEXT NOT NULL DEFAULT '',
  reached BOOLEAN NOT NULL DEFAULT FALSE,
  note TEXT NOT NULL DEFAULT '',
  matter_id TEXT NOT NULL DEFAULT ''
);
CREATE INDEX care_due_case ON care_due (case_id, due_at);
CREATE INDEX care_due_who ON care_due (who, state, due_at);

-- Mandatory reports (未成年人保护法 art. 11), sent and received.
CREATE TABLE care_report (
  id TEXT PRIMARY KEY,
  no TEXT NOT NULL UNIQUE,
  direction TEXT NOT NULL,
  child_id TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL,
  situation INTEGER NOT NULL,
  subject TEXT NOT NULL,
  facts TEXT NOT NULL,
  reporter TEXT NOT NULL DEFAULT '',
  reporter_unit TEXT NOT NULL DEFAULT '',
  to_organ TEXT NOT NULL DEFAULT '',
  made_at BIGINT NOT NULL,
  made_by TEXT NOT NULL,
  sent_at BIGINT NOT NULL DEFAULT 0,
  proof TEXT NOT NULL DEFAULT '',
  receipt_no TEXT NOT NULL DEFAULT '',
  received_at BIGINT NOT NULL DEFAULT 0,
  matter_id TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '',
  told_at BIGINT NOT NULL DEFAULT 0,
  told_by TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX care_report_region ON care_report (region, made_at);
CREATE INDEX care_report_child ON care_report (child_id, made_at);

-- Group counselling and publicity events.
CREATE TABLE care_event (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  theme TEXT NOT NULL,
  region TEXT NOT NULL,
  place TEXT NOT NULL DEFAULT '',
  held_at BIGINT NOT NULL,
  minutes INTEGER NOT NULL DEFAULT 0,
  leader TEXT NOT NULL,
  people INTEGER NOT NULL DEFAULT 0,
  materials INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  made_by TEXT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX care_event_held ON care_event (kind, held_at);

CREATE TABLE care_attendance (
  event_id TEXT NOT NULL,
  child_id TEXT NOT NULL,
  came BOOLEAN NOT NULL DEFAULT FALSE,
  before_score INTEGER,
  after_score INTEGER,
  instrument TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (event_id, child_id)
);
CREATE INDEX care_attendance_child ON care_attendance (child_id);
