package report_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/report"
	since "zugou/policy/report"
)

func at(t *testing.T, text string) clock.Millis {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", text, clock.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return clock.Of(v)
}

type house struct {
	t       *testing.T
	db      *db.DB
	clk     *clock.Fake
	figures *report.Service
	n       int
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		policies, err := dated.Read[report.Policy](since.Files)
		if err != nil {
			t.Fatal(err)
		}
		h := &house{t: t, db: d, clk: clk, figures: report.New(d, "500111", policies)}
		if err := h.figures.Register(report.Centre()...); err != nil {
			t.Fatal(err)
		}
		fn(h)
	})
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	if err := h.db.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
}

// matter is one written as the centre writes it: the row and its events.
func (h *house) matter(kind, region, child string, drill bool) id.ID {
	h.t.Helper()
	h.n++
	x := id.ID(fmt.Sprintf("m%04d", h.n))
	crisis := kind == "suicide" || kind == "sos"
	h.exec(`INSERT INTO matter (id, no, kind, grp, urgency, rank, crisis, state, drill, region, child_id, event_key, opened_at, opened_by, stage)
		VALUES (?, ?, ?, 'g', 'critical', 0, ?, 'closed', ?, ?, ?, ?, 0, 'op', 'received')`, x, "S"+string(x), kind, crisis, drill, region, child, "k:"+string(x))
	return x
}

func (h *house) event(m id.ID, kind, when, data string, order ...id.ID) {
	h.t.Helper()
	var o id.ID
	if len(order) > 0 {
		o = order[0]
	}
	h.exec("INSERT INTO matter_event (id, matter_id, order_id, at, kind, actor, data) VALUES (?, ?, ?, ?, ?, 'op', ?)", id.New(), m, o, at(h.t, when), kind, data)
}

// closed closes a crisis as two people do.
func (h *house) closed(m id.ID, when, outcome string) {
	h.event(m, "closing", when, `{"outcome":"`+outcome+`"}`)
	h.event(m, "closed", when, `{"ok":true}`)
}

func (h *house) child(x string, birth civil.Date) string {
	h.exec(`INSERT INTO person (id, name, pinyin, initials, sex, birth_on, subject, id_no, id_index, id_last4, region, child, state, version, created_at, created_by, updated_at)
		VALUES (?, '', '', '', '', ?, '', '', '', '', '500111', TRUE, 'active', 1, 0, 'op', 0)`, x, birth)
	return x
}

func as(role access.Role, region string) context.Context {
	return access.With(context.Background(), access.Actor{Account: "a", Grants: []access.Grant{{Role: role, Region: region}}})
}

var head = as(access.BureauHead, "500111")

func (h *house) value(ctx context.Context, code string, from, to civil.Date, asOf clock.Millis) (float64, []report.Row) {
	h.t.Helper()
	var o report.Opened
	if err := h.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		o, err = h.figures.Open(ctx, r, code, report.Period{From: from, To: to, AsOf: asOf}, "", "", 0)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return o.Value, o.Items
}

func (h *house) want(ctx context.Context, code string, asOf clock.Millis, want float64) {
	h.t.Helper()
	got, rows := h.value(ctx, code, "2024-01-01", "2025-01-01", asOf)
	if got != want {
		h.t.Errorf("%s is %v, want %v: %v", code, got, want, rows)
	}
}

