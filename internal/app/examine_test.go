package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
)

// Each alarm of the house comes when its fault is there, at the bound, and
// goes when the fault goes.
func TestEachAlarmComesWithItsFaultAndGoesWithIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		ctx := context.Background()
		conf, err := config.Load([]string{"--data", t.TempDir()}, func(string) string { return "" }, os.ReadFile)
		if err != nil {
			t.Fatal(err)
		}
		level := func(alarm string) grade {
			t.Helper()
			for _, f := range Examine(ctx, d, conf, "house", true) {
				if f.Alarm != alarm {
					continue
				}
				switch {
				case f.OK:
					return good
				case f.Warn:
					return worth
				}
				return needs
			}
			t.Fatalf("nothing is said of %s", alarm)
			return needs
		}
		change := func(query string, args ...any) {
			t.Helper()
			if err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, query, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		at := func() clock.Millis { return clock.Of(clk.Now()) }
		outbox := func(created clock.Millis) {
			change("INSERT INTO outbox (id, channel, key, policy, state, created_at, expires_at) VALUES (?, 'sms', ?, 'crisis', 'waiting', ?, ?)", id.New(), id.New(), created, created.Add(time.Hour))
		}
		for _, c := range []struct {
			alarm string
			cause func()
			want  grade
			over  func()
		}{
			{"jobs", func() {
				if err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
					return job.Schedule(ctx, tx, "order.clock", "o", tx.Now.Add(-jobLate-time.Second), "")
				}); err != nil {
					t.Fatal(err)
				}
			}, needs, func() { change("DELETE FROM job") }},
			{"jobs_failing", func() {
				if err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
					return job.Schedule(ctx, tx, "order.clock", "o", tx.Now.Add(time.Hour), "")
				}); err != nil {
					t.Fatal(err)
				}
				change("UPDATE job SET attempts = ?", jobTries+1)
			}, needs, func() { change("DELETE FROM job") }},
			{"channel", func() {
				change("INSERT INTO channel_state (channel, failing_since, error) VALUES ('sms', ?, 'http_503')", at())
			}, needs, func() { change("UPDATE channel_state SET failing_since = 0") }},
			{"outbox", func() { outbox(at().Add(-outboxStuck - time.Second)) }, needs, func() { change("UPDATE outbox SET state = 'sent'") }},
			{"nobody_home", func() {
				change("INSERT INTO duty_gap (id, region, level, role, from_at, why, found_at) VALUES ('g', '500111113', 'township', 'township_officer', ?, 'nobody', ?)", at(), at())
			}, worth, func() { change("UPDATE duty_gap SET resolved_at = ?", at()) }},
		} {
			if got := level(c.alarm); got != good {
				t.Errorf("%s before its fault: %d", c.alarm, got)
			}
			c.cause()
			if got := level(c.alarm); got != c.want {
				t.Errorf("%s with its fault: %d, want %d", c.alarm, got, c.want)
			}
			c.over()
			if got := level(c.alarm); got != good {
				t.Errorf("%s after its fault: %d", c.alarm, got)
			}
		}
		outbox(at().Add(-outboxStuck / 2))
		if got := level("outbox"); got != good {
			t.Errorf("a message of five minutes is called stuck: %d", got)
		}

		// A house without its database says so of the storage and of nothing else
		// that it can't know.
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, f := range Examine(ctx, d, conf, "house", true) {
			found[f.Alarm] = f.OK
		}
		if ok, said := found["storage"]; ok || !said {
			t.Error("the storage is gone and called well")
		}
		if ok, said := found["read"]; ok || !said {
			t.Error("nothing can be read and that is called well")
		}
		if _, said := found["jobs"]; said {
			t.Error("jobs nobody could count are reported")
		}
	})
}

// Backups and certificates are looked at from outside the database.
func TestBackupAndCertificateAreWatched(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 11, 28, 2, 10, 0, 0, time.UTC)
	conf := config.Config{Backups: dir}
	if b := backups(conf); !b.Known || b.MadeAt != 0 {
		t.Errorf("an empty folder has a backup: %+v", b)
	}
	conf.TLSCert, conf.TLSKey = filepath.Join(dir, "none.pem"), filepath.Join(dir, "none.key")
	for _, f := range machine(conf, now) {
		if f.Alarm == "certificate" && (f.OK || f.Warn) {
			t.Error("a certificate that can't be read is called well")
		}
	}
}

// Whoever is paged by an alarm finds its page: each alarm stands in the list of
// playbooks, and each playbook that the list names is there.
func TestEachAlarmHasItsPlaybook(t *testing.T) {
	text, err := os.ReadFile("../../docs/playbook/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range alarms {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("no playbook for %s", name)
		}
	}
	for _, part := range strings.Split(string(text), "](")[1:] {
		file, _, _ := strings.Cut(part, ")")
		if _, err := os.Stat(filepath.Join("../../docs/playbook", file)); err != nil {
			t.Errorf("%v", err)
		}
	}
}
