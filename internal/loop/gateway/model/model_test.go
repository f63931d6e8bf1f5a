package model_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/problem"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/model"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/policy/devices"
)

const district = "500111"

type world struct {
	t       *testing.T
	db      *db.DB
	keys    *crypto.Keyring
	shipped profile.Set
	models  *model.Models
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	shipped, err := profile.Read(devices.Files)
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		w := &world{t: t, db: d, keys: crypto.Ephemeral(crypto.AES), shipped: shipped}
		w.models = w.process()
		fn(w)
	})
}

// process is one process of the house, with a memory of its own.
func (w *world) process() *model.Models {
	w.t.Helper()
	m, err := model.New(w.db, w.shipped, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func as(account id.ID, role access.Role) context.Context {
	return access.With(context.Background(), access.Actor{Account: account, Grants: []access.Grant{{Role: role, Region: district}}})
}

var (
	admin   = as("admin", access.SystemAdmin)
	section = as("section", access.BureauSection)
	other   = as("other", access.BureauSection)
	head    = as("head", access.BureauHead)
)

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) count(query string, want int) {
	w.t.Helper()
	var n int
	w.must(w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error { return r.Get(ctx, db.To(&n), query) }))
	if n != want {
		w.t.Errorf("%d, want %d: %s", n, want, query)
	}
}

// A card that is on the line is read by its new model from the next frame on:
// the session asks for the profile at each.
func TestAChangedModelReachesACardThatIsOnTheLine(t *testing.T) {
	each(t, func(w *world) {
		models := w.models
		s := device.New(w.db, w.keys, device.Ports{Speaks: models.Knows})
		ctx := access.With(context.Background(), access.Actor{Account: "store", Grants: []access.Grant{{Role: access.BureauSection, Region: district}}})
		card, err := s.Enter(ctx, device.Entry{DeviceID: "13800000001", Kind: "card", Profile: "jt808"})
		if err != nil {
			t.Fatal(err)
		}
		speaks := models.Of("jt808") // what the session holds
		learns := func(want string) {
			t.Helper()
			if err := models.Learn(ctx); err != nil {
				t.Fatal(err)
			}
			if p := speaks("013800000001"); p == nil || p.Name != want {
				t.Errorf("read as %+v, want %s", p, want)
			}
		}
		learns("standard")
		if _, err := s.Update(ctx, card.ID, device.Change{Profile: new("g10ls")}); err != nil {
			t.Fatal(err)
		}
		learns("g10ls")
		w.count("SELECT count(*) FROM audit_row WHERE action = 'device.write' AND shown LIKE '%profile%'", 1)
		// Saved again as it is: nothing changed, and the audit does not say so.
		if _, err := s.Update(ctx, card.ID, device.Change{Profile: new("g10ls"), Label: new("")}); err != nil {
			t.Fatal(err)
		}
		w.count("SELECT count(*) FROM audit_row WHERE action = 'device.write' AND shown LIKE '%profile%'", 1)
		// A model of another protocol is not this card's.
		if _, err := s.Update(ctx, card.ID, device.Change{Profile: new("vl")}); err != nil {
			t.Fatal(err)
		}
		learns("standard")
		for name, do := range map[string]func() error{
			"changed": func() error { _, err := s.Update(ctx, card.ID, device.Change{Profile: new("c99")}); return err },
			"entered": func() error {
				_, err := s.Enter(ctx, device.Entry{DeviceID: "13800000002", Kind: "card", Profile: "c99"})
				return err
			},
		} {
			if err := do(); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s to a model that nobody has: %v", name, err)
			}
		}

		shown, err := models.Shown(ctx)
		if err != nil || len(shown) != len(w.shipped) {
			t.Errorf("%d of %d models %v", len(shown), len(w.shipped), err)
		}
		if _, err := models.Shown(access.With(context.Background(), access.Actor{Account: "x", Grants: []access.Grant{{Role: access.Citizen, Region: district}}})); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a citizen reads the models: %v", err)
		}
	})
}

