-- A notice is one message to one account, shown in the product; outbox rows
-- carry it out of the house, one a channel and address.
CREATE TABLE notice (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  key TEXT NOT NULL,
  policy TEXT NOT NULL,
  text TEXT NOT NULL,
  order_no TEXT NOT NULL DEFAULT '',
  count INTEGER NOT NULL DEFAULT 0,
  drill BOOLEAN NOT NULL DEFAULT FALSE,
  ref TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  at BIGINT NOT NULL,
  read_at BIGINT NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,
  UNIQUE (account, key)
);
CREATE INDEX notice_account ON notice (account, at);
CREATE INDEX notice_ref ON notice (ref);
CREATE INDEX notice_open ON notice (key) WHERE state = 'open';

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  notice_id TEXT NOT NULL DEFAULT '',
  account TEXT NOT NULL DEFAULT '',
  channel TEXT NOT NULL,
  target TEXT NOT NULL DEFAULT '',
  key TEXT NOT NULL,
  policy TEXT NOT NULL,
  sealed TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  at BIGINT NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  UNIQUE (channel, account, target, key)
);
CREATE INDEX outbox_notice ON outbox (notice_id);
CREATE INDEX outbox_state ON outbox (state, created_at);
CREATE INDEX outbox_created ON outbox (created_at);

CREATE TABLE outbox_attempt (
  outbox_id TEXT NOT NULL,
  n INTEGER NOT NULL,
  at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,
  result TEXT NOT NULL DEFAULT '',
  status INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (outbox_id, n)
);

-- Where a browser takes Web Push. The address is a capability: sealed.
CREATE TABLE push_subscription (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  endpoint_hash TEXT NOT NULL UNIQUE,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  removed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX push_subscription_account ON push_subscription (account, removed_at);

CREATE TABLE channel_state (
  channel TEXT PRIMARY KEY,
  last_ok_at BIGINT NOT NULL DEFAULT 0,
  failing_since BIGINT NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT ''
);
