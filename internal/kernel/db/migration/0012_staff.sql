-- Accounts of staff and of citizens. A person may have one of each on the same
-- phone. Phones are sealed; the masked form is kept for lists of colleagues.
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  account TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL,
  pinyin TEXT NOT NULL DEFAULT '',
  initials TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  phone_index TEXT NOT NULL DEFAULT '',
  phone_masked TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  department TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL,
  wanted_role TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  password TEXT NOT NULL DEFAULT '',
  password_at BIGINT NOT NULL DEFAULT 0,
  must_change BOOLEAN NOT NULL DEFAULT FALSE,
  factor TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  decided_by TEXT NOT NULL DEFAULT '',
  last_seen_at BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX account_name ON account (account) WHERE account <> '';
CREATE UNIQUE INDEX account_phone ON account (phone_index, kind) WHERE phone_index <> '';
CREATE INDEX account_region ON account (region, state);

CREATE TABLE password_history (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  password TEXT NOT NULL
);
CREATE INDEX password_history_account ON password_history (account_id, id);

CREATE TABLE second_factor (
  account_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  secret TEXT NOT NULL,
  confirmed_at BIGINT NOT NULL DEFAULT 0,
  last_step BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, kind)
);

-- A lost second factor is taken off by two administrators.
CREATE TABLE factor_reset (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  proposed_by TEXT NOT NULL,
  proposed_at BIGINT NOT NULL,
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX factor_reset_open ON factor_reset (account_id) WHERE state = 'proposed';

-- What step of the sign-in a session has reached follows from its account at
-- each reading; only the keyed hash of its token is here.
CREATE TABLE session (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  token_index TEXT NOT NULL UNIQUE,
  device TEXT NOT NULL DEFAULT '',
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  factor_at BIGINT NOT NULL DEFAULT 0,
  locked_at BIGINT NOT NULL DEFAULT 0,
  ended_at BIGINT NOT NULL DEFAULT 0,
  end_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX session_account ON session (account_id, ended_at);
CREATE INDEX session_live ON session (ended_at, seen_at);

-- Tries that failed, by keyed hashes of account, address and both.
CREATE TABLE throttle (
  key TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL
);
CREATE INDEX throttle_last ON throttle (last_at);

-- Places an account signed in from well: an attack from elsewhere does not
-- shut them out.
CREATE TABLE known_place (
  account_id TEXT NOT NULL,
  place TEXT NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, place)
);

CREATE TABLE phone_code (
  phone_index TEXT PRIMARY KEY,
  code_index TEXT NOT NULL,
  sent_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0
);

-- A grant is the approval that the law asks for access to minors' data: rows
-- stay for good.
CREATE TABLE role_grant (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  role TEXT NOT NULL,
  region TEXT NOT NULL,
  department TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  from_at BIGINT NOT NULL DEFAULT 0,
  to_at BIGINT NOT NULL DEFAULT 0,
  document_no TEXT NOT NULL DEFAULT '',
  proposed_by TEXT NOT NULL,
  proposed_at BIGINT NOT NULL,
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  decision_note TEXT NOT NULL DEFAULT '',
  revoked_by TEXT NOT NULL DEFAULT '',
  revoked_at BIGINT NOT NULL DEFAULT 0,
  revoke_note TEXT NOT NULL DEFAULT '',
  reviewed_by TEXT NOT NULL DEFAULT '',
  reviewed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX role_grant_account ON role_grant (account_id, state);
CREATE INDEX role_grant_role ON role_grant (role, state, region);
CREATE INDEX role_grant_state ON role_grant (state, proposed_at);
-- One paper proposed and one in force at a time for the same right.
CREATE UNIQUE INDEX role_grant_once ON role_grant (account_id, role, region, department, state) WHERE state IN ('proposed', 'active');

CREATE TABLE grant_number (
  year INTEGER PRIMARY KEY,
  n INTEGER NOT NULL
);

-- Rules that the security administrator may change from a day on. Seconds,
-- days or counts, as the key says.
CREATE TABLE staff_rule (
  key TEXT NOT NULL,
  from_at BIGINT NOT NULL,
  value BIGINT NOT NULL,
  set_by TEXT NOT NULL DEFAULT '',
  set_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (key, from_at)
);
INSERT INTO staff_rule (key, from_at, value) VALUES
  ('password.days', 0, 90),
  ('password.days.citizen', 0, 0),
  ('password.kept', 0, 5),
  ('review.days', 0, 365),
  ('idle.seat_operator', 0, 900),
  ('idle.seat_leader', 0, 900),
  ('idle.township_officer', 0, 1800),
  ('idle.village_director', 0, 43200),
  ('idle.grid_worker', 0, 43200),
  ('idle.police_liaison', 0, 43200),
  ('idle.counsellor', 0, 3600),
  ('idle.bureau_section', 0, 1800),
  ('idle.bureau_head', 0, 1800),
  ('idle.city_centre', 0, 1800),
  ('idle.system_admin', 0, 600),
  ('idle.security_admin', 0, 600),
  ('idle.auditor', 0, 600),
  ('idle.citizen', 0, 3600),
  ('longest.seat_operator', 0, 50400),
  ('longest.seat_leader', 0, 50400),
  ('longest.township_officer', 0, 43200),
  ('longest.village_director', 0, 604800),
  ('longest.grid_worker', 0, 604800),
  ('longest.police_liaison', 0, 604800),
  ('longest.counsellor', 0, 43200),
  ('longest.bureau_section', 0, 43200),
  ('longest.bureau_head', 0, 43200),
  ('longest.city_centre', 0, 43200),
  ('longest.system_admin', 0, 28800),
  ('longest.security_admin', 0, 28800),
  ('longest.auditor', 0, 28800),
  ('longest.citizen', 0, 86400);
