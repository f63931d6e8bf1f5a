package care

import (
	"context"
	"encoding/json"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Row is a case in a list.
type Row struct {
	ID         id.ID        `json:"id"`
	No         string       `json:"no"`
	ChildID    id.ID        `json:"child_id"`
	ChildName  string       `json:"child_name"`
	Region     string       `json:"region"`
	State      State        `json:"state"`
	Source     string       `json:"source"`
	Need       string       `json:"need"`
	Language   string       `json:"language"`
	Worker     id.ID        `json:"worker"`
	WorkerName string       `json:"worker_name"`
	Supervisor id.ID        `json:"supervisor"`
	OpenedAt   clock.Millis `json:"opened_at"`
	AcceptedAt clock.Millis `json:"accepted_at"`
	ClosedAt   clock.Millis `json:"closed_at"`
	CrisisAt   clock.Millis `json:"crisis_at"`
	Result     string       `json:"result"`
	NextDue    clock.Millis `json:"next_due"`
	Version    int64        `json:"version"`
}

// Query narrows the list of cases.
type Query struct {
	State  string // open, or one state
	Mine   bool
	Worker id.ID
	Child  id.ID
	Cursor id.ID
	Limit  int
}

// List gives cases that the actor may read, newest first.
func (s *Service) List(ctx context.Context, q Query) (out []Row, next id.ID, err error) {
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	a := access.From(ctx)
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.May(a, "case.read"); err != nil {
			return err
		}
		area, args := access.Where("region", a.Areas("case.read"))
		// Beside the actor's area, the cases on which it works.
		where := "(" + area + " OR worker = ? OR supervisor = ? OR id IN (SELECT case_id FROM care_member WHERE account_id = ? AND until = 0))"
		args = append(args, a.Account, a.Account, a.Account)
		shown, hidden := a.Shown("child_id")
		where, args = where+" AND "+shown, append(args, hidden...)
		add := func(ok bool, part string, arg ...any) {
			if ok {
				where, args = where+" AND "+part, append(args, arg...)
			}
		}
		add(q.State == "open", "state IN ('referred', 'intake', 'assessed', 'serving', 'closing')")
		add(q.State != "" && q.State != "open", "state = ?", q.State)
		add(q.Mine, "(worker = ? OR supervisor = ? OR id IN (SELECT case_id FROM care_member WHERE account_id = ? AND until = 0))", a.Account, a.Account, a.Account)
		add(q.Worker != "", "worker = ?", q.Worker)
		add(q.Child != "", "child_id = ?", q.Child)
		add(q.Cursor != "", "id < ?", q.Cursor)
		list, err := cases(ctx, r, "WHERE "+where+" ORDER BY id DESC LIMIT ?", append(args, q.Limit+1)...)
		if err != nil {
			return err
		}
		if len(list) > q.Limit {
			list = list[:q.Limit]
			next = list[q.Limit-1].ID
		}
		out, err = s.rows(ctx, r, list)
		for _, c := range list {
			audit.Show(ctx, "case.read", string(c.ID), c.Region, audit.Shown{Kind: "child", ID: c.ChildID, Fields: []string{"name", "case"}})
		}
		return err
	})
	return out, next, err
}

