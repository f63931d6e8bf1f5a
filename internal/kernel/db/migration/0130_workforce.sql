-- The front-line workforce: who it is, and the papers that let them work with
-- children. The number and the note of a paper are sealed.
CREATE TABLE workforce_person (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  region TEXT NOT NULL,
  sex TEXT NOT NULL DEFAULT '',
  languages TEXT NOT NULL DEFAULT '',
  needs TEXT NOT NULL DEFAULT '',
  capacity INTEGER NOT NULL DEFAULT 0,
  began_on TEXT NOT NULL,
  ended_on TEXT NOT NULL DEFAULT '',
  end_reason TEXT NOT NULL DEFAULT '',
  made_at BIGINT NOT NULL,
  made_by TEXT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX workforce_person_region ON workforce_person (region, kind);
CREATE UNIQUE INDEX workforce_person_account ON workforce_person (account_id) WHERE account_id <> '' AND ended_on = '';

CREATE TABLE workforce_paper (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL DEFAULT '',
  number TEXT NOT NULL DEFAULT '',
  issuer TEXT NOT NULL DEFAULT '',
  result TEXT NOT NULL DEFAULT '',
  got_on TEXT NOT NULL,
  expires_on TEXT NOT NULL DEFAULT '',
  hours INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  made_at BIGINT NOT NULL,
  made_by TEXT NOT NULL
);
CREATE INDEX workforce_paper_person ON workforce_paper (person_id, kind, got_on);
CREATE INDEX workforce_paper_expires ON workforce_paper (kind, expires_on);
