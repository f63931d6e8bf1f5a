package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/people/audit"
	"zugou/internal/people/duty"
	"zugou/internal/web/api"
	"zugou/internal/web/stream"
)

// Bounds of the doctor: what needs a person, and what is worth knowing before.
const (
	jobLate     = time.Minute
	jobTries    = 3
	digestStale = 36 * time.Hour
	backupStale = 48 * time.Hour
	outboxStuck = 10 * time.Minute
	sealLate    = time.Minute
	certEnds    = 7 * 24 * time.Hour
	certNears   = 30 * 24 * time.Hour
	diskEnds    = 5  // percent free
	diskNears   = 15 //
)

// grade is how much a finding asks for.
type grade int

const (
	good grade = iota
	worth
	needs
)

func finding(alarm, key string, g grade, n int) api.Finding {
	return api.Finding{Alarm: alarm, Key: key, OK: g == good, Warn: g == worth, N: n}
}

func bad(is bool) grade {
	if is {
		return needs
	}
	return good
}

// Examine looks whether the house can do its work. It changes nothing but a
// heartbeat. `zugou doctor` and the system page show the same lines. running
// says that the house is at work: one that is not lets its jobs wait.
func Examine(ctx context.Context, d *db.DB, c config.Config, house string, running bool) []api.Finding {
	now := d.Clock().Now()
	out := []api.Finding{finding("storage", "commit", bad(d.Check(ctx) != nil), 0)}
	var late, failing, channels, gaps int
	var stuck, unsealed, began clock.Millis
	err := d.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := r.Get(ctx, db.To(&late, &failing), `SELECT coalesce(sum(CASE WHEN due_at < ? THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN attempts > ? THEN 1 ELSE 0 END), 0) FROM job`,
			r.At().Add(-jobLate), jobTries); err != nil {
			return err
		}
		if err := r.Get(ctx, db.To(&channels), "SELECT count(*) FROM channel_state WHERE failing_since <> 0"); err != nil {
			return err
		}
		if err := r.Get(ctx, db.To(&stuck), "SELECT coalesce(min(created_at), 0) FROM outbox WHERE state IN ('waiting', 'sending')"); err != nil {
			return err
		}
		var err error
		if gaps, err = duty.GapCount(ctx, r, c.District); err != nil {
			return err
		}
		if _, unsealed, err = audit.Behind(ctx, r); err != nil {
			return err
		}
		began, err = audit.Began(ctx, r)
		return err
	})
	since := func(at clock.Millis) time.Duration {
		if at == 0 {
			return 0
		}
		return now.Sub(at.Time())
	}
	if err != nil {
		out = append(out, finding("read", "read", needs, 0))
	} else {
		lateness := bad(late > 0)
		if late > 0 && !running {
			lateness = worth // what waits while nobody serves
		}
		out = append(out, finding("jobs", "jobs_in_time", lateness, late), finding("jobs_failing", "jobs_succeed", bad(failing > 0), failing),
			finding("channel", "channels", bad(channels > 0), channels), finding("outbox", "outbox", bad(since(stuck) > outboxStuck), int(since(stuck).Minutes())),
			finding("sealer", "sealer", bad(running && since(unsealed) > sealLate), int(since(unsealed).Seconds())))
		nobody := finding("nobody_home", "nobody_home", good, gaps)
		if gaps > 0 {
			nobody = finding("nobody_home", "nobody_home", worth, gaps)
		}
		out = append(out, nobody)
	}
	g := digests{dir: c.AuditDigests(), house: house, db: d}.State()
	switch stale := since(g.LastAt) > digestStale || g.LastAt == 0; {
	case g.Spoilt > 0 || stale && since(began) > digestStale:
		out = append(out, finding("digest", "digests", needs, g.Count))
	case g.LastAt == 0:
		out = append(out, finding("digest", "digests_young", worth, 0))
	default:
		out = append(out, finding("digest", "digests", good, g.Count))
	}
	switch b := backups(c); {
	case !b.Known:
		out = append(out, finding("backup", "backups_unknown", worth, 0))
	case b.MadeAt == 0 && since(began) < backupStale:
		out = append(out, finding("backup", "backups_young", worth, 0))
	case b.MadeAt == 0:
		out = append(out, finding("backup", "backups_none", needs, 0))
	default:
		out = append(out, finding("backup", "backups", bad(since(b.MadeAt) > backupStale), int(since(b.MadeAt).Hours())))
	}
	return append(out, machine(c, now)...)
}

