-- Where a waiting chat comes from, as keyed hashes: a flood from one place
-- must not crowd out a child. Emptied once somebody takes the chat or it ends.
-- grave: a word was written that must not wait.
ALTER TABLE hotline_call ADD COLUMN device_index TEXT NOT NULL DEFAULT '';
ALTER TABLE hotline_call ADD COLUMN address_index TEXT NOT NULL DEFAULT '';
ALTER TABLE hotline_call ADD COLUMN network_index TEXT NOT NULL DEFAULT '';
ALTER TABLE hotline_call ADD COLUMN grave BOOLEAN NOT NULL DEFAULT FALSE;
