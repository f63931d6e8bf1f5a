package care

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// situations is how many situations the opinion of nine organs lists (2020).
const situations = 9

// organs to which a report goes.
var organs = []string{"police", "civil_affairs", "education"}

// Outcomes of a report, told to the reporter.
var outcomes = []string{"protected", "criminal_case", "administrative", "temporary_guardianship", "removal", "protection_order", "revocation", "unfounded", "supported"}

// Report is a mandatory report 强制报告, sent by the bureau or received by it.
// No consent is asked for it, ever.
type Report struct {
	ID           id.ID        `bun:"id"`
	No           string       `bun:"no"`
	Direction    string       `bun:"direction"` // sent, received
	ChildID      id.ID        `bun:"child_id"`
	Region       string       `bun:"region"`
	Situation    int          `bun:"situation"` // 1–9
	Subject      string       `bun:"subject"`   // wrapped key of this report's texts
	Facts        string       `bun:"facts"`     // sealed
	Reporter     string       `bun:"reporter"`  // sealed: who reported, for reporter.read only
	ReporterUnit string       `bun:"reporter_unit"`
	ToOrgan      string       `bun:"to_organ"`
	MadeAt       clock.Millis `bun:"made_at"`
	MadeBy       id.ID        `bun:"made_by"`
	SentAt       clock.Millis `bun:"sent_at"`
	Proof        string       `bun:"proof"` // how it was sent: document number, attachment
	ReceiptNo    string       `bun:"receipt_no"`
	ReceivedAt   clock.Millis `bun:"received_at"`
	MatterID     id.ID        `bun:"matter_id"`
	Outcome      string       `bun:"outcome"`
	ToldAt       clock.Millis `bun:"told_at"`
	ToldBy       id.ID        `bun:"told_by"`
	MadeDept     string       `bun:"made_department"`
	Version      int64        `bun:"version"`
}

const reportColumns = `id, no, direction, child_id, region, situation, subject, facts, reporter, reporter_unit, to_organ, made_at, made_by, sent_at, proof, receipt_no, received_at,
	matter_id, outcome, told_at, told_by, made_department, version`

// How a report stands to who reads it.
const (
	Sent     = "sent"     // made by the reader's own department
	Received = "received" // come to it
	Passed   = "passed"   // between two others; the bureau sends it on and follows it
)

// departmentsOf gives the departments of an actor.
func departmentsOf(a access.Actor) []string {
	var out []string
	for _, g := range a.Grants {
		out = append(out, string(g.Department))
	}
	return out
}

// inHouse tells whether a report reached the organ by being made here: the
// bureau reads what others report to it in this very list.
func (r Report) inHouse() bool {
	return r.Direction == Sent && r.ToOrgan == string(access.CivilAffairs) && r.MadeDept != "" && r.MadeDept != string(access.CivilAffairs)
}

// side tells how a report stands to the actor: what a school sent, the bureau
// received. Who wrote a report down reads it as it was written.
func (r Report) side(a access.Actor) string {
	own := departmentsOf(a)
	switch {
	case r.MadeBy == a.Account || r.MadeDept == "" || slices.Contains(own, r.MadeDept):
		return r.Direction
	case r.Direction == Sent && slices.Contains(own, r.ToOrgan):
		return Received
	}
	return Passed
}

// NewReport is what a report takes.
type NewReport struct {
	Direction    string
	ChildID      id.ID
	Region       string // where, if the child is not known
	Situation    int
	Facts        string
	Reporter     string
	ReporterUnit string
	ToOrgan      string
}

func (q NewReport) check() error {
	var bad []errs.Field
	add := func(ok bool, name, key string) {
		if !ok {
			bad = append(bad, errs.Field{Name: name, Key: key})
		}
	}
	add(q.Direction == "sent" || q.Direction == "received", "direction", "case.choice")
	add(q.Situation >= 1 && q.Situation <= situations, "situation", "report.situation")
	add(len([]rune(strings.TrimSpace(q.Facts))) >= 4, "facts", "text.needed")
	add(len([]rune(q.Facts)) <= 8000, "facts", "text.too_long")
	add(len([]rune(q.Reporter)) <= 200 && len([]rune(q.ReporterUnit)) <= 200, "reporter", "text.too_long")
	add(q.Direction != "sent" || slices.Contains(organs, q.ToOrgan), "to_organ", "case.choice")
	return errs.InvalidFields(bad)
}

