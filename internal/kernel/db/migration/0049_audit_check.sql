-- Each time that the chain of the audit was walked: who asked, what was found.
CREATE TABLE audit_check (
  id TEXT PRIMARY KEY,
  begun_at BIGINT NOT NULL,
  begun_by TEXT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,
  links BIGINT NOT NULL DEFAULT 0,
  unsealed BIGINT NOT NULL DEFAULT 0,
  digests BIGINT NOT NULL DEFAULT 0,
  findings TEXT NOT NULL DEFAULT '[]',
  failed BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX audit_check_begun ON audit_check (begun_at);
