package policy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/policy"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

func as(role access.Role) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID("a-" + string(role)), Grants: []access.Grant{{Role: role, Region: "500111", Department: access.CivilAffairs}}})
}

func at(t *testing.T, d *db.DB, m clock.Millis) *policy.Book {
	t.Helper()
	var b *policy.Book
	if err := d.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		if m == 0 {
			m = r.At()
		}
		b, err = policy.At(ctx, r, m)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func body(t *testing.T, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheSectionChangesAClockFromNextMonthAndTheOldOneHoldsUntilThen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		s := policy.NewService(d)
		section := as(access.BureauSection)
		sos, _ := at(t, d, 0).Kind("sos")
		was := sos.Seconds[policy.Offered]
		sos.Seconds[policy.Offered] = 75
		from := clock.Of(clk.Now()).Add(30 * 24 * time.Hour)
		draft := policy.Draft{Family: policy.Kinds, Key: "sos", Body: body(t, sos), From: from, Reason: "山区到岗慢,缩短等待"}

		p, err := s.Preview(section, draft)
		if err != nil || len(p.Problems) != 0 || p.New || len(p.Differences) != 1 || p.Differences[0].Path != "seconds.offered" || string(p.Differences[0].Now) != "75" {
			t.Fatalf("the preview: %+v %v", p, err)
		}
		if _, err := s.Publish(as(access.SeatLeader), draft); !errs.Is(err, errs.KindForbidden) {
			t.Fatalf("a seat leader publishes: %v", err)
		}
		if _, err := s.Publish(section, draft); err != nil {
			t.Fatal(err)
		}
		if k, _ := at(t, d, from-1).Kind("sos"); k.Seconds[policy.Offered] != was {
			t.Errorf("before its day: %d", k.Seconds[policy.Offered])
		}
		if k, _ := at(t, d, from).Kind("sos"); k.Seconds[policy.Offered] != 75 {
			t.Errorf("on its day: %d", k.Seconds[policy.Offered])
		}
		rules, err := s.Rules(section)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			if r.Family == policy.Kinds && r.Key == "sos" && (r.Editions != 1 || r.NextFrom != from || r.From != 0) {
				t.Errorf("listed as %+v", r)
			}
		}
		past, err := s.History(section, policy.Kinds, "sos")
		if err != nil || len(past) != 2 || past[0].SetBy != "a-bureau_section" || past[0].Reason == "" || len(past[0].Differences) != 1 || past[1].ID != "" {
			t.Errorf("history: %+v %v", past, err)
		}
		if _, err := s.Publish(section, draft); errs.Is(err, errs.KindInvalid) == false {
			t.Errorf("the same again: %v", err)
		}
	})
}

