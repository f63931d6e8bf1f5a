-- Which department's staff made a mandatory report: what one sent, the other
-- received. A report to the bureau reached it by being made.
ALTER TABLE care_report ADD COLUMN made_department TEXT NOT NULL DEFAULT '';
CREATE INDEX care_report_maker ON care_report (made_by, id);
