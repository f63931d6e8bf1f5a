-- Goods of a greeting handed over without a visit: fetched at the office, or
-- brought to the door. Who took them and signed is sealed in nothing: it is a
-- kind of person (child, guardian, carer); words are sealed by the child's key.
CREATE TABLE visit_hand (
  id TEXT PRIMARY KEY,
  due_id TEXT NOT NULL UNIQUE,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  plan TEXT NOT NULL,
  way TEXT NOT NULL,
  signer TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  by_account TEXT NOT NULL,
  idem_key TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  UNIQUE (by_account, idem_key)
);
CREATE INDEX visit_hand_plan ON visit_hand (plan, region);

CREATE TABLE visit_hand_goods (
  hand_id TEXT NOT NULL,
  item TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (hand_id, item)
);
