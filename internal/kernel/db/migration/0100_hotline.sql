-- The children's hotline: every call a record before it is answered.
CREATE TABLE hotline_call (
  id TEXT PRIMARY KEY,
  no TEXT NOT NULL UNIQUE,
  process TEXT NOT NULL,
  phone TEXT NOT NULL DEFAULT '',
  phone_index TEXT NOT NULL DEFAULT '',
  arrived_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL DEFAULT 0,
  claimed_at BIGINT NOT NULL DEFAULT 0,
  ended_at BIGINT NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  level INTEGER NOT NULL DEFAULT 0,
  seat TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL,
  child_id TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '',
  matter_id TEXT NOT NULL DEFAULT '',
  result TEXT NOT NULL DEFAULT '',
  ended_by TEXT NOT NULL DEFAULT '',
  consent TEXT NOT NULL DEFAULT '',
  heard_ms BIGINT NOT NULL DEFAULT 0,
  talk_key TEXT NOT NULL DEFAULT '',
  talk_ms BIGINT NOT NULL DEFAULT 0,
  message_key TEXT NOT NULL DEFAULT '',
  message_ms BIGINT NOT NULL DEFAULT 0,
  gaps INTEGER NOT NULL DEFAULT 0,
  forwarded TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  topic TEXT NOT NULL DEFAULT '',
  action TEXT NOT NULL DEFAULT '',
  age_band TEXT NOT NULL DEFAULT '',
  sex TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  wrapped_at BIGINT NOT NULL DEFAULT 0,
  wrapped_by TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX hotline_call_arrived ON hotline_call (arrived_at);
CREATE INDEX hotline_call_state ON hotline_call (state, arrived_at);
CREATE INDEX hotline_call_phone ON hotline_call (phone_index, arrived_at);
CREATE INDEX hotline_call_child ON hotline_call (child_id, arrived_at);
CREATE INDEX hotline_call_seat ON hotline_call (seat, state);

-- All that happened in a call, in its order.
CREATE TABLE hotline_event (
  call_id TEXT NOT NULL,
  n INTEGER NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  seat TEXT NOT NULL DEFAULT '',
  level INTEGER NOT NULL DEFAULT 0,
  number TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  ms BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (call_id, n)
);

CREATE TABLE hotline_number (
  day TEXT PRIMARY KEY,
  n INTEGER NOT NULL
);

-- Who sits at the line now.
CREATE TABLE hotline_seat (
  account_id TEXT PRIMARY KEY,
  ready BOOLEAN NOT NULL,
  since BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);

-- SIP telephones of seats and leaders.
CREATE TABLE hotline_phone (
  user_name TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  level INTEGER NOT NULL,
  secret TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  made_by TEXT NOT NULL
);
CREATE INDEX hotline_phone_account ON hotline_phone (account_id);

-- Who heard a recording, and why.
CREATE TABLE hotline_play (
  id TEXT PRIMARY KEY,
  call_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  account_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX hotline_play_call ON hotline_play (call_id, at);
