package level

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/risk"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	policy "zugou/policy/risk"
)

var screened = flag.Int("screened", 200_000, "children with evidence that BenchmarkWhatIf runs rules over")

const district = "500111"

// crowd puts children with evidence into a database: rows as Learn writes
// them, many at a time.
type crowd struct {
	levels *Service
	db     *db.DB
	keys   *crypto.Keyring
	have   []pieces // by child
}

func childID(i int) id.ID { return id.ID(fmt.Sprintf("child%07d", i)) }

func newCrowd(t testing.TB, d *db.DB, n int) *crowd {
	t.Helper()
	c := &crowd{db: d, keys: crypto.Ephemeral(crypto.SM4)}
	var err error
	c.levels, err = NewService(d, c.keys, district, job.NewEngine(d, slog.New(slog.DiscardHandler)), Ports{
		Place: func(_ context.Context, _ db.Reader, area string) (string, error) { return area, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	system := access.With(context.Background(), access.System("test"))
	if err := d.Update(system, func(ctx context.Context, tx *db.Tx) error { return region.Seed(ctx, tx, district) }); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	const rows = 250
	for from := 0; from < n; from += rows {
		err := d.Update(system, func(ctx context.Context, tx *db.Tx) error {
			var people, levels []string
			var who, what []any
			for i := from; i < min(from+rows, n); i++ {
				key, wrapped := c.keys.NewSubject()
				have := evidenceOf(rnd, tx.Now)
				c.have = append(c.have, have)
				area := fmt.Sprintf("%s%03d2%02d", district, 100+i%20, i%30)
				people = append(people, "(?, ?, ?, ?, TRUE, ?, '', ?)")
				who = append(who, childID(i), wrapped, fmt.Sprintf("孩子%d", i), area, tx.Now, tx.Now)
				levels = append(levels, "(?, ?, ?, ?, ?)")
				what = append(what, childID(i), area, key.Seal(evidenceAAD(childID(i)), have.String()), tx.Now, tx.Now)
			}
			if _, err := tx.Exec(ctx, "INSERT INTO person (id, subject, name, region, child, created_at, created_by, updated_at) VALUES "+strings.Join(people, ", "), who...); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO level (child_id, region, evidence, screened_at, updated_at) VALUES "+strings.Join(levels, ", "), what...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// evidenceOf is what a district knows of a child: most was screened without a
// finding, a little is missing for some.
func evidenceOf(rnd *rand.Rand, at clock.Millis) pieces {
	var out pieces
	facts := []Fact{
		{Field: "screen_urgency", Value: "green"}, {Field: "screen_over_cutoff", Value: 0}, {Field: "suicide_yes_days", Value: -1}, {Field: "suicide_unanswered", Value: false},
		{Field: "phq_total", Value: rnd.IntN(9)}, {Field: "who5_total", Value: 20 + 4*rnd.IntN(20)}, {Field: "checklist_total", Value: rnd.IntN(5)}, {Field: "life_events", Value: rnd.IntN(4)},
		{Field: "parents_away", Value: rnd.IntN(2) == 0}, {Field: "lives_alone", Value: rnd.IntN(20) == 0}, {Field: "absent_days_30", Value: rnd.IntN(4)},
	}
	if rnd.IntN(10) == 0 {
		facts = facts[:6]
	}
	if rnd.IntN(50) == 0 {
		facts = append(facts, Fact{Field: "sos_7", Value: 1 + rnd.IntN(2)})
	}
	for _, f := range facts {
		f.At = at.Add(-time.Duration(rnd.IntN(60*24)) * time.Hour)
		out.merge(f)
	}
	return out
}

// stricterRules is the shipped set with one rule changed, from tomorrow on.
func stricterRules(t testing.TB, now clock.Millis) string {
	t.Helper()
	text, err := fs.ReadFile(policy.Files, "rules/2024-01-01.json")
	if err != nil {
		t.Fatal(err)
	}
	out := string(text)
	for _, change := range [][2]string{
		{`"from": "2024-01-01"`, `"from": "` + string(civil.DateOf(now.Time()).AddDays(1)) + `"`},
		{`"version": "2026.1"`, `"version": "2026.2"`},
		{"checklist_total >= 4", "checklist_total >= 3"},
	} {
		if !strings.Contains(out, change[0]) {
			t.Fatalf("the shipped rules have no %q", change[0])
		}
		out = strings.Replace(out, change[0], change[1], 1)
	}
	return out
}

func section() context.Context {
	return access.With(context.Background(), access.Actor{Account: "section", Name: "section", Grants: []access.Grant{{Role: access.BureauSection, Region: district, Department: access.CivilAffairs}}})
}

// A what-if over everybody says what evaluating each child by itself says.
func TestAWhatIfSaysWhatEachChildSays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		c := newCrowd(t, d, 600)
		now := clock.Of(d.Clock().Now())
		body := stricterRules(t, now)
		got, err := c.levels.WhatIf(section(), body)
		if err != nil {
			t.Fatal(err)
		}
		today := c.levels.tables.RulesOn(string(civil.DateOf(now.Time())))
		changed, err := c.levels.compile(body)
		if err != nil {
			t.Fatal(err)
		}
		up, counts := 0, map[[2]risk.Colour]int{}
		for i, have := range c.have {
			e, err := have.evidence(c.levels.tables.Catalogue, childID(i), now)
			if err != nil {
				t.Fatal(err)
			}
			a, err := today.Evaluate(e, now.Time())
			if err != nil {
				t.Fatal(err)
			}
			b, err := changed.Evaluate(e, now.Time())
			if err != nil {
				t.Fatal(err)
			}
			counts[[2]risk.Colour{a.Urgency, b.Urgency}]++
			if a.Urgency != b.Urgency {
				up++
			}
		}
		if got.Children != 600 || got.Unknown != 0 || got.Up != up || got.Down != 0 || up == 0 || len(got.Moves) != min(up, mostShown) || got.Moves[0].Name == "" {
			t.Errorf("%d children, %d up, %d down, %d moves; want %d up", got.Children, got.Up, got.Down, len(got.Moves), up)
		}
		for pair, n := range counts {
			if got.Counts[pair[0]][pair[1]] != n {
				t.Errorf("%v: %d, want %d", pair, got.Counts[pair[0]][pair[1]], n)
			}
		}
		var moved int
		if err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			return r.Get(ctx, db.To(&moved), "SELECT count(*) FROM level WHERE urgency <> ''")
		}); err != nil || moved != 0 {
			t.Errorf("a what-if moved %d children: %v", moved, err)
		}
	})
}

// BenchmarkWhatIf: a changed rule set run over 200,000 children as the page
// asks for it: their sealed evidence read from the database, opened, both rule
// sets over all, the moves with names. The limit is 5 s on 2 cores; cpu-s is
// what this process used for it, which a busy machine doesn't change.
func BenchmarkWhatIf(b *testing.B) {
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			d := dbtest.Open(b, engine, clock.System())
			c := newCrowd(b, d, *screened)
			body := stricterRules(b, clock.Of(d.Clock().Now()))
			for b.Loop() {
				before := cpu(b)
				got, err := c.levels.WhatIf(section(), body)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(got.TookMs)/1000, "s")
				b.ReportMetric((cpu(b) - before).Seconds(), "cpu-s")
				b.ReportMetric(float64(got.Children), "children")
				b.ReportMetric(float64(got.Up), "up")
			}
		})
	}
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
