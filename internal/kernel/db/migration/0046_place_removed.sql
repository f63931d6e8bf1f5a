-- A place that closed stays on record; the seat no longer shows it.
ALTER TABLE place ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE place ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