// Report makes a report. It opens a matter of abuse at the seat in the same
// change, which begins without contact to anybody near the child.
func (s *Service) Report(ctx context.Context, q NewReport) (Report, error) {
	if err := q.check(); err != nil {
		return Report{}, err
	}
	var out Report
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		area := q.Region
		if area == "" {
			area = s.district
		}
		if q.ChildID != "" {
			var err error
			if _, area, err = s.ports.Key(ctx, tx, q.ChildID); err != nil {
				return err
			}
		}
		if err := access.May(a, "report.make"); err != nil { // whoever sees harm reports it, wherever it is
			return err
		}
		if q.Direction == Received {
			q.ToOrgan = ""
		}
		subject, wrapped := s.keys.NewSubject()
		out = Report{ID: id.New(), Direction: q.Direction, ChildID: q.ChildID, Region: area, Situation: q.Situation, Subject: wrapped, ReporterUnit: q.ReporterUnit, ToOrgan: q.ToOrgan,
			MadeAt: tx.Now, MadeBy: a.Account, Version: 1}
		if own := departmentsOf(a); len(own) > 0 {
			out.MadeDept = own[0]
		}
		out.Facts = subject.Seal("care_report.facts:"+string(out.ID), q.Facts)
		if q.Reporter != "" {
			out.Reporter = subject.Seal("care_report.reporter:"+string(out.ID), q.Reporter)
		}
		var err error
		if out.No, err = s.ports.NextNo(ctx, tx, "Q"); err != nil {
			return err
		}
		switch {
		case q.Direction == Received:
			out.ReceivedAt = tx.Now
		case out.inHouse():
			out.SentAt, out.ReceivedAt, out.ReceiptNo = tx.Now, tx.Now, out.No
		}
		if out.MatterID, err = s.ports.Take(ctx, tx, signal.New{Source: signal.Program, Kind: "mandatory_report", Key: "report:" + string(out.ID), ChildID: q.ChildID, Region: area,
			Kinds: "abuse", Note: "强制报告 " + out.No}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO care_report ("+reportColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, '', 0, '', ?, 1)",
			out.ID, out.No, out.Direction, out.ChildID, out.Region, out.Situation, out.Subject, out.Facts, out.Reporter, out.ReporterUnit, out.ToOrgan, out.MadeAt, out.MadeBy,
			out.SentAt, out.ReceiptNo, out.ReceivedAt, out.MatterID, out.MadeDept); err != nil {
			return err
		}
		if q.ChildID != "" {
			if err := child.Note(ctx, tx, child.Entry{ChildID: q.ChildID, Kind: "report", Title: "timeline.report_" + q.Direction, RefKind: "report", RefID: out.ID, Region: area,
				Data: map[string]string{"no": out.No}}); err != nil {
				return err
			}
		}
		if err := tx.Emit(ctx, db.Event{Topic: "report", Kind: q.Direction, Region: area, Ref: string(out.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "report.make", SubjectKind: "report", Subject: out.ID, Purpose: string(out.MatterID), Region: area})
	})
	return out, err
}

// Step is what is said of a report later: sent with proof, received by the
// organ, its outcome, the reporter told.
type Step struct {
	Sent      bool
	Proof     string
	ReceiptNo string
	Outcome   string
	Told      bool
	Version   int64
}

// Advance writes a step of a report. The reporter is told only after there is
// an outcome; an outcome only after the report was sent or received.
func (s *Service) Advance(ctx context.Context, n id.ID, q Step) (Report, error) {
	var out Report
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		r, err := ReportOf(ctx, tx, n)
		if err != nil {
			return err
		}
		if err := access.Check(a, "report.handle", access.Target{Region: r.Region, Child: r.ChildID}); err != nil {
			return err
		}
		if q.Version != 0 && q.Version != r.Version {
			return errs.Conflict("record.changed")
		}
		var what []string
		if q.Sent {
			if r.Direction != Sent || r.inHouse() {
				return errs.Conflict("report.not_ours")
			}
			if len([]rune(strings.TrimSpace(q.Proof))) < 4 {
				return errs.Invalid("proof", "report.proof")
			}
			r.SentAt, r.Proof, what = tx.Now, q.Proof, append(what, "sent")
		}
		if q.ReceiptNo != "" {
			if r.SentAt == 0 {
				return errs.Conflict("report.not_sent")
			}
			r.ReceiptNo, r.ReceivedAt, what = q.ReceiptNo, tx.Now, append(what, "receipt")
		}
		if q.Outcome != "" {
			if !slices.Contains(outcomes, q.Outcome) {
				return errs.Invalid("outcome", "case.choice")
			}
			if r.SentAt == 0 && r.ReceivedAt == 0 {
				return errs.Conflict("report.not_sent")
			}
			r.Outcome, what = q.Outcome, append(what, "outcome")
		}
		if q.Told {
			if r.Outcome == "" {
				return errs.Conflict("report.no_outcome")
			}
			r.ToldAt, r.ToldBy, what = tx.Now, a.Account, append(what, "told")
			// Who reported in this house reads the result in the own reports.
			if r.MadeBy != a.Account {
				if err := s.ports.Tell(ctx, tx, r.MadeBy, "report:"+string(n)+":told", "report.told", r.No, n); err != nil {
					return err
				}
			}
		}
		if len(what) == 0 {
			return errs.Invalid("sent", "report.nothing")
		}
		done, err := tx.Exec(ctx, "UPDATE care_report SET sent_at = ?, proof = ?, receipt_no = ?, received_at = ?, outcome = ?, told_at = ?, told_by = ?, version = version + 1 WHERE id = ? AND version = ?",
			r.SentAt, r.Proof, r.ReceiptNo, r.ReceivedAt, r.Outcome, r.ToldAt, r.ToldBy, n, r.Version)
		if err != nil {
			return err
		}
		if done == 0 {
			return errs.Conflict("record.changed")
		}
		r.Version++
		out = r
		return audit.Write(ctx, tx, audit.Entry{Action: "report.handle", SubjectKind: "report", Subject: n, Fields: what, Region: r.Region})
	})
	return out, err
}

