-- Shared places (counselling room, group room, children's activity room) and
-- their bookings. booking_slot holds each quarter of an hour once: the key
-- itself forbids a double booking, on both engines.
CREATE TABLE venue (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  region TEXT NOT NULL,
  seats INTEGER NOT NULL DEFAULT 0,
  opens INTEGER NOT NULL,
  closes INTEGER NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  ended_at BIGINT NOT NULL DEFAULT 0,
  made_at BIGINT NOT NULL,
  made_by TEXT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX venue_region ON venue (region, kind);

CREATE TABLE booking (
  id TEXT PRIMARY KEY,
  venue_id TEXT NOT NULL,
  region TEXT NOT NULL,
  begins_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  purpose TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  made_by TEXT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,
  ended_by TEXT NOT NULL DEFAULT '',
  idem_key TEXT NOT NULL,
  UNIQUE (made_by, idem_key)
);
CREATE INDEX booking_venue ON booking (venue_id, begins_at);
CREATE INDEX booking_by ON booking (made_by, begins_at);

CREATE TABLE booking_slot (
  venue_id TEXT NOT NULL,
  slot_at BIGINT NOT NULL,
  booking_id TEXT NOT NULL,
  PRIMARY KEY (venue_id, slot_at)
);
CREATE INDEX booking_slot_booking ON booking_slot (booking_id);
