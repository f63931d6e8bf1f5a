package workforce_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"slices"
	"testing"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/workforce"
	"zugou/internal/people/access"
	"zugou/policy/duties"
	kinds "zugou/policy/matter"
	rules "zugou/policy/workforce"

	"log/slog"
)

const (
	district = "500111"
	town     = "500111113"
	village  = "500111113203"
)

type house struct {
	t      *testing.T
	d      *db.DB
	s      *workforce.Service
	clk    *clock.Fake
	told   []string
	barred []id.ID
	loads  map[id.ID]workforce.Load
	away   map[id.ID][]id.ID
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		editions, err := workforce.ReadEditions(rules.Files, duties.Files)
		if err != nil {
			t.Fatal(err)
		}
		h := &house{t: t, d: d, clk: clk, loads: map[id.ID]workforce.Load{}}
		h.s = workforce.New(workforce.Options{DB: d, Keys: crypto.Ephemeral(crypto.SM4), Editions: editions, District: district, Jobs: job.NewEngine(d, slog.New(slog.DiscardHandler)), Ports: workforce.Ports{
			Loads: func(context.Context, db.Reader, []id.ID) (map[id.ID]workforce.Load, error) { return h.loads, nil },
			Place: func(_ context.Context, _ db.Reader, code string) (string, error) { return "地" + code, nil },
			Names: func(context.Context, db.Reader, []id.ID) (map[id.ID]string, error) { return map[id.ID]string{}, nil },
			Tell: func(_ context.Context, _ *db.Tx, to id.ID, key, text string, _ id.ID) error {
				h.told = append(h.told, string(to)+":"+text)
				return nil
			},
			Barred:    func(_ context.Context, _ *db.Tx, a id.ID) error { h.barred = append(h.barred, a); return nil },
			Away:      func(context.Context, db.Reader, ...id.ID) (map[id.ID][]id.ID, error) { return h.away, nil },
			ChildArea: func(context.Context, db.Reader, id.ID) (string, error) { return village, nil },
			Needs:     []string{"", "suicide", "family"},
		}})
		fn(t, h)
	})
}

func as(account string, role access.Role, region string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(account), Grants: []access.Grant{{Role: role, Region: region, Department: access.CivilAffairs}}})
}

var (
	section = as("section", access.BureauSection, district)
	officer = as("officer", access.TownshipOfficer, town)
	other   = as("other", access.TownshipOfficer, "500111100")
	super   = as("super", access.Supervisor, district)
	admin   = as("admin", access.SystemAdmin, district)
)

func (h *house) today() civil.Date { return civil.DateOf(h.clk.Now()) }

func (h *house) add(account, kind, region string, needs ...string) workforce.Person {
	h.t.Helper()
	p, err := h.s.Add(section, workforce.NewPerson{Account: id.ID(account), Name: "某" + account, Kind: kind, Region: region, Languages: []string{"mandarin", "dazu"}, Needs: needs, BeganOn: "2020-01-01"})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) paper(p workforce.Person, n workforce.NewPaper) {
	h.t.Helper()
	if n.GotOn == "" {
		n.GotOn = h.today()
	}
	if _, err := h.s.AddPaper(section, p.ID, n); err != nil {
		h.t.Fatal(err)
	}
}

var checked = workforce.NewPaper{Kind: workforce.Vetting, Issuer: "公安机关", Result: workforce.Clear}

// why gives the reason for which an account may not meet children.
func (h *house) why(account string) string {
	h.t.Helper()
	var out string
	if err := h.d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		found, err := h.s.Unfit(ctx, r, []id.ID{id.ID(account)})
		out = found[id.ID(account)]
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return out
}