// machine looks at what the program stands on: certificate, disk, clock.
func machine(c config.Config, now time.Time) []api.Finding {
	var out []api.Finding
	if c.TLS() {
		left, err := certLeft(c, now)
		l := good
		switch {
		case err != nil || left < certEnds:
			l = needs
		case left < certNears:
			l = worth
		}
		out = append(out, finding("certificate", "certificate", l, int(left.Hours()/24)))
	}
	if free, ok := diskFree(c.DataDir); ok {
		l := good
		switch {
		case free < diskEnds:
			l = needs
		case free < diskNears:
			l = worth
		}
		out = append(out, finding("disk", "disk", l, int(free)))
	}
	if synced, ok := clockSynced(); ok {
		l := good
		if !synced { // a machine in a cloud may be right all the same
			l = worth
		}
		out = append(out, finding("clock", "clock", l, 0))
	}
	return out
}

// certLeft tells how long the program's certificate is good.
func certLeft(c config.Config, now time.Time) (time.Duration, error) {
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return 0, err
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return 0, err
	}
	return cert.NotAfter.Sub(now), nil
}

// vitals is what the house last found of itself. The zero value is ready.
type vitals struct {
	mu sync.Mutex
	of map[string]api.Finding
}

func (v *vitals) level(alarm string) float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch f, ok := v.of[alarm]; {
	case !ok || f.OK:
		return 0
	case f.Warn:
		return 1
	}
	return 2
}

func (v *vitals) number(alarm string) float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return float64(v.of[alarm].N)
}

// alarms are those that Examine and the journal can find, for the metrics.
var alarms = []string{"storage", "read", "jobs", "jobs_failing", "channel", "outbox", "sealer", "nobody_home", "digest", "backup", "certificate", "disk", "clock", "journal"}

// vitalsEvery is how old the numbers of the metrics may be.
const vitalsEvery = 30 * time.Second

// feel examines the house again and again, and tells the log and the screens
// what changed.
func (a *App) feel(ctx context.Context) {
	for ; ctx.Err() == nil; pause(ctx, vitalsEvery) {
		within, cancel := context.WithTimeout(ctx, vitalsEvery)
		found := append(Examine(within, a.DB, a.Config, a.Keys.ID(), true), a.journalFinding())
		cancel()
		now := map[string]api.Finding{}
		for _, f := range found {
			now[f.Alarm] = f
		}
		a.vitals.mu.Lock()
		was := a.vitals.of
		a.vitals.of = now
		a.vitals.mu.Unlock()
		for _, f := range found {
			before, known := was[f.Alarm]
			if known && before.OK == f.OK && before.Warn == f.Warn || !known && (f.OK || f.Warn) {
				continue
			}
			if f.OK || f.Warn {
				a.Log.Info("alarm over", "alarm", f.Alarm, "finding", f.Key, "n", f.N)
			} else {
				a.Log.Error("alarm", "alarm", f.Alarm, "finding", f.Key, "n", f.N)
			}
			a.Hub.Tell(stream.Told{Topic: "system", Kind: "alarm", Ref: f.Alarm, Data: f})
		}
	}
}

// alarmGauges registers what was found of the house.
func (a *App) alarmGauges() {
	for _, name := range alarms {
		a.Metrics.Gauge("zugou_alarm", "State of an alarm of the house itself: 0 well, 1 worth knowing, 2 needs a person.", map[string]string{"alarm": name},
			func() float64 { return a.vitals.level(name) })
	}
	for _, g := range []struct{ name, help, alarm string }{
		{"zugou_jobs_late", "Jobs that are more than a minute late.", "jobs"},
		{"zugou_jobs_failing", "Jobs that failed more than three times.", "jobs_failing"},
		{"zugou_channels_failing", "Channels for messages whose last attempts failed.", "channel"},
		{"zugou_outbox_oldest_minutes", "Minutes that the oldest unsent message waits.", "outbox"},
		{"zugou_audit_unsealed_seconds", "Seconds that the oldest audit row waits for the chain.", "sealer"},
		{"zugou_duty_gaps", "Areas and slots with nobody reachable, now or to come.", "nobody_home"},
		{"zugou_certificate_days", "Days until the certificate ends; 0 without one.", "certificate"},
		{"zugou_disk_free_percent", "Free part of the data folder's disk.", "disk"},
	} {
		a.Metrics.Gauge(g.name, g.help, nil, func() float64 { return a.vitals.number(g.alarm) })
	}
}
