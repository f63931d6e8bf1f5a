package hotline_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/hotline"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/loop/hotline/voice"
	"zugou/internal/people/access"
)

const (
	district = "500111"
	village  = "500111113203"
	guardian = "15400002222"
	stranger = "15400003333"
)

func as(account string, role access.Role) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(account), Grants: []access.Grant{{Role: role, Region: district, Department: access.CivilAffairs}}})
}

// house is the line with fake neighbours; every matter and page is expected by
// a story, or it fails.
type house struct {
	t       *testing.T
	d       *db.DB
	jobs    *job.Engine
	s       *hotline.Service
	clk     *clock.Fake
	mu      sync.Mutex // jobs run side by side
	matters []signal.New
	more    []string
	paged   int
	unsaved int
	n       int
}

func open(t *testing.T, d *db.DB, clk *clock.Fake) *house {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h := &house{t: t, d: d, jobs: job.NewEngine(d, log), clk: clk}
	s, err := hotline.New(hotline.Options{DB: d, Keys: crypto.Ephemeral(crypto.SM4), Log: log, District: district, Process: "p1", Dir: t.TempDir(), Jobs: h.jobs,
		Ports: hotline.Ports{
			NextNo: func(context.Context, *db.Tx, string) (string, error) {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.n++
				return fmt.Sprintf("T%03d", h.n), nil
			},
			ByPhone: func(_ context.Context, _ db.Reader, number string) (hotline.Found, error) {
				if number == guardian {
					return hotline.Found{Child: "child-lin", Region: village, Why: "why.guardian"}, nil
				}
				return hotline.Found{Why: "why.nobody"}, nil
			},
			Take: func(_ context.Context, _ *db.Tx, n signal.New) (id.ID, error) {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.matters = append(h.matters, n)
				return id.ID("matter-" + n.Kinds), nil
			},
			More: func(_ context.Context, _ *db.Tx, matter id.ID, n signal.New) (id.ID, error) {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.more = append(h.more, string(matter)+":"+n.Note)
				return matter, nil
			},
			Leaders: func(context.Context, *db.Tx, id.ID, string) error {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.paged++
				return nil
			},
			Region:  func(context.Context, db.Reader, id.ID) (string, error) { return village, nil },
			Words:   func(key string, _ map[string]string) string { return key },
			Unsaved: func(phone.Arrival) { h.unsaved++ },
		}})
	if err != nil {
		t.Fatal(err)
	}
	h.s = s
	t.Cleanup(func() {
		if len(h.matters) > 0 || h.paged > 0 || len(h.more) > 0 {
			t.Errorf("nobody expected: matters %+v, pages %d, words %v", h.matters, h.paged, h.more)
		}
	})
	return h
}

func (h *house) call(from string) id.ID {
	h.t.Helper()
	call := id.New()
	if err := h.s.Arrive(context.Background(), phone.Arrival{ID: call, SIPCall: string(call), From: from, At: clock.Of(h.clk.Now())}); err != nil {
		h.t.Fatal(err)
	}
	h.tell(call, phone.Event{Kind: phone.Answered})
	h.tell(call, phone.Event{Kind: phone.Ringing})
	return call
}

func (h *house) tell(call id.ID, e phone.Event) {
	h.t.Helper()
	e.Call, e.At = call, clock.Of(h.clk.Now())
	if err := h.s.Tell(context.Background(), e); err != nil {
		h.t.Fatal(err)
	}
	if err := h.s.Tell(context.Background(), e); err != nil { // the answer was lost: told again
		h.t.Fatal(err)
	}
}

// expect takes the one matter that was opened.
func (h *house) expect(kind, number string, child id.ID) {
	h.t.Helper()
	if len(h.matters) != 1 || h.matters[0].Kinds != kind || h.matters[0].Phone != number || h.matters[0].ChildID != child {
		h.t.Fatalf("matters %+v", h.matters)
	}
	h.matters = nil
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) { fn(t, open(t, d, clk)) })
}

