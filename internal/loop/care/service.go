package care

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// Topic is the topic of the events of cases.
const Topic = "case"

// Ports are what cases ask of their neighbours.
type Ports struct {
	NextNo func(ctx context.Context, tx *db.Tx, prefix string) (string, error)
	// Key gives what seals a child's texts, and where it lives.
	Key func(ctx context.Context, r db.Reader, child id.ID) (crypto.Subject, string, error)
	// Pupil tells whether an account teaches the child.
	Pupil func(ctx context.Context, r db.Reader, child, account id.ID) (bool, error)
	// Take opens a matter as part of a change.
	Take func(ctx context.Context, tx *db.Tx, n signal.New) (matter id.ID, err error)
	// May tells whether an account may be given cases as worker or supervisor,
	// and, if not, why: its role, its vetting, its qualification.
	May func(ctx context.Context, r db.Reader, account id.ID, as access.Role) error
	// Away gives the accounts that must be kept away from each child.
	Away func(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID][]id.ID, error)
	// Leaders gives who may hand any case over.
	Leaders func(ctx context.Context, r db.Reader) ([]id.ID, error)
	// Tell sends a notice without personal data.
	Tell func(ctx context.Context, tx *db.Tx, to id.ID, key, text, no string, ref id.ID) error
	// Names gives the names of accounts and children.
	Names    func(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error)
	Children func(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID]string, error)
	// Scores gives the totals of a child's complete questionnaires.
	Scores func(ctx context.Context, r db.Reader, child id.ID) ([]Score, error)
	// Raised gives the children whose colour went up since, Opened those whose
	// record was opened by break-glass.
	Raised func(ctx context.Context, r db.Reader, since clock.Millis) ([]id.ID, error)
	Opened func(ctx context.Context, r db.Reader, since clock.Millis) ([]id.ID, error)
	// CrisisOf gives the number of the first crisis of a child that came to the
	// seat after from and until to, or "".
	CrisisOf func(ctx context.Context, r db.Reader, child id.ID, from, to clock.Millis) (string, error)
	// Languages are those that families are spoken with.
	Languages func() []string
	// Hands tells of accounts what they carry and what they are good at, Place
	// names an area.
	Hands func(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]Hand, error)
	Place func(ctx context.Context, r db.Reader, region string) (string, error)
	// Share proposes who of the accounts takes which case, "" where nobody has
	// a hand free.
	Share func(ctx context.Context, r db.Reader, list []Case, accounts []id.ID) ([]id.ID, error)
	// Yield ends the contacts that a child's colour obliges and gives their
	// windows, Resume books them again, and Contacted says that one was made.
	Yield     func(ctx context.Context, tx *db.Tx, child id.ID) ([]Window, error)
	Resume    func(ctx context.Context, tx *db.Tx, child id.ID) error
	Contacted func(ctx context.Context, tx *db.Tx, child id.ID, stable bool) error
}

// Options are what the service is made of.
type Options struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Ports    Ports
	Log      *slog.Logger
	District string
	Jobs     *job.Engine
	Outcomes AllOutcomes
}

// Service does what people do to cases.
type Service struct {
	db       *db.DB
	keys     *crypto.Keyring
	ports    Ports
	log      *slog.Logger
	district string
	outcomes AllOutcomes
}

// New makes the service and registers its jobs.
func New(o Options) *Service {
	s := &Service{db: o.DB, keys: o.Keys, ports: o.Ports, log: o.Log, district: o.District, outcomes: o.Outcomes}
	o.Jobs.Rule(JobDue, s.dueMissed)
	o.Jobs.Rule(JobRemind, s.remind)
	return s
}

func aadCase(n id.ID, field string) string { return "care_case." + field + ":" + string(n) }
func aadPart(n id.ID, field string) string { return "care_part." + field + ":" + string(n) }

