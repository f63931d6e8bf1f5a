-- Things that children wear.
CREATE TABLE device (
  id TEXT PRIMARY KEY,
  device_id TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL UNIQUE,
  kind TEXT NOT NULL DEFAULT '',
  model TEXT NOT NULL DEFAULT '',
  profile TEXT NOT NULL DEFAULT '',
  label TEXT NOT NULL DEFAULT '',
  sim TEXT NOT NULL DEFAULT '',
  sim_index TEXT NOT NULL DEFAULT '',
  sim_until TEXT NOT NULL DEFAULT '',
  wearer TEXT NOT NULL DEFAULT '',
  region TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  batch TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX device_state ON device (state, id);
CREATE INDEX device_region ON device (region, id);
CREATE INDEX device_wearer ON device (wearer) WHERE wearer <> '';
CREATE INDEX device_sim ON device (sim_index) WHERE sim_index <> '';
CREATE INDEX device_batch ON device (batch) WHERE batch <> '';

CREATE TABLE device_wearing (
  id TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  child_id TEXT NOT NULL,
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL DEFAULT 0,
  by_account TEXT NOT NULL,
  why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX device_wearing_device ON device_wearing (device, from_at);
CREATE INDEX device_wearing_child ON device_wearing (child_id, from_at);

-- The newest of a device, apart from its record: it changes by the minute.
CREATE TABLE device_last (
  device TEXT PRIMARY KEY,
  seen_at BIGINT NOT NULL DEFAULT 0,
  battery INTEGER NOT NULL DEFAULT -1,
  battery_at BIGINT NOT NULL DEFAULT 0,
  lat DOUBLE PRECISION NOT NULL DEFAULT 0,
  lon DOUBLE PRECISION NOT NULL DEFAULT 0,
  position_at BIGINT NOT NULL DEFAULT 0,
  source TEXT NOT NULL DEFAULT '',
  accuracy_m DOUBLE PRECISION NOT NULL DEFAULT -1,
  signals BIGINT NOT NULL DEFAULT 0
);

-- Positions in clear, kept for days only.
CREATE TABLE device_position (
  device TEXT NOT NULL,
  at BIGINT NOT NULL,
  child_id TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  lat DOUBLE PRECISION NOT NULL,
  lon DOUBLE PRECISION NOT NULL,
  source TEXT NOT NULL,
  accuracy_m DOUBLE PRECISION NOT NULL DEFAULT -1,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (device, at)
);
CREATE INDEX device_position_at ON device_position (received_at);
CREATE INDEX device_position_child ON device_position (child_id, at);
