-- What a child or guardian says of the help it had: asked by a link, by phone
-- or face to face; three answers of 1–5. text is sealed by the child's key. The
-- link is known by its hash only.
CREATE TABLE care_opinion (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL,
  who TEXT NOT NULL,
  way TEXT NOT NULL,
  link TEXT NOT NULL DEFAULT '',
  asked_at BIGINT NOT NULL,
  asked_by TEXT NOT NULL,
  until BIGINT NOT NULL DEFAULT 0,
  answered_at BIGINT NOT NULL DEFAULT 0,
  helped INTEGER NOT NULL DEFAULT 0,
  heard INTEGER NOT NULL DEFAULT 0,
  again INTEGER NOT NULL DEFAULT 0,
  text TEXT NOT NULL DEFAULT ''
);
CREATE INDEX care_opinion_case ON care_opinion (case_id, asked_at);
CREATE INDEX care_opinion_answered ON care_opinion (answered_at);
CREATE UNIQUE INDEX care_opinion_link ON care_opinion (link) WHERE link <> '';
