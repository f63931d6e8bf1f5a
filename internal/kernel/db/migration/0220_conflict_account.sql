-- Lists ask of whose conflict lists an account stands on.
CREATE INDEX matter_conflict_account ON matter_conflict (account_id);
