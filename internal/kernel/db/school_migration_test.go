package db_test

import (
	"context"
	"path/filepath"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
)

// Rows as they lie in a house of two districts before schools had ids.
var namedSchools = []string{
	`INSERT INTO person (id, subject, name, region, child, school, grade, class, state, version, created_at, created_by, updated_at) VALUES
		('p1', '', '', '500111113203', TRUE, '实验小学', '三年级', '1班', 'active', 1, 0, '', 0),
		('p2', '', '', '500111116206', TRUE, '实验 小学', '三年级', '1班', 'active', 1, 0, '', 0),
		('p3', '', '', '500112100201', TRUE, '实验小学', '三年级', '1班', 'active', 1, 0, '', 0),
		('p4', '', '', '500111113203', TRUE, '', '', '', 'active', 1, 0, '', 0)`,
	`INSERT INTO workforce_person (id, name, kind, region, began_on, made_at, made_by) VALUES ('w1', '', 'teacher', '500111113', '2024-01-01', 0, ''), ('w2', '', 'teacher', '500112', '2024-01-01', 0, '')`,
	`INSERT INTO workforce_class (person_id, school, grade, class) VALUES ('w1', '实验小学', '三年级', '1班'), ('w2', '实验小学', '', ''), ('w2', '只有老师的学校', '', '')`,
	`INSERT INTO campaign (id, title, region, selection, instruments, informant, starts_on, ends_on, state, created_by, created_at) VALUES ('c1', '', '500111', '{}', '[]', 'child', '', '', 'open', '', 0)`,
	`INSERT INTO campaign_member (campaign_id, child_id, region, school, grade, class, code, code_index) VALUES ('c1', 'p1', '500111113203', '实验小学', '三年级', '1班', '', '1'), ('c1', 'p4', '500111113203', '', '', '', '', '2')`,
	`INSERT INTO campaign_teacher (campaign_id, account_id, school, grade, class, area, set_by, set_at) VALUES ('c1', 'a1', '实验小学', '三年级', '1班', '', '', 0), ('c1', 'a2', '实验小学', '', '', '500111', '', 0)`,
	`INSERT INTO drawing_sheet (number, child_id, region, school, grade, class, printed_at, printed_by) VALUES ('n1', 'p3', '500112100201', '实验小学', '三年级', '1班', 0, '')`,
}

func TestSchoolsThatWereNamesBecomeOneForEachDistrictAndName(t *testing.T) {
	for engine, target := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "z.db"), "postgres": dbtest.Postgres(t)} {
		t.Run(engine, func(t *testing.T) {
			ctx := context.Background()
			d, err := db.Open(ctx, target, clock.System())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.Close() }()
			if err := d.MigrateTo(ctx, 249); err != nil {
				t.Fatal(err)
			}
			if err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
				for _, q := range namedSchools {
					if _, err := tx.Exec(ctx, q); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			one := func(query string) string {
				t.Helper()
				var out []string
				if err := d.View(ctx, func(ctx context.Context, r db.Reader) error { return r.List(ctx, &out, query) }); err != nil || len(out) != 1 {
					t.Fatalf("%s: %v %v", query, out, err)
				}
				return out[0]
			}
			a, b := one("SELECT id FROM school WHERE region = '500111'"), one("SELECT id FROM school WHERE region = '500112' AND name = '实验小学'")
			if len(a) != 36 || len(b) != 36 || a == b {
				t.Errorf("ids %q %q", a, b)
			}
			lone := one("SELECT id FROM school WHERE name = '只有老师的学校'")
			for query, want := range map[string]string{
				"SELECT count(*) FROM school":                                             "3",
				"SELECT school_id FROM person WHERE id = 'p1'":                            a,
				"SELECT school_id FROM person WHERE id = 'p2'":                            a, // written with a blank
				"SELECT school_id FROM person WHERE id = 'p3'":                            b,
				"SELECT school_id FROM person WHERE id = 'p4'":                            "",
				"SELECT school_id FROM workforce_class WHERE person_id = 'w1'":            a,
				"SELECT min(school_id) FROM workforce_class WHERE person_id = 'w2'":       min(b, lone),
				"SELECT max(school_id) FROM workforce_class WHERE person_id = 'w2'":       max(b, lone),
				"SELECT school_id FROM campaign_member WHERE child_id = 'p1'":             a,
				"SELECT school_id FROM campaign_member WHERE child_id = 'p4'":             "",
				"SELECT school_id || grade FROM campaign_teacher WHERE account_id = 'a1'": a + "三年级",
				"SELECT school_id || grade FROM campaign_teacher WHERE account_id = 'a2'": a,
				"SELECT school_id FROM drawing_sheet WHERE number = 'n1'":                 b,
			} {
				if got := one(query); got != want {
					t.Errorf("%s: %q, want %q", query, got, want)
				}
			}
		})
	}
}
