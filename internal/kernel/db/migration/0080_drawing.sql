-- Drawings (房树人): printed sheets, batches of photos, what was read in them.
-- Which child a sheet belongs to stands in drawing_sheet and drawing only, and
-- raters never read these.
CREATE TABLE drawing_sheet (
  number TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  school TEXT NOT NULL DEFAULT '',
  grade TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  printed_at BIGINT NOT NULL,
  printed_by TEXT NOT NULL
);
CREATE INDEX drawing_sheet_child ON drawing_sheet (child_id);

CREATE TABLE drawing_batch (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  region TEXT NOT NULL,
  drawn_on TEXT NOT NULL,
  colours BOOLEAN NOT NULL,
  time_limit INTEGER NOT NULL,
  material TEXT NOT NULL DEFAULT '',
  seed TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX drawing_batch_region ON drawing_batch (region, created_at);

CREATE TABLE drawing_photo (
  id TEXT PRIMARY KEY,
  batch_id TEXT NOT NULL,
  state TEXT NOT NULL,
  content_index TEXT NOT NULL,
  subject TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  number TEXT NOT NULL DEFAULT '',
  faults TEXT NOT NULL DEFAULT '',
  corners TEXT NOT NULL DEFAULT '',
  drawing_id TEXT NOT NULL DEFAULT '',
  tries INTEGER NOT NULL DEFAULT 0,
  leased_until BIGINT NOT NULL DEFAULT 0,
  added_by TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  read_at BIGINT NOT NULL DEFAULT 0,
  mended_by TEXT NOT NULL DEFAULT '',
  mended_at BIGINT NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  keep_until BIGINT NOT NULL DEFAULT 0,
  erased_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX drawing_photo_content ON drawing_photo (batch_id, content_index);
CREATE INDEX drawing_photo_waiting ON drawing_photo (added_at, id) WHERE state = 'waiting';
CREATE INDEX drawing_photo_batch ON drawing_photo (batch_id, state, id);
CREATE INDEX drawing_photo_keep ON drawing_photo (keep_until) WHERE keep_until > 0 AND erased_at = 0;

CREATE TABLE drawing (
  id TEXT PRIMARY KEY,
  batch_id TEXT NOT NULL,
  photo_id TEXT NOT NULL,
  number TEXT NOT NULL,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  state TEXT NOT NULL,
  same_as TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL,
  measures TEXT NOT NULL,
  suggested TEXT NOT NULL,
  hash_d BIGINT NOT NULL,
  hash_p BIGINT NOT NULL,
  age INTEGER NOT NULL,
  age_band TEXT NOT NULL,
  sex TEXT NOT NULL,
  colours BOOLEAN NOT NULL,
  time_limit INTEGER NOT NULL,
  rating TEXT NOT NULL,
  why TEXT NOT NULL DEFAULT '',
  sum INTEGER NOT NULL DEFAULT 0,
  final TEXT NOT NULL DEFAULT '',
  sheet_version TEXT NOT NULL DEFAULT '',
  matter_id TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  decided_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX drawing_number ON drawing (number, state);
CREATE INDEX drawing_batch_state ON drawing (batch_id, state, rating);
CREATE INDEX drawing_child ON drawing (child_id, created_at);
CREATE INDEX drawing_rating_queue ON drawing (rating, created_at, id) WHERE state = 'rating';
CREATE INDEX drawing_region ON drawing (region, created_at);
