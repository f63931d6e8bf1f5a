package seat_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/match"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
)

// The small world of the stories: one child with a badge in a village of 雍溪镇,
// its helpers, their neighbours, and the seat.
const (
	district = "500111"
	town     = "500111113"
	village  = "500111113203"
	grid     = "500111113203001"
	nextTown = "500111114"
	child    = id.ID("child-lin")
	badge    = "3907220107"
)

type person struct {
	role   access.Role
	region string
}

var staff = map[id.ID]person{
	"op1": {access.SeatOperator, district}, "op2": {access.SeatOperator, district}, "leader": {access.SeatLeader, district},
	"grid-chen": {access.GridWorker, grid}, "village-zhou": {access.VillageDirector, village},
	"town-he": {access.TownshipOfficer, town}, "town-next": {access.TownshipOfficer, nextTown}, "village-next": {access.VillageDirector, "500111113204"},
	"police-wu": {access.PoliceLiaison, district}, "section-li": {access.BureauSection, district}, "head-tang": {access.BureauHead, district},
	"city": {access.CityCentre, "50"},
}

// world wires the real centre to fake registers, a fake roster and a fake
// phone network.
type world struct {
	t      *testing.T
	db     *db.DB
	clk    *clock.Fake
	jobs   *job.Engine
	seat   *seat.Service
	orders *dispatch.Service
	matter *matter.Service
	pages  []dispatch.Page
	off    map[id.ID]bool // not on duty
	near   []id.ID
	broken bool   // the registers fail
	scene  string // where the child is, if not at home
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := &world{t: t, db: d, clk: clk, off: map[id.ID]bool{}}
		keys := crypto.Ephemeral(crypto.AES)
		quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
		w.jobs = job.NewEngine(d, quiet)
		w.matter = matter.NewService(d, keys, w, w)
		w.orders = dispatch.NewService(d, keys, w.matter, w, w, w.jobs)
		w.seat = seat.New(seat.Parts{DB: d, Keys: keys, Dir: w, People: w, Matters: w.matter, Orders: w.orders, Unsaved: seat.NewUnsaved(nil),
			District: district, Log: quiet, Jobs: w.jobs})
		fn(w)
	})
}

// Registers.

func (w *world) Wearer(_ context.Context, _ db.Reader, deviceID string, _ clock.Millis) (match.Wearer, error) {
	if w.broken {
		return match.Wearer{}, errs.Internal(fmt.Errorf("the register is broken"))
	}
	if deviceID == badge {
		return match.Wearer{Known: true, Child: child}, nil
	}
	return match.Wearer{}, nil
}

func (w *world) ByPhone(_ context.Context, _ db.Reader, phone string) ([]match.Candidate, error) {
	switch phone {
	case "15400000001":
		return []match.Candidate{{Child: child, Why: match.ByGuardian, Region: village}}, nil
	case "15400000002":
		return []match.Candidate{{Child: child, Why: match.ByGuardian, Region: village}, {Child: "brother", Why: match.ByGuardian, Region: village}}, nil
	}
	return nil, nil
}

func (w *world) ByName(context.Context, db.Reader, string, string) ([]match.Candidate, error) {
	return nil, nil
}

func (w *world) Region(_ context.Context, _ db.Reader, who id.ID) (string, error) {
	if who != child && who != "brother" {
		return "", errs.NotFound("record.not_found")
	}
	return village, nil
}

func (w *world) At(context.Context, db.Reader, float64, float64) (string, error) { return w.scene, nil }

// Roster.

func (w *world) Scene(_ context.Context, _ db.Reader, who id.ID, home string) (string, error) {
	if who == "" || w.scene == "" {
		return home, nil
	}
	return w.scene, nil
}

func (w *world) Candidates(_ context.Context, _ db.Reader, region string, roles []access.Role, _ clock.Millis) ([]dispatch.Candidate, error) {
	var out []dispatch.Candidate
	for account, p := range staff {
		if !w.off[account] && (roles == nil || slices.Contains(roles, p.role)) {
			out = append(out, dispatch.Candidate{Account: account, Role: p.role, Region: p.region, OnDuty: true, Reachable: true})
		}
	}
	common := func(c dispatch.Candidate) int {
		n := 0
		for n < min(len(c.Region), len(region)) && c.Region[n] == region[n] {
			n++
		}
		return n
	}
	slices.SortFunc(out, func(a, b dispatch.Candidate) int {
		if d := common(b) - common(a); d != 0 {
			return d
		}
		return strings.Compare(string(a.Account), string(b.Account))
	})
	return out, nil
}

func (w *world) Near(context.Context, db.Reader, id.ID) ([]id.ID, error) { return w.near, nil }

func (w *world) AccountsOf(_ context.Context, _ db.Reader, who id.ID, _ string) ([]id.ID, error) {
	if _, ok := staff[who]; ok {
		return []id.ID{who}, nil
	}
	return nil, nil
}

func (w *world) Add(_ context.Context, _ db.Reader, from clock.Millis, d time.Duration) (clock.Millis, error) {
	return from.Add(d), nil
}

