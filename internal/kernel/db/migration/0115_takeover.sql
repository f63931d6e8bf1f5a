-- A live line of a device that a newer one took over: the device came back, or
-- somebody else speaks under its number. The same again within minutes is one
-- row with a count. Networks only, no addresses.
CREATE TABLE device_takeover (
  id TEXT PRIMARY KEY,
  device_id TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL,
  before_source TEXT NOT NULL,
  before_net TEXT NOT NULL DEFAULT '',
  before_gateway TEXT NOT NULL,
  now_source TEXT NOT NULL,
  now_net TEXT NOT NULL DEFAULT '',
  now_gateway TEXT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  n INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX device_takeover_device ON device_takeover (device_id, last_at);
CREATE INDEX device_takeover_last ON device_takeover (last_at);

-- What a contracted locating service answered, so that it is asked once: the
-- lists of networks around a child are personal data. WGS-84.
CREATE TABLE located (
  key TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} PRIMARY KEY,
  lat DOUBLE PRECISION NOT NULL,
  lon DOUBLE PRECISION NOT NULL,
  accuracy_m DOUBLE PRECISION NOT NULL,
  source TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX located_at ON located (at);