// ReportOf gives a report without asking for rights; callers check.
func ReportOf(ctx context.Context, r db.Reader, n id.ID) (Report, error) {
	var rows []Report
	if err := r.List(ctx, &rows, "SELECT "+reportColumns+" FROM care_report WHERE id = ?", n); err != nil {
		return Report{}, err
	}
	if len(rows) == 0 {
		return Report{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// ReportView is a report as the page shows it. Who reported is not in it.
type ReportView struct {
	ID           id.ID        `json:"id"`
	No           string       `json:"no"`
	Direction    string       `json:"direction" doc:"as the reader stands to it: sent, received, passed"`
	From         string       `json:"from" doc:"the department whose staff made it"`
	InHouse      bool         `json:"in_house" doc:"reached the organ by being made here"`
	Mine         bool         `json:"mine"`
	ChildID      id.ID        `json:"child_id"`
	ChildName    string       `json:"child_name"`
	Region       string       `json:"region"`
	Situation    int          `json:"situation"`
	Facts        string       `json:"facts"`
	HasReporter  bool         `json:"has_reporter"`
	ReporterUnit string       `json:"reporter_unit"`
	ToOrgan      string       `json:"to_organ"`
	MadeAt       clock.Millis `json:"made_at"`
	SentAt       clock.Millis `json:"sent_at"`
	Proof        string       `json:"proof"`
	ReceiptNo    string       `json:"receipt_no"`
	ReceivedAt   clock.Millis `json:"received_at"`
	MatterID     id.ID        `json:"matter_id"`
	Outcome      string       `json:"outcome"`
	ToldAt       clock.Millis `json:"told_at"`
	Version      int64        `json:"version"`
}

// Reports lists reports of the actor's area, newest first; to who only makes
// them, those of their own with what became of them.
func (s *Service) Reports(ctx context.Context, cursor id.ID, limit int) (out []ReportView, next id.ID, err error) {
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	a := access.From(ctx)
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		action := access.Action("report.list")
		where, args := access.Where("region", a.Areas(action))
		if access.May(a, action) != nil {
			if err := access.May(a, "report.own"); err != nil {
				return err
			}
			action, where, args = "report.own", "made_by = ?", []any{a.Account}
		}
		shown, hidden := a.Shown("child_id")
		where, args = where+" AND "+shown, append(args, hidden...)
		if cursor != "" {
			where, args = where+" AND id < ?", append(args, cursor)
		}
		var rows []Report
		if err := r.List(ctx, &rows, "SELECT "+reportColumns+" FROM care_report WHERE "+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...); err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			next = rows[limit-1].ID
		}
		var children []id.ID
		for _, q := range rows {
			children = append(children, q.ChildID)
		}
		names, err := s.ports.Children(ctx, r, children)
		if err != nil {
			return err
		}
		out = []ReportView{}
		for _, q := range rows {
			subject, err := s.keys.Subject(q.Subject)
			if err != nil {
				return err
			}
			facts, err := subject.Open("care_report.facts:"+string(q.ID), q.Facts)
			if err != nil {
				return err
			}
			out = append(out, ReportView{q.ID, q.No, q.side(a), q.MadeDept, q.inHouse(), q.MadeBy == a.Account, q.ChildID, names[q.ChildID], q.Region, q.Situation, facts, q.Reporter != "", q.ReporterUnit, q.ToOrgan, q.MadeAt,
				q.SentAt, q.Proof, q.ReceiptNo, q.ReceivedAt, q.MatterID, q.Outcome, q.ToldAt, q.Version})
			audit.Show(ctx, action, "", q.Region, audit.Shown{Kind: "report", ID: q.ID, Fields: []string{"facts"}})
		}
		return nil
	})
	return out, next, err
}

// Reporter opens who reported: for the police on the matter's task only, never
// by break-glass.
func (s *Service) Reporter(ctx context.Context, n id.ID, task id.ID) (string, error) {
	var name string
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := ReportOf(ctx, tx, n)
		if err != nil {
			return err
		}
		if task != "" && task != r.MatterID {
			task = ""
		}
		if err := access.Check(access.From(ctx), "reporter.read", access.Target{Region: r.Region, Child: r.ChildID, Task: task, Sealed: true}); err != nil {
			return err
		}
		subject, err := s.keys.Subject(r.Subject)
		if err != nil {
			return err
		}
		if name, err = subject.Open("care_report.reporter:"+string(n), r.Reporter); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "reporter.read", SubjectKind: "report", Subject: n, Fields: []string{"reporter"}, Purpose: string(r.MatterID), Region: r.Region})
	})
	return name, err
}
