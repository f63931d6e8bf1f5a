-- Why a rule was changed, in the words of who changed it.
ALTER TABLE policy ADD COLUMN reason TEXT NOT NULL DEFAULT '';