// What would leave an alarm without a kind, a kind without a chain or an end,
// or a clock at nothing, is refused, and nothing of it is stored.
func TestAnUnusableRuleCanNotBePublished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s := policy.NewService(d)
		section := as(access.BureauSection)
		book := at(t, d, 0)
		kind := func(change func(*policy.Kind)) json.RawMessage {
			k, _ := at(t, d, 0).Kind("sos")
			change(&k)
			return body(t, k)
		}
		cases := map[string]policy.Draft{
			"no such chain":         {Family: policy.Kinds, Key: "sos", Body: kind(func(k *policy.Kind) { k.Chain = "nobody" })},
			"a clock of nothing":    {Family: policy.Kinds, Key: "sos", Body: kind(func(k *policy.Kind) { k.Seconds[policy.Accepted] = 0 })},
			"a clock of a year":     {Family: policy.Kinds, Key: "sos", Body: kind(func(k *policy.Kind) { k.Seconds[policy.Accepted] = 400 * 86400 })},
			"no urgency":            {Family: policy.Kinds, Key: "sos", Body: kind(func(k *policy.Kind) { k.Urgency = "" })},
			"another key":           {Family: policy.Kinds, Key: "sos", Body: kind(func(k *policy.Kind) { k.Key = "sos2" })},
			"a partner of no chain": {Family: policy.Kinds, Key: "sos", Body: kind(func(k *policy.Kind) { k.Joint = []string{"army"} })},
			"SOS is no crisis":      {Family: policy.Kinds, Key: "sos", Body: kind(func(k *policy.Kind) { k.Crisis = false })},
			"a field of no rule":    {Family: policy.Kinds, Key: "sos", Body: json.RawMessage(`{"key":"sos","second":{}}`)},
			"no end":                {Family: policy.Kinds, Key: "flood", Body: kind(func(k *policy.Kind) { k.Key, k.Chain = "flood", "" })},
			"an empty chain":        {Family: policy.Chains, Key: "crisis", Body: json.RawMessage(`{"key":"crisis","steps":[]}`)},
			"a rung of citizens":    {Family: policy.Chains, Key: "crisis", Body: json.RawMessage(`{"key":"crisis","steps":[{"level":"village","roles":["citizen"],"seconds":90}]}`)},
			"a rung nowhere":        {Family: policy.Chains, Key: "crisis", Body: json.RawMessage(`{"key":"crisis","steps":[{"level":"moon","roles":["grid_worker"],"seconds":90}]}`)},
			"no default alarm":      {Family: policy.Alarms, Key: "alarms", Body: json.RawMessage(`{"sos":"sos"}`)},
			"an alarm to no kind":   {Family: policy.Alarms, Key: "alarms", Body: json.RawMessage(`{"sos":"sos","*":"device","fall":"gone"}`)},
			"SOS to a repair":       {Family: policy.Alarms, Key: "alarms", Body: json.RawMessage(`{"sos":"device","*":"device"}`)},
			"nothing to close with": {Family: policy.Outcomes, Key: "outcomes", Body: json.RawMessage(`[{"key":"safe","label":"平安","kinds":["sos"]}]`)},
			"one outcome twice":     {Family: policy.Outcomes, Key: "outcomes", Body: body(t, append(book.Outcomes("sos", false), book.Outcomes("sos", false)...))},
			"no such family":        {Family: "weather", Key: "x1", Body: json.RawMessage(`{}`)},
			"no JSON":               {Family: policy.Kinds, Key: "sos", Body: json.RawMessage(`[`)},
			"yesterday":             {Family: policy.Kinds, Key: "sos", From: 1, Body: kind(func(k *policy.Kind) { k.Seconds[policy.Offered] = 80 })},
		}
		for name, draft := range cases {
			draft.Reason = "试一试"
			if _, err := s.Publish(section, draft); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s: %v", name, err)
			}
			p, err := s.Preview(section, draft)
			if err != nil || len(p.Problems) == 0 {
				t.Errorf("%s is not shown in the preview: %+v %v", name, p, err)
			}
			for _, f := range p.Problems {
				if f.Key == "" || strings.Contains(f.Key, " ") {
					t.Errorf("%s: problem without words: %+v", name, f)
				}
			}
		}
		draft := policy.Draft{Family: policy.Kinds, Key: "sos", Body: kind(func(k *policy.Kind) { k.Seconds[policy.Offered] = 80 })}
		if _, err := s.Publish(section, draft); errs.Is(err, errs.KindInvalid) == false {
			t.Errorf("without a reason: %v", err)
		}
		var rows int
		if err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			return r.Get(ctx, db.To(&rows), "SELECT count(*) FROM policy")
		}); err != nil || rows != 0 {
			t.Errorf("%d rows stored %v", rows, err)
		}
	})
}

// A change that is published for later must stay usable: nobody may take away
// what it stands on.
func TestAChainThatALaterChangeNeedsCanNotBeTakenFromIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		s := policy.NewService(d)
		section := as(access.BureauSection)
		k, _ := at(t, d, 0).Kind("ordinary")
		k.Key, k.Name = "flood", "汛期转移"
		later := clock.Of(clk.Now()).Add(24 * time.Hour)
		outcomes := at(t, d, 0).Outcomes("sos", false)
		if _, err := s.Publish(section, policy.Draft{Family: policy.Kinds, Key: "flood", Body: body(t, k), From: later, Reason: "汛期"}); err != nil {
			t.Fatal(err) // the outcomes * take it in
		}
		for i := range outcomes {
			outcomes[i].Kinds = []string{"sos"}
		}
		all := append(outcomes, policy.Outcome{Key: "drill_done", Label: "演练结束", Kinds: []string{"*"}, Drill: true})
		if _, err := s.Publish(section, policy.Draft{Family: policy.Outcomes, Key: "outcomes", Body: body(t, all), Reason: "精简"}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("the later kind loses its end: %v", err)
		}
	})
}
