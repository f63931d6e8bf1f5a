package report

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Policy is what the figures need to know, from a day on.
type Policy struct {
	From           civil.Date `json:"from"`
	ProgrammeBegan civil.Date `json:"programme_began"`
	Note           string     `json:"note"`
}

// Policies are the editions, oldest first.
type Policies = dated.Editions[Policy]

// Begins gives the day from which the policy holds.
func (p Policy) Begins() civil.Date { return p.From }

// Usable tells what of it can't be used.
func (p Policy) Usable() error {
	if _, ok := instant(p.ProgrammeBegan); !ok {
		return errors.New("programme_began is no date")
	}
	return nil
}

// Service answers for figures.
type Service struct {
	db         *db.DB
	district   string
	policies   Policies
	indicators []Indicator
}

// New makes a service without indicators. district is where recorded figures
// belong.
func New(d *db.DB, district string, policies Policies) *Service {
	return &Service{db: d, district: district, policies: policies}
}

// Register adds indicators. Errors: one that is not whole, or a code that is
// there already.
func (s *Service) Register(list ...Indicator) error {
	for _, i := range list {
		if err := i.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(s.indicators, func(o Indicator) bool { return o.Code == i.Code }) {
			return fmt.Errorf("indicator %s is registered twice", i.Code)
		}
		s.indicators = append(s.indicators, i)
	}
	slices.SortFunc(s.indicators, func(a, b Indicator) int { return strings.Compare(a.Code, b.Code) })
	return nil
}

// Codes lists what is registered.
func (s *Service) Codes() []string {
	out := make([]string, 0, len(s.indicators))
	for _, i := range s.indicators {
		out = append(out, i.Code)
	}
	return out
}

// Figure is one answer.
type Figure struct {
	Code    string     `json:"code"`
	System  string     `json:"system"`
	Span    Span       `json:"span"`
	Measure Measure    `json:"measure"`
	Unit    string     `json:"unit"`
	From    civil.Date `json:"from"` // as it was counted: since the programme began, for that span
	To      civil.Date `json:"to"`
	Value   float64    `json:"value"`
	Rows    int        `json:"rows"`
	Known   bool       `json:"known"` // false: recorded figures of which there is none for the period
}

// Figures is all figures of a period.
type Figures struct {
	Period
	Items []Figure `json:"items"`
}

// normal checks a period; without an instant it is as of now.
func (s *Service) normal(p Period, now clock.Millis) (Period, error) {
	from, okFrom := instant(p.From)
	to, okTo := instant(p.To)
	switch {
	case !okFrom:
		return p, errs.Invalid("from", "date.form")
	case !okTo || to <= from:
		return p, errs.Invalid("to", "report.period")
	case p.AsOf < 0:
		return p, errs.Invalid("as_of", "date.form")
	}
	if p.AsOf == 0 || p.AsOf > now {
		p.AsOf = now
	}
	return p, nil
}

func (s *Service) began(day civil.Date) civil.Date {
	return s.policies.On(day).ProgrammeBegan
}

// List gives all figures of a period for the asker's areas. Errors: Invalid,
// Forbidden.
func (s *Service) List(ctx context.Context, r db.Reader, p Period) (Figures, error) {
	if err := access.May(access.From(ctx), "report.read"); err != nil {
		return Figures{}, err
	}
	p, err := s.normal(p, r.At())
	if err != nil {
		return Figures{}, err
	}
	out := Figures{Period: p, Items: make([]Figure, 0, len(s.indicators))}
	for _, i := range s.indicators {
		f, _, err := s.count(ctx, r, i, p, "")
		if err != nil {
			return out, fmt.Errorf("%s: %w", i.Code, err)
		}
		out.Items = append(out.Items, f)
	}
	return out, nil
}

// count gives one figure with its rows.
func (s *Service) count(ctx context.Context, r db.Reader, i Indicator, p Period, region string) (Figure, []Row, error) {
	q := i.asked(p, s.began(p.From), region)
	f := Figure{Code: i.Code, System: i.System, Span: i.Span, Measure: i.Measure, Unit: i.Unit, From: q.FromDay, To: q.ToDay, Known: true}
	if i.Span == Recorded {
		rows, err := recorded(ctx, r, i.Code, p)
		if err != nil {
			return f, nil, err
		}
		rows = within(rows, areas(ctx), region)
		f.Rows, f.Known = len(rows), len(rows) > 0
		for _, row := range rows {
			f.Value += row.Amount
		}
		return f, rows, nil
	}
	rows, err := i.Collect(ctx, r, q)
	if err != nil {
		return f, nil, err
	}
	rows = within(rows, areas(ctx), region)
	f.Rows, f.Value = len(rows), i.Measure.value(rows)
	if math.IsNaN(f.Value) {
		return f, nil, errs.Internal(fmt.Errorf("%s is not a number", i.Code))
	}
	return f, rows, nil
}

