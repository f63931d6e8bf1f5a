-- The four colours: three fields that are never mixed. What was found by
-- questionnaires lies in answer_sheet; here are the urgency by machine and the
-- colour by a person. Evidence, words and reasons are sealed by the child's key.
CREATE TABLE level (
  child_id TEXT PRIMARY KEY,
  region TEXT NOT NULL,
  school TEXT NOT NULL DEFAULT '',
  evidence TEXT NOT NULL DEFAULT '',
  screened_at BIGINT NOT NULL DEFAULT 0,
  urgency TEXT NOT NULL DEFAULT '',
  urgency_rank INTEGER NOT NULL DEFAULT 0,
  urgency_since BIGINT NOT NULL DEFAULT 0,
  rose_at BIGINT NOT NULL DEFAULT 0,
  rules TEXT NOT NULL DEFAULT '',
  rules_version TEXT NOT NULL DEFAULT '',
  words TEXT NOT NULL DEFAULT '',
  cleared_at BIGINT NOT NULL DEFAULT 0,
  cleared_by TEXT NOT NULL DEFAULT '',
  colour TEXT NOT NULL DEFAULT '',
  colour_rank INTEGER NOT NULL DEFAULT 0,
  colour_at BIGINT NOT NULL DEFAULT 0,
  colour_by TEXT NOT NULL DEFAULT '',
  colour_second TEXT NOT NULL DEFAULT '',
  colour_reason TEXT NOT NULL DEFAULT '',
  talk_until BIGINT NOT NULL DEFAULT 0,
  updated_at BIGINT NOT NULL
);
CREATE INDEX level_waiting ON level (urgency_rank, urgency_since, region) WHERE urgency_rank > 0;
CREATE INDEX level_colour ON level (colour_rank, region) WHERE colour_rank > 0;
CREATE INDEX level_region ON level (region);

-- Every move of an urgency or a colour, for lists and for the year's figures.
CREATE TABLE level_move (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  at BIGINT NOT NULL,
  what TEXT NOT NULL,
  was TEXT NOT NULL,
  became TEXT NOT NULL,
  rules TEXT NOT NULL DEFAULT '',
  rules_version TEXT NOT NULL DEFAULT '',
  by_account TEXT NOT NULL
);
CREATE INDEX level_move_at ON level_move (at, region);
CREATE INDEX level_move_child ON level_move (child_id, at);

-- Documented assessments. One that lowers waits for a second professional.
CREATE TABLE level_assessment (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  second TEXT NOT NULL DEFAULT '',
  second_at BIGINT NOT NULL DEFAULT 0,
  was TEXT NOT NULL,
  colour TEXT NOT NULL,
  machine TEXT NOT NULL,
  overrides BOOLEAN NOT NULL DEFAULT FALSE,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  supervised_by TEXT NOT NULL DEFAULT '',
  supervised_at BIGINT NOT NULL DEFAULT 0,
  remark TEXT NOT NULL DEFAULT ''
);
CREATE INDEX level_assessment_child ON level_assessment (child_id, at);
CREATE INDEX level_assessment_state ON level_assessment (state, region);
CREATE INDEX level_assessment_override ON level_assessment (overrides, at);

-- What a colour or an urgency obliges: contacts and re-assessments, each with
-- the instant by which it must have been and the one at which the seat hears.
CREATE TABLE level_contact (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  colour TEXT NOT NULL,
  who TEXT NOT NULL,
  cause TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  late_at BIGINT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  reached BOOLEAN NOT NULL DEFAULT FALSE,
  stable BOOLEAN NOT NULL DEFAULT FALSE,
  note TEXT NOT NULL DEFAULT '',
  done_at BIGINT NOT NULL DEFAULT 0,
  done_by TEXT NOT NULL DEFAULT '',
  matter_id TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL
);
CREATE INDEX level_contact_child ON level_contact (child_id, due_at);
CREATE INDEX level_contact_due ON level_contact (state, due_at, region);

CREATE TABLE level_rules (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  version TEXT NOT NULL,
  from_on TEXT NOT NULL,
  body TEXT NOT NULL,
  digest TEXT NOT NULL,
  tried_at BIGINT NOT NULL DEFAULT 0,
  tried TEXT NOT NULL DEFAULT '',
  published_at BIGINT NOT NULL DEFAULT 0,
  published_by TEXT NOT NULL DEFAULT '',
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  UNIQUE (kind, digest)
);