func TestACallAbandonedInTheGreetingBecomesACallBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		call := h.call(guardian)
		h.clk.Advance(3 * time.Second)
		h.tell(call, phone.Event{Kind: phone.Ended, Reason: phone.ByCaller})
		h.expect("callback", guardian, "child-lin")
		sheet, err := h.s.Find(as("op1", access.SeatOperator), call)
		if err != nil {
			t.Fatal(err)
		}
		if sheet.Result != hotline.Abandoned || sheet.WaitMS != 3000 || sheet.ChildID != "child-lin" || sheet.Phone != "154****2222" || len(sheet.Course) != 3 {
			t.Fatalf("%+v", sheet)
		}
		if _, err := h.s.Find(as("town", access.TownshipOfficer), call); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("a township officer reads the line's calls: %v", err)
		}
	})
}

func TestNobodyOnSeatAtFourTheVoicemailPagesTheLeaders(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		call := h.call(stranger)
		h.clk.Advance(20 * time.Second)
		h.tell(call, phone.Event{Kind: phone.Ringing, Level: 1})
		h.clk.Advance(20 * time.Second)
		h.tell(call, phone.Event{Kind: phone.Voicemail})
		record(t, h, call, phone.Message)
		h.clk.Advance(10 * time.Second)
		h.tell(call, phone.Event{Kind: phone.Spoken, Length: 9 * time.Second, Heard: 6 * time.Second})
		h.tell(call, phone.Event{Kind: phone.Ended, Reason: phone.ByLine})
		h.expect("voicemail", stranger, "")
		if h.paged != 1 {
			t.Fatalf("%d pages", h.paged)
		}
		h.paged = 0
		wav, err := h.s.Play(as("op1", access.SeatOperator), call, phone.Message, "收听留言后回拨")
		if err != nil || len(wav) < 1000 {
			t.Fatalf("%d bytes, %v", len(wav), err)
		}
		if _, err := h.s.Play(as("op1", access.SeatOperator), call, phone.Message, " "); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("played without a reason: %v", err)
		}
		number, err := h.s.Number(as("op1", access.SeatOperator), call)
		if err != nil || number != stranger {
			t.Fatalf("%q %v", number, err)
		}
	})
}

// record writes two seconds of a recording as the line does.
func record(t *testing.T, h *house, call id.ID, kind string) {
	t.Helper()
	path, seal, err := h.s.Recording(context.Background(), call, kind)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := voice.Record(path, string(call)+":"+kind, seal)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range voice.Tone(400, 2*time.Second, 0.5) {
		rec.Write(f, f)
	}
	if _, _, err := rec.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRefusingTheRecordingDestroysWhatWasRecorded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		call := h.call(guardian)
		h.tell(call, phone.Event{Kind: phone.Claimed, Seat: "op1"})
		h.tell(call, phone.Event{Kind: phone.Consented})
		record(t, h, call, phone.Talk)
		if _, err := h.s.Play(as("leader", access.SeatLeader), call, phone.Talk, "督导抽查录音"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.Play(as("op1", access.SeatOperator), call, phone.Talk, "想再听一遍"); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("an operator plays a talk: %v", err)
		}
		h.clk.Advance(time.Second)
		h.tell(call, phone.Event{Kind: phone.Refused})
		if _, err := h.s.Play(as("leader", access.SeatLeader), call, phone.Talk, "督导抽查录音"); errs.KeyOf(err) != "call.no_recording" {
			t.Fatalf("a refused recording plays: %v", err)
		}
		h.clk.Advance(time.Minute)
		h.tell(call, phone.Event{Kind: phone.Ended, Reason: phone.BySeat, Heard: 20 * time.Second})
	})
}

func TestSilentCallsOfOneNumberOpenAMatter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for n := range 3 {
			call := h.call(stranger)
			h.clk.Advance(5 * time.Second)
			h.tell(call, phone.Event{Kind: phone.Claimed, Seat: "op1"})
			h.clk.Advance(30 * time.Second)
			h.tell(call, phone.Event{Kind: phone.Ended, Reason: phone.ByCaller, Heard: 100 * time.Millisecond})
			if n < 2 && len(h.matters) != 0 {
				t.Fatalf("call %d opened %+v", n, h.matters)
			}
			sheet, err := h.s.Find(as("op1", access.SeatOperator), call)
			if err != nil || sheet.Class != "silent" {
				t.Fatalf("class %q, %v", sheet.Class, err)
			}
			h.clk.Advance(time.Hour)
		}
		h.expect("help", stranger, "")
	})
}