func TestSuicideRisksResolvedInTheYear(t *testing.T) {
	each(t, func(h *house) {
		h.clk.Advance(at(h.t, "2025-06-01 00:00").Time().Sub(h.clk.Now()))
		lin, wang := h.child("lin", "2012-03-04"), h.child("wang", "2005-12-31")
		first := h.matter("suicide", "500111113203", lin, false)
		h.closed(first, "2024-03-01 10:00", "crisis_defused")
		h.closed(h.matter("suicide", "500111113203", lin, false), "2024-08-01 10:00", "to_case") // the same child again
		h.closed(h.matter("suicide", "500111114001", wang, false), "2024-08-02 10:00", "crisis_defused")
		h.closed(h.matter("suicide", "500111114001", "", false), "2024-08-03 10:00", "to_hospital")
		h.closed(h.matter("suicide", "500111114001", lin, false), "2024-08-04 10:00", "false_alarm")
		h.closed(h.matter("suicide", "500111114001", lin, false), "2024-08-05 10:00", "died")
		h.closed(h.matter("suicide", "500111113203", lin, true), "2024-08-06 10:00", "crisis_defused") // an exercise
		h.closed(h.matter("sos", "500111113203", lin, false), "2024-08-07 10:00", "crisis_defused")
		h.closed(h.matter("suicide", "500111113203", lin, false), "2025-01-01 00:00", "crisis_defused") // next year
		h.closed(h.matter("suicide", "500111113203", lin, false), "2023-12-31 23:59", "crisis_defused") // the year before
		h.want(head, "D05", 0, 4)
		h.want(head, "D17", 0, 1) // 王 is of age, one is nobody's; since the programme began
		if v, _ := h.value(head, "D17", "2023-01-01", "2024-01-01", 0); v != 1 {
			h.t.Errorf("defused up to 2023: %v", v)
		}
		h.want(as(access.TownshipOfficer, "500111114"), "D05", 0, 2)
		if _, rows := h.value(as(access.TownshipOfficer, "500111114"), "D05", "2024-01-01", "2025-01-01", 0); slices.ContainsFunc(rows, func(r report.Row) bool { return r.Region[:9] != "500111114" }) {
			h.t.Errorf("another township's rows: %v", rows)
		}
		// In January the first was reopened; as of New Year it had counted.
		h.event(first, "reopened", "2025-01-20 09:00", "{}")
		h.exec("UPDATE matter SET state = 'open', outcome = '' WHERE id = ?", first)
		h.want(head, "D05", 0, 3)
		h.want(head, "D05", at(h.t, "2025-01-10 00:00"), 4)
		h.want(head, "D05", at(h.t, "2024-08-02 00:00"), 2)
		// Closed once more, as a false alarm this time: the old outcome is history.
		h.closed(first, "2025-02-01 10:00", "false_alarm")
		h.want(head, "D05", 0, 3)
		if v, _ := h.value(head, "D05", "2025-01-01", "2026-01-01", 0); v != 1 {
			h.t.Errorf("2025: %v", v)
		}
	})
}

func TestOrdinaryRequestsResolved(t *testing.T) {
	each(t, func(h *house) {
		h.clk.Advance(at(h.t, "2025-06-01 00:00").Time().Sub(h.clk.Now()))
		for i, kind := range []string{"help", "welfare", "ordinary", "device", "sos"} {
			m := h.matter(kind, "500111113203", "", false)
			h.event(m, "closed", fmt.Sprintf("2024-05-0%d 10:00", i+1), `{"outcome":"solved"}`)
		}
		m := h.matter("help", "500111113203", "", false)
		h.event(m, "closed", "2024-05-09 10:00", `{"outcome":"false_alarm"}`)
		h.want(head, "D06", 0, 3)
	})
}

func TestCrisisWorkWithThePolice(t *testing.T) {
	each(t, func(h *house) {
		h.clk.Advance(at(h.t, "2025-06-01 00:00").Time().Sub(h.clk.Now()))
		order := func(m id.ID, joint string, drill bool, events ...string) {
			o := "o-" + m
			h.exec(`INSERT INTO dispatch_order (id, no, matter_id, joint, chain, state, stage, step, level, region, clock_at, due_at, created_at, created_by, drill)
				VALUES (?, ?, ?, ?, 'police', 'active', 'offered', 0, 'police', '500111', 0, 0, 0, 'op', ?)`, o, "D"+string(o), m, joint, drill)
			for i, kind := range events {
				h.event(m, kind, fmt.Sprintf("2024-05-0%d 10:00", i+1), "{}", o)
			}
		}
		order(h.matter("suicide", "500111113203", "", false), "police", false, "offered", "accepted", "on_scene", "handled")
		order(h.matter("sos", "500111114203", "", false), "police", false, "handled") // a phone that was offline skipped a stage
		order(h.matter("sos", "500111113203", "", false), "police", false, "offered", "accepted")
		order(h.matter("sos", "500111113203", "", false), "", false, "on_scene")
		order(h.matter("sos", "500111113203", "", true), "police", true, "on_scene")
		order(h.matter("welfare", "500111113203", "", false), "police", false, "on_scene")
		h.want(head, "D16", 0, 2)
		h.want(as(access.TownshipOfficer, "500111114"), "D16", 0, 1)
		h.want(head, "D16", at(h.t, "2024-05-02 00:00"), 1)
	})
}

