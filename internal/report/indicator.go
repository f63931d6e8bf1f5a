package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Span says which time an indicator looks at.
type Span string

// The spans.
const (
	Year      Span = "year"      // what happened in the period
	AtEnd     Span = "at_end"    // how it stood when the period ended
	Programme Span = "programme" // what happened since the programme began, up to the period's end
	Recorded  Span = "recorded"  // typed in with its source
)

// Measure says how rows make a figure.
type Measure string

// The measures.
const (
	Rows     Measure = "rows"     // how many rows
	Distinct Measure = "distinct" // how many different Counted
	Sum      Measure = "sum"      // the sum of Amount
)

// Asked is what an indicator is asked for. From and To are instants (From ≤ t <
// To), already moved to the programme's begin for that span; AsOf is the
// instant until which records count. Collect must leave out what was recorded
// later, and exercises.
type Asked struct {
	From, To       clock.Millis
	FromDay, ToDay civil.Date // the same as civil dates; ToDay is exclusive
	AsOf           clock.Millis
	Region         string // narrows to an area; "" for all of the asker's
}

// Row is one record that was counted.
type Row struct {
	ID      id.ID        `bun:"id" json:"id"`
	Kind    string       `bun:"kind" json:"kind"` // matter, order, child, session …: which page opens it
	At      clock.Millis `bun:"at" json:"at"`
	Region  string       `bun:"region" json:"region"`
	Counted string       `bun:"counted" json:"counted"` // what Distinct counts: an id
	Label   string       `bun:"label" json:"label"`     // a number or a title without personal data
	Amount  float64      `bun:"amount" json:"amount,omitempty"`
}

// Collect gives all rows of an indicator, whatever their area; the package
// keeps those that the asker may see.
type Collect func(ctx context.Context, r db.Reader, q Asked) ([]Row, error)

// Indicator is one figure that can be asked for. Its name and definition are
// the words indicator.CODE and definition.CODE.
type Indicator struct {
	Code    string
	System  string // of the mission's map: Z6, C1 …
	Span    Span
	Measure Measure
	Unit    string // word unit.UNIT: matter, person, session, yuan …
	Collect Collect
}

func (i Indicator) check() error {
	switch {
	case i.Code == "" || i.Unit == "" || !slices.Contains([]Span{Year, AtEnd, Programme, Recorded}, i.Span):
		return fmt.Errorf("indicator %q lacks code, unit or span", i.Code)
	case i.Span != Recorded && (i.Collect == nil || !slices.Contains([]Measure{Rows, Distinct, Sum}, i.Measure)):
		return fmt.Errorf("indicator %s has nothing to count", i.Code)
	}
	return nil
}

// SQL makes a Collect of one statement that selects id, kind, at, region,
// counted and label (amount for sums; ” and 0 for what is not used).
func SQL(statement func(ctx context.Context, r db.Reader, q Asked) (string, []any, error)) Collect {
	return func(ctx context.Context, r db.Reader, q Asked) ([]Row, error) {
		text, args, err := statement(ctx, r, q)
		if err != nil {
			return nil, err
		}
		var rows []Row
		err = r.List(ctx, &rows, text, args...)
		return rows, err
	}
}

// value makes the figure of rows.
func (m Measure) value(rows []Row) float64 {
	switch m {
	case Distinct:
		seen := map[string]bool{}
		for _, r := range rows {
			seen[r.Counted] = true
		}
		return float64(len(seen))
	case Sum:
		var out float64
		for _, r := range rows {
			out += r.Amount
		}
		return out
	}
	return float64(len(rows))
}

// within keeps the rows of the areas, oldest first. Equal instants are ordered
// by id, so that pages never overlap.
func within(rows []Row, areas []string, narrowed string) []Row {
	out := make([]Row, 0, len(rows))
	for _, r := range rows {
		if !strings.HasPrefix(r.Region, narrowed) {
			continue
		}
		if slices.ContainsFunc(areas, func(a string) bool { return strings.HasPrefix(r.Region, a) }) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, inOrder)
	return out
}

// Period is what a person asks for.
type Period struct {
	From civil.Date   `json:"from"`
	To   civil.Date   `json:"to"` // exclusive
	AsOf clock.Millis `json:"as_of"`
}

// instant gives the first instant of a day in China.
func instant(day civil.Date) (clock.Millis, bool) {
	at, err := time.ParseInLocation("2006-01-02", string(day), clock.Zone)
	return clock.Of(at), err == nil
}

// asked makes the question of an indicator from a person's period.
func (i Indicator) asked(p Period, began civil.Date, region string) Asked {
	q := Asked{FromDay: p.From, ToDay: p.To, AsOf: p.AsOf, Region: region}
	if i.Span == Programme && began < q.FromDay {
		q.FromDay = began
	}
	q.From, _ = instant(q.FromDay) // checked before
	q.To, _ = instant(q.ToDay)
	return q
}

// areas of the asker for figures.
func areas(ctx context.Context) []string { return access.From(ctx).Areas("report.read") }

// inOrder is the order of rows: by instant, then by id.
func inOrder(a, b Row) int {
	return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(string(a.ID), string(b.ID)))
}