func (s *Service) rows(ctx context.Context, r db.Reader, list []Case) ([]Row, error) {
	var accounts, children []id.ID
	for _, c := range list {
		accounts, children = append(accounts, c.Worker, c.Supervisor), append(children, c.ChildID)
	}
	names, err := s.ports.Names(ctx, r, accounts)
	if err != nil {
		return nil, err
	}
	kids, err := s.ports.Children(ctx, r, children)
	if err != nil {
		return nil, err
	}
	out := []Row{}
	for _, c := range list {
		row := Row{c.ID, c.No, c.ChildID, kids[c.ChildID], c.Region, c.State, c.Source, c.Need, c.Language, c.Worker, names[c.Worker], c.Supervisor, c.OpenedAt, c.AcceptedAt, c.ClosedAt,
			c.CrisisAt, c.Result, 0, c.Version}
		if err := r.Get(ctx, db.To(&row.NextDue), "SELECT coalesce(min(due_at), 0) FROM care_due WHERE case_id = ? AND state = 'open'", c.ID); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// PartView is something written, opened as far as the actor may read.
type PartView struct {
	ID        id.ID             `json:"id"`
	Kind      string            `json:"kind"`
	Edition   int               `json:"edition"`
	State     string            `json:"state"`
	HeldOn    string            `json:"held_on,omitempty"`
	Form      string            `json:"form,omitempty"`
	Minutes   int               `json:"minutes,omitempty"`
	Body      map[string]string `json:"body"`
	HasSecret bool              `json:"has_secret"`
	WrittenAt clock.Millis      `json:"written_at"`
	WrittenBy string            `json:"written_by"`
	ByID      id.ID             `json:"by_id"`
	DecidedAt clock.Millis      `json:"decided_at"`
	DecidedBy string            `json:"decided_by"`
}

// GoalView is a goal with its text.
type GoalView struct {
	ID        id.ID        `bun:"id" json:"id"`
	PlanID    id.ID        `bun:"plan_id" json:"plan_id"`
	Text      string       `bun:"text" json:"text"`
	Service   string       `bun:"service" json:"service"`
	Who       string       `bun:"who" json:"who"`
	ByOn      string       `bun:"by_on" json:"by_on"`
	State     string       `bun:"state" json:"state"`
	SettledAt clock.Millis `bun:"settled_at" json:"settled_at"`
}

// MoveView is a move with its words.
type MoveView struct {
	Move
	FromName string `json:"from_name"`
	ToName   string `json:"to_name"`
	Reason   string `json:"reason"`
	Answer   string `json:"answer"`
}

// Sheet is a case as who works on it, or leads the work, sees it.
type Sheet struct {
	Row
	Reason    string           `json:"reason"`
	Parts     []PartView       `json:"parts"`
	Goals     []GoalView       `json:"goals"`
	Moves     []MoveView       `json:"moves"`
	Dues      []Due            `json:"dues"`
	Members   []id.ID          `json:"members"` // who works on it jointly
	Names     map[id.ID]string `json:"names"`
	MayWork   bool             `json:"may_work"`
	MaySecret bool             `json:"may_secret"`
	Opinions  []Opinion        `json:"opinions"`
	Changes   []Change         `json:"changes"` // for who may read questionnaires
}

// Find gives a case. Its confidential parts are not in it: Secret opens one.
func (s *Service) Find(ctx context.Context, n id.ID) (Sheet, error) {
	var out Sheet
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		c, err := find(ctx, r, n)
		if err != nil {
			return err
		}
		t, err := s.target(ctx, r, c)
		if err != nil {
			return err
		}
		if err := access.Check(a, "case.read", t); err != nil {
			return err
		}
		rows, err := s.rows(ctx, r, []Case{c})
		if err != nil {
			return err
		}
		key, _, err := s.ports.Key(ctx, r, c.ChildID)
		if err != nil {
			return err
		}
		out = Sheet{Row: rows[0], MayWork: a.Allowed("case.work", t), MaySecret: a.Allowed("case.secret", secretTarget(a, c)), Dues: []Due{}}
		if out.Reason, err = key.Open(aadCase(c.ID, "reason"), c.Reason); err != nil {
			return err
		}
		if err := s.written(ctx, r, c, key, &out); err != nil {
			return err
		}
		if err := r.List(ctx, &out.Dues, "SELECT "+dueColumns+" FROM care_due WHERE case_id = ? ORDER BY due_at", n); err != nil {
			return err
		}
		if out.Opinions, err = s.opinionsOf(ctx, r, n, key); err != nil {
			return err
		}
		shown := []string{"case"}
		out.Changes = []Change{}
		if c.AcceptedAt > 0 && a.Allowed("sheet.read", t) {
			scores, err := s.ports.Scores(ctx, r, c.ChildID)
			if err != nil {
				return err
			}
			out.Changes = s.outcomes.On(civil.DateOf(r.At().Time())).changes(c, scores, r.At())
			shown = append(shown, "result")
		}
		audit.Show(ctx, "case.read", string(c.ID), c.Region, audit.Shown{Kind: "child", ID: c.ChildID, Fields: shown})
		return nil
	})
	return out, err
}

