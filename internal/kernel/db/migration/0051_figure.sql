-- Figures that no record of this system can give: the years before it. Rows
-- are only added; the newest one at an instant holds.
CREATE TABLE figure (
  id TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  from_on TEXT NOT NULL,
  to_on TEXT NOT NULL,
  region TEXT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  source TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  recorded_at BIGINT NOT NULL,
  recorded_by TEXT NOT NULL
);
CREATE INDEX figure_code ON figure (code, from_on, to_on, recorded_at);
