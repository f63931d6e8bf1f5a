-- Blind rating of drawings. A task's id is the pseudonym: it is all that a
-- rater is given, and leads to the drawing on this side only.
CREATE TABLE drawing_task (
  id TEXT PRIMARY KEY,
  drawing_id TEXT NOT NULL,
  rater TEXT NOT NULL,
  is_repeat BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  done_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX drawing_task_once ON drawing_task (drawing_id, rater, is_repeat);
CREATE INDEX drawing_task_open ON drawing_task (rater, state, expires_at);

-- Codes are sealed by the drawing's key; a row is never changed.
CREATE TABLE drawing_rating (
  id TEXT PRIMARY KEY,
  drawing_id TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  rater TEXT NOT NULL,
  is_repeat BOOLEAN NOT NULL,
  sheet_version TEXT NOT NULL,
  codes TEXT NOT NULL,
  words TEXT NOT NULL DEFAULT '',
  submitted_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX drawing_rating_once ON drawing_rating (drawing_id, rater, is_repeat);
CREATE INDEX drawing_rating_batch ON drawing_rating (batch_id, submitted_at);
CREATE INDEX drawing_rating_rater ON drawing_rating (rater, submitted_at);

-- 建议谈话: ends by itself, carries no colour.
CREATE TABLE drawing_mark (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  drawing_id TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  region TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  talked_at BIGINT NOT NULL DEFAULT 0,
  talked_by TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX drawing_mark_drawing ON drawing_mark (drawing_id);
CREATE INDEX drawing_mark_child ON drawing_mark (child_id, expires_at);
CREATE INDEX drawing_mark_region ON drawing_mark (region, expires_at);

-- Training: drawings with reference codes, and what trainees made of them.
CREATE TABLE drawing_reference (
  id TEXT PRIMARY KEY,
  drawing_id TEXT NOT NULL,
  codes TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX drawing_reference_drawing ON drawing_reference (drawing_id);

CREATE TABLE drawing_trial (
  id TEXT PRIMARY KEY,
  reference_id TEXT NOT NULL,
  trainee TEXT NOT NULL,
  codes TEXT NOT NULL,
  submitted_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX drawing_trial_once ON drawing_trial (reference_id, trainee);
