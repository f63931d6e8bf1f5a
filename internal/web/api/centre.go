package api

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/xuri/excelize/v2"

	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
	"zugou/internal/people/place"
)

// centre registers what the pages of the centre ask besides the seat.
func (a *API) centre() {
	call(a, http.MethodGet, "/matters/counts", "how many matters a search finds, by state", func(ctx context.Context, in *listMattersInput) (seat.MatterCounts, error) {
		return view(ctx, a, func(ctx context.Context, r db.Reader) (seat.MatterCounts, error) {
			return a.Seat.Counts(ctx, r, in.search())
		})
	})
	huma.Register(a.huma, huma.Operation{OperationID: "getMattersExport", Method: http.MethodGet, Path: "/api/matters/export",
		Summary: "the matters of a search as an Excel file", DefaultStatus: http.StatusOK,
		Responses: map[string]*huma.Response{"200": {Description: "the file", Content: map[string]*huma.MediaType{xlsxType: {}}}}}, a.exportMatters)
	call(a, http.MethodGet, "/matters/{id}/clock", "the events and rules that the clocks were computed from", func(ctx context.Context, in *ByID) (seat.Proof, error) {
		out, err := view(ctx, a, func(ctx context.Context, r db.Reader) (seat.Proof, error) { return a.Seat.Proof(ctx, r, in.ID) })
		out.Spans = orEmpty(out.Spans)
		return out, err
	})
	call(a, http.MethodGet, "/signals/{id}", "one signal with what was said in it", func(ctx context.Context, in *ByID) (seat.SignalView, error) {
		return view(ctx, a, func(ctx context.Context, r db.Reader) (seat.SignalView, error) { return a.Seat.Signal(ctx, r, in.ID) })
	})
	call(a, http.MethodPost, "/signals/caller", "the children whom a telephone number leads to", func(ctx context.Context, in *struct {
		Body struct {
			Phone string `json:"phone" maxLength:"30"`
		}
	}) (page[seat.Caller], error) {
		items, err := view(ctx, a, func(ctx context.Context, r db.Reader) ([]seat.Caller, error) {
			return a.Seat.Callers(ctx, r, in.Body.Phone)
		})
		return page[seat.Caller]{Items: orEmpty(items)}, err
	})
	a.policies()
	a.places()
	a.schools()
	a.rosterWeeks()
}

// ruleRow is a rule with the name of who set it.
type ruleRow struct {
	policy.Rule
	SetByName string `json:"set_by_name"`
}

// pastRow is an edition with the name of who set it.
type pastRow struct {
	policy.Past
	SetByName string `json:"set_by_name"`
}

func (a *API) policies() {
	call(a, http.MethodGet, "/policies", "the rules of the centre as they hold now", func(ctx context.Context, _ *struct{}) (page[ruleRow], error) {
		rules, err := a.Policies.Rules(ctx)
		if err != nil {
			return page[ruleRow]{}, err
		}
		var by []id.ID
		for _, r := range rules {
			by = append(by, r.SetBy)
		}
		names, err := a.names(ctx, by)
		out := page[ruleRow]{Items: make([]ruleRow, 0, len(rules))}
		for _, r := range rules {
			out.Items = append(out.Items, ruleRow{r, names[r.SetBy].Name})
		}
		return out, err
	})
	call(a, http.MethodGet, "/policies/{family}/{key}", "the editions of a rule, newest first", func(ctx context.Context, in *struct {
		Family policy.Family `path:"family" maxLength:"60"`
		Key    string        `path:"key" maxLength:"60"`
	}) (page[pastRow], error) {
		past, err := a.Policies.History(ctx, in.Family, in.Key)
		if err != nil {
			return page[pastRow]{}, err
		}
		var by []id.ID
		for _, p := range past {
			by = append(by, p.SetBy)
		}
		names, err := a.names(ctx, by)
		out := page[pastRow]{Items: make([]pastRow, 0, len(past))}
		for _, p := range past {
			out.Items = append(out.Items, pastRow{p, names[p.SetBy].Name})
		}
		return out, err
	})
	call(a, http.MethodPost, "/policies/preview", "what a draft would change, and what keeps it from being published", func(ctx context.Context, in *struct{ Body policy.Draft }) (preview, error) {
		p, err := a.Policies.Preview(ctx, in.Body)
		out := preview{From: p.From, New: p.New, Differences: orEmpty(p.Differences), Problems: []wrongField{}}
		for _, f := range p.Problems {
			text, _ := a.Words.Text(f.Key)
			out.Problems = append(out.Problems, wrongField{f.Name, f.Key, text})
		}
		return out, err
	})
	call(a, http.MethodPost, "/policies", "publish a draft from an instant on", func(ctx context.Context, in *struct{ Body policy.Draft }) (published, error) {
		e, err := a.Policies.Publish(ctx, in.Body)
		return published{e.ID, e.From}, err
	})
}

