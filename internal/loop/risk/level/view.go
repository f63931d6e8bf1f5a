package level

import (
	"context"
	"encoding/json"
	"strconv"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

func num(m clock.Millis) string { return strconv.FormatInt(int64(m), 10) }

// View is what is known of one child's level, with why.
type View struct {
	ChildID id.ID `json:"child_id"`
	// Colour is set by a person; Urgency by machine; they are never one field.
	Colour     risk.Colour  `json:"colour"`
	ColourAt   clock.Millis `json:"colour_at"`
	ColourBy   string       `json:"colour_by"`
	SecondBy   string       `json:"second_by"`
	Urgency    risk.Colour  `json:"urgency"`
	Since      clock.Millis `json:"since"`
	Version    string       `json:"version"` // of the rules that raised it
	Why        []string     `json:"why"`     // why it rose, in Chinese
	ScreenedAt clock.Millis `json:"screened_at"`
	TalkUntil  clock.Millis `json:"talk_until"` // 建议谈话
	// Now is what the rules of the day say of the evidence at hand.
	Now         NowSays          `json:"now"`
	Evidence    []Known          `json:"evidence"`
	Contacts    []ContactView    `json:"contacts"`
	Assessments []AssessmentView `json:"assessments"`
	InCase      InCase           `json:"in_case"` // contacts that the child's case holds
	MayAssess   bool             `json:"may_assess"`
	MayContact  bool             `json:"may_contact"`
	At          clock.Millis     `json:"at"`
}

// NowSays is a result in words.
type NowSays struct {
	Urgency risk.Colour      `json:"urgency"`
	AtLeast bool             `json:"at_least"`
	Version string           `json:"version"`
	Text    []string         `json:"text"`
	Missing []risk.Undecided `json:"missing"`
}

// Known is one piece of evidence as it is shown.
type Known struct {
	Field string       `json:"field"`
	Label string       `json:"label"`
	Value string       `json:"value"`
	At    clock.Millis `json:"at"`
	Stale bool         `json:"stale"`
}

// ContactView is a contact that is due or was made.
type ContactView struct {
	ID      id.ID        `json:"id"`
	Kind    string       `json:"kind"`
	Colour  risk.Colour  `json:"colour"`
	Who     string       `json:"who"`
	DueAt   clock.Millis `json:"due_at"`
	State   string       `json:"state"`
	Tries   int          `json:"tries"`
	Reached bool         `json:"reached"`
	Stable  bool         `json:"stable"`
	Note    string       `json:"note"`
	DoneAt  clock.Millis `json:"done_at"`
	DoneBy  string       `json:"done_by"`
}

// AssessmentView is a documented assessment.
type AssessmentView struct {
	ID        id.ID        `json:"id"`
	At        clock.Millis `json:"at"`
	By        string       `json:"by"`
	Second    string       `json:"second"`
	Was       risk.Colour  `json:"was"`
	Colour    risk.Colour  `json:"colour"`
	Machine   risk.Colour  `json:"machine"`
	Overrides bool         `json:"overrides"`
	State     string       `json:"state"`
	Reason    string       `json:"reason"`
	Remark    string       `json:"remark"`
	Mine      bool         `json:"mine"`
}

// Explain gives a child's level with the evidence, what is missing, and what
// it obliges. To who has no part in it only the colour is told.
// Errors: NotFound, Forbidden.
func (s *Service) Explain(ctx context.Context, childID id.ID) (View, error) {
	var out View
	var t access.Target
	fields := []string{"colour", "urgency"}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if t, err = s.check(ctx, r, childID, "level.read"); err != nil {
			return err
		}
		key, pupil, err := person.Key(ctx, r, s.keys, childID)
		if err != nil {
			return err
		}
		row, _, err := find(ctx, r, pupil.ID)
		if err != nil {
			return err
		}
		actor := access.From(ctx)
		names, err := s.ports.Names(ctx, r, []id.ID{row.ColourBy, row.ColourSecond})
		if err != nil {
			return err
		}
		out = View{ChildID: pupil.ID, Colour: row.Colour, ColourAt: row.ColourAt, ColourBy: names[row.ColourBy], SecondBy: names[row.ColourSecond], Urgency: row.Urgency,
			Since: row.Since, Version: row.RulesVersion, Why: []string{}, ScreenedAt: row.ScreenedAt, TalkUntil: row.TalkUntil, Evidence: []Known{}, Contacts: []ContactView{},
			Assessments: []AssessmentView{}, MayAssess: actor.Allowed("level.assess", t), MayContact: actor.Allowed("level.contact", t), At: r.At(),
			Now: NowSays{Text: []string{}, Missing: []risk.Undecided{}}}
		if err := s.contacts(ctx, r, &out); err != nil {
			return err
		}
		if out.InCase, err = s.ports.Ahead(ctx, r, pupil.ID); err != nil {
			return err
		}
		// Scores and reasons are for who assesses, supervises and treats.
		if !actor.Allowed("sheet.read", t) && !actor.Allowed("level.assess", t) {
			return nil
		}
		fields = append(fields, "evidence", "reasons")
		if row.Words != "" {
			text, err := key.Open(wordsAAD(row.ChildID), row.Words)
			if err != nil {
				return errs.Internal(err)
			}
			if err := json.Unmarshal([]byte(text), &out.Why); err != nil {
				return errs.Internal(err)
			}
		}
		have, err := openPieces(key, row)
		if err != nil {
			return err
		}
		if err := s.now(ctx, r, row, have, &out); err != nil {
			return err
		}
		return s.assessmentViews(ctx, r, row.ChildID, &out)
	})
	if err == nil {
		audit.Show(ctx, "level.read", string(t.Task), t.Region, audit.Shown{Kind: "child", ID: out.ChildID, Fields: fields})
	}
	return out, err
}

