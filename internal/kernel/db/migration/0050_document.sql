-- Files: photos, recordings, papers. The bytes lie sealed in the attachments
-- folder under a key of the file's own, which stands here wrapped: emptying
-- the column erases the file wherever a copy of it lies.
CREATE TABLE document (
  id TEXT PRIMARY KEY,
  record_kind TEXT NOT NULL,
  record_id TEXT NOT NULL,
  child_id TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  media TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  thumb BOOLEAN NOT NULL,
  subject TEXT NOT NULL,
  meta TEXT NOT NULL DEFAULT '',
  idem_key TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  keep_until BIGINT NOT NULL,
  erased_at BIGINT NOT NULL DEFAULT 0,
  UNIQUE (created_by, idem_key)
);
CREATE INDEX document_record ON document (record_kind, record_id, created_at);
CREATE INDEX document_child ON document (child_id);
CREATE INDEX document_keep ON document (erased_at, keep_until);