// Phone network.

func (w *world) Page(_ context.Context, _ *db.Tx, p dispatch.Page) error {
	w.pages = append(w.pages, p)
	return nil
}

func (w *world) Cancel(context.Context, *db.Tx, id.ID, id.ID) error { return nil }

// Screens.

func (w *world) Briefs(_ context.Context, _ db.Reader, ids []id.ID) (map[id.ID]seat.ChildBrief, error) {
	out := map[id.ID]seat.ChildBrief{}
	for _, i := range ids {
		out[i] = seat.ChildBrief{ID: i, Name: "林小禾", Age: 10, Sex: "f"}
	}
	return out, nil
}

func (w *world) Card(_ context.Context, _ db.Reader, who id.ID) (seat.ChildCard, error) {
	return seat.ChildCard{ChildBrief: seat.ChildBrief{ID: who, Name: "林小禾"}, Region: village,
		Contacts: []seat.Contact{{PersonID: "grandma", Name: "奶奶"}, {PersonID: "uncle", Name: "叔叔"}}}, nil
}

func (w *world) Staff(_ context.Context, _ db.Reader, ids []id.ID) (map[id.ID]seat.StaffBrief, error) {
	out := map[id.ID]seat.StaffBrief{}
	for _, i := range ids {
		out[i] = seat.StaffBrief{ID: i, Name: string(i)}
	}
	return out, nil
}

func (w *world) Helpers(context.Context, db.Reader, string, id.ID) ([]seat.Helper, error) {
	return []seat.Helper{{Account: "grid-chen"}, {Account: "village-zhou"}}, nil
}
func (w *world) Places(context.Context, db.Reader, string) ([]seat.Place, error) { return nil, nil }
func (w *world) RegionName(region string) string                                 { return region }
func (w *world) Address(context.Context, db.Reader, id.ID) (seat.FieldChild, error) {
	return seat.FieldChild{Name: "林小禾", Phones: []seat.FieldPhone{{PersonID: "grandma"}, {PersonID: "uncle"}}}, nil
}
func (w *world) Phone(context.Context, db.Reader, id.ID) (string, error) { return "15400000001", nil }
func (w *world) StaffPhone(context.Context, db.Reader, id.ID) (string, error) {
	return "15400000009", nil
}

// Acting.

func as(account id.ID) context.Context {
	p := staff[account]
	return access.With(context.Background(), access.Actor{Account: account, Grants: []access.Grant{{Role: p.role, Region: p.region, Department: access.CivilAffairs}}})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wants(err error, kind errs.Kind, key string) {
	w.t.Helper()
	if !errs.Is(err, kind) || (key != "" && errs.KeyOf(err) != key) {
		w.t.Fatalf("got %v, want %v %s", err, kind, key)
	}
}

// press is the badge's SOS with a time of its own.
func (w *world) press(deviceID string, n int) seat.Receipt {
	w.t.Helper()
	frame := fmt.Sprintf("AL,010624,02100%d,V", n)
	rec, err := w.seat.Take(access.With(context.Background(), access.System("gateway")), signal.New{Source: signal.Watch, Kind: "sos", Event: true, DeviceID: deviceID,
		Key: signal.FrameKey(signal.Watch, deviceID, []byte(frame)), Raw: []byte(frame), Alarms: []string{"sos", "low_battery"}})
	w.must(err)
	return rec
}

// pass moves the clock second by second, running what falls due.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for range int(d / time.Second) {
		w.clk.Advance(time.Second)
		_, err := w.jobs.RunOnce(context.Background())
		w.must(err)
	}
}

// paged gives who was paged since the last call, sorted, as "who:kind".
func (w *world) paged() string {
	var out []string
	for _, p := range w.pages {
		mark := ""
		if p.Drill {
			mark = "(drill)"
		}
		out = append(out, string(p.To)+":"+p.Kind+mark)
	}
	w.pages = nil
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (w *world) expectPaged(want string) {
	w.t.Helper()
	if got := w.paged(); got != want {
		w.t.Fatalf("paged  %q\nwanted %q", got, want)
	}
}

func (w *world) get(matterID id.ID) (m matter.Matter) {
	w.t.Helper()
	w.must(w.db.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		m, err = matter.Get(ctx, r, matterID)
		return err
	}))
	return m
}

func (w *world) order(orderID id.ID) (o dispatch.Order) {
	w.t.Helper()
	w.must(w.db.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		o, err = dispatch.Get(ctx, r, orderID)
		return err
	}))
	return o
}

func (w *world) dispatch(account, matterID id.ID) dispatch.Order {
	w.t.Helper()
	o, err := w.orders.Dispatch(as(account), matterID, dispatch.Sending{AsOfStep: w.get(matterID).Orders})
	w.must(err)
	return o
}

func (w *world) walk(account, orderID id.ID, to ...policy.Stage) {
	w.t.Helper()
	for _, st := range to {
		_, err := w.orders.Progress(as(account), orderID, st, dispatch.Report{Note: "情况已核实"})
		w.must(err)
	}
}
