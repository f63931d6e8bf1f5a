-- Help asked for without an account: the answer is read by a one-time code, of
-- which only a keyed index is kept. No address and no browser is stored.
CREATE TABLE help_thread (
  id TEXT PRIMARY KEY,
  code_index TEXT NOT NULL UNIQUE,
  matter_id TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  read_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX help_thread_matter ON help_thread (matter_id);
CREATE TABLE help_message (
  id TEXT PRIMARY KEY,
  thread_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  from_child BOOLEAN NOT NULL,
  account_id TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL,
  idem_key TEXT NOT NULL UNIQUE
);
CREATE INDEX help_message_thread ON help_message (thread_id, at);
