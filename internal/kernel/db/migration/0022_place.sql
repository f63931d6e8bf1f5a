-- Whom the seat may need besides its own staff: police stations, hospitals,
-- schools, the minors' protection centre.
CREATE TABLE place (
  id TEXT PRIMARY KEY,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  phone TEXT NOT NULL,
  lat DOUBLE PRECISION,
  lon DOUBLE PRECISION,
  demo BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX place_region ON place (region);