func (s *Service) now(ctx context.Context, r db.Reader, row Row, have pieces, out *View) error {
	rules, err := s.rulesOn(ctx, r, civil.DateOf(r.At().Time()))
	if err != nil {
		return err
	}
	e, err := have.evidence(s.tables.Catalogue, row.ChildID, r.At())
	if err != nil {
		return errs.Internal(err)
	}
	got, err := rules.Evaluate(e, r.At().Time())
	if err != nil {
		return errs.Internal(err)
	}
	out.Now = NowSays{got.Urgency, got.AtLeast, got.Version, got.Text, got.Undecided}
	for _, f := range s.tables.Catalogue.Fields {
		x, ok := have.find(f.Name)
		if !ok {
			continue
		}
		k := Known{Field: f.Name, Label: f.Label, Value: x.value, At: x.at}
		if days := f.FreshDays; days > 0 {
			k.Stale = r.At().Sub(x.at).Hours() > float64(days*24)
		}
		if k.Value = s.valueWord(f, x, r.At()); k.Value == "" {
			k.Value = x.value
		}
		out.Evidence = append(out.Evidence, k)
	}
	return nil
}

func (s *Service) valueWord(f risk.Field, x piece, now clock.Millis) string {
	switch f.Kind {
	case risk.KindText:
		return f.Values[x.value]
	case risk.KindBool:
		if x.value == "true" {
			return s.tables.Catalogue.Phrases["yes"]
		}
		return s.tables.Catalogue.Phrases["no"]
	}
	n, err := parseInt(x.value)
	if err != nil {
		return ""
	}
	if n < 0 {
		return s.ports.Word("level.never")
	}
	for _, name := range daysSince {
		if name == f.Name {
			n += int(now.Sub(x.at).Hours() / 24)
		}
	}
	return strconv.Itoa(n) + f.Unit
}

func (s *Service) contacts(ctx context.Context, r db.Reader, out *View) error {
	list, err := contactsOf(ctx, r, "child_id = ? AND state <> 'dropped' ORDER BY CASE state WHEN 'late' THEN 0 WHEN 'open' THEN 1 ELSE 2 END, CASE WHEN state = 'done' THEN -done_at ELSE due_at END LIMIT 60", out.ChildID)
	if err != nil {
		return err
	}
	key, _, err := person.Key(ctx, r, s.keys, out.ChildID)
	if err != nil {
		return err
	}
	var people []id.ID
	for _, c := range list {
		people = append(people, c.DoneBy)
	}
	names, err := s.ports.Names(ctx, r, people)
	if err != nil {
		return err
	}
	for _, c := range list {
		note := ""
		if c.Note != "" {
			if note, err = key.Open(noteAAD(c.ID), c.Note); err != nil {
				return errs.Internal(err)
			}
		}
		out.Contacts = append(out.Contacts, ContactView{c.ID, c.Kind, c.Colour, c.Who, c.DueAt, c.State, c.Tries, c.Reached, c.Stable, note, c.DoneAt, names[c.DoneBy]})
	}
	return nil
}

func (s *Service) assessmentViews(ctx context.Context, r db.Reader, childID id.ID, out *View) error {
	list, err := assessmentsOf(ctx, r, 200, "child_id = ?", childID)
	if err != nil {
		return err
	}
	key, _, err := person.Key(ctx, r, s.keys, childID)
	if err != nil {
		return err
	}
	var people []id.ID
	for _, a := range list {
		people = append(people, a.By, a.Second)
	}
	names, err := s.ports.Names(ctx, r, people)
	if err != nil {
		return err
	}
	for _, a := range list {
		v := AssessmentView{ID: a.ID, At: a.At, By: names[a.By], Second: names[a.Second], Was: a.Was, Colour: a.Colour, Machine: a.Machine, Overrides: a.Overrides, State: a.State,
			Mine: a.By == access.From(ctx).Account}
		if v.Reason, err = key.Open(reasonAAD(a.ID), a.Reason); err != nil {
			return errs.Internal(err)
		}
		if a.Remark != "" {
			if v.Remark, err = key.Open(reasonAAD(a.ID)+":remark", a.Remark); err != nil {
				return errs.Internal(err)
			}
		}
		out.Assessments = append(out.Assessments, v)
	}
	return nil
}
