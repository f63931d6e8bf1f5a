-- The centre: information, person, matter, things.
CREATE TABLE policy (
  id TEXT PRIMARY KEY,
  family TEXT NOT NULL,
  key TEXT NOT NULL,
  from_at BIGINT NOT NULL,
  body TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL
);
CREATE INDEX policy_from ON policy (from_at);

-- What came in, as it came in; never changed but for where it led.
CREATE TABLE signal (
  id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  kind TEXT NOT NULL,
  idem_key TEXT NOT NULL UNIQUE,
  device_id TEXT NOT NULL DEFAULT '',
  received_at BIGINT NOT NULL,
  device_at BIGINT NOT NULL DEFAULT 0,
  history BOOLEAN NOT NULL DEFAULT FALSE,
  alarms TEXT NOT NULL DEFAULT '',
  body TEXT NOT NULL DEFAULT '{}',
  raw {{.Blob}},
  note TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  phone_index TEXT NOT NULL DEFAULT '',
  child_id TEXT NOT NULL DEFAULT '',
  matter_id TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  why TEXT NOT NULL DEFAULT '',
  again BOOLEAN NOT NULL DEFAULT FALSE,
  drill BOOLEAN NOT NULL DEFAULT FALSE,
  taken_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX signal_matter ON signal (matter_id, received_at);
CREATE INDEX signal_device ON signal (device_id, received_at);
CREATE INDEX signal_received ON signal (received_at);
CREATE INDEX signal_state ON signal (state, received_at);

CREATE TABLE matter (
  id TEXT PRIMARY KEY,
  no TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  grp TEXT NOT NULL,
  urgency TEXT NOT NULL,
  rank INTEGER NOT NULL,
  crisis BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  drill BOOLEAN NOT NULL DEFAULT FALSE,
  region TEXT NOT NULL,
  child_id TEXT NOT NULL DEFAULT '',
  event_key TEXT NOT NULL,
  device_id TEXT NOT NULL DEFAULT '',
  opened_at BIGINT NOT NULL,
  opened_by TEXT NOT NULL,
  last_signal_at BIGINT NOT NULL DEFAULT 0,
  signals INTEGER NOT NULL DEFAULT 0,
  pressed_again INTEGER NOT NULL DEFAULT 0,
  text TEXT NOT NULL DEFAULT '',
  stage TEXT NOT NULL,
  order_id TEXT NOT NULL DEFAULT '',
  orders INTEGER NOT NULL DEFAULT 0,
  clock_at BIGINT NOT NULL DEFAULT 0,
  due_at BIGINT NOT NULL DEFAULT 0,
  contact_allowed BOOLEAN NOT NULL DEFAULT TRUE,
  contact_by TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '',
  outcome_note TEXT NOT NULL DEFAULT '',
  closing_by TEXT NOT NULL DEFAULT '',
  closing_at BIGINT NOT NULL DEFAULT 0,
  closed_at BIGINT NOT NULL DEFAULT 0,
  confirmed_by TEXT NOT NULL DEFAULT '',
  reopened INTEGER NOT NULL DEFAULT 0,
  locked_by TEXT NOT NULL DEFAULT '',
  locked_until BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1
);
-- Never a second open matter for the same event.
CREATE UNIQUE INDEX matter_event_key ON matter (event_key) WHERE state <> 'closed';
CREATE INDEX matter_queue ON matter (state, rank, due_at);
CREATE INDEX matter_region ON matter (region, opened_at);
CREATE INDEX matter_child ON matter (child_id, opened_at);
CREATE INDEX matter_opened ON matter (opened_at);

CREATE TABLE matter_number (
  day TEXT PRIMARY KEY,
  n INTEGER NOT NULL
);

-- All that happened; every clock can be computed again from it.
CREATE TABLE matter_event (
  id TEXT PRIMARY KEY,
  matter_id TEXT NOT NULL,
  order_id TEXT NOT NULL DEFAULT '',
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  data TEXT NOT NULL DEFAULT '{}',
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX matter_event_matter ON matter_event (matter_id, at);
CREATE INDEX matter_event_kind ON matter_event (kind, at);

-- Who must not be told, called or sent.
CREATE TABLE matter_conflict (
  id TEXT PRIMARY KEY,
  matter_id TEXT NOT NULL,
  person_id TEXT NOT NULL DEFAULT '',
  account_id TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL DEFAULT '',
  phone_index TEXT NOT NULL DEFAULT '',
  relation TEXT NOT NULL,
  reason TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  removed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX matter_conflict_matter ON matter_conflict (matter_id);

CREATE TABLE dispatch_order (
  id TEXT PRIMARY KEY,
  no TEXT NOT NULL UNIQUE,
  matter_id TEXT NOT NULL,
  joint TEXT NOT NULL DEFAULT '',
  chain TEXT NOT NULL,
  state TEXT NOT NULL,
  stage TEXT NOT NULL,
  step INTEGER NOT NULL,
  last_step BOOLEAN NOT NULL DEFAULT FALSE,
  level TEXT NOT NULL,
  region TEXT NOT NULL,
  assignee TEXT NOT NULL DEFAULT '',
  clock_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  missed INTEGER NOT NULL DEFAULT 0,
  drill BOOLEAN NOT NULL DEFAULT FALSE,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT 'seat',
  external_ref TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  ended_at BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX dispatch_order_matter ON dispatch_order (matter_id);
CREATE INDEX dispatch_order_assignee ON dispatch_order (assignee, state);

CREATE TABLE dispatch_offer (
  order_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  step INTEGER NOT NULL,
  role TEXT NOT NULL,
  region TEXT NOT NULL,
  state TEXT NOT NULL,
  offered_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (order_id, account_id)
);
CREATE INDEX dispatch_offer_account ON dispatch_offer (account_id, state);

-- Keys of requests carried out: an offline phone may send twice.
CREATE TABLE done_key (
  key TEXT NOT NULL,
  account_id TEXT NOT NULL,
  ref TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (account_id, key)
);

CREATE TABLE drill (
  id TEXT PRIMARY KEY,
  matter_id TEXT NOT NULL,
  region TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  started_by TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,
  end_reason TEXT NOT NULL DEFAULT ''
);