func TestAWithheldNumberIsARecordAndNoCallBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		call := h.call("")
		h.tell(call, phone.Event{Kind: phone.Ended, Reason: phone.ByCaller})
		if _, err := h.s.Number(as("op1", access.SeatOperator), call); errs.KeyOf(err) != "call.withheld" {
			t.Fatalf("%v", err)
		}
	})
}

func TestACallOnTheLineWhenTheProgramDiedIsCalledBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		talking := h.call(guardian)
		h.tell(talking, phone.Event{Kind: phone.Claimed, Seat: "op1"})
		n, err := h.s.Sweep(context.Background())
		if err != nil || n != 1 {
			t.Fatalf("%d %v", n, err)
		}
		h.expect("callback", guardian, "child-lin")
		if n, err := h.s.Sweep(context.Background()); err != nil || n != 0 {
			t.Fatalf("swept again: %d %v", n, err)
		}
	})
}

func TestTheWrapUpNamesClassChildAndMatter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		op := as("op1", access.SeatOperator)
		if err := h.s.Ready(op, true); err != nil {
			t.Fatal(err)
		}
		call := h.call(stranger)
		h.tell(call, phone.Event{Kind: phone.Claimed, Seat: "op1"})
		board, err := h.s.Board(op)
		if err != nil || len(board.Talking) != 1 || len(board.Seats) != 1 || board.Seats[0].State != "talking" {
			t.Fatalf("%+v %v", board, err)
		}
		h.clk.Advance(time.Minute)
		h.tell(call, phone.Event{Kind: phone.Ended, Reason: phone.BySeat, Heard: 20 * time.Second})
		if board, err = h.s.Board(op); err != nil || len(board.Unwrap) != 1 || board.Seats[0].State != "free" || board.Today.Answered != 1 {
			t.Fatalf("%+v %v", board, err)
		}
		for name, w := range map[string]hotline.Wrap{"class": {Class: "chat"}, "age_band": {Class: "other", AgeBand: "old"}} {
			if _, err := h.s.Wrap(op, call, w); errs.KindOf(err) != errs.KindInvalid {
				t.Fatalf("a wrong %s: %v", name, err)
			}
		}
		w := hotline.Wrap{Class: "counselling", Topic: "school", Action: "dispatched", AgeBand: "10-13", Sex: "f", Note: "想和人说说话", ChildID: "child-lin", Kind: "welfare"}
		if _, err := h.s.Wrap(as("section", access.BureauSection), call, w); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("a section wraps up: %v", err)
		}
		c, err := h.s.Wrap(op, call, w)
		if err != nil || c.ChildID != "child-lin" || c.MatterID != "matter-welfare" {
			t.Fatalf("%+v %v", c, err)
		}
		h.expect("welfare", stranger, "child-lin")
		w.Version = 1
		if _, err := h.s.Wrap(op, call, w); errs.KindOf(err) != errs.KindConflict {
			t.Fatalf("an old version wraps up: %v", err)
		}
		h.clk.Advance(2 * time.Minute)
		if board, err = h.s.Board(op); err != nil || len(board.Unwrap) != 0 || board.Seats[0].State != "away" {
			t.Fatalf("%+v %v", board, err)
		}
		rows, _, err := h.s.List(as("head", access.BureauHead), hotline.Query{Class: "counselling"})
		if err != nil || len(rows) != 1 || rows[0].ID != call {
			t.Fatalf("%+v %v", rows, err)
		}
	})
}

