-- Imports of departments' lists. The file lies in pieces, sealed by a key of
-- its own that stands here wrapped: emptying the column erases the file.
CREATE TABLE intake (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  region TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  file_name TEXT NOT NULL,
  file_bytes BIGINT NOT NULL,
  pieces INTEGER NOT NULL,
  corrections TEXT NOT NULL DEFAULT '{}',
  rows_ok INTEGER NOT NULL DEFAULT 0,
  rows_warn INTEGER NOT NULL DEFAULT 0,
  rows_duplicate INTEGER NOT NULL DEFAULT 0,
  rows_refuse INTEGER NOT NULL DEFAULT 0,
  written INTEGER NOT NULL DEFAULT 0,
  people INTEGER NOT NULL DEFAULT 0,
  problem TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  committed_at BIGINT NOT NULL DEFAULT 0,
  shown_at BIGINT NOT NULL DEFAULT 0,
  undone_at BIGINT NOT NULL DEFAULT 0,
  undone_by TEXT NOT NULL DEFAULT '',
  keep_until BIGINT NOT NULL
);
CREATE INDEX intake_region ON intake (region, id);
CREATE INDEX intake_state ON intake (state);

CREATE TABLE intake_piece (
  intake TEXT NOT NULL,
  n INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (intake, n)
);

-- What one change of an import wrote: rows is a list of [row, id], adults the
-- guardians it made. It is written in that change, so a restart goes on behind
-- the last one.
CREATE TABLE intake_chunk (
  intake TEXT NOT NULL,
  n INTEGER NOT NULL,
  rows TEXT NOT NULL,
  adults TEXT NOT NULL,
  PRIMARY KEY (intake, n)
);

-- What follows from a row once the import shows: a change proposed to a record
-- that was there, a number claimed by two areas, two records that look like one
-- person, a device that was there already. detail is sealed by the child's key.
CREATE TABLE intake_follow (
  intake TEXT NOT NULL,
  n INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  record TEXT NOT NULL,
  other TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL,
  fields TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  decided_by TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (intake, n, kind)
);
CREATE INDEX intake_follow_state ON intake_follow (intake, state);
