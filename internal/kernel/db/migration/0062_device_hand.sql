-- Papers of a device: each hand-out and return, signed on the screen. Who
-- signed and the strokes are sealed by the house's key.
CREATE TABLE device_hand (
  id TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  child_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  region TEXT NOT NULL,
  signer TEXT NOT NULL,
  relation TEXT NOT NULL DEFAULT '',
  signature TEXT NOT NULL,
  condition TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX device_hand_device ON device_hand (device, at);
CREATE INDEX device_hand_child ON device_hand (child_id);

-- What the store-room knows of a device.
CREATE TABLE device_stock (
  device TEXT PRIMARY KEY,
  firmware TEXT NOT NULL DEFAULT '',
  bought_on TEXT NOT NULL DEFAULT '',
  place TEXT NOT NULL DEFAULT ''
);

-- Lowest and highest charge of a day: the trend of a battery.
CREATE TABLE guard_battery (
  device TEXT NOT NULL,
  on_day TEXT NOT NULL,
  least INTEGER NOT NULL,
  most INTEGER NOT NULL,
  PRIMARY KEY (device, on_day)
);

-- Why somebody looked at where a child was.
CREATE TABLE guard_look (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  by_account TEXT NOT NULL,
  at BIGINT NOT NULL,
  on_day TEXT NOT NULL,
  reason TEXT NOT NULL
);
CREATE INDEX guard_look_child ON guard_look (child_id, at);

-- What was erased by its term, and that nothing of it is left.
CREATE TABLE guard_erasure (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  what TEXT NOT NULL,
  before_at BIGINT NOT NULL,
  erased BIGINT NOT NULL,
  remaining BIGINT NOT NULL
);
CREATE INDEX guard_erasure_at ON guard_erasure (at);