func TestWithoutARecordsCheckInForceNobodyMeetsChildren(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if got := h.why("stranger"); got != "workforce.not_vetted" {
			t.Fatalf("a stranger: %q", got)
		}
		p := h.add("mother", "volunteer_carer", town)
		if got := h.why("mother"); got != "workforce.not_vetted" {
			t.Fatalf("unchecked: %q", got)
		}
		h.paper(p, checked)
		if got := h.why("mother"); got != "" {
			t.Fatalf("checked: %q", got)
		}
		h.clk.Advance(340 * 24 * time.Hour)
		if err := h.s.Warn(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(h.told, []string{"mother:workforce.vetting_ends"}) {
			t.Fatalf("told %v", h.told)
		}
		h.clk.Advance(25 * 24 * time.Hour)
		if got := h.why("mother"); got != "workforce.vetting_expired" {
			t.Fatalf("a year later: %q", got)
		}
		h.paper(p, checked)
		if got := h.why("mother"); got != "" {
			t.Fatalf("checked again: %q", got)
		}
		h.clk.Advance(time.Hour)
		h.paper(p, workforce.NewPaper{Kind: workforce.Vetting, Issuer: "公安机关", Result: workforce.Barred, Note: "只有局里能看的话"})
		if got := h.why("mother"); got != "workforce.barred" || !slices.Equal(h.barred, []id.ID{"mother"}) {
			t.Fatalf("barred: %q, stopped %v", got, h.barred)
		}
		// The words of a check are for who records checks.
		sheet, err := h.s.Find(section, p.ID)
		if err != nil || sheet.Papers[0].Note != "只有局里能看的话" {
			t.Fatalf("%+v %v", sheet.Papers, err)
		}
		if sheet, err = h.s.Find(officer, p.ID); err != nil || sheet.Papers[0].Note != "" || sheet.Blocked != "workforce.barred" {
			t.Fatalf("%+v %v", sheet.Papers[0], err)
		}
	})
}

func TestAQualificationThatLapsedBlocksToo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.add("clinic", "clinician", district, "suicide")
		h.paper(p, checked)
		if got := h.why("clinic"); got != "workforce.not_qualified" {
			t.Fatalf("no paper: %q", got)
		}
		h.paper(p, workforce.NewPaper{Kind: workforce.Qualification, Title: "counsellor", ExpiresOn: h.today().AddDays(10)})
		if got := h.why("clinic"); got != "" {
			t.Fatalf("qualified: %q", got)
		}
		h.clk.Advance(11 * 24 * time.Hour)
		if got := h.why("clinic"); got != "workforce.qualification_expired" {
			t.Fatalf("lapsed: %q", got)
		}
		rows, err := h.s.List(section, workforce.Query{State: "blocked"})
		if err != nil || len(rows) != 1 || rows[0].Blocked != "workforce.qualification_expired" {
			t.Fatalf("%+v %v", rows, err)
		}
		if _, err := h.s.End(section, p.ID, h.today(), "离职", 0); err != nil {
			t.Fatal(err)
		}
		if got := h.why("clinic"); got != "workforce.ended" {
			t.Fatalf("left: %q", got)
		}
	})
}

func TestWhoMayEnterAndCheck(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.add("mother", "volunteer_carer", town)
		if _, err := h.s.AddPaper(officer, p.ID, workforce.NewPaper{Kind: workforce.Vetting, Issuer: "公安机关", Result: workforce.Clear, GotOn: h.today()}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a township records a check: %v", err)
		}
		if _, err := h.s.AddPaper(officer, p.ID, workforce.NewPaper{Kind: workforce.Training, Title: "急救", Hours: 4, GotOn: h.today()}); err != nil {
			t.Errorf("a township records a training: %v", err)
		}
		if _, err := h.s.Find(other, p.ID); !errs.Is(err, errs.KindNotFound) && !errs.Is(err, errs.KindForbidden) {
			t.Errorf("another township reads: %v", err)
		}
		if _, err := h.s.List(admin, workforce.Query{}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("the administrator lists: %v", err)
		}
		own := h.add("section", "cadre", district)
		if _, err := h.s.AddPaper(section, own.ID, workforce.NewPaper{Kind: workforce.Vetting, Issuer: "公安机关", Result: workforce.Clear, GotOn: h.today()}); errs.KeyOf(err) != "workforce.own_paper" {
			t.Errorf("a check of oneself: %v", err)
		}
		if _, err := h.s.Add(section, workforce.NewPerson{Account: "mother", Name: "重复", Kind: "volunteer", Region: town, BeganOn: "2024-01-01"}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("one account, two workers: %v", err)
		}
	})
}

