-- Who is on duty where and when. Nothing is deleted: "who was on duty that
-- night" is asked months later.
CREATE TABLE duty_entry (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  region TEXT NOT NULL,
  level TEXT NOT NULL,
  role TEXT NOT NULL,
  account TEXT NOT NULL DEFAULT '',
  instead_of TEXT NOT NULL DEFAULT '',
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  removed_by TEXT NOT NULL DEFAULT '',
  removed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX duty_entry_region ON duty_entry (region, to_at);
CREATE INDEX duty_entry_away ON duty_entry (instead_of, to_at);

-- A recurring pattern; its turns are computed, never stored.
CREATE TABLE duty_rotation (
  id TEXT PRIMARY KEY,
  region TEXT NOT NULL,
  level TEXT NOT NULL,
  role TEXT NOT NULL,
  title TEXT NOT NULL DEFAULT '',
  starts_on TEXT NOT NULL,
  until_on TEXT NOT NULL DEFAULT '',
  handover INTEGER NOT NULL,
  turn_days INTEGER NOT NULL,
  minutes INTEGER NOT NULL,
  days TEXT NOT NULL,
  members TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_by TEXT NOT NULL DEFAULT '',
  ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX duty_rotation_region ON duty_rotation (region, ended_at);

-- Which duties must be filled at every instant, as dated rows.
CREATE TABLE duty_need (
  id TEXT PRIMARY KEY,
  at_level TEXT NOT NULL,
  level TEXT NOT NULL,
  role TEXT NOT NULL,
  least INTEGER NOT NULL,
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL DEFAULT 0
);
INSERT INTO duty_need (id, at_level, level, role, least, from_at) VALUES
  ('01890000-0000-7000-8000-000000000001', 'grid', 'grid', 'grid_worker', 1, 0),
  ('01890000-0000-7000-8000-000000000002', 'village', 'village', 'village_director', 1, 0),
  ('01890000-0000-7000-8000-000000000003', 'township', 'township', 'township_officer', 1, 0),
  ('01890000-0000-7000-8000-000000000004', 'district', 'district', 'seat_operator', 1, 0),
  ('01890000-0000-7000-8000-000000000005', 'district', 'district', 'seat_leader', 1, 0),
  ('01890000-0000-7000-8000-000000000006', 'district', 'police', 'police_liaison', 1, 0);

-- Duties with nobody reachable, found by the guard.
CREATE TABLE duty_gap (
  id TEXT PRIMARY KEY,
  region TEXT NOT NULL,
  level TEXT NOT NULL,
  role TEXT NOT NULL,
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL DEFAULT 0,
  why TEXT NOT NULL,
  found_at BIGINT NOT NULL,
  paged_at BIGINT NOT NULL DEFAULT 0,
  pages INTEGER NOT NULL DEFAULT 0,
  resolved_at BIGINT NOT NULL DEFAULT 0,
  result TEXT NOT NULL DEFAULT ''
);
CREATE INDEX duty_gap_open ON duty_gap (resolved_at, region);

CREATE TABLE duty_gap_page (
  gap_id TEXT NOT NULL,
  account TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (gap_id, at, account)
);

CREATE TABLE duty_handover (
  id TEXT PRIMARY KEY,
  region TEXT NOT NULL,
  at BIGINT NOT NULL,
  from_account TEXT NOT NULL,
  to_account TEXT NOT NULL,
  notes TEXT NOT NULL DEFAULT ''
);
CREATE INDEX duty_handover_at ON duty_handover (region, at);

-- Calendars that were corrected or added after the program was built.
CREATE TABLE duty_holiday (
  year INTEGER PRIMARY KEY,
  body TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL
);
