-- Areas. A code is never given twice; one that died keeps its row, with the
-- code that took its place.
CREATE TABLE region (
  code TEXT PRIMARY KEY,
  level TEXT NOT NULL,
  name TEXT NOT NULL,
  began_on TEXT NOT NULL DEFAULT '',
  ended_on TEXT NOT NULL DEFAULT '',
  successor TEXT NOT NULL DEFAULT '',
  lat DOUBLE PRECISION NOT NULL DEFAULT 0,
  lon DOUBLE PRECISION NOT NULL DEFAULT 0,
  point_source TEXT NOT NULL DEFAULT ''
);

-- Names from a day on; the oldest name stands in region.
CREATE TABLE region_name (
  code TEXT NOT NULL,
  from_on TEXT NOT NULL,
  name TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  PRIMARY KEY (code, from_on)
);

-- Outlines as imported; readers see one import, the one named in region_state.
CREATE TABLE region_outline (
  import_id TEXT NOT NULL,
  code TEXT NOT NULL,
  geometry TEXT NOT NULL,
  PRIMARY KEY (import_id, code)
);

-- version grows with each change of areas, so that processes know when to
-- read them anew.
CREATE TABLE region_state (
  id INTEGER PRIMARY KEY,
  version BIGINT NOT NULL,
  outline TEXT NOT NULL DEFAULT '',
  outline_at BIGINT NOT NULL DEFAULT 0
);
INSERT INTO region_state (id, version) VALUES (1, 0);
