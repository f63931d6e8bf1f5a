-- The language in which a family is spoken with: a case goes to who speaks it.
ALTER TABLE care_case ADD COLUMN language TEXT NOT NULL DEFAULT '';
