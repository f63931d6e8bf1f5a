-- What a place was told as, where that is not WGS-84 by a good clock.
ALTER TABLE device_position ADD COLUMN raw_lat DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE device_position ADD COLUMN raw_lon DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE device_position ADD COLUMN crs TEXT NOT NULL DEFAULT 'wgs84';
ALTER TABLE device_position ADD COLUMN time_suspect BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE device_position ADD COLUMN history BOOLEAN NOT NULL DEFAULT FALSE;

-- What was learnt of a device from what it says: how wrong its clock is, which card it has.
CREATE TABLE device_trait (
  device TEXT PRIMARY KEY,
  skew_minutes INTEGER NOT NULL DEFAULT 0,
  skew_candidate INTEGER NOT NULL DEFAULT 0,
  skew_hits INTEGER NOT NULL DEFAULT 0,
  iccid TEXT NOT NULL DEFAULT ''
);

-- Where access points stand, learnt from good fixes of the district's own badges.
CREATE TABLE access_point (
  mac TEXT PRIMARY KEY,
  lat DOUBLE PRECISION NOT NULL,
  lon DOUBLE PRECISION NOT NULL,
  samples INTEGER NOT NULL DEFAULT 1,
  moves INTEGER NOT NULL DEFAULT 0,
  at BIGINT NOT NULL
);
CREATE INDEX access_point_at ON access_point (at);

-- Voice and pictures that devices sent, kept as short as positions.
CREATE TABLE device_media (
  id TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  child_id TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL,
  format TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL DEFAULT '',
  part INTEGER NOT NULL DEFAULT 0,
  parts INTEGER NOT NULL DEFAULT 0,
  at BIGINT NOT NULL DEFAULT 0,
  received_at BIGINT NOT NULL,
  data {{.Blob}}
);
CREATE INDEX device_media_child ON device_media (child_id, received_at);
CREATE INDEX device_media_device ON device_media (device, received_at);
CREATE INDEX device_media_received ON device_media (received_at);
