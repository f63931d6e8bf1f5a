-- A child's own page: who may see where it is, by a link without an account.
-- Only a keyed index of the link is kept, empty when it has ended.
CREATE TABLE child_link (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  link TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  read_at BIGINT NOT NULL DEFAULT 0,
  ended_at BIGINT NOT NULL DEFAULT 0,
  ended_by TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX child_link_link ON child_link (link) WHERE link <> '';
CREATE INDEX child_link_child ON child_link (child_id);
