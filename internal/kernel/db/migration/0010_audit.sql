-- Who did and saw what. Rows are never changed; the chain is written beside.
CREATE TABLE audit_row (
  seq {{.Serial}},
  xid BIGINT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  shown TEXT NOT NULL DEFAULT '',
  purpose TEXT NOT NULL DEFAULT '',
  result TEXT NOT NULL DEFAULT 'ok',
  region TEXT NOT NULL DEFAULT '',
  request TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_row_order ON audit_row (xid, seq);
CREATE INDEX audit_row_at ON audit_row (at);
CREATE INDEX audit_row_actor ON audit_row (actor, at);
CREATE INDEX audit_row_subject ON audit_row (subject, at);

-- Which subjects a row of several showed, so that "who looked at this child"
-- is one look-up.
CREATE TABLE audit_shown (
  row_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (subject, row_id)
);

CREATE TABLE audit_chain (
  n BIGINT PRIMARY KEY,
  row_id TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL
);
CREATE TABLE audit_head (
  id INTEGER PRIMARY KEY,
  n BIGINT NOT NULL,
  hash TEXT NOT NULL,
  xid BIGINT NOT NULL,
  seq BIGINT NOT NULL
);
INSERT INTO audit_head (id, n, hash, xid, seq) VALUES (1, 0, '', 0, 0);
