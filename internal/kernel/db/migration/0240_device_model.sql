-- Versions of what a device's model means by its own bits and fields. The files
-- of the program are version 0; the newest published one of a name goes over
-- them. One who did not write it lets it be published.
CREATE TABLE device_model (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  edition INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  decided_why TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX device_model_edition ON device_model (name, edition) WHERE edition > 0;
CREATE UNIQUE INDEX device_model_waiting ON device_model (name) WHERE state = 'waiting';