// target describes a case for the question of access: the actor's own work on
// it is the task, and makes it the owner.
func (s *Service) target(ctx context.Context, r db.Reader, c Case) (access.Target, error) {
	a := access.From(ctx)
	t := access.Target{Region: c.Region, Child: c.ChildID}
	member, err := isMember(ctx, r, c, a.Account)
	if err != nil {
		return t, err
	}
	if member {
		t.Task, t.Owner = c.ID, a.Account
	}
	return t, nil
}

// secretTarget is the same for the confidential part: worker and supervisor
// only, whatever else their roles are.
func secretTarget(a access.Actor, c Case) access.Target {
	t := access.Target{Region: c.Region, Child: c.ChildID}
	if a.Account != "" && (a.Account == c.Worker || a.Account == c.Supervisor) {
		t.Owner = a.Account
	}
	return t
}

// change reads a case, checks the right, moves it, and writes what belongs to
// the change.
func (s *Service) change(ctx context.Context, n id.ID, action access.Action, version int64, what string, fn func(ctx context.Context, tx *db.Tx, c Case) (Case, error)) (Case, error) {
	var out Case
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := find(ctx, tx, n)
		if err != nil {
			return err
		}
		t, err := s.target(ctx, tx, c)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), action, t); err != nil {
			return err
		}
		if version != 0 && version != c.Version {
			return errs.Conflict("record.changed")
		}
		was := c.Version
		if out, err = fn(ctx, tx, c); err != nil {
			return err
		}
		if err := save(ctx, tx, out, was); err != nil {
			return err
		}
		out.Version = was + 1
		return s.record(ctx, tx, out, action, what)
	})
	return out, err
}

// record writes the audit row and the event of a change.
func (s *Service) record(ctx context.Context, tx *db.Tx, c Case, action access.Action, what string) error {
	if err := tx.Emit(ctx, db.Event{Topic: Topic, Kind: what, Region: c.Region, Ref: string(c.ID)}); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "child", Subject: c.ChildID, Fields: []string{"case." + what}, Purpose: string(c.ID), Region: c.Region})
}

// line puts an entry on the child's timeline: that something happened, never
// what was said.
func line(ctx context.Context, tx *db.Tx, c Case, what string) error {
	return child.Note(ctx, tx, child.Entry{ChildID: c.ChildID, Kind: "case", Title: "timeline.case_" + what, RefKind: "case", RefID: c.ID, Region: c.Region, Data: map[string]string{"no": c.No}})
}

// Referral is a request for professional help.
type Referral struct {
	ChildID   id.ID
	Source    string
	SourceRef id.ID // the matter, the screening answer
	Need      string
	Language  string // in which the family is spoken with; empty: any
	Reason    string
}

// Refer opens a case. A child with an open case has no second one: NotFound is
// never answered for it, the number of the open case is (Conflict
// "case.open_already"), so that nobody makes a duplicate for want of finding.
func (s *Service) Refer(ctx context.Context, q Referral) (Case, error) {
	var bad []errs.Field
	if !slices.Contains(sources, q.Source) {
		bad = append(bad, errs.Field{Name: "source", Key: "case.choice"})
	}
	if !slices.Contains(needs, q.Need) {
		bad = append(bad, errs.Field{Name: "need", Key: "case.choice"})
	}
	if q.Language != "" && !slices.Contains(s.ports.Languages(), q.Language) {
		bad = append(bad, errs.Field{Name: "language", Key: "case.choice"})
	}
	if n := len([]rune(strings.TrimSpace(q.Reason))); n < 4 || n > 4000 {
		bad = append(bad, errs.Field{Name: "reason", Key: "reason.needed"})
	}
	if err := errs.InvalidFields(bad); err != nil {
		return Case{}, err
	}
	var out Case
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		key, area, err := s.ports.Key(ctx, tx, q.ChildID)
		if err != nil {
			return err
		}
		t := access.Target{Region: area, Child: q.ChildID}
		if mine, err := s.ports.Pupil(ctx, tx, q.ChildID, a.Account); err != nil {
			return err
		} else if mine {
			t.Owner = a.Account
		}
		if err := access.Check(a, "case.refer", t); err != nil {
			return err
		}
		if err := tx.Lock(ctx, "case:"+string(q.ChildID)); err != nil {
			return err
		}
		open, err := cases(ctx, tx, "WHERE child_id = ? AND state IN ('referred', 'intake', 'assessed', 'serving', 'closing') LIMIT 1", q.ChildID)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			return errs.Conflict("case.open_already")
		}
		out = Case{ID: id.New(), ChildID: q.ChildID, Region: area, State: Referred, Source: q.Source, SourceRef: q.SourceRef, Need: q.Need, Language: q.Language, OpenedAt: tx.Now, OpenedBy: a.Account, Version: 1}
		out.Reason = key.Seal(aadCase(out.ID, "reason"), q.Reason)
		if out.No, err = s.ports.NextNo(ctx, tx, "G"); err != nil {
			return err
		}
		if err := tx.Insert(ctx, &[]caseRow{{Case: out}}); err != nil {
			return err
		}
		if err := line(ctx, tx, out, "referred"); err != nil {
			return err
		}
		return s.record(ctx, tx, out, "case.refer", "referred")
	})
	return out, err
}

