package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"zugou/instruments"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/people/sheet"
)

// callSearch narrows the calls that a list, a count or a file is of.
type callSearch struct {
	State   hotline.State  `query:"state" enum:"waiting,talking,message,ended,"`
	Result  hotline.Result `query:"result" enum:"answered,abandoned,voicemail,cut,"`
	Class   string         `query:"class" maxLength:"20"`
	Channel string         `query:"channel" enum:"phone,chat,"`
	Child   id.ID          `query:"child" maxLength:"60"`
	From    clock.Millis   `query:"from"`
	To      clock.Millis   `query:"to"`
	Cursor  id.ID          `query:"cursor" maxLength:"60"`
	Limit   int            `query:"limit"`
}

func (in *callSearch) query() hotline.Query {
	return hotline.Query{State: in.State, Result: in.Result, Class: in.Class, Channel: in.Channel, Child: in.Child, From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.Limit}
}

func (a *API) lineCounts() {
	call(a, http.MethodGet, "/calls/counts", "calls by the categories of a children's helpline", func(ctx context.Context, in *callSearch) (hotline.Counts, error) {
		return a.Hotline.Count(ctx, in.query())
	})
	huma.Register(a.huma, huma.Operation{OperationID: "getCallsExport", Method: http.MethodGet, Path: "/api/calls/export",
		Summary: "the calls of a search as an Excel file", DefaultStatus: http.StatusOK,
		Responses: map[string]*huma.Response{"200": {Description: "the file", Content: map[string]*huma.MediaType{xlsxType: {}}}}},
		func(ctx context.Context, in *callSearch) (*file, error) {
			rows, err := a.Hotline.Export(ctx, in.query())
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			body, err := a.callsBook(rows)
			if err != nil {
				return nil, a.fault(ctx, errs.Internal(err))
			}
			return &file{ContentType: xlsxType, ContentDisposition: `attachment; filename="calls.xlsx"`, Policy: "default-src 'none'; sandbox", Body: body}, nil
		})
}

// callColumns are the headings of the file of calls.
var callColumns = []string{"no", "channel", "arrived", "phone", "result", "wait", "talk", "class", "topic", "action", "age_band", "sex", "forwarded"}

func (a *API) callsBook(rows []hotline.Sheet) ([]byte, error) {
	word := func(key string) string {
		if text, ok := a.Words.Text(key); ok {
			return text
		}
		return key
	}
	of := func(kind, key string) string {
		if key == "" {
			return ""
		}
		return word("call." + kind + "." + key)
	}
	head := make([]any, 0, len(callColumns))
	for _, c := range callColumns {
		head = append(head, word("export.calls."+c))
	}
	lines := [][]any{head}
	for _, c := range rows {
		at := c.ArrivedAt.Time().In(clock.Zone).Format("2006-01-02 15:04:05")
		lines = append(lines, []any{c.No, of("channel", c.Channel), at, c.Phone, of("result", string(c.Result)), c.WaitMS / 1000, c.TalkMS / 1000, of("class", c.Class), of("topic", c.Topic),
			of("action", c.Action), of("age_band", c.AgeBand), of("sex", c.Sex), c.Forwarded})
	}
	return sheet.Write("Sheet1", slices.Repeat([]float64{18}, len(head)), lines)
}

// triageScript is the instrument asked on the line.
const triageScript = "cssrs-screener"

// question is one question of the triage, with when it is asked.
type question struct {
	Code   string `json:"code"`
	Text   string `json:"text"`
	After  string `json:"after"`  // code of the question it depends on; empty = always asked
	Unless string `json:"unless"` // the answer there after which it is left out: "no" or "not_yes"
}

// script is the triage as the page asks it.
type script struct {
	Items []question `json:"items"`
	Draft bool       `json:"draft"` // the wording still waits for its check against the publisher's form
}

// triaged is what the answers given so far say. While questions are open the
// level is the least it can be.
type triaged struct {
	Level    string   `json:"level"` // none, low, moderate, high
	Complete bool     `json:"complete"`
	Missing  []string `json:"missing"`
}

// triage asks and scores by the screening's own instrument, so that the line
// and the school never judge one answer differently. Nothing is stored here:
// what was found goes into the call's wrap-up and its matter.
func (a *API) triage() {
	call(a, http.MethodGet, "/hotline/triage", "the questions on suicide that the line asks", func(ctx context.Context, _ *struct{}) (script, error) {
		out := script{Items: []question{}}
		if _, err := a.mine(ctx); err != nil {
			return out, err
		}
		in, err := triageInstrument()
		if err != nil {
			return out, err
		}
		out.Draft = in.Draft()
		for _, it := range in.Items {
			q := question{Code: it.Code, Text: it.Text.ZH}
			if w := it.AskWhen; w != nil && len(w.Items) > 0 {
				q.After, q.Unless = w.Items[0], "not_yes"
				if w.Answer == "not_no" {
					q.Unless = "no"
				}
			}
			out.Items = append(out.Items, q)
		}
		return out, nil
	})
	call(a, http.MethodPost, "/hotline/triage", "what the answers say", func(ctx context.Context, in *struct {
		Body struct {
			Answers map[string]string `json:"answers" doc:"yes, no or refused, by code of the question"`
		}
	}) (triaged, error) {
		if _, err := a.mine(ctx); err != nil {
			return triaged{}, err
		}
		form, err := triageInstrument()
		if err != nil {
			return triaged{}, err
		}
		byCode := map[string]instrument.Answer{}
		for code, said := range in.Body.Answers {
			switch said {
			case "yes":
				byCode[code] = instrument.Answer{Value: 1}
			case "no":
				byCode[code] = instrument.Answer{}
			case "refused":
				byCode[code] = instrument.Answer{Refused: true}
			default:
				return triaged{}, errs.Invalid("answers", "call.choice")
			}
		}
		items, err := form.FromCodes(byCode)
		if err != nil {
			return triaged{}, err
		}
		res, err := instrument.Score(form, instrument.Answers{Items: items})
		if err != nil {
			return triaged{}, err
		}
		return triaged{Level: string(res.Level), Complete: len(res.Missing) == 0, Missing: orEmpty(res.Missing)}, nil
	})
}

func triageInstrument() (instrument.Instrument, error) {
	data, err := instruments.Files.ReadFile(triageScript + ".json")
	if err != nil {
		return instrument.Instrument{}, errs.Internal(err)
	}
	return instrument.Parse(data)
}
