package guard

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/guard/schedule"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// raise opens an alarm and what it leads to. One that is open already of the
// same device, kind and fence is not opened twice.
func (s *Service) raise(ctx context.Context, tx *db.Tx, a Alarm, f *Fence, rules Rules, cal schedule.Calendar) error {
	open, err := openAlarms(ctx, tx, "device = ? AND kind = ? AND fence = ?", a.Device, a.Kind, a.Fence)
	if err != nil || len(open) > 0 {
		return err
	}
	fenceKind := ""
	if f != nil {
		fenceKind = f.Kind
	}
	// A late alarm is judged by the hour at which it was so.
	route := rules.Route(a.Kind, fenceKind, a.At, cal)
	a.ID, a.RaisedAt, a.To = id.New(), tx.Now, route.To
	switch {
	case a.Outage != "":
		a.State = Held
	case route.To == ToNote:
		a.State = Noted
	default:
		if err := s.call(ctx, tx, &a, f, route); err != nil {
			return err
		}
	}
	if a.Kind == DangerCross || a.LateS > 0 { // an instant or the past, no state that goes on; the matter stays
		a.State, a.EndedAt, a.EndedWhy = Ended, tx.Now, "passed"
	}
	if err := insertAlarm(ctx, tx, a); err != nil {
		return err
	}
	if err := child.Note(ctx, tx, child.Entry{ChildID: a.ChildID, At: a.At, Kind: "guard", Title: "timeline.guard_" + string(a.Kind), RefKind: "guard_alarm", RefID: a.ID,
		Region: a.Region, Data: map[string]string{"kind": string(a.Kind), "state": string(a.State)}}); err != nil {
		return err
	}
	return s.emit(ctx, tx, a, "raised")
}

// call opens or joins the matter of an alarm.
func (s *Service) call(ctx context.Context, tx *db.Tx, a *Alarm, f *Fence, route AlarmRule) error {
	n := signal.New{Source: signal.Program, Kind: string(a.Kind), Key: "guard:" + string(a.ID), ChildID: a.ChildID, Region: a.Region, DeviceAt: a.At,
		History: a.LateS > 0, Kinds: route.Matter, Urgency: route.Urgency, Note: s.words(*a, f),
		Body: map[string]any{"alarm": a.ID, "kind": a.Kind, "value": math.Round(a.Value*10) / 10, "late_s": a.LateS}}
	got, err := s.p.Take(ctx, tx, n)
	if err != nil {
		return err
	}
	a.State, a.SignalID, a.MatterID = Open, got.Signal, got.Matter
	return nil
}

// words says in the language of the page what happened.
func (s *Service) words(a Alarm, f *Fence) string {
	data := map[string]string{"value": strconv.FormatFloat(math.Round(a.Value*10)/10, 'f', -1, 64), "metres": fmt.Sprintf("%.0f", math.Abs(a.Value)),
		"minutes": fmt.Sprintf("%.0f", a.Value/60), "late": fmt.Sprint((a.LateS + 59) / 60)}
	if f != nil {
		data["fence"] = f.Name
	}
	text := s.p.Text("guard.text."+string(a.Kind), data)
	if a.LateS > 0 {
		text = s.p.Text("guard.text.late", data) + text
	}
	return text
}

// end closes an alarm that is over by itself; the matter stays with its people
// and is told.
func (s *Service) end(ctx context.Context, tx *db.Tx, a Alarm, why string) error {
	was := a.State
	a.State, a.EndedAt, a.EndedWhy = Ended, tx.Now, why
	if err := saveAlarm(ctx, tx, a); err != nil {
		return err
	}
	if was == Open && a.MatterID != "" && s.p.Over != nil {
		if err := s.p.Over(ctx, tx, a.MatterID, a.Kind, why); err != nil {
			return err
		}
	}
	return s.emit(ctx, tx, a, "ended")
}

func (s *Service) emit(ctx context.Context, tx *db.Tx, a Alarm, kind string) error {
	return tx.Emit(ctx, db.Event{Topic: "guard", Kind: kind, Region: a.Region, Ref: string(a.ID),
		Data: fmt.Appendf(nil, `{"kind":%q,"state":%q}`, a.Kind, a.State)})
}

func (s *Service) auditRules(ctx context.Context, tx *db.Tx, e Edition) error {
	return audit.Write(ctx, tx, audit.Entry{Action: "policy.write", SubjectKind: "policy", Fields: []string{"guard", e.Name}})
}
