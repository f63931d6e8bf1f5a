-- Which school, grade or class somebody who works with children teaches: an
-- empty grade or class is the whole school or grade. A teacher finds the own
-- pupils by it, and nobody else.
CREATE TABLE workforce_class (
  person_id TEXT NOT NULL,
  school TEXT NOT NULL,
  grade TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (person_id, school, grade, class)
);
