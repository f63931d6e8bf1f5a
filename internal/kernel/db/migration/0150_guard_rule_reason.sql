-- Why an edition of the guard's rules was published.
ALTER TABLE guard_rule ADD COLUMN reason TEXT NOT NULL DEFAULT '';