func TestAMatchSaysWhy(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		good := h.add("good", "social_worker", town, "family")
		busy := h.add("busy", "social_worker", town, "family")
		far := h.add("far", "social_worker", district)
		h.add("blocked", "social_worker", town, "family")
		for _, p := range []workforce.Person{good, busy, far} {
			h.paper(p, checked)
			h.paper(p, workforce.NewPaper{Kind: workforce.Qualification, Title: "social_worker"})
		}
		h.loads["busy"] = workforce.Load{Cases: 20}
		list, err := h.s.Match(super, workforce.Wanted{Child: "child", For: "case", Need: "family", Language: "dazu"})
		if err != nil || len(list) != 4 {
			t.Fatalf("%v %v", list, err)
		}
		var order []string
		for _, m := range list {
			order = append(order, string(m.Account))
		}
		if !slices.Equal(order, []string{"good", "busy", "far", "blocked"}) && !slices.Equal(order, []string{"good", "far", "busy", "blocked"}) {
			t.Fatalf("%v", order)
		}
		if m := list[0]; m.Reasons[0] != (workforce.Reason{Key: "need", Fit: "good"}) || len(m.Reasons) != 4 || m.Blocked != "" {
			t.Fatalf("%+v", m.Reasons)
		}
		if list[3].Blocked != "workforce.not_vetted" {
			t.Fatalf("%+v", list[3])
		}
	})
}

// The duties name kinds of matter that there are, and each kind has one
// department that leads.
func TestTheDutiesNameKindsThatExist(t *testing.T) {
	raw, err := fs.ReadFile(kinds.Files, "kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	var known []struct {
		Key string `json:"key"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		t.Fatal(err)
	}
	editions, err := workforce.ReadEditions(rules.Files, duties.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range editions.DutiesOn("2026-01-01").Items {
		for _, k := range d.Kinds {
			if !slices.ContainsFunc(known, func(x struct {
				Key string `json:"key"`
			}) bool {
				return x.Key == k
			}) {
				t.Errorf("%s: no kind of matter %q", d.Department, k)
			}
		}
	}
}

func TestCasesAreSharedByNeedAreaAndLanguageAndNobodyIsFilledAbove(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, x := range []struct {
			account, region, need string
		}{{"near", town, ""}, {"far", district, "suicide"}, {"lapsed", town, "suicide"}} {
			p, err := h.s.Add(section, workforce.NewPerson{Account: id.ID(x.account), Name: "某" + x.account, Kind: "counsellor", Region: x.region, Languages: []string{map[string]string{"far": "miao"}[x.account] + map[string]string{"near": "dazu", "lapsed": "dazu"}[x.account]},
				Needs: slices.DeleteFunc([]string{x.need}, func(n string) bool { return n == "" }), Capacity: 2, BeganOn: "2020-01-01"})
			if err != nil {
				t.Fatal(err)
			}
			if x.account != "lapsed" {
				h.paper(p, checked)
			}
		}
		wishes := []workforce.Wanted{{Region: village, Need: "suicide"}, {Region: village, Language: "dazu"}, {Region: village, Language: "miao"}, {Region: village}, {Region: village}}
		var got []id.ID
		var hands map[id.ID]workforce.Row
		if err := h.d.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
			if got, err = h.s.Share(ctx, r, wishes, []id.ID{"lapsed", "near", "far"}); err != nil {
				return err
			}
			hands, err = h.s.Hands(ctx, r, []id.ID{"near", "lapsed", "stranger"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if want := []id.ID{"far", "near", "far", "near", ""}; !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		if hands["near"].Most != 2 || hands["near"].Blocked != "" || hands["lapsed"].Blocked == "" || hands["stranger"].Blocked != "workforce.not_vetted" {
			t.Fatalf("%+v", hands)
		}
	})
}

func TestWhoMustBeKeptAwayFromAChildIsNotProposedForIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		rows := func() []workforce.Match {
			t.Helper()
			list, err := h.s.Match(section, workforce.Wanted{Child: "child-lin", For: "pairing"})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		for _, account := range []id.ID{"carer", "neighbour"} {
			if _, err := h.s.Add(section, workforce.NewPerson{Account: account, Name: "某人", Kind: "volunteer_carer", Region: village, BeganOn: "2024-01-01"}); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(rows()); n != 2 {
			t.Fatalf("%d proposed", n)
		}
		h.away = map[id.ID][]id.ID{"child-lin": {"neighbour"}}
		if got := rows(); len(got) != 1 || got[0].Account != "carer" {
			t.Errorf("%+v", got)
		}
		if _, err := h.s.Match(access.Hide(section, "child-lin"), workforce.Wanted{Child: "child-lin", For: "pairing"}); err == nil {
			t.Error("asked by whoever the child is hidden from")
		}
	})
}
