-- Fences. What is drawn around one child tells where it lives: name and
-- outline are sealed then; those of an area are plain.
CREATE TABLE fence (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  mode TEXT NOT NULL,
  child_id TEXT NOT NULL DEFAULT '',
  region TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL,
  name TEXT NOT NULL,
  outline TEXT NOT NULL,
  schedule TEXT NOT NULL DEFAULT '[]',
  active BOOLEAN NOT NULL DEFAULT TRUE,
  version BIGINT NOT NULL DEFAULT 1,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_by TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX fence_child ON fence (child_id) WHERE child_id <> '';
CREATE INDEX fence_region ON fence (region, id);

-- Grows with each change of a fence or rule: processes compare it with what
-- they have in memory.
CREATE TABLE guard_state (
  name TEXT PRIMARY KEY,
  n BIGINT NOT NULL
);
INSERT INTO guard_state (name, n) VALUES ('fences', 1), ('rules', 1), ('beat', 0), ('grace_until', 0);

-- Where a device stands to a fence. Danger zones have a row only while a
-- device is in one or nearly so.
CREATE TABLE guard_standing (
  device TEXT NOT NULL,
  fence TEXT NOT NULL,
  lane TEXT NOT NULL DEFAULT 'live',
  state TEXT NOT NULL,
  toward TEXT NOT NULL DEFAULT '',
  count INTEGER NOT NULL DEFAULT 0,
  first_at BIGINT NOT NULL DEFAULT 0,
  last_at BIGINT NOT NULL DEFAULT 0,
  since_at BIGINT NOT NULL DEFAULT 0,
  unsure_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (device, fence, lane)
);
CREATE INDEX guard_standing_fence ON guard_standing (fence);

CREATE TABLE guard_level (
  device TEXT NOT NULL,
  what TEXT NOT NULL,
  over BOOLEAN NOT NULL DEFAULT FALSE,
  count INTEGER NOT NULL DEFAULT 0,
  first_at BIGINT NOT NULL DEFAULT 0,
  last_at BIGINT NOT NULL DEFAULT 0,
  value DOUBLE PRECISION NOT NULL DEFAULT 0,
  PRIMARY KEY (device, what)
);

-- Whose silence is watched. The clock itself is a job; it looks at
-- device_last when it fires, so that no message has to write it.
CREATE TABLE guard_device (
  device TEXT PRIMARY KEY,
  source TEXT NOT NULL DEFAULT '',
  operator TEXT NOT NULL DEFAULT '',
  model TEXT NOT NULL DEFAULT '',
  interval_s INTEGER NOT NULL DEFAULT 0,
  since_at BIGINT NOT NULL,
  silent_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX guard_device_source ON guard_device (source);
CREATE INDEX guard_device_operator ON guard_device (operator) WHERE operator <> '';

CREATE TABLE guard_alarm (
  id TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  child_id TEXT NOT NULL,
  region TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL,
  kind TEXT NOT NULL,
  fence TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  goes_to TEXT NOT NULL,
  at BIGINT NOT NULL,
  raised_at BIGINT NOT NULL,
  late_s BIGINT NOT NULL DEFAULT 0,
  value DOUBLE PRECISION NOT NULL DEFAULT 0,
  signal_id TEXT NOT NULL DEFAULT '',
  matter_id TEXT NOT NULL DEFAULT '',
  outage TEXT NOT NULL DEFAULT '',
  ended_at BIGINT NOT NULL DEFAULT 0,
  ended_why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX guard_alarm_child ON guard_alarm (child_id, at);
CREATE INDEX guard_alarm_region ON guard_alarm (region, raised_at);
CREATE INDEX guard_alarm_raised ON guard_alarm (raised_at);
CREATE INDEX guard_alarm_open ON guard_alarm (device, kind, fence) WHERE ended_at = 0;
CREATE INDEX guard_alarm_outage ON guard_alarm (outage) WHERE outage <> '';

CREATE TABLE guard_outage (
  id TEXT PRIMARY KEY,
  grp TEXT NOT NULL,
  began_at BIGINT NOT NULL,
  found_at BIGINT NOT NULL,
  silent INTEGER NOT NULL,
  of_all INTEGER NOT NULL,
  matter_id TEXT NOT NULL DEFAULT '',
  ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX guard_outage_open ON guard_outage (grp) WHERE ended_at = 0;

CREATE TABLE guard_rule (
  id TEXT PRIMARY KEY,
  from_at BIGINT NOT NULL,
  body TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL
);
CREATE INDEX guard_rule_from ON guard_rule (from_at);
