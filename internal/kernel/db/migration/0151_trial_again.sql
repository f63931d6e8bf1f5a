-- A supervisor may have a trainee practise again: what was tried before stays.
ALTER TABLE drawing_trial ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX drawing_trial_once;
CREATE UNIQUE INDEX drawing_trial_once ON drawing_trial (reference_id, trainee, ended_at);