const (
	own   = `{"name":"xk1","title":"小卡一型","source":"厂家附录三","protocol":"jt808","base":"standard","alarms":{"16":"sos"},"hints":{"sos":"长按两秒才报"}}`
	own2  = `{"name":"xk1","title":"小卡一型","source":"厂家附录三，第二版","protocol":"jt808","base":"standard","alarms":{"16":"sos","17":"removed"}}`
	worse = `{"name":"xk1","title":"小卡一型","source":"厂家附录三","protocol":"jt808","base":"standard","alarms":{"16":"movement"}}`
)

// frame is a report with the alarm bit 16 of the card.
func frame() []byte {
	word := uint32(1 << 16)
	return jt808.Encode(jt808.Header{ID: jt808.UpPosition, Phone: []byte{0x01, 0x38, 0, 0, 0, 0x01}}, jt808.Position(report.Message{AlarmBits: &word}))
}

func (w *world) publish(by context.Context, body string) model.Version {
	w.t.Helper()
	v, err := w.models.Propose(by, body, "按厂家附录三录入")
	w.must(err)
	v, err = w.models.Approve(other, v.ID)
	w.must(err)
	return v
}

// Two processes over one database: what two people publish in one reaches a card
// that is on the line at the other, and no draft does.
func TestANewVersionReachesTheLinesOfEveryProcess(t *testing.T) {
	each(t, func(w *world) {
		s := device.New(w.db, w.keys, device.Ports{Speaks: w.models.Knows})
		elsewhere := w.process()
		speaks := elsewhere.Of("jt808") // what a session there holds
		read := func(want string, edition int, hints int) {
			t.Helper()
			w.must(elsewhere.Learn(context.Background()))
			f, err := jt808.Parse(frame())
			w.must(err)
			p := speaks("13800000001")
			m := f.Messages(jt808.Options{Profile: p})[0]
			p.Mark(&m)
			if len(m.Alarms) != 1 || string(m.Alarms[0]) != want || m.Edition != edition || len(m.Hints) != hints {
				t.Errorf("read as %v, version %d, %d hints; want %s, version %d", m.Alarms, m.Edition, len(m.Hints), want, edition)
			}
		}
		v, err := w.models.Propose(admin, own, "新到一批学生卡")
		w.must(err)
		if w.models.Knows("xk1") {
			t.Error("a draft can be chosen")
		}
		v, err = w.models.Approve(section, v.ID)
		w.must(err)
		if v.Edition != 1 || !w.models.Knows("xk1") {
			t.Errorf("published as %d", v.Edition)
		}
		_, err = s.Enter(section, device.Entry{DeviceID: "13800000001", Kind: "card", Profile: "jt808"})
		w.must(err)
		read("general", 0, 0) // set to no model: the standard reserves the bit
		rows, err := s.Enter(section, device.Entry{DeviceID: "13800000009", Kind: "card", Profile: "xk1"})
		w.must(err)
		if rows.Profile != "xk1" {
			t.Errorf("%+v", rows)
		}
		w.must(w.db.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE device SET profile = 'xk1' WHERE device_id LIKE '%13800000001'")
			return err
		}))
		read("sos", 1, 1)
		w.publish(section, own2)
		read("sos", 2, 0)

		// The list tells the same, with how many devices it concerns.
		list, err := w.models.List(head)
		w.must(err)
		for _, e := range list {
			if e.Name == "xk1" && (e.Edition != 2 || e.Devices != 2 || e.SetBy == "" && e.SetAt == 0 || e.Waits != nil || e.Means.TLV["5d"] == nil || e.Written.TLV != nil) {
				t.Errorf("%+v", e)
			}
		}
		if len(list) != len(w.shipped)+1 {
			t.Errorf("%d models", len(list))
		}
		w.count("SELECT count(*) FROM audit_row WHERE action = 'model.approve' AND result = 'published'", 2)
		w.count("SELECT count(*) FROM audit_row WHERE action = 'model.write' AND result = 'proposed'", 2)
	})
}