type preview struct {
	From        clock.Millis        `json:"from"`
	New         bool                `json:"new"`
	Differences []policy.Difference `json:"differences"`
	Problems    []wrongField        `json:"problems"`
}

type wrongField struct {
	Name    string `json:"name"`
	Key     string `json:"key"`
	Message string `json:"message"`
}

type published struct {
	ID   id.ID        `json:"id"`
	From clock.Millis `json:"from"`
}

func (a *API) names(ctx context.Context, accounts []id.ID) (map[id.ID]seat.StaffBrief, error) {
	return view(ctx, a, func(ctx context.Context, r db.Reader) (map[id.ID]seat.StaffBrief, error) {
		return a.Seat.StaffNames(ctx, r, accounts)
	})
}

func (a *API) places() {
	call(a, http.MethodGet, "/places", "police stations, hospitals, schools of an area", func(ctx context.Context, in *struct {
		Region string `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
	}) (page[place.Place], error) {
		items, err := a.Places.List(ctx, in.Region)
		return page[place.Place]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/places", "enter a place", func(ctx context.Context, in *struct{ Body place.Form }) (place.Place, error) {
		return a.Places.Enter(ctx, in.Body)
	})
	call(a, http.MethodPut, "/places/{id}", "correct a place as of the version that was seen", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			place.Form
			Version int64 `json:"version"`
		}
	}) (place.Place, error) {
		return a.Places.Change(ctx, in.ID, in.Body.Form, in.Body.Version)
	})
	call(a, http.MethodDelete, "/places/{id}", "take a place off the screens", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Places.Remove(ctx, in.ID)
	})
}

func (a *API) rosterWeeks() {
	call(a, http.MethodGet, "/duty/holders", "whom the rosters of an area may name", func(ctx context.Context, in *struct {
		Region string        `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
		Role   []access.Role `query:"role"`
	}) (page[duty.Serving], error) {
		items, err := a.Duty.Holders(ctx, in.Region, in.Role)
		return page[duty.Serving]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/duty/roster/copy", "write a week's shifts again for the weeks that follow", func(ctx context.Context, in *struct{ Body duty.CopyRequest }) (duty.CopyAnswer, error) {
		return a.Duty.CopyWeek(ctx, in.Body)
	})
}

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// exportColumns are the headings of the Excel file of matters, as keys of
// words, with their widths in characters.
var exportColumns = []struct {
	key   string
	width float64
}{{"no", 18}, {"kind", 16}, {"urgency", 8}, {"state", 10}, {"child", 12}, {"region", 24}, {"opened", 18}, {"stage", 12}, {"due", 18}, {"signals", 8}, {"orders", 8}, {"outcome", 26}, {"closed", 18}}

func (a *API) exportMatters(ctx context.Context, in *listMattersInput) (*file, error) {
	rows, err := a.Seat.Export(ctx, in.search())
	if err != nil {
		return nil, a.fault(ctx, err)
	}
	book, err := a.book(ctx)
	if err != nil {
		return nil, a.fault(ctx, err)
	}
	body, err := a.mattersBook(rows, book)
	if err != nil {
		return nil, a.fault(ctx, errs.Internal(err))
	}
	return &file{ContentType: xlsxType, ContentDisposition: `attachment; filename="matters.xlsx"`, Policy: "default-src 'none'; sandbox", Body: body}, nil
}

func (a *API) mattersBook(rows []seat.ExportRow, book *policy.Book) ([]byte, error) {
	word := func(key string) string {
		if text, ok := a.Words.Text(key); ok {
			return text
		}
		return key
	}
	at := func(m clock.Millis) string {
		if m == 0 {
			return ""
		}
		return m.Time().In(clock.Zone).Format("2006-01-02 15:04:05")
	}
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	name := word("export.matters")
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	head := make([]any, 0, len(exportColumns))
	for i, c := range exportColumns {
		if err := w.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, err
		}
		head = append(head, excelize.Cell{StyleID: bold, Value: word("export.matters." + c.key)})
	}
	if err := w.SetRow("A1", head); err != nil {
		return nil, err
	}
	for i, m := range rows {
		child, waits, outcome := "", "", ""
		if m.Child != nil {
			child = m.Child.Name
		}
		if m.WaitsFor != "" {
			waits = word(m.WaitsFor)
		}
		if o, ok := book.Outcome(m.Outcome); ok {
			outcome = o.Label
		}
		cell, err := excelize.CoordinatesToCellName(1, i+2)
		if err != nil {
			return nil, err
		}
		if err := w.SetRow(cell, []any{m.No, m.KindName, word("urgency." + string(m.Urgency)), word("export.state." + string(m.State)), child, m.RegionName,
			at(m.OpenedAt), waits, at(m.DueAt), m.Signals, m.Orders, outcome, at(m.ClosedAt)}); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = f.Write(&out)
	return out.Bytes(), err
}
