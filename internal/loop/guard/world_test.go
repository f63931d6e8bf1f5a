package guard_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/guard"
	"zugou/internal/loop/guard/fence"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/duty"
	first "zugou/policy/guard"
	"zugou/policy/holidays"
)

const village = "500111100001"

var home = geo.Point{Lat: 29.7, Lon: 105.72}

// world is a guard with badges, a seat that only takes notes, and a clock.
type world struct {
	t      testing.TB
	db     *db.DB
	clk    *clock.Fake
	jobs   *job.Engine
	keys   *crypto.Keyring
	guard  *guard.Service
	keep   *keep.Keeper
	take   seat.OnDevice
	taken  []signal.New
	over   []string
	asked  []string
	n      int
	region map[id.ID]string
}

func as(role access.Role, region string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID("acc-" + role), Grants: []access.Grant{{Role: role, Region: region, Department: access.CivilAffairs}}})
}

var section = as(access.BureauSection, "500111")

func newWorld(t testing.TB, d *db.DB, clk *clock.Fake) *world {
	keys, err := crypto.Create(t.TempDir(), "", clk.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: d, clk: clk, keys: keys, jobs: job.NewEngine(d, slog.New(slog.DiscardHandler)), region: map[id.ID]string{}}
	editions, err := guard.ReadEditions(first.Files)
	if err != nil {
		t.Fatal(err)
	}
	years, err := duty.ReadYears(holidays.Files)
	if err != nil {
		t.Fatal(err)
	}
	w.guard = guard.New(guard.Parts{DB: d, Keys: keys, Jobs: w.jobs, Log: slog.New(slog.DiscardHandler), District: "500111", Editions: editions, Calendar: duty.Calendars(years),
		Take: func(_ context.Context, _ *db.Tx, n signal.New) (seat.Receipt, error) {
			if err := n.Check(); err != nil {
				return seat.Receipt{}, err
			}
			w.taken = append(w.taken, n)
			return seat.Receipt{Signal: id.New(), Matter: id.ID(fmt.Sprintf("m%d", len(w.taken))), Child: n.ChildID}, nil
		},
		Over: func(_ context.Context, _ *db.Tx, m id.ID, k guard.Kind, why string) error {
			w.over = append(w.over, fmt.Sprintf("%s %s", k, why))
			return nil
		},
		Target: func(_ context.Context, _ db.Reader, child id.ID) (access.Target, error) {
			r, ok := w.region[child]
			if !ok {
				return access.Target{}, errs.NotFound("record.not_found")
			}
			return access.Target{Region: r}, nil
		},
		Text: func(key string, data map[string]string) string {
			if data == nil {
				return key
			}
			return key + fmt.Sprint(data)
		},
		Protocol: func(profile string) string {
			return map[string]string{"watch-4g": "watch", "g10ls": "jt808"}[profile]
		},
		Ask: func(_ context.Context, _ *db.Tx, deviceID string) error {
			w.asked = append(w.asked, deviceID)
			return nil
		},
	})
	w.keep = keep.New(keep.Parts{DB: d, District: "500111", Watcher: w.guard})
	w.take = w.keep.OnDevice()
	return w
}

// badge registers a device on a child of its own.
func (w *world) badge(profile string) (deviceID string, child id.ID) {
	w.t.Helper()
	w.n++
	deviceID, child = fmt.Sprintf("88%08d", w.n), id.New()
	w.region[child] = village
	w.must(w.db.Update(access.With(context.Background(), access.System("test")), func(ctx context.Context, tx *db.Tx) error {
		_, err := device.Register(ctx, tx, w.keys, []device.Registration{{DeviceID: deviceID, Kind: "badge", Profile: profile, Wearer: child, Region: village}})
		return err
	}))
	return deviceID, child
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// hears stores one message as the seat does.
func (w *world) hears(deviceID string, child id.ID, m report.Message) {
	w.t.Helper()
	m.DeviceID = deviceID
	if m.Type == "" {
		m.Type = "UD"
	}
	if m.Time.IsZero() {
		m.Time = w.clk.Now()
	}
	n := gateway.Signal(signal.Watch, gateway.Frame{Messages: []report.Message{m}, Content: []byte(m.Type)}, 0, w.clk.Now())
	w.must(w.db.Update(access.With(context.Background(), access.System("gateway")), func(ctx context.Context, tx *db.Tx) error {
		return w.take(ctx, tx, n, child, village)
	}))
}

// fix is a good fix so many metres east of home.
func fix(east float64) report.Message {
	p := east / (6371008.8 * math.Pi / 180) / math.Cos(home.Lat*math.Pi/180)
	valid, lat, lon, sats, bat := true, home.Lat, home.Lon+p, 8, 80
	return report.Message{Valid: &valid, Lat: &lat, Lon: &lon, Satellites: &sats, Battery: &bat}
}

func link() report.Message {
	bat := 80
	return report.Message{Type: "LK", Battery: &bat}
}

// runs moves the clock on by steps of a minute and runs what is due.
func (w *world) runs(d time.Duration) {
	w.t.Helper()
	for end := w.clk.Now().Add(d); w.clk.Now().Before(end); {
		w.clk.Advance(min(time.Minute, end.Sub(w.clk.Now())))
		w.due()
	}
}

func (w *world) due() {
	w.t.Helper()
	for {
		n, err := w.jobs.RunOnce(context.Background())
		w.must(err)
		if n == 0 {
			return
		}
	}
}

// until moves the clock to an hour of a day in China.
func (w *world) until(s string) {
	w.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, civil.Date("2024-01-01").Start().Location())
	w.must(err)
	if d := at.Sub(w.clk.Now()); d > 0 {
		w.clk.Advance(d)
	}
}

func (w *world) alarms(child id.ID) []string {
	w.t.Helper()
	list, err := w.guard.Alarms(section, guard.AlarmFilter{Child: child})
	w.must(err)
	var out []string
	for _, a := range list.Items {
		out = append(out, string(a.Kind)+" "+string(a.State))
	}
	return out
}

func (w *world) same(got []string, want ...string) {
	w.t.Helper()
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		w.t.Fatalf("got  %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// kinds lists what the seat was given.
func (w *world) kinds() []string {
	var out []string
	for _, n := range w.taken {
		out = append(out, n.Kind+">"+n.Kinds)
	}
	return out
}

func (w *world) fence(child id.ID, kind string, radius float64) guard.Fence {
	w.t.Helper()
	f, err := w.guard.Draw(section, guard.Drawing{Kind: kind, ChildID: child, Name: "家", Active: true, Outline: fence.Outline{Circle: &fence.Circle{Point: home, RadiusM: radius}}})
	w.must(err)
	return f
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) { fn(t, newWorld(t, d, clk)) })
}