func (s *Service) written(ctx context.Context, r db.Reader, c Case, key crypto.Subject, out *Sheet) error {
	list, err := parts(ctx, r, "WHERE case_id = ? ORDER BY written_at DESC, id DESC", c.ID)
	if err != nil {
		return err
	}
	var moves []Move
	if err := r.List(ctx, &moves, "SELECT "+moveColumns+" FROM care_move WHERE case_id = ? ORDER BY asked_at DESC", c.ID); err != nil {
		return err
	}
	out.Members = []id.ID{}
	if err := r.List(ctx, &out.Members, "SELECT account_id FROM care_member WHERE case_id = ? AND until = 0 AND account_id <> ? ORDER BY since", c.ID, c.Worker); err != nil {
		return err
	}
	accounts := append([]id.ID{c.Worker, c.Supervisor, c.OpenedBy, c.ClosingBy, c.ConfirmedBy}, out.Members...)
	for _, p := range list {
		accounts = append(accounts, p.WrittenBy, p.DecidedBy)
	}
	for _, m := range moves {
		accounts = append(accounts, m.From, m.To)
	}
	if out.Names, err = s.ports.Names(ctx, r, accounts); err != nil {
		return err
	}
	out.Parts, out.Moves, out.Goals = []PartView{}, []MoveView{}, []GoalView{}
	for _, p := range list {
		v := PartView{ID: p.ID, Kind: p.Kind, Edition: p.Edition, State: p.State, HeldOn: string(p.HeldOn), Form: p.Form, Minutes: p.Minutes, HasSecret: p.Secret != "", WrittenAt: p.WrittenAt,
			WrittenBy: out.Names[p.WrittenBy], ByID: p.WrittenBy, DecidedAt: p.DecidedAt, DecidedBy: out.Names[p.DecidedBy]}
		text, err := key.Open(aadPart(p.ID, "body"), p.Body)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &v.Body); err != nil {
			return err
		}
		out.Parts = append(out.Parts, v)
	}
	for _, m := range moves {
		v := MoveView{Move: m, FromName: out.Names[m.From], ToName: out.Names[m.To]}
		if v.Reason, err = key.Open("care_move.reason:"+string(m.ID), m.Reason); err != nil {
			return err
		}
		if v.Answer, err = key.Open("care_move.answer:"+string(m.ID), m.Answer); err != nil {
			return err
		}
		out.Moves = append(out.Moves, v)
	}
	if err := r.List(ctx, &out.Goals, "SELECT id, plan_id, text, service, who, by_on, state, settled_at FROM care_goal WHERE case_id = ? ORDER BY by_on, id", c.ID); err != nil {
		return err
	}
	for i := range out.Goals {
		if out.Goals[i].Text, err = key.Open("care_goal.text:"+string(out.Goals[i].ID), out.Goals[i].Text); err != nil {
			return err
		}
	}
	return nil
}

// Secret opens the confidential part of a session: for the case's worker and
// its supervisor.
func (s *Service) Secret(ctx context.Context, n, part id.ID) (string, error) {
	var text string
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		c, err := find(ctx, tx, n)
		if err != nil {
			return err
		}
		p, err := findPart(ctx, tx, part)
		if err != nil {
			return err
		}
		if p.CaseID != c.ID {
			return errs.NotFound("record.not_found")
		}
		if a.System || !a.Allowed("case.secret", secretTarget(a, c)) {
			return errs.Forbidden("case.secret")
		}
		key, _, err := s.ports.Key(ctx, tx, c.ChildID)
		if err != nil {
			return err
		}
		if text, err = key.Open(aadPart(p.ID, "secret"), p.Secret); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "case.secret", SubjectKind: "child", Subject: c.ChildID, Fields: []string{"session.secret"}, Purpose: string(c.ID), Region: c.Region})
	})
	return text, err
}

