-- How a device proves its name: JT/T 808 code, MQTT and HTTP token.
CREATE TABLE device_secret (
  device_id TEXT NOT NULL,
  door TEXT NOT NULL,
  hash TEXT NOT NULL,
  traits TEXT NOT NULL DEFAULT '',
  used_at BIGINT NOT NULL DEFAULT 0,
  issued_at BIGINT NOT NULL,
  issued_by TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (device_id, door)
);
