-- Who is to be asked, by whom, with whose consent, and how far it is.
CREATE TABLE campaign (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  region TEXT NOT NULL,
  selection TEXT NOT NULL,
  instruments TEXT NOT NULL,
  informant TEXT NOT NULL,
  suicide BOOLEAN NOT NULL DEFAULT FALSE,
  per_day INTEGER NOT NULL DEFAULT 0,
  starts_on TEXT NOT NULL,
  ends_on TEXT NOT NULL,
  state TEXT NOT NULL,
  size INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  opened_by TEXT NOT NULL DEFAULT '',
  opened_at BIGINT NOT NULL DEFAULT 0,
  closed_at BIGINT NOT NULL DEFAULT 0,
  reminded_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX campaign_region ON campaign (region, created_at);
CREATE INDEX campaign_state ON campaign (state, ends_on);

CREATE TABLE campaign_member (
  campaign_id TEXT NOT NULL,
  child_id TEXT NOT NULL,
  region TEXT NOT NULL,
  school TEXT NOT NULL DEFAULT '',
  grade TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  age INTEGER NOT NULL DEFAULT -1,
  code TEXT NOT NULL,
  code_index TEXT NOT NULL,
  consent TEXT NOT NULL DEFAULT '',
  consent_by TEXT NOT NULL DEFAULT '',
  consent_how TEXT NOT NULL DEFAULT '',
  consent_at BIGINT NOT NULL DEFAULT 0,
  assent TEXT NOT NULL DEFAULT '',
  assent_at BIGINT NOT NULL DEFAULT 0,
  recorded_by TEXT NOT NULL DEFAULT '',
  started_at BIGINT NOT NULL DEFAULT 0,
  done_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign_id, child_id)
);
CREATE UNIQUE INDEX campaign_member_code ON campaign_member (code_index);
CREATE INDEX campaign_member_class ON campaign_member (campaign_id, school, grade, class);
CREATE INDEX campaign_member_region ON campaign_member (campaign_id, region);
CREATE INDEX campaign_member_child ON campaign_member (child_id);

-- Which teacher sees which class of which campaign.
CREATE TABLE campaign_teacher (
  campaign_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  school TEXT NOT NULL,
  grade TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  PRIMARY KEY (campaign_id, account_id, school, grade, class)
);
CREATE INDEX campaign_teacher_account ON campaign_teacher (account_id);

-- People trained to talk with a child after a critical answer, and how many
-- talks they can hold in a day.
CREATE TABLE responder (
  account_id TEXT PRIMARY KEY,
  region TEXT NOT NULL,
  talks_a_day INTEGER NOT NULL,
  trained_on TEXT NOT NULL,
  valid_until TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL
);
CREATE INDEX responder_region ON responder (region);
