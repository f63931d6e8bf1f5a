-- Codes that stand in once each for a second factor that is not at hand. Only
-- keyed hashes are here.
CREATE TABLE recovery_code (
  account_id TEXT NOT NULL,
  code_index TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, code_index)
);

-- Roles that came later have times of their own, too.
INSERT INTO staff_rule (key, from_at, value) VALUES
  ('idle.teacher', 0, 1800),
  ('idle.clinician', 0, 1800),
  ('idle.social_worker', 0, 43200),
  ('idle.supervisor', 0, 1800),
  ('idle.volunteer', 0, 43200),
  ('longest.teacher', 0, 43200),
  ('longest.clinician', 0, 43200),
  ('longest.social_worker', 0, 604800),
  ('longest.supervisor', 0, 43200),
  ('longest.volunteer', 0, 604800);
