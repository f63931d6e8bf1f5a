-- People: children, their guardians and carers. What is sealed is sealed by
-- the person's own key (column subject); *_index and *_last4 are keyed
-- look-ups of it. Names, pinyin and initials stay in clear for search; like
-- area codes they are searched by ranges of bytes, whatever the server's locale.
CREATE TABLE person (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  name TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL,
  pinyin TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL DEFAULT '',
  initials TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL DEFAULT '',
  sex TEXT NOT NULL DEFAULT '',
  birth_on TEXT NOT NULL DEFAULT '',
  id_no TEXT NOT NULL DEFAULT '',
  id_index TEXT NOT NULL DEFAULT '',
  id_last4 TEXT NOT NULL DEFAULT '',
  no_id_reason TEXT NOT NULL DEFAULT '',
  region TEXT{{if eq .Blob "BYTEA"}} COLLATE "C"{{end}} NOT NULL DEFAULT '',
  address TEXT NOT NULL DEFAULT '',
  registered_region TEXT NOT NULL DEFAULT '',
  registered_address TEXT NOT NULL DEFAULT '',
  household TEXT NOT NULL DEFAULT '',
  child BOOLEAN NOT NULL DEFAULT FALSE,
  code TEXT NOT NULL DEFAULT '',
  school TEXT NOT NULL DEFAULT '',
  grade TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  paired_carer TEXT NOT NULL DEFAULT '',
  flags TEXT NOT NULL DEFAULT '',
  sheltered BOOLEAN NOT NULL DEFAULT FALSE,
  state TEXT NOT NULL DEFAULT 'active',
  merged_into TEXT NOT NULL DEFAULT '',
  batch TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);
-- Each search walks one of these in its own order and filters the area in the
-- index, so that it may stop at the end of the page.
CREATE INDEX person_name ON person (name, id, region) WHERE child;
CREATE INDEX person_pinyin ON person (pinyin, id, region) WHERE child;
CREATE INDEX person_initials ON person (initials, id, region) WHERE child;
CREATE INDEX person_region ON person (region, id) WHERE child;
CREATE INDEX person_school ON person (school, region) WHERE school <> '';
CREATE INDEX person_id_index ON person (id_index) WHERE id_index <> '';
CREATE INDEX person_id_last4 ON person (id_last4) WHERE id_last4 <> '';
CREATE INDEX person_household ON person (household) WHERE household <> '';
CREATE INDEX person_batch ON person (batch) WHERE batch <> '';
CREATE UNIQUE INDEX person_code ON person (code) WHERE code <> '';

CREATE TABLE person_phone (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  number TEXT NOT NULL,
  number_index TEXT NOT NULL,
  last4 TEXT NOT NULL,
  place INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE INDEX person_phone_person ON person_phone (person_id);
CREATE INDEX person_phone_number ON person_phone (number_index);
CREATE INDEX person_phone_last4 ON person_phone (last4);

-- Who stands in which relation to a child; ended ones stay.
CREATE TABLE relation (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  guardian BOOLEAN NOT NULL DEFAULT FALSE,
  carer BOOLEAN NOT NULL DEFAULT FALSE,
  lives_with BOOLEAN NOT NULL DEFAULT FALSE,
  whereabouts TEXT NOT NULL DEFAULT '',
  may_contact BOOLEAN NOT NULL DEFAULT TRUE,
  place INTEGER NOT NULL DEFAULT 0,
  began_on TEXT NOT NULL DEFAULT '',
  ended_on TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL
);
CREATE INDEX relation_child ON relation (child_id);
CREATE INDEX relation_person ON relation (person_id);

CREATE TABLE child_category (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  began_on TEXT NOT NULL,
  ended_on TEXT NOT NULL DEFAULT '',
  end_reason TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL
);
CREATE INDEX child_category_child ON child_category (child_id);
CREATE INDEX child_category_kind ON child_category (kind, region);

-- Where a person lived: a move is an event, access follows the newest.
CREATE TABLE person_move (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  from_region TEXT NOT NULL,
  to_region TEXT NOT NULL,
  moved_on TEXT NOT NULL,
  why TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL
);
CREATE INDEX person_move_person ON person_move (person_id, at);

-- The one timeline of a child. title is a message key; text, if any, is
-- sealed by the child's key.
CREATE TABLE child_entry (
  id TEXT PRIMARY KEY,
  child_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  data TEXT NOT NULL DEFAULT '{}',
  text TEXT NOT NULL DEFAULT '',
  ref_kind TEXT NOT NULL DEFAULT '',
  ref_id TEXT NOT NULL DEFAULT '',
  by_account TEXT NOT NULL,
  region TEXT NOT NULL DEFAULT ''
);
CREATE INDEX child_entry_child ON child_entry (child_id, at, id);

CREATE TABLE child_code (
  id INTEGER PRIMARY KEY,
  n BIGINT NOT NULL
);
INSERT INTO child_code (id, n) VALUES (1, 0);

-- Two records that may be one person, or one ID number claimed by two areas:
-- each has a named person who decides.
CREATE TABLE person_duplicate (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  other_id TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL,
  region TEXT NOT NULL,
  claimed_region TEXT NOT NULL DEFAULT '',
  handler TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'open',
  opened_at BIGINT NOT NULL,
  opened_by TEXT NOT NULL,
  decided_at BIGINT NOT NULL DEFAULT 0,
  decided_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX person_duplicate_state ON person_duplicate (state, region);
CREATE INDEX person_duplicate_person ON person_duplicate (person_id);

-- A merge keeps what it changed, so that it can be undone; nobody is renumbered.
CREATE TABLE person_merge (
  id TEXT PRIMARY KEY,
  kept TEXT NOT NULL,
  dropped TEXT NOT NULL,
  moved TEXT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  undone_at BIGINT NOT NULL DEFAULT 0,
  undone_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX person_merge_kept ON person_merge (kept);
CREATE INDEX person_merge_dropped ON person_merge (dropped);

-- Imports that are whole: their people show, before their mark is taken off.
CREATE TABLE import_shown (
  id TEXT PRIMARY KEY
);