func TestAListNamesAModelByItsNameOrItsTitle(t *testing.T) {
	each(t, func(w *world) {
		w.publish(section, own)
		for _, c := range []struct{ protocol, said, want string }{
			{"jt808", "G10LS", "g10ls"}, {"", " xk1 ", "xk1"}, {"", "小卡一型", "xk1"}, {"watch", "G10LS", ""}, {"", "", ""}, {"jt808", "standard", ""}, {"", "G10", ""},
		} {
			if got := w.models.Match(c.protocol, "", c.said); got != c.want {
				t.Errorf("%q of %q is %q, want %q", c.said, c.protocol, got, c.want)
			}
		}
	})
}

func TestAVersionNeedsTwoPeopleAndEndsOnce(t *testing.T) {
	each(t, func(w *world) {
		v, err := w.models.Propose(section, own, "新到一批学生卡")
		w.must(err)
		if _, err := w.models.Propose(admin, own2, "我也来写一版"); !errs.Is(err, errs.KindConflict) {
			t.Errorf("two wait at once: %v", err)
		}
		if _, err := w.models.Approve(section, v.ID); !errs.Is(err, errs.KindForbidden) || errs.KeyOf(err) != "model.second_person" {
			t.Errorf("one person: %v", err)
		}
		if _, err := w.models.Approve(admin, v.ID); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("system administration answers for no content: %v", err)
		}
		if err := w.models.Refuse(head, v.ID, ""); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		w.must(w.models.Refuse(head, v.ID, "附录版本不对"))
		if _, err := w.models.Approve(head, v.ID); !errs.Is(err, errs.KindConflict) {
			t.Errorf("approved after it was refused: %v", err)
		}
		v, err = w.models.Propose(section, own, "附录已核对")
		w.must(err)
		if err := w.models.Refuse(admin, v.ID, "不该由我退回"); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("refused by who may not: %v", err)
		}
		w.must(w.models.Refuse(section, v.ID, "")) // taken back
		v, err = w.models.Propose(section, own, "附录已核对")
		w.must(err)
		if v, err = w.models.Approve(head, v.ID); err != nil || v.Edition != 1 {
			t.Errorf("%+v %v", v, err)
		}
		if _, err := w.models.Approve(other, v.ID); !errs.Is(err, errs.KindConflict) {
			t.Errorf("twice: %v", err)
		}
		past, err := w.models.History(head, "xk1")
		w.must(err)
		if len(past) != 3 || past[0].State != model.Published || past[1].State != model.Withdrawn || past[2].State != model.Refused || past[2].DecidedWhy == "" {
			t.Errorf("%+v", past)
		}
		for name, do := range map[string]func(context.Context) error{
			"list":    func(ctx context.Context) error { _, err := w.models.List(ctx); return err },
			"history": func(ctx context.Context) error { _, err := w.models.History(ctx, "xk1"); return err },
			"try":     func(ctx context.Context) error { _, err := w.models.Try(ctx, own, ""); return err },
			"propose": func(ctx context.Context) error { _, err := w.models.Propose(ctx, own, "理由理由"); return err },
			"approve": func(ctx context.Context) error { _, err := w.models.Approve(ctx, v.ID); return err },
			"refuse":  func(ctx context.Context) error { return w.models.Refuse(ctx, v.ID, "理由理由") },
		} {
			for _, role := range []access.Role{access.SeatOperator, access.TownshipOfficer, access.VillageDirector, access.Auditor, access.Citizen} {
				if err := do(as("x", role)); !errs.Is(err, errs.KindForbidden) {
					t.Errorf("%s %ss: %v", role, name, err)
				}
			}
		}
	})
}