func TestRecordingsGoWhenTheirTimeIsOver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		call := h.call(guardian)
		h.tell(call, phone.Event{Kind: phone.Claimed, Seat: "op1"})
		record(t, h, call, phone.Talk)
		h.tell(call, phone.Event{Kind: phone.Ended, Reason: phone.BySeat, Heard: time.Minute})
		if err := h.s.Forget(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.Play(as("leader", access.SeatLeader), call, phone.Talk, "督导抽查录音"); err != nil {
			t.Fatalf("forgotten too early: %v", err)
		}
		h.clk.Advance(181 * 24 * time.Hour)
		if err := h.s.Forget(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.Play(as("leader", access.SeatLeader), call, phone.Talk, "督导抽查录音"); errs.KeyOf(err) != "call.no_recording" {
			t.Fatalf("%v", err)
		}
	})
}

func TestTelephonesOfSeats(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := as("admin", access.SystemAdmin)
		secret, err := h.s.AddPhone(admin, "seat-1", "op1", 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.AddPhone(admin, "seat-1", "op2", 0); errs.KindOf(err) != errs.KindConflict {
			t.Fatalf("%v", err)
		}
		if _, err := h.s.AddPhone(as("op1", access.SeatOperator), "seat-2", "op1", 0); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("%v", err)
		}
		if _, err := h.s.AddPhone(admin, "leader-1", "leader", 1); err != nil {
			t.Fatal(err)
		}
		// Who keeps the line reads no call, and sees its telephones and rules.
		if list, err := h.s.PhoneList(admin); err != nil || len(list) != 2 {
			t.Fatalf("%d telephones, %v", len(list), err)
		}
		if _, err := h.s.Editions(as("section", access.BureauSection)); err != nil {
			t.Fatalf("who writes the rules can't read them: %v", err)
		}
		if _, err := h.s.Editions(admin); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.PhoneList(as("teacher", access.Teacher)); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("%v", err)
		}
		account, stored, err := h.s.Secret(context.Background(), "seat-1")
		if err != nil || account != "op1" || stored != secret {
			t.Fatalf("%s %v", account, err)
		}
		users := func(level int) (out []string) {
			for _, p := range h.s.Phones(context.Background(), level) {
				out = append(out, p.User)
			}
			return out
		}
		if got := users(0); !slices.Equal(got, []string{"seat-1"}) {
			t.Fatalf("%v", got)
		}
		if got := users(1); !slices.Equal(got, []string{"seat-1", "leader-1"}) {
			t.Fatalf("%v", got)
		}
		call := h.call("")
		h.tell(call, phone.Event{Kind: phone.Claimed, Seat: "op1"})
		if got := users(0); len(got) != 0 {
			t.Fatalf("a seat that talks rings: %v", got)
		}
		if err := h.s.RemovePhone(admin, "leader-1"); err != nil {
			t.Fatal(err)
		}
		h.tell(call, phone.Event{Kind: phone.Ended, Reason: phone.BySeat, Heard: time.Minute})
	})
}

func TestRulesThatTheLineCantRunOnAreRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		section := as("section", access.BureauSection)
		if err := h.s.SetRules(section, 0, []byte(`{"ring_seconds": 0}`)); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("%v", err)
		}
		good := []byte(`{"from":"2024-06-01","source":"test","ring_seconds":30,"levels":3,"voicemail_seconds":60,"refuse_key":"9","keys":{"1":"110"},"seat_forward":{"police":"110"},
			"seat_dead_seconds":8,"silent_heard_ms":600,"silent_calls":3,"silent_within_hours":24,"seat_away_seconds":60,"keep_recording_days":180}`)
		if err := h.s.SetRules(as("op1", access.SeatOperator), 0, good); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("%v", err)
		}
		if err := h.s.SetRules(section, 0, good); err != nil {
			t.Fatal(err)
		}
		if r := h.s.Rules(context.Background()); r.RingFor != 30*time.Second || r.Levels != 3 || r.RefuseKey != '9' {
			t.Fatalf("%+v", r)
		}
	})
}

func TestPromptsAreThere(t *testing.T) {
	p, err := hotline.Prompts()
	if err != nil {
		t.Fatal(err)
	}
	for name, frames := range map[string][]voice.Frame{"greeting": p.Greeting, "wait": p.Wait, "nobody": p.Nobody, "goodbye": p.Goodbye, "busy": p.Busy, "refused": p.Refused} {
		if len(frames) < 50 {
			t.Errorf("%s is %d frames", name, len(frames))
		}
	}
}