func TestTheBaselineIsRecordedWithItsPaper(t *testing.T) {
	each(t, func(h *house) {
		section := as(access.BureauSection, "500111")
		rec := report.Recording{Code: "D21", From: "2022-01-01", To: "2023-01-01", Value: 24, Source: "大足区公安局 2022 年度统计表"}
		for name, c := range map[string]struct {
			ctx  context.Context
			edit func(r *report.Recording)
			kind errs.Kind
		}{
			"the head only reads":       {head, func(*report.Recording) {}, errs.KindForbidden},
			"a township can't":          {as(access.TownshipOfficer, "500111113"), func(*report.Recording) {}, errs.KindForbidden},
			"without a source":          {section, func(r *report.Recording) { r.Source = " " }, errs.KindInvalid},
			"what the records count":    {section, func(r *report.Recording) { r.Code = "D05" }, errs.KindInvalid},
			"an unknown code":           {section, func(r *report.Recording) { r.Code = "X99" }, errs.KindInvalid},
			"a period turned around":    {section, func(r *report.Recording) { r.To = "2021-01-01" }, errs.KindInvalid},
			"a negative figure":         {section, func(r *report.Recording) { r.Value = -1 }, errs.KindInvalid},
			"a day that does not exist": {section, func(r *report.Recording) { r.From = "2022-02-30" }, errs.KindInvalid},
		} {
			w := rec
			c.edit(&w)
			if _, err := h.figures.Record(c.ctx, w); !errs.Is(err, c.kind) || err == nil {
				h.t.Errorf("%s: %v", name, err)
			}
		}
		first, err := h.figures.Record(section, rec)
		if err != nil {
			h.t.Fatal(err)
		}
		before := clock.Of(h.clk.Now())
		h.clk.Advance(time.Hour)
		rec.Value = 25 // the paper was read wrongly
		if _, err := h.figures.Record(section, rec); err != nil {
			h.t.Fatal(err)
		}
		if v, rows := h.value(head, "D21", "2022-01-01", "2023-01-01", 0); v != 25 || len(rows) != 1 || rows[0].Label != rec.Source {
			h.t.Errorf("%v %v", v, rows)
		}
		if v, rows := h.value(head, "D21", "2022-01-01", "2023-01-01", before); v != 24 || rows[0].ID != first {
			h.t.Errorf("as it stood before the correction: %v %v", v, rows)
		}
		var all report.Figures
		if err := h.db.View(head, func(ctx context.Context, r db.Reader) error {
			all, err = h.figures.List(ctx, r, report.Period{From: "2024-01-01", To: "2025-01-01"})
			return err
		}); err != nil {
			h.t.Fatal(err)
		}
		i := slices.IndexFunc(all.Items, func(f report.Figure) bool { return f.Code == "D21" })
		if len(all.Items) != 5 || all.Items[i].Known {
			h.t.Errorf("2024 has no such figure: %+v", all.Items)
		}
	})
}

func TestWhoMayAsk(t *testing.T) {
	each(t, func(h *house) {
		for _, role := range access.Roles() {
			ctx := as(role, "500111")
			err := h.db.View(ctx, func(ctx context.Context, r db.Reader) error {
				_, err := h.figures.List(ctx, r, report.Period{From: "2024-01-01", To: "2025-01-01"})
				return err
			})
			want := len(access.From(ctx).Areas("report.read")) > 0
			if (err == nil) != want {
				h.t.Errorf("%s: %v, want %v", role, err, want)
			}
		}
	})
}

