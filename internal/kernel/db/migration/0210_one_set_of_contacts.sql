-- When a contact goes to the seat if nobody made it; 0: the usual time after
-- its due time. A contact that also serves a colour takes the stricter limit.
ALTER TABLE care_due ADD COLUMN late_at BIGINT NOT NULL DEFAULT 0;