// Opened is a figure with the rows it was counted from.
type Opened struct {
	Figure
	AsOf  clock.Millis `json:"as_of"`
	Items []Row        `json:"items"`
	Next  string       `json:"next"` // cursor of what follows; empty: nothing
}

// mostRows bounds one page of rows.
const mostRows = 200

// Open gives a figure with a page of its rows, those behind the cursor: when the
// last row of the page before was and its id, since records come in while
// somebody reads. Errors: NotFound, Invalid, Forbidden.
func (s *Service) Open(ctx context.Context, r db.Reader, code string, p Period, region, cursor string, limit int) (Opened, error) {
	if err := access.May(access.From(ctx), "report.read"); err != nil {
		return Opened{}, err
	}
	at := slices.IndexFunc(s.indicators, func(i Indicator) bool { return i.Code == code })
	if at < 0 {
		return Opened{}, errs.NotFound("report.unknown")
	}
	p, err := s.normal(p, r.At())
	if err != nil {
		return Opened{}, err
	}
	f, rows, err := s.count(ctx, r, s.indicators[at], p, region)
	if err != nil {
		return Opened{}, err
	}
	out := Opened{Figure: f, AsOf: p.AsOf, Items: []Row{}}
	if limit <= 0 || limit > mostRows {
		limit = mostRows
	}
	if cursor != "" {
		at, last, cut := strings.Cut(cursor, "~")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil || !cut {
			return Opened{}, errs.Invalid("cursor", "list.cursor_wrong")
		}
		end := Row{At: clock.Millis(ms), ID: id.ID(last)}
		rows = rows[sort.Search(len(rows), func(i int) bool { return inOrder(rows[i], end) > 0 }):]
	}
	if len(rows) > limit {
		rows = rows[:limit]
		out.Next = fmt.Sprintf("%d~%s", rows[limit-1].At, rows[limit-1].ID)
	}
	out.Items = append(out.Items, rows...)
	audit.Show(ctx, "report.read", "", region, shown(code, out.Items)...)
	return out, nil
}

func shown(code string, rows []Row) []audit.Shown {
	out := []audit.Shown{{Kind: "figure", ID: id.ID(code)}}
	for _, row := range rows {
		out = append(out, audit.Shown{Kind: row.Kind, ID: row.ID, Fields: []string{"label", "region", "at"}})
	}
	return out
}

// Recording is a figure that a person types in from a paper.
type Recording struct {
	Code   string
	From   civil.Date
	To     civil.Date // exclusive
	Value  float64
	Source string // the paper: its name and number
	Note   string
}

// Record adds a recorded figure. An earlier one of the same code and period is
// superseded, never changed. Errors: NotFound, Invalid, Forbidden.
func (s *Service) Record(ctx context.Context, w Recording) (id.ID, error) {
	if err := access.Check(access.From(ctx), "report.record", access.Target{Region: s.district}); err != nil {
		return "", err
	}
	w.Source, w.Note = strings.TrimSpace(w.Source), strings.TrimSpace(w.Note)
	i := slices.IndexFunc(s.indicators, func(i Indicator) bool { return i.Code == w.Code })
	from, okFrom := instant(w.From)
	to, okTo := instant(w.To)
	var bad []errs.Field
	add := func(wrong bool, name, key string) {
		if wrong {
			bad = append(bad, errs.Field{Name: name, Key: key})
		}
	}
	add(i < 0 || i >= 0 && s.indicators[i].Span != Recorded, "code", "report.not_recorded")
	add(!okFrom, "from", "date.form")
	add(!okTo || to <= from, "to", "report.period")
	add(w.Value < 0 || math.IsNaN(w.Value) || math.IsInf(w.Value, 0) || w.Value > 1e15, "value", "report.value")
	add(w.Source == "", "source", "report.source")
	add(len([]rune(w.Source)) > 300, "source", "text.too_long")
	add(len([]rune(w.Note)) > 1000, "note", "text.too_long")
	if err := errs.InvalidFields(bad); err != nil {
		return "", err
	}
	figure := id.New()
	return figure, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := insertRecorded(ctx, tx, figure, s.district, w); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "report.record", SubjectKind: "figure", Subject: figure, Region: s.district, Fields: []string{w.Code}})
	})
}

// RegionOf gives where a recorded figure belongs, for the papers that hang on it.
func RegionOf(ctx context.Context, r db.Reader, figure id.ID) (string, error) {
	var region string
	err := r.Get(ctx, db.To(&region), "SELECT region FROM figure WHERE id = ?", figure)
	return region, err
}
