-- Emergencies and full values: who opened what, why, and who judged it after.
CREATE TABLE glass (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  until BIGINT NOT NULL,
  told TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'unconfirmed',
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX glass_account ON glass (account_id, child_id, until);
CREATE INDEX glass_region ON glass (region, at);

CREATE TABLE reveal (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  fields TEXT NOT NULL,
  reason TEXT NOT NULL,
  task TEXT NOT NULL DEFAULT '',
  glass TEXT NOT NULL DEFAULT '',
  at BIGINT NOT NULL
);
CREATE INDEX reveal_child ON reveal (child_id, at);
CREATE INDEX reveal_account ON reveal (account_id, at);

-- Erasing a person takes two: who asks and who confirms.
CREATE TABLE erasure (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  region TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  confirmed_by TEXT NOT NULL DEFAULT '',
  confirmed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX erasure_person ON erasure (person_id);
