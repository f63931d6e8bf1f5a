-- What a merged school had, so that a wrong merger can be undone. Mergers from
-- before have no list.
CREATE TABLE school_merger (
  id TEXT PRIMARY KEY,
  from_id TEXT NOT NULL,
  into_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  merged_by TEXT NOT NULL,
  merged_at BIGINT NOT NULL,
  undo_until BIGINT NOT NULL,
  undone_at BIGINT NOT NULL DEFAULT 0,
  undone_by TEXT NOT NULL DEFAULT '',
  undo_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX school_merger_from ON school_merger (from_id);
CREATE INDEX school_merger_into ON school_merger (into_id);

-- kind: child (ref: the child), teacher (ref: who works), member (ref: the child,
-- whose: the campaign), asker (ref: the account, whose: the campaign), sheet
-- (ref: its number), name (ref: the name by which lists mean the school).
-- shared: the other school had it too. state: empty, left (moved on since),
-- back or stayed (when the merger was undone).
CREATE TABLE school_merger_part (
  merger_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  ref TEXT NOT NULL,
  whose TEXT NOT NULL DEFAULT '',
  grade TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  shared BOOLEAN NOT NULL DEFAULT FALSE,
  state TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (merger_id, kind, ref, whose, grade, class)
);
CREATE INDEX school_merger_part_ref ON school_merger_part (ref, kind);
