-- Why a set of rules was published: the next reader of the rules asks for it.
ALTER TABLE level_rules ADD COLUMN reason TEXT NOT NULL DEFAULT '';
