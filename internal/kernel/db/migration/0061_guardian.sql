-- Which guardian may see where which child is. A link alone opens nothing:
-- guardianship, consent, bars and conflict lists are asked at every look.
CREATE TABLE guardian_link (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  child_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  how TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  consent_at BIGINT NOT NULL DEFAULT 0,
  consent_text TEXT NOT NULL DEFAULT '',
  withdrawn_at BIGINT NOT NULL DEFAULT 0,
  looked_at BIGINT NOT NULL DEFAULT 0,
  closed_at BIGINT NOT NULL DEFAULT 0,
  closed_by TEXT NOT NULL DEFAULT '',
  closed_why TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX guardian_link_once ON guardian_link (account_id, child_id) WHERE closed_at = 0;
CREATE INDEX guardian_link_child ON guardian_link (child_id);

CREATE TABLE guardian_request (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  child_name TEXT NOT NULL,
  relation TEXT NOT NULL,
  region TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  at BIGINT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX guardian_request_state ON guardian_request (state, region);
CREATE INDEX guardian_request_account ON guardian_request (account_id);

-- What stands between a guardian and a child: guardianship suspended or
-- revoked (民法典 art. 36), a protection order (反家庭暴力法 art. 23).
CREATE TABLE guardian_bar (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  document_no TEXT NOT NULL,
  from_on TEXT NOT NULL,
  until_on TEXT NOT NULL DEFAULT '',
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  lifted_by TEXT NOT NULL DEFAULT '',
  lifted_at BIGINT NOT NULL DEFAULT 0,
  lifted_why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX guardian_bar_child ON guardian_bar (child_id, person_id);