// Found is what whoever looks for another's case is told.
type Found struct {
	ID         id.ID        `json:"id"`
	No         string       `json:"no"`
	State      State        `json:"state"`
	OpenedAt   clock.Millis `json:"opened_at"`
	WorkerName string       `json:"worker_name"`
	Yours      bool         `json:"yours"`
}

// Of tells which cases a child has, with no more than number, state and worker:
// enough to ask for it, and to make no second one.
func (s *Service) Of(ctx context.Context, childID id.ID) ([]Found, error) {
	out := []Found{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "case.find"); err != nil || !a.Finds(childID) {
			return err
		}
		list, err := cases(ctx, r, "WHERE child_id = ? AND state <> 'rejected' ORDER BY opened_at DESC", childID)
		if err != nil {
			return err
		}
		var accounts []id.ID
		for _, c := range list {
			accounts = append(accounts, c.Worker)
		}
		names, err := s.ports.Names(ctx, r, accounts)
		if err != nil {
			return err
		}
		for _, c := range list {
			yours, err := isMember(ctx, r, c, a.Account)
			if err != nil {
				return err
			}
			out = append(out, Found{c.ID, c.No, c.State, c.OpenedAt, names[c.Worker], yours})
			audit.Show(ctx, "case.find", "", c.Region, audit.Shown{Kind: "child", ID: childID, Fields: []string{"case.number"}})
		}
		return nil
	})
	return out, err
}

// Safety is what the seat needs of a child's cases at 02:00.
type Safety struct {
	CaseNo     string            `json:"case_no"`
	WorkerName string            `json:"worker_name"`
	Worker     id.ID             `json:"worker"`
	CrisisAt   clock.Millis      `json:"crisis_at"`
	Plan       map[string]string `json:"plan"`       // the safety plan; empty if there is none
	PlanAt     clock.Millis      `json:"plan_at"`    //
	Assessment map[string]string `json:"assessment"` // risk, attempts, means
}

// SafetyOf gives it, for whoever may read the child's matter.
func (s *Service) SafetyOf(ctx context.Context, childID id.ID, task id.ID) (Safety, error) {
	var out Safety
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		list, err := cases(ctx, r, "WHERE child_id = ? AND state IN ('intake', 'assessed', 'serving', 'closing', 'closed') ORDER BY opened_at DESC LIMIT 1", childID)
		if err != nil {
			return err
		}
		key, area, err := s.ports.Key(ctx, r, childID)
		if err != nil {
			return err
		}
		if err := access.Check(a, "case.safety", access.Target{Region: area, Child: childID, Task: task}); err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.NotFound("case.none")
		}
		c := list[0]
		names, err := s.ports.Names(ctx, r, []id.ID{c.Worker})
		if err != nil {
			return err
		}
		out = Safety{CaseNo: c.No, Worker: c.Worker, WorkerName: names[c.Worker], CrisisAt: c.CrisisAt, Plan: map[string]string{}, Assessment: map[string]string{}}
		written, err := parts(ctx, r, "WHERE case_id = ? AND kind IN (?, ?) AND state <> ? ORDER BY written_at DESC", c.ID, SafetyPlan, Assessment, Replaced)
		if err != nil {
			return err
		}
		for _, p := range written {
			text, err := key.Open(aadPart(p.ID, "body"), p.Body)
			if err != nil {
				return err
			}
			body := map[string]string{}
			if err := json.Unmarshal([]byte(text), &body); err != nil {
				return err
			}
			if p.Kind == SafetyPlan && len(out.Plan) == 0 {
				out.Plan, out.PlanAt = body, p.WrittenAt
			}
			if p.Kind == Assessment && len(out.Assessment) == 0 {
				out.Assessment = map[string]string{"risk": body["risk"], "attempts": body["attempts"], "means": body["means"]}
			}
		}
		audit.Show(ctx, "case.safety", string(task), area, audit.Shown{Kind: "child", ID: childID, Fields: []string{"safety_plan", "attempts", "means"}})
		return nil
	})
	return out, err
}
