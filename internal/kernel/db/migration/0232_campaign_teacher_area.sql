-- Two districts of a city may have schools of one name: a teacher of a campaign
-- sees the class in the named area only. Rows from before keep the campaign's.
ALTER TABLE campaign_teacher ADD COLUMN area TEXT NOT NULL DEFAULT '';
