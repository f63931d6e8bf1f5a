-- What goes down to devices, and which process holds whose line.

-- A process that has doors for devices.
CREATE TABLE gateway_process (
  id TEXT PRIMARY KEY,
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);

-- The one live line of a device. changed_at grows with each take-over.
CREATE TABLE device_line (
  device_id TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} PRIMARY KEY,
  gateway TEXT NOT NULL,
  line TEXT NOT NULL,
  source TEXT NOT NULL,
  since BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX device_line_gateway ON device_line (gateway, device_id);
CREATE INDEX device_line_changed ON device_line (changed_at);

-- From where a device comes, and from where it came first.
CREATE TABLE device_origin (
  device_id TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} PRIMARY KEY,
  first_net TEXT NOT NULL,
  net TEXT NOT NULL,
  changes INTEGER NOT NULL DEFAULT 0,
  changed_at BIGINT NOT NULL
);

-- One command to one device. The content is sealed, and is gone when the command has ended.
CREATE TABLE device_downlink (
  id TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  device_id TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL,
  region TEXT NOT NULL DEFAULT '',
  child_id TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL,
  content TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  due_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  gateway TEXT NOT NULL DEFAULT '',
  token TEXT NOT NULL DEFAULT '',
  result TEXT NOT NULL DEFAULT '',
  idem_key TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  sent_at BIGINT NOT NULL DEFAULT 0,
  ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX device_downlink_device ON device_downlink (device, id);
CREATE INDEX device_downlink_open ON device_downlink (device_id, due_at) WHERE ended_at = 0;
CREATE INDEX device_downlink_due ON device_downlink (due_at) WHERE ended_at = 0;

-- Each recording has a key of its own; without it the bytes are nothing.
ALTER TABLE device_media ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE device_media ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;
