package seat

import (
	"context"
	"encoding/json"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// SignalView is one signal with what was said in it.
type SignalView struct {
	SignalRow
	DeviceAt clock.Millis    `json:"device_at"`
	Text     string          `json:"text"`
	Alarms   []string        `json:"alarms"`
	Body     json.RawMessage `json:"body,omitempty"` // decoded frame
	ChildID  id.ID           `json:"child_id"`
}

// Signal gives one signal in full. The right is signal.read for its area.
func (s *Service) Signal(ctx context.Context, r db.Reader, signalID id.ID) (SignalView, error) {
	sg, err := signal.Find(ctx, r, signalID)
	if err != nil {
		return SignalView{}, err
	}
	if err := access.Check(access.From(ctx), "signal.read", access.Target{Region: sg.Region}); err != nil {
		return SignalView{}, err
	}
	text := ""
	if sg.Note != "" {
		if text, err = s.keys.Open(signal.NoteAAD(sg.ID), sg.Note); err != nil {
			return SignalView{}, err
		}
	}
	audit.Show(ctx, "signal.read", "", sg.Region, audit.Shown{Kind: "signal", ID: sg.ID, Fields: []string{"text", "body"}})
	body := json.RawMessage(sg.Body)
	if len(body) == 0 {
		body = nil
	}
	return SignalView{SignalRow: s.signalRow(sg), DeviceAt: sg.DeviceAt, Text: text, Alarms: append([]string{}, sg.AlarmList()...), Body: body, ChildID: sg.ChildID}, nil
}

func (s *Service) signalRow(sg signal.Signal) SignalRow {
	return SignalRow{ID: sg.ID, Source: sg.Source, Kind: sg.Kind, ReceivedAt: sg.ReceivedAt, DeviceLabel: sg.DeviceID, Region: sg.Region,
		RegionName: s.people.RegionName(sg.Region), MatterID: sg.MatterID, State: sg.State, Why: sg.Why, LateBy: sg.Late()}
}

// Caller is a child whom a telephone number leads to.
type Caller struct {
	ChildBrief
	Region     string `json:"region"`
	RegionName string `json:"region_name"`
	Why        string `json:"why"` // key: own phone, guardian's, carer's
}

// mostCallers bounds an answer: a number of a boarding house leads to many.
const mostCallers = 10

// Callers looks up whose call it may be, while the operator still speaks. The
// right is child.search; who was shown is audited.
func (s *Service) Callers(ctx context.Context, r db.Reader, number string) ([]Caller, error) {
	a := access.From(ctx)
	if err := access.May(a, "child.search"); err != nil {
		return nil, err
	}
	phone, ok := civil.ParsePhone(number)
	if !ok {
		return nil, errs.Invalid("phone", "phone.form")
	}
	found, err := s.dir.ByPhone(ctx, r, string(phone))
	if err != nil {
		return nil, err
	}
	var children []id.ID
	for _, f := range found {
		children = append(children, f.Child)
	}
	briefs, err := s.people.Briefs(ctx, r, children)
	if err != nil {
		return nil, err
	}
	out := []Caller{}
	seen := map[id.ID]bool{}
	for _, f := range found {
		b, ok := briefs[f.Child]
		if !ok || seen[f.Child] || len(out) == mostCallers || !a.Allowed("child.search", access.Target{Region: f.Region}) {
			continue
		}
		seen[f.Child] = true
		out = append(out, Caller{b, f.Region, s.people.RegionName(f.Region), f.Why})
		audit.Show(ctx, "child.search", "", f.Region, audit.Shown{Kind: "child", ID: f.Child, Fields: []string{"name", "age", "sex"}})
	}
	return out, nil
}
