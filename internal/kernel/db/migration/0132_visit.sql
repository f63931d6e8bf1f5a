-- Aftercare: who is paired with a child, which visits are due, what was seen.
CREATE TABLE visit_pairing (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  helper TEXT NOT NULL,
  kind TEXT NOT NULL,
  begun_on TEXT NOT NULL,
  ended_on TEXT NOT NULL DEFAULT '',
  end_reason TEXT NOT NULL DEFAULT '',
  made_at BIGINT NOT NULL,
  made_by TEXT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,
  ended_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX visit_pairing_child ON visit_pairing (child_id, begun_on);
CREATE INDEX visit_pairing_helper ON visit_pairing (helper, ended_on);
CREATE INDEX visit_pairing_region ON visit_pairing (region, begun_on);
CREATE UNIQUE INDEX visit_pairing_once ON visit_pairing (child_id, helper) WHERE ended_at = 0;

-- A visit that must be made by a day. plan names why: regular (colour and
-- category), a festival, or by hand.
CREATE TABLE visit_due (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  plan TEXT NOT NULL,
  why TEXT NOT NULL DEFAULT '',
  who TEXT NOT NULL DEFAULT '',
  from_on TEXT NOT NULL,
  due_on TEXT NOT NULL,
  state TEXT NOT NULL,
  visit_id TEXT NOT NULL DEFAULT '',
  told_at BIGINT NOT NULL DEFAULT 0,
  made_at BIGINT NOT NULL,
  done_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX visit_due_who ON visit_due (who, state, due_on);
CREATE INDEX visit_due_region ON visit_due (region, state, due_on);
CREATE INDEX visit_due_child ON visit_due (child_id, plan, made_at);
CREATE UNIQUE INDEX visit_due_once ON visit_due (child_id, plan) WHERE state = 'open';

-- A visit and its versions. body is sealed by the child's key. Two phones may
-- write one visit: then both versions stay and a person decides.
CREATE TABLE visit (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  due_id TEXT NOT NULL DEFAULT '',
  plan TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  current TEXT NOT NULL,
  by_account TEXT NOT NULL,
  began_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  met BOOLEAN NOT NULL DEFAULT FALSE,
  danger TEXT NOT NULL DEFAULT '',
  matter_id TEXT NOT NULL DEFAULT '',
  stored_at BIGINT NOT NULL,
  decided_at BIGINT NOT NULL DEFAULT 0,
  decided_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX visit_child ON visit (child_id, began_at);
CREATE INDEX visit_region ON visit (region, began_at);
CREATE INDEX visit_by ON visit (by_account, began_at);
CREATE INDEX visit_state ON visit (state, region);

CREATE TABLE visit_version (
  id TEXT PRIMARY KEY,
  visit_id TEXT NOT NULL,
  base TEXT NOT NULL DEFAULT '',
  by_account TEXT NOT NULL,
  idem_key TEXT NOT NULL,
  began_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  stored_at BIGINT NOT NULL,
  met BOOLEAN NOT NULL DEFAULT FALSE,
  danger TEXT NOT NULL DEFAULT '',
  lat DOUBLE PRECISION NOT NULL DEFAULT 0,
  lon DOUBLE PRECISION NOT NULL DEFAULT 0,
  accuracy_m INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  UNIQUE (by_account, idem_key)
);
CREATE INDEX visit_version_visit ON visit_version (visit_id, stored_at);

CREATE TABLE visit_goods (
  visit_id TEXT NOT NULL,
  version_id TEXT NOT NULL,
  item TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (version_id, item)
);
CREATE INDEX visit_goods_visit ON visit_goods (visit_id);

-- What can't be true of a visit, for a supervisor to look into.
CREATE TABLE visit_mark (
  id TEXT PRIMARY KEY,
  visit_id TEXT NOT NULL,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  other TEXT NOT NULL DEFAULT '',
  metres INTEGER NOT NULL DEFAULT 0,
  seconds INTEGER NOT NULL DEFAULT 0,
  at BIGINT NOT NULL,
  state TEXT NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  settled_at BIGINT NOT NULL DEFAULT 0,
  settled_by TEXT NOT NULL DEFAULT '',
  UNIQUE (visit_id, kind, other)
);
CREATE INDEX visit_mark_state ON visit_mark (state, region, at);

-- A phone that must forget: its unsent answers come first.
CREATE TABLE phone_wipe (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  asked_by TEXT NOT NULL,
  done_at BIGINT NOT NULL DEFAULT 0,
  sent INTEGER NOT NULL DEFAULT 0,
  sealed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX phone_wipe_account ON phone_wipe (account_id, done_at);