// Accept takes a referral on: a worker, and a supervisor who is another.
func (s *Service) Accept(ctx context.Context, n, worker, supervisor id.ID, version int64) (Case, error) {
	return s.change(ctx, n, "case.intake", version, "accepted", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		next, err := c.accept(worker, supervisor, tx.Now)
		if err != nil {
			return c, err
		}
		if err := s.may(ctx, tx, c, worker, supervisor); err != nil {
			return c, err
		}
		if err := line(ctx, tx, next, "accepted"); err != nil {
			return c, err
		}
		return next, s.ports.Tell(ctx, tx, worker, "case:"+string(n)+":given", "case.given", c.No, n)
	})
}

func (s *Service) may(ctx context.Context, r db.Reader, c Case, worker, supervisor id.ID) error {
	if err := s.mayTake(ctx, r, c, worker, access.Clinician); err != nil {
		return err
	}
	return s.mayTake(ctx, r, c, supervisor, access.Supervisor)
}

// mayTake tells why an account may not be given a case: any, or this child's.
func (s *Service) mayTake(ctx context.Context, r db.Reader, c Case, account id.ID, as access.Role) error {
	if err := s.ports.May(ctx, r, account, as); err != nil {
		return err
	}
	away, err := s.ports.Away(ctx, r, c.ChildID)
	if err == nil && slices.Contains(away[c.ChildID], account) {
		err = errs.Invalid(map[access.Role]string{access.Clinician: "worker", access.Supervisor: "supervisor"}[as], "case.not_this_child")
	}
	return err
}

