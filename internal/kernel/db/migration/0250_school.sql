-- Schools as things with an id. Until now a school was a name: two of one name
-- in a district were one, and a pupil who lived in another district than the
-- school was none of its pupils.
CREATE TABLE school (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL,
  address TEXT NOT NULL DEFAULT '',
  merged_into TEXT NOT NULL DEFAULT '',
  merged_by TEXT NOT NULL DEFAULT '',
  merge_reason TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL DEFAULT 0,
  created_by TEXT NOT NULL DEFAULT '',
  updated_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX school_region ON school (region, name);

-- The names by which lists mean a school, without blanks: its own, the earlier
-- ones, those of schools merged into it.
CREATE TABLE school_name (
  name TEXT NOT NULL,
  school_id TEXT NOT NULL,
  PRIMARY KEY (name, school_id)
);
CREATE INDEX school_name_school ON school_name (school_id);

-- One school for each district and name that anything is written under.
INSERT INTO school (id, name, region)
SELECT {{.UUID}}, min(name), district FROM (
  SELECT school AS name, substr(region, 1, 6) AS district FROM person WHERE school <> ''
  UNION SELECT c.school, substr(p.region, 1, 6) FROM workforce_class c JOIN workforce_person p ON p.id = c.person_id
  UNION SELECT school, substr(region, 1, 6) FROM campaign_member WHERE school <> ''
  UNION SELECT t.school, substr(CASE WHEN t.area = '' THEN c.region ELSE t.area END, 1, 6) FROM campaign_teacher t JOIN campaign c ON c.id = t.campaign_id
  UNION SELECT school, substr(region, 1, 6) FROM drawing_sheet WHERE school <> ''
) x GROUP BY replace(replace(replace(replace(name, ' ', ''), '　', ''), '（', '('), '）', ')'), district;
INSERT INTO school_name (name, school_id) SELECT replace(replace(replace(replace(name, ' ', ''), '　', ''), '（', '('), '）', ')'), id FROM school;

-- school_id is empty where no school is named, or where it is asked still which
-- of several is meant.
ALTER TABLE person ADD COLUMN school_id TEXT NOT NULL DEFAULT '';
UPDATE person SET school_id = COALESCE((SELECT s.id FROM school_name n JOIN school s ON s.id = n.school_id
  WHERE n.name = replace(replace(replace(replace(person.school, ' ', ''), '　', ''), '（', '('), '）', ')') AND s.region = substr(person.region, 1, 6)), '') WHERE school <> '';
DROP INDEX person_school;
CREATE INDEX person_school_id ON person (school_id, school, region);
ALTER TABLE campaign_member ADD COLUMN school_id TEXT NOT NULL DEFAULT '';
UPDATE campaign_member SET school_id = COALESCE((SELECT s.id FROM school_name n JOIN school s ON s.id = n.school_id
  WHERE n.name = replace(replace(replace(replace(campaign_member.school, ' ', ''), '　', ''), '（', '('), '）', ')') AND s.region = substr(campaign_member.region, 1, 6)), '') WHERE school <> '';
DROP INDEX campaign_member_class;
CREATE INDEX campaign_member_class ON campaign_member (campaign_id, school_id, grade, class);
ALTER TABLE drawing_sheet ADD COLUMN school_id TEXT NOT NULL DEFAULT '';
UPDATE drawing_sheet SET school_id = COALESCE((SELECT s.id FROM school_name n JOIN school s ON s.id = n.school_id
  WHERE n.name = replace(replace(replace(replace(drawing_sheet.school, ' ', ''), '　', ''), '（', '('), '）', ')') AND s.region = substr(drawing_sheet.region, 1, 6)), '') WHERE school <> '';
CREATE INDEX drawing_sheet_school ON drawing_sheet (school_id, printed_at);

CREATE TABLE teaching_class (
  person_id TEXT NOT NULL,
  school_id TEXT NOT NULL,
  grade TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (person_id, school_id, grade, class)
);
INSERT INTO teaching_class (person_id, school_id, grade, class)
SELECT DISTINCT c.person_id, s.id, c.grade, c.class FROM workforce_class c JOIN workforce_person p ON p.id = c.person_id
JOIN school_name n ON n.name = replace(replace(replace(replace(c.school, ' ', ''), '　', ''), '（', '('), '）', ')') JOIN school s ON s.id = n.school_id AND s.region = substr(p.region, 1, 6);
DROP TABLE workforce_class;
ALTER TABLE teaching_class RENAME TO workforce_class;

CREATE TABLE campaign_teaching (
  campaign_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  school_id TEXT NOT NULL,
  grade TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  PRIMARY KEY (campaign_id, account_id, school_id, grade, class)
);
INSERT INTO campaign_teaching (campaign_id, account_id, school_id, grade, class, set_by, set_at)
SELECT t.campaign_id, t.account_id, s.id, t.grade, t.class, min(t.set_by), min(t.set_at) FROM campaign_teacher t JOIN campaign c ON c.id = t.campaign_id
JOIN school_name n ON n.name = replace(replace(replace(replace(t.school, ' ', ''), '　', ''), '（', '('), '）', ')')
JOIN school s ON s.id = n.school_id AND s.region = substr(CASE WHEN t.area = '' THEN c.region ELSE t.area END, 1, 6)
GROUP BY t.campaign_id, t.account_id, s.id, t.grade, t.class;
DROP TABLE campaign_teacher;
ALTER TABLE campaign_teaching RENAME TO campaign_teacher;
CREATE INDEX campaign_teacher_account ON campaign_teacher (account_id);
