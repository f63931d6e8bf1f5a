-- Questionnaires beside the shipped ones, who checked which against the
-- publisher's form, and local cut-offs by date.
CREATE TABLE instrument_version (
  id TEXT PRIMARY KEY,
  instrument TEXT NOT NULL,
  version TEXT NOT NULL,
  digest TEXT NOT NULL,
  body TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  retired_at BIGINT NOT NULL DEFAULT 0,
  UNIQUE (instrument, version)
);

CREATE TABLE instrument_signature (
  id TEXT PRIMARY KEY,
  instrument TEXT NOT NULL,
  version TEXT NOT NULL,
  digest TEXT NOT NULL,
  address TEXT NOT NULL,
  statement TEXT NOT NULL,
  signed_by TEXT NOT NULL,
  signed_at BIGINT NOT NULL,
  withdrawn_at BIGINT NOT NULL DEFAULT 0,
  withdrawn_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX instrument_signature_digest ON instrument_signature (digest);

CREATE TABLE instrument_cutoff (
  id TEXT PRIMARY KEY,
  instrument TEXT NOT NULL,
  body TEXT NOT NULL,
  reason TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  removed_at BIGINT NOT NULL DEFAULT 0,
  removed_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX instrument_cutoff_instrument ON instrument_cutoff (instrument);
