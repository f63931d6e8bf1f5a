-- Other systems that call ours: their keys, what they sent, what they are told.
CREATE TABLE platform (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  region TEXT NOT NULL,
  key_id TEXT NOT NULL UNIQUE,
  secret TEXT NOT NULL,
  hash TEXT NOT NULL,
  per_minute INTEGER NOT NULL,
  callback TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  revoked_at BIGINT NOT NULL DEFAULT 0,
  revoked_by TEXT NOT NULL DEFAULT '',
  revoke_reason TEXT NOT NULL DEFAULT '',
  last_used_at BIGINT NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  failed_at BIGINT NOT NULL DEFAULT 0,
  failed_why TEXT NOT NULL DEFAULT ''
);
-- A signed request counts once: its nonce is remembered as long as its time
-- could still be taken.
CREATE TABLE platform_nonce (
  platform_id TEXT NOT NULL,
  nonce TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (platform_id, nonce)
);
CREATE INDEX platform_nonce_at ON platform_nonce (at);
-- What a platform is told of its orders, in the order in which it happened.
CREATE TABLE platform_callback (
  id TEXT PRIMARY KEY,
  platform_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  leased_until BIGINT NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  tried_at BIGINT NOT NULL DEFAULT 0,
  sent_at BIGINT NOT NULL DEFAULT 0,
  status INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX platform_callback_due ON platform_callback (platform_id, sent_at, created_at, id);