// KeepAway tells who leads the work on a child's open case that its worker, or
// its supervisor, must be kept away from the child, and ends the joint work of
// such members, as part of the change that says so. They find the case no more.
func (s *Service) KeepAway(ctx context.Context, tx *db.Tx, child id.ID, accounts []id.ID) error {
	if child == "" || len(accounts) == 0 {
		return nil
	}
	open, err := cases(ctx, tx, "WHERE child_id = ? AND state IN ('referred', 'intake', 'assessed', 'serving', 'closing')", child)
	if err != nil {
		return err
	}
	for _, c := range open {
		if _, err := tx.Exec(ctx, "UPDATE care_member SET until = ? WHERE case_id = ? AND until = 0 AND account_id IN ("+db.Marks(len(accounts))+")", append([]any{tx.Now, c.ID}, db.Anys(accounts)...)...); err != nil {
			return err
		}
		if !slices.Contains(accounts, c.Worker) && !slices.Contains(accounts, c.Supervisor) {
			continue
		}
		leaders, err := s.ports.Leaders(ctx, tx)
		if err != nil {
			return err
		}
		told := append([]id.ID{""}, accounts...)
		for _, l := range append(leaders, c.Worker, c.Supervisor) {
			if slices.Contains(told, l) {
				continue
			}
			told = append(told, l)
			if err := s.ports.Tell(ctx, tx, l, "case:"+string(c.ID)+":recused:"+string(l), "case.recused", c.No, c.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// Reject sends a referral back, with a reason for who referred.
func (s *Service) Reject(ctx context.Context, n id.ID, reason string, version int64) (Case, error) {
	if len([]rune(strings.TrimSpace(reason))) < 4 {
		return Case{}, errs.Invalid("reason", "reason.needed")
	}
	return s.change(ctx, n, "case.intake", version, "rejected", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		next, err := c.reject()
		if err != nil {
			return c, err
		}
		if _, err := s.put(ctx, tx, c, Writing{Kind: Remark, Body: map[string]string{"text": reason}}, Signed); err != nil {
			return c, err
		}
		return next, s.ports.Tell(ctx, tx, c.OpenedBy, "case:"+string(n)+":rejected", "case.rejected", c.No, n)
	})
}

// Write adds something written to a case: an assessment, a session, a safety
// plan. An assessment is signed by writing it; a plan waits for its approval.
func (s *Service) Write(ctx context.Context, n id.ID, w Writing) (Part, error) {
	if _, err := w.check(); err != nil {
		return Part{}, err
	}
	var out Part
	action := access.Action("case.work")
	if w.Kind == Remark {
		action = "case.note"
	}
	_, err := s.change(ctx, n, action, 0, w.Kind, func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		if w.Key != "" {
			same, err := parts(ctx, tx, "WHERE written_by = ? AND idem_key = ?", access.From(ctx).Account, w.Key)
			if err != nil || len(same) > 0 {
				if len(same) > 0 {
					out = same[0]
				}
				return c, err
			}
		}
		if !c.State.Open() && w.Kind != Remark {
			return c, errs.Conflict("case.state")
		}
		if w.Secret != "" {
			if err := access.Check(access.From(ctx), "case.secret", secretTarget(access.From(ctx), c)); err != nil {
				return c, err
			}
		}
		state := Signed
		if w.Kind == Plan {
			state = Written
		}
		var err error
		if out, err = s.put(ctx, tx, c, w, state); err != nil {
			return c, err
		}
		switch w.Kind {
		case Assessment:
			if c, err = c.assessed(); err != nil {
				return c, err
			}
		case Plan:
			if err := c.must(Assessed, Serving); err != nil {
				return c, err
			}
			if err := s.ports.Tell(ctx, tx, c.Supervisor, "plan:"+string(out.ID), "case.plan_waits", c.No, c.ID); err != nil {
				return c, err
			}
		case Remark, Session:
			if w.Kind == Session && c.State != Serving && c.State != Assessed && c.State != Intake {
				return c, errs.Conflict("case.state")
			}
		}
		return c, line(ctx, tx, c, w.Kind)
	})
	return out, err
}

// put stores one edition.
func (s *Service) put(ctx context.Context, tx *db.Tx, c Case, w Writing, state string) (Part, error) {
	body, err := w.check()
	if err != nil {
		return Part{}, err
	}
	key, _, err := s.ports.Key(ctx, tx, c.ChildID)
	if err != nil {
		return Part{}, err
	}
	p := Part{ID: id.New(), CaseID: c.ID, Kind: w.Kind, Edition: 1, Previous: w.Previous, State: state, Form: w.Form, Minutes: w.Minutes, WrittenAt: tx.Now,
		WrittenBy: access.From(ctx).Account, Key: w.Key}
	if w.Kind == Session {
		p.HeldOn = dateOf(w.HeldOn)
	}
	if w.Previous != "" {
		before, err := findPart(ctx, tx, w.Previous)
		if err != nil {
			return p, err
		}
		if before.CaseID != c.ID || before.Kind != w.Kind {
			return p, errs.Invalid("previous", "case.previous")
		}
		if before.State == Replaced {
			return p, errs.Conflict("record.changed")
		}
		if w.Kind == Session && before.WrittenBy != p.WrittenBy {
			return p, errs.Forbidden("case.not_writer")
		}
		p.Edition = before.Edition + 1
		if _, err := tx.Exec(ctx, "UPDATE care_part SET state = ? WHERE id = ?", Replaced, before.ID); err != nil {
			return p, err
		}
	}
	p.Body = key.Seal(aadPart(p.ID, "body"), body)
	if w.Secret != "" {
		p.Secret = key.Seal(aadPart(p.ID, "secret"), w.Secret)
	}
	if err := tx.Insert(ctx, &[]partRow{{Part: p}}); err != nil {
		return p, err
	}
	for _, g := range w.Goals {
		gid := id.New()
		if _, err := tx.Exec(ctx, "INSERT INTO care_goal (id, case_id, plan_id, text, service, who, by_on, state) VALUES (?, ?, ?, ?, ?, ?, ?, 'open')",
			gid, c.ID, p.ID, key.Seal("care_goal.text:"+string(gid), g.Text), g.Service, g.Who, g.ByOn); err != nil {
			return p, err
		}
	}
	return p, nil
}

// DecidePlan approves a plan or returns it; its writer never does.
func (s *Service) DecidePlan(ctx context.Context, n, plan id.ID, ok bool, note string) (Case, error) {
	return s.change(ctx, n, "case.approve", 0, "plan_decided", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		p, err := findPart(ctx, tx, plan)
		if err != nil {
			return c, err
		}
		a := access.From(ctx)
		if p.CaseID != c.ID || p.Kind != Plan {
			return c, errs.NotFound("record.not_found")
		}
		if p.State != Written {
			return c, errs.Conflict("case.decided")
		}
		if p.WrittenBy == a.Account || c.Worker == a.Account {
			return c, errs.Forbidden("case.second_person")
		}
		state := Approved
		if !ok {
			state = Returned
			if len([]rune(strings.TrimSpace(note))) < 4 {
				return c, errs.Invalid("note", "reason.needed")
			}
			if _, err := tx.Exec(ctx, "UPDATE care_goal SET state = 'dropped', settled_at = ? WHERE plan_id = ?", tx.Now, plan); err != nil {
				return c, err
			}
		} else {
			// The goals of the plan before it end with it.
			if _, err := tx.Exec(ctx, "UPDATE care_goal SET state = 'dropped', settled_at = ? WHERE case_id = ? AND plan_id <> ? AND state = 'open'", tx.Now, c.ID, plan); err != nil {
				return c, err
			}
			if c, err = c.planned(); err != nil {
				return c, err
			}
			if err := line(ctx, tx, c, "planned"); err != nil {
				return c, err
			}
		}
		if strings.TrimSpace(note) != "" {
			if _, err := s.put(ctx, tx, c, Writing{Kind: Remark, Body: map[string]string{"text": note}}, Signed); err != nil {
				return c, err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE care_part SET state = ?, decided_at = ?, decided_by = ? WHERE id = ?", state, tx.Now, a.Account, plan); err != nil {
			return c, err
		}
		return c, s.ports.Tell(ctx, tx, p.WrittenBy, "plan:"+string(plan)+":"+state, "case.plan_"+state, c.No, c.ID)
	})
}

// SettleGoal says that a goal was reached, or given up.
func (s *Service) SettleGoal(ctx context.Context, n, goal id.ID, reached bool) (Case, error) {
	return s.change(ctx, n, "case.work", 0, "goal", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		state := "reached"
		if !reached {
			state = "not_reached"
		}
		done, err := tx.Exec(ctx, "UPDATE care_goal SET state = ?, settled_at = ? WHERE id = ? AND case_id = ? AND state = 'open'", state, tx.Now, goal, c.ID)
		if err == nil && done == 0 {
			err = errs.Conflict("case.decided")
		}
		return c, err
	})
}

// End asks for the closing of a case with its result.
func (s *Service) End(ctx context.Context, n id.ID, result, note string, version int64) (Case, error) {
	if len([]rune(strings.TrimSpace(note))) < 4 {
		return Case{}, errs.Invalid("note", "reason.needed")
	}
	return s.change(ctx, n, "case.work", version, "closing", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		if err := c.ownedBy(access.From(ctx)); err != nil {
			return c, err
		}
		var goals, dues int
		if err := tx.Get(ctx, db.To(&goals), "SELECT count(*) FROM care_goal WHERE case_id = ? AND state = 'open'", n); err != nil {
			return c, err
		}
		if err := tx.Get(ctx, db.To(&dues), "SELECT count(*) FROM care_due WHERE case_id = ? AND state = 'open'", n); err != nil {
			return c, err
		}
		next, err := c.end(result, access.From(ctx).Account, goals, dues, tx.Now)
		if err != nil {
			return c, err
		}
		if _, err := s.put(ctx, tx, c, Writing{Kind: Review, Body: map[string]string{"progress": note}}, Signed); err != nil {
			return c, err
		}
		return next, s.ports.Tell(ctx, tx, c.Supervisor, "case:"+string(n)+":closing:"+string(rune('0'+c.Reopened)), "case.closing_waits", c.No, n)
	})
}