// At each of the three moments: handed in, approved, read.
func TestNoMomentLetsACallForHelpGo(t *testing.T) {
	each(t, func(w *world) {
		w.publish(section, own)
		_, err := w.models.Propose(section, worse, "第十六位原来读错了")
		if list, whole := problem.List(errors(err)); !errs.Is(err, errs.KindInvalid) || !whole || len(list) != 1 {
			t.Errorf("handed in: %v", err)
		}
		// A draft that was right when it was written, of a base that calls for help since.
		v, err := w.models.Propose(section, strings.Replace(own2, `"16":"sos",`, `"16":"sos","20":"",`, 1), "第二十位没有用")
		w.must(err)
		w.publish(section, `{"name":"standard","title":"按 JT/T 808 标准","source":"本区约定","protocol":"jt808","alarms":{"20":"sos"}}`)
		if _, err := w.models.Approve(other, v.ID); !errs.Is(err, errs.KindConflict) || errs.KeyOf(err) != "model.no_longer_fits" {
			t.Errorf("approved: %v", err)
		}
		// Written past the program, or by an older one: not used, what is below it stays.
		w.must(w.db.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			for name, body := range map[string]string{"e8": `{"name":"e8","title":"t","source":"s","protocol":"jt808"}`, "vl": `{"broken`, "lock": `{"name":"lock","title":"锁","source":"s","protocol":"jt808","base":"nobody"}`} {
				if _, err := tx.Exec(ctx, "INSERT INTO device_model (id, name, edition, body, state, reason, made_by, made_at) VALUES (?, ?, 9, ?, 'published', '', 'x', 1)", id.New(), name, body); err != nil {
					return err
				}
			}
			return nil
		}))
		fresh := w.process()
		w.must(fresh.Learn(context.Background()))
		shown, err := fresh.Shown(section)
		w.must(err)
		for _, p := range shown {
			switch p.Name {
			case "e8", "vl", "lock":
				if p.Edition != 0 {
					t.Errorf("%s is read by version %d", p.Name, p.Edition)
				}
			case "xk1":
				if p.Edition != 1 {
					t.Errorf("what is right went with what is wrong: %+v", p)
				}
			}
		}
		list, err := fresh.List(section)
		w.must(err)
		for _, e := range list {
			if wrong := e.Name == "e8" || e.Name == "vl" || e.Name == "lock"; e.Unusable != wrong {
				t.Errorf("%s: unusable %v", e.Name, e.Unusable)
			}
		}
	})
}

// errors gives what an Invalid holds.
func errors(err error) error {
	if e, ok := err.(interface{ Unwrap() error }); ok {
		return e.Unwrap()
	}
	return nil
}

func TestFramesAreReadByTheDraftBesideWhatHolds(t *testing.T) {
	each(t, func(w *world) {
		frames := hex.EncodeToString(frame()) + "\n\nnot hex\n"
		got, err := w.models.Try(admin, own, frames)
		w.must(err)
		if got.Wrong != nil || !got.New || got.Was == nil || got.Was.Name != "standard" || got.Will == nil || got.Will.TLV["5d"] == nil || len(got.Frames) != 2 {
			t.Fatalf("%+v", got)
		}
		alarms := func(text json.RawMessage) string {
			var list []struct {
				Alarms []string      `json:"alarms"`
				Hints  []report.Hint `json:"hints"`
				Error  string        `json:"error"`
			}
			w.must(json.Unmarshal(text, &list))
			out := strings.Join(list[0].Alarms, " ") + list[0].Error
			if len(list[0].Hints) > 0 {
				out += " " + list[0].Hints[0].Hint
			}
			return out
		}
		if a, b := alarms(got.Frames[0].Was), alarms(got.Frames[0].Will); a != "general" || b != "sos 长按两秒才报" || got.Frames[0].Same {
			t.Errorf("%q beside %q", a, b)
		}
		if f := got.Frames[1]; f.N != 3 || !f.Same || !strings.Contains(alarms(f.Will), "hex") {
			t.Errorf("%+v", f)
		}
		w.count("SELECT count(*) FROM device_model", 0)
		// What is wrong is said, and the frames are still read where that is possible.
		w.publish(section, own)
		if got, err = w.models.Try(section, worse, frames); err != nil || got.Wrong == nil || got.Was == nil || got.Was.Edition != 1 || alarms(got.Frames[0].Will) != "movement" {
			t.Errorf("%+v %v", got, err)
		}
		if got, err = w.models.Try(section, `{"name":`, frames); err != nil || got.Wrong == nil || got.Will != nil {
			t.Errorf("%+v %v", got, err)
		}
		if _, err = w.models.Try(section, own, strings.Repeat("\n", model.MostFrames)); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("as many lines as one likes: %v", err)
		}
	})
}
