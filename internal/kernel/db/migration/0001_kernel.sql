-- What every change may need: events for listeners, jobs with due times.
CREATE TABLE heartbeat (
  id INTEGER PRIMARY KEY,
  at BIGINT NOT NULL
);
INSERT INTO heartbeat (id, at) VALUES (1, 0);

CREATE TABLE event (
  seq {{.Serial}},
  xid BIGINT NOT NULL,
  at BIGINT NOT NULL,
  topic TEXT NOT NULL,
  kind TEXT NOT NULL,
  region TEXT NOT NULL,
  ref TEXT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX event_order ON event (xid, seq);
CREATE INDEX event_at ON event (at);

CREATE TABLE job (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  first_due_at BIGINT NOT NULL,
  payload TEXT NOT NULL DEFAULT '{}',
  attempts INTEGER NOT NULL DEFAULT 0,
  leased_until BIGINT NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  UNIQUE (kind, key)
);
CREATE INDEX job_due ON job (due_at);

-- Small settings of the installation that are no configuration, such as the
-- one-time link of the first administrator.
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