// Confirm is the second person's word on a closing; after it the follow-up has
// its day.
func (s *Service) Confirm(ctx context.Context, n id.ID, ok bool, note string) (Case, error) {
	return s.change(ctx, n, "case.confirm", 0, "confirmed", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		next, err := c.confirm(ok, access.From(ctx).Account, tx.Now)
		if err != nil {
			return c, err
		}
		if !ok {
			if len([]rune(strings.TrimSpace(note))) < 4 {
				return c, errs.Invalid("note", "reason.needed")
			}
			_, err := s.put(ctx, tx, c, Writing{Kind: Remark, Body: map[string]string{"text": note}}, Signed)
			return next, err
		}
		if err := s.endContacts(ctx, tx, next); err != nil {
			return c, err
		}
		for _, days := range followUps {
			if next.Result == "died" {
				break
			}
			at := tx.Now.Add(days)
			if err := s.due(ctx, tx, next, FollowUp, at, at.Add(late), next.Worker); err != nil {
				return c, err
			}
		}
		return next, line(ctx, tx, next, "closed")
	})
}

// endContacts ends what a closed case leaves of its crisis: a child that died or
// moved away is not looked for by the case; what its colour obliges holds on.
func (s *Service) endContacts(ctx context.Context, tx *db.Tx, c Case) error {
	var n int
	if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM care_due WHERE case_id = ? AND kind = ? AND state = 'open'", c.ID, Contact); err != nil || n == 0 {
		return err
	}
	if err := s.dropDues(ctx, tx, c, Contact); err != nil || c.Result == "died" {
		return err
	}
	return s.ports.Resume(ctx, tx, c.ChildID)
}

// Reopen takes a case up again.
func (s *Service) Reopen(ctx context.Context, n id.ID, reason string) (Case, error) {
	if len([]rune(strings.TrimSpace(reason))) < 4 {
		return Case{}, errs.Invalid("reason", "reason.needed")
	}
	return s.change(ctx, n, "case.intake", 0, "reopened", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		next, err := c.reopen()
		if err != nil {
			return c, err
		}
		// The next closing gives the follow-ups their days anew; what is left of
		// this one would stand in its way.
		if err := s.dropDues(ctx, tx, c, FollowUp); err != nil {
			return c, err
		}
		if _, err := s.put(ctx, tx, next, Writing{Kind: Remark, Body: map[string]string{"text": reason}}, Signed); err != nil {
			return c, err
		}
		return next, line(ctx, tx, next, "reopened")
	})
}