func TestAnIndicatorIsRegisteredOnce(t *testing.T) {
	s := report.New(nil, "500111", []report.Policy{{From: "2023-01-01", ProgrammeBegan: "2023-01-01"}})
	none := report.SQL(nil)
	for _, bad := range []report.Indicator{{}, {Code: "X", Unit: "u", Span: report.Year}, {Code: "X", Unit: "u", Span: "week", Measure: report.Rows, Collect: none},
		{Code: "X", Unit: "u", Span: report.Year, Collect: none}} {
		if s.Register(bad) == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	ok := report.Indicator{Code: "X", Unit: "u", Span: report.Year, Measure: report.Rows, Collect: none}
	if s.Register(ok) != nil || s.Register(ok) == nil {
		t.Error("not once")
	}
}

// Whatever the rows are: the pages of a figure hold each row once, and their
// count, distinct count or sum is the figure.
func TestAFigureIsItsRows(t *testing.T) {
	clk := clock.NewFake(dbtest.Start)
	d := dbtest.Open(t, db.SQLite, clk)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 450).Draw(rt, "rows")
		rows := make([]report.Row, n)
		for i := range rows {
			rows[i] = report.Row{ID: id.ID(fmt.Sprintf("r%03d", i)), Kind: "matter", At: clock.Millis(rapid.IntRange(1, 20).Draw(rt, "at")), Counted: fmt.Sprint(rapid.IntRange(0, 30).Draw(rt, "who")),
				Region: rapid.SampledFrom([]string{"500111113", "500111114", "500112"}).Draw(rt, "area"), Amount: float64(rapid.IntRange(-5, 500).Draw(rt, "sum"))}
		}
		measure := rapid.SampledFrom([]report.Measure{report.Rows, report.Distinct, report.Sum}).Draw(rt, "measure")
		s := report.New(d, "500111", []report.Policy{{From: "2023-01-01", ProgrammeBegan: "2023-01-01"}})
		if err := s.Register(report.Indicator{Code: "X", Unit: "u", Span: report.Year, Measure: measure,
			Collect: func(context.Context, db.Reader, report.Asked) ([]report.Row, error) { return slices.Clone(rows), nil }}); err != nil {
			rt.Fatal(err)
		}
		seen := map[id.ID]bool{}
		who := map[string]bool{}
		var sum, value float64
		_ = d.View(head, func(ctx context.Context, r db.Reader) error {
			for cursor := ""; ; {
				o, err := s.Open(ctx, r, "X", report.Period{From: "2024-01-01", To: "2025-01-01"}, "", cursor, 100)
				if err != nil {
					rt.Fatal(err)
				}
				value = o.Value
				for _, row := range o.Items {
					if seen[row.ID] || row.Region == "500112" {
						rt.Fatalf("%v twice, or of another area", row)
					}
					seen[row.ID], who[row.Counted] = true, true
					sum += row.Amount
				}
				if cursor = o.Next; cursor == "" {
					return nil
				}
			}
		})
		if want := map[report.Measure]float64{report.Rows: float64(len(seen)), report.Distinct: float64(len(who)), report.Sum: sum}[measure]; value != want {
			rt.Fatalf("%s is %v, its rows give %v", measure, value, want)
		}
	})
}

// Records come in while somebody reads: of those that were there, none is shown
// twice and none is skipped.
func TestPagesOfAFigureStandWhileRecordsComeIn(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	rapid.Check(t, func(rt *rapid.T) {
		var rows []report.Row
		add := func(name string, n int) {
			for i := range n {
				rows = append(rows, report.Row{ID: id.ID(fmt.Sprintf("%s%03d", name, i)), Kind: "matter", At: clock.Millis(rapid.IntRange(1, 5).Draw(rt, "at")), Region: "500111113"})
			}
		}
		add("m", rapid.IntRange(1, 40).Draw(rt, "rows"))
		there := len(rows)
		s := report.New(d, "500111", []report.Policy{{From: "2023-01-01", ProgrammeBegan: "2023-01-01"}})
		if err := s.Register(report.Indicator{Code: "X", Unit: "u", Span: report.Year, Measure: report.Rows,
			Collect: func(context.Context, db.Reader, report.Asked) ([]report.Row, error) { return slices.Clone(rows), nil }}); err != nil {
			rt.Fatal(err)
		}
		seen := map[id.ID]int{}
		_ = d.View(head, func(ctx context.Context, r db.Reader) error {
			for cursor, page := "", 0; ; page++ {
				o, err := s.Open(ctx, r, "X", report.Period{From: "2024-01-01", To: "2025-01-01"}, "", cursor, 7)
				if err != nil {
					rt.Fatal(err)
				}
				for _, row := range o.Items {
					seen[row.ID]++
				}
				if cursor = o.Next; cursor == "" {
					return nil
				}
				add(string(rune('a'+page)), 3) // before and behind what was read
			}
		})
		for i, row := range rows {
			if seen[row.ID] > 1 || i < there && seen[row.ID] != 1 {
				rt.Fatalf("%s is shown %d times", row.ID, seen[row.ID])
			}
		}
	})
}
