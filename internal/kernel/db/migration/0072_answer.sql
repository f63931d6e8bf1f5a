-- Filled questionnaires. Answers and result are sealed by the child's key;
-- urgency and the marks stay in clear for lists. sealed_for is the record whose
-- key seals: a merge moves child_id, not the seal.
CREATE TABLE answer_sheet (
  id TEXT PRIMARY KEY,
  idem_key TEXT NOT NULL UNIQUE,
  campaign_id TEXT NOT NULL DEFAULT '',
  child_id TEXT NOT NULL,
  sealed_for TEXT NOT NULL,
  region TEXT NOT NULL,
  instrument TEXT NOT NULL,
  version TEXT NOT NULL,
  digest TEXT NOT NULL,
  informant TEXT NOT NULL,
  way TEXT NOT NULL,
  state TEXT NOT NULL,
  age INTEGER NOT NULL DEFAULT -1,
  answers TEXT NOT NULL,
  again TEXT NOT NULL DEFAULT '',
  result TEXT NOT NULL,
  urgency TEXT NOT NULL,
  critical BOOLEAN NOT NULL DEFAULT FALSE,
  needs_person BOOLEAN NOT NULL DEFAULT FALSE,
  over_cutoff BOOLEAN NOT NULL DEFAULT FALSE,
  withheld TEXT NOT NULL DEFAULT '',
  matter_id TEXT NOT NULL DEFAULT '',
  taken_at BIGINT NOT NULL,
  stored_at BIGINT NOT NULL,
  taken_by TEXT NOT NULL,
  again_by TEXT NOT NULL DEFAULT '',
  again_at BIGINT NOT NULL DEFAULT 0,
  settled_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX answer_sheet_child ON answer_sheet (child_id, taken_at);
CREATE INDEX answer_sheet_campaign ON answer_sheet (campaign_id, child_id);
CREATE INDEX answer_sheet_state ON answer_sheet (state, region);

-- Results of scales whose items may not be shipped, made elsewhere.
CREATE TABLE answer_import (
  id TEXT PRIMARY KEY,
  idem_key TEXT NOT NULL UNIQUE,
  child_id TEXT NOT NULL,
  sealed_for TEXT NOT NULL,
  region TEXT NOT NULL,
  scale TEXT NOT NULL,
  made_on TEXT NOT NULL,
  made_by TEXT NOT NULL,
  result TEXT NOT NULL,
  flagged BOOLEAN NOT NULL DEFAULT FALSE,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL
);
CREATE INDEX answer_import_child ON answer_import (child_id, made_on);
