package visit

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
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

// Brief is a child in a list.
type Brief struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
	Sex  string `json:"sex"`
}

// Home is where a child lives and whom to call, as far as the actor may see.
type Home struct {
	Address   string `json:"address"`
	Sheltered bool   `json:"sheltered"` // the address is not told
	Phones    []Call `json:"phones"`
}

// Call is a number to call about a child.
type Call struct {
	Name     string `json:"name"`
	Relation string `json:"relation"`
	Phone    string `json:"phone"`
	Masked   bool   `json:"masked"`
}

// Walked is a child as the plan looks at it.
type Walked struct {
	ID         id.ID
	Region     string
	Categories []string
	Colour     string
}

// Ports are what visits ask of their neighbours.
type Ports struct {
	// Key gives what seals a child's texts, and where it lives.
	Key func(ctx context.Context, r db.Reader, child id.ID) (crypto.Subject, string, error)
	// Take opens a matter as part of a change.
	Take func(ctx context.Context, tx *db.Tx, n signal.New) (matter id.ID, err error)
	// MayMeet tells why an account may not be sent to children.
	MayMeet func(ctx context.Context, r db.Reader, account id.ID, field string) error
	// Away gives the accounts that must be kept away from each child.
	Away func(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID][]id.ID, error)
	// Nearest gives who looks after the children of an area by office: the
	// village's director, else the township's officer, but none of those that
	// are to be kept away. Empty: nobody.
	Nearest func(ctx context.Context, r db.Reader, region string, away []id.ID) (id.ID, error)
	// Officers gives who supervises an area.
	Officers func(ctx context.Context, r db.Reader, region string) ([]id.ID, error)
	Tell     func(ctx context.Context, tx *db.Tx, to id.ID, key, text string, ref id.ID) error
	Names    func(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error)
	Children func(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID]Brief, error)
	Colours  func(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID]string, error)
	Home     func(ctx context.Context, r db.Reader, child id.ID, full bool) (Home, error)
	// AccountArea gives where an account belongs. Errors: NotFound.
	AccountArea func(ctx context.Context, r db.Reader, account id.ID) (string, error)
	Place       func(ctx context.Context, r db.Reader, region string) (string, error)
	Point       func(ctx context.Context, r db.Reader, region string) (Point, bool, error)
	// Files counts the files of a visit or a hand-over: signature and photos.
	Files func(ctx context.Context, r db.Reader, kind string, record id.ID) (int, error)
	// Walk gives the children in pages, by id.
	Walk func(ctx context.Context, r db.Reader, after id.ID, limit int) ([]Walked, error)
}

// Options are what the service is made of.
type Options struct {
	DB       *db.DB
	Policies Policies
	Ports    Ports
	District string
	Jobs     *job.Engine
}

// Service does what people do about visits.
type Service struct {
	db       *db.DB
	policies Policies
	ports    Ports
	district string
}

// JobPlan brings the plan of visits up to the day.
const JobPlan = "visit.plan"

// planEvery is how often the plan is looked at: a colour that rises in the
// morning is on the route at noon.
const planEvery = 3 * time.Hour

// New makes the service and registers its job.
func New(o Options) *Service {
	s := &Service{db: o.DB, policies: o.Policies, ports: o.Ports, district: o.District}
	o.Jobs.Every(JobPlan, planEvery, func(ctx context.Context, _ job.Job) error { return s.Plan(ctx) })
	return s
}

func today(r db.Reader) civil.Date { return civil.DateOf(r.At().Time()) }

func (s *Service) policy(r db.Reader) Policy { return s.policies.On(today(r)) }

func aad(n id.ID) string { return "visit_version.body:" + string(n) }

// target describes a child's visits for the question of access: a pairing or
// an open due of the actor is the task.
func (s *Service) target(ctx context.Context, r db.Reader, childID id.ID, region string) (access.Target, error) {
	a := access.From(ctx)
	t := access.Target{Region: region, Child: childID}
	task, err := TaskOnChild(ctx, r, a.Account, childID)
	if task != "" {
		t.Task, t.Owner = task, a.Account
	}
	return t, err
}

// Pair binds a helper to a child. Errors: Invalid (the records check too),
// Conflict "visit.paired_already".
func (s *Service) Pair(ctx context.Context, childID, helper id.ID, kind string, on civil.Date) (Pairing, error) {
	var bad []errs.Field
	if !slices.Contains(pairingKinds, kind) {
		bad = append(bad, errs.Field{Name: "kind", Key: "visit.choice"})
	}
	if helper == "" {
		bad = append(bad, errs.Field{Name: "helper", Key: "text.needed"})
	}
	if err := errs.InvalidFields(bad); err != nil {
		return Pairing{}, err
	}
	var out Pairing
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, region, err := s.ports.Key(ctx, tx, childID)
		if err != nil {
			return err
		}
		a := access.From(ctx)
		if err := access.Check(a, "pairing.write", access.Target{Region: region, Child: childID}); err != nil {
			return err
		}
		if on == "" {
			on = today(tx)
		}
		if !on.Valid() || on > today(tx) {
			return errs.Invalid("begun_on", "visit.begun")
		}
		if err := s.mayVisit(ctx, tx, helper, childID, "helper"); err != nil {
			return err
		}
		out = Pairing{ID: id.New(), ChildID: childID, Region: region, Helper: helper, Kind: kind, BegunOn: on, MadeAt: tx.Now, MadeBy: a.Account}
		n, err := tx.InsertIfNew(ctx, &[]pairingRow{{Pairing: out}})
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("visit.paired_already")
		}
		if err := s.ports.Tell(ctx, tx, helper, "pairing:"+string(out.ID), "visit.paired", out.ID); err != nil {
			return err
		}
		if err := child.Note(ctx, tx, child.Entry{ChildID: childID, Kind: "visit", Title: "timeline.paired", RefKind: "pairing", RefID: out.ID, Region: region, Data: map[string]string{"kind": kind}}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "pairing.write", SubjectKind: "child", Subject: childID, Fields: []string{"pairing"}, Purpose: string(out.ID), Region: region})
	})
	return out, err
}

// Unpair ends a pairing; what was planned for the helper goes back to the plan.
func (s *Service) Unpair(ctx context.Context, n id.ID, reason string) (Pairing, error) {
	if !slices.Contains(endReasons, reason) {
		return Pairing{}, errs.Invalid("reason", "visit.choice")
	}
	var out Pairing
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := pairings(ctx, tx, "WHERE id = ?", n)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return errs.NotFound("record.not_found")
		}
		out = rows[0]
		if err := access.Check(access.From(ctx), "pairing.write", access.Target{Region: out.Region, Child: out.ChildID}); err != nil {
			return err
		}
		out, err = s.unpair(ctx, tx, out, reason)
		return err
	})
	return out, err
}

func (s *Service) unpair(ctx context.Context, tx *db.Tx, p Pairing, reason string) (Pairing, error) {
	if p.EndedAt != 0 {
		return p, errs.Conflict("visit.pairing_ended")
	}
	p.EndedOn, p.EndReason, p.EndedAt, p.EndedBy = today(tx), reason, tx.Now, access.From(ctx).Account
	if _, err := tx.Exec(ctx, "UPDATE visit_pairing SET ended_on = ?, end_reason = ?, ended_at = ?, ended_by = ? WHERE id = ? AND ended_at = 0", p.EndedOn, reason, tx.Now, p.EndedBy, p.ID); err != nil {
		return p, err
	}
	away, err := s.ports.Away(ctx, tx, p.ChildID)
	if err != nil {
		return p, err
	}
	next, err := s.ports.Nearest(ctx, tx, p.Region, away[p.ChildID])
	if err != nil {
		return p, err
	}
	if _, err := tx.Exec(ctx, "UPDATE visit_due SET who = ? WHERE child_id = ? AND who = ? AND state = 'open'", next, p.ChildID, p.Helper); err != nil {
		return p, err
	}
	if err := child.Note(ctx, tx, child.Entry{ChildID: p.ChildID, Kind: "visit", Title: "timeline.unpaired", RefKind: "pairing", RefID: p.ID, Region: p.Region, Data: map[string]string{"kind": p.Kind}}); err != nil {
		return p, err
	}
	return p, audit.Write(ctx, tx, audit.Entry{Action: "pairing.write", SubjectKind: "child", Subject: p.ChildID, Fields: []string{"pairing", reason}, Purpose: string(p.ID), Region: p.Region})
}

// Stop ends all pairings of somebody who may not meet children any more, and
// takes the open dues off them, as part of the change that says so.
func (s *Service) Stop(ctx context.Context, tx *db.Tx, account id.ID) error {
	rows, err := pairings(ctx, tx, "WHERE helper = ? AND ended_at = 0", account)
	if err != nil {
		return err
	}
	for _, p := range rows {
		if err := s.part(ctx, tx, p, "barred"); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE visit_due SET who = '' WHERE who = ? AND state = 'open'", account)
	return err
}

// part ends a pairing for whose helper another must be found, and tells the
// area's officers.
func (s *Service) part(ctx context.Context, tx *db.Tx, p Pairing, reason string) error {
	if _, err := s.unpair(ctx, tx, p, reason); err != nil {
		return err
	}
	officers, err := s.ports.Officers(ctx, tx, p.Region)
	if err != nil {
		return err
	}
	for _, o := range officers {
		if o == p.Helper {
			continue
		}
		if err := s.ports.Tell(ctx, tx, o, "unpaired:"+string(p.ID)+":"+string(o), "visit.unpaired", p.ID); err != nil {
			return err
		}
	}
	return nil
}

// Ask plans a visit by hand.
func (s *Service) Ask(ctx context.Context, childID, who id.ID, on civil.Date, why string) (Due, error) {
	var out Due
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, region, err := s.ports.Key(ctx, tx, childID)
		if err != nil {
			return err
		}
		a := access.From(ctx)
		if err := access.Check(a, "visit.plan", access.Target{Region: region, Child: childID}); err != nil {
			return err
		}
		if !on.Valid() || on < today(tx) {
			return errs.Invalid("due_on", "visit.due_day")
		}
		if len([]rune(why)) > 200 {
			return errs.Invalid("why", "text.too_long")
		}
		if err := s.mayVisit(ctx, tx, who, childID, "who"); err != nil {
			return err
		}
		out = Due{ID: id.New(), ChildID: childID, Region: region, Plan: ByHand, Why: strings.TrimSpace(why), Who: who, FromOn: today(tx), DueOn: on, State: Open, MadeAt: tx.Now}
		n, err := tx.InsertIfNew(ctx, &[]dueRow{{Due: out}})
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("visit.asked_already")
		}
		if err := s.ports.Tell(ctx, tx, who, "visit:"+string(out.ID), "visit.asked", out.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "visit.plan", SubjectKind: "child", Subject: childID, Fields: []string{"visit_due"}, Purpose: string(out.ID), Region: region})
	})
	return out, err
}

// Give hands an open due to somebody else.
func (s *Service) Give(ctx context.Context, due, who id.ID) (Due, error) {
	return s.onDue(ctx, due, "given", func(ctx context.Context, tx *db.Tx, d Due) (Due, error) {
		if err := s.mayVisit(ctx, tx, who, d.ChildID, "who"); err != nil {
			return d, err
		}
		d.Who = who
		return d, s.ports.Tell(ctx, tx, who, "visit:"+string(d.ID)+":"+string(who), "visit.asked", d.ID)
	})
}

// Drop says that a due visit is not needed.
func (s *Service) Drop(ctx context.Context, due id.ID, reason string) (Due, error) {
	if l := len([]rune(strings.TrimSpace(reason))); l < 4 || l > 200 {
		return Due{}, errs.Invalid("reason", "reason.needed")
	}
	return s.onDue(ctx, due, "dropped", func(_ context.Context, tx *db.Tx, d Due) (Due, error) {
		d.State, d.Why, d.DoneAt = Dropped, reason, tx.Now
		return d, nil
	})
}

func (s *Service) onDue(ctx context.Context, n id.ID, what string, fn func(ctx context.Context, tx *db.Tx, d Due) (Due, error)) (Due, error) {
	var out Due
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := findDue(ctx, tx, n)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "visit.plan", access.Target{Region: d.Region, Child: d.ChildID}); err != nil {
			return err
		}
		if d.State != Open {
			return errs.Conflict("visit.due_over")
		}
		if out, err = fn(ctx, tx, d); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE visit_due SET who = ?, state = ?, why = ?, done_at = ? WHERE id = ?", out.Who, out.State, out.Why, out.DoneAt, n); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "visit.plan", SubjectKind: "child", Subject: d.ChildID, Fields: []string{"visit_due", what}, Purpose: string(n), Region: d.Region})
	})
	return out, err
}

// Stored tells a phone what became of its visit.
type Stored struct {
	Visit
	Version id.ID `json:"version"`
	Again   bool  `json:"again"` // it was there already
}

// Store keeps a visit that a phone sends. The same key of the same account is
// the same version. It is kept whatever its age, and whether or not its writer
// still may go: what was seen is not thrown away.
func (s *Service) Store(ctx context.Context, q Report) (Stored, error) {
	var out Stored
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Stored{}
		a := access.From(ctx)
		same, err := versions(ctx, tx, "WHERE by_account = ? AND idem_key = ?", a.Account, q.Key)
		if err != nil {
			return err
		}
		if len(same) > 0 {
			out.Version, out.Again = same[0].ID, true
			out.Visit, err = find(ctx, tx, same[0].VisitID)
			return err
		}
		pol := s.policy(tx)
		if err := q.check(pol); err != nil {
			return err
		}
		due := Due{Plan: ByHand}
		if q.DueID != "" {
			if due, err = findDue(ctx, tx, q.DueID); err != nil {
				return err
			}
			q.ChildID = due.ChildID
		}
		key, region, err := s.ports.Key(ctx, tx, q.ChildID)
		if err != nil {
			return err
		}
		t, err := s.target(ctx, tx, q.ChildID, region)
		if err != nil {
			return err
		}
		if due.Who == a.Account && a.Account != "" { // also once it is done: the phone was offline
			t.Task, t.Owner = due.ID, a.Account
		}
		// What was written before its writer had to be kept away is not lost: it
		// is taken, and stands in doubt.
		recused := slices.Contains(a.Hidden, q.ChildID)
		t.Child = ""
		if err := access.Check(a, "visit.make", t); err != nil {
			return err
		}
		if err := tx.Lock(ctx, "visit:"+string(q.ChildID)); err != nil {
			return err
		}
		v, fresh, err := s.place(ctx, tx, q, due)
		if err != nil {
			return err
		}
		if !fresh && v.ChildID != q.ChildID {
			return errs.Conflict("visit.other_child")
		}
		ver := Version{ID: id.New(), VisitID: v.ID, Base: q.Base, By: a.Account, Key: q.Key, BeganAt: q.BeganAt, EndedAt: q.EndedAt, StoredAt: tx.Now, Met: q.Met, Danger: q.Danger,
			Lat: q.Lat, Lon: q.Lon, Accuracy: q.Accuracy}
		body, err := json.Marshal(q.Body)
		if err != nil {
			return err
		}
		ver.Body = key.Seal(aad(ver.ID), string(body))
		if err := tx.Insert(ctx, &[]versionRow{{Version: ver}}); err != nil {
			return err
		}
		if len(q.Goods) > 0 {
			goods := []goodsRow{}
			for _, g := range q.Goods {
				goods = append(goods, goodsRow{VisitID: v.ID, VersionID: ver.ID, Goods: g})
			}
			if err := tx.Insert(ctx, &goods); err != nil {
				return err
			}
		}
		was := v
		switch {
		case fresh:
			v = Visit{ID: v.ID, ChildID: q.ChildID, Region: region, DueID: due.ID, Plan: due.Plan, State: Settled, StoredAt: tx.Now}
			v.take(ver)
		case q.Base == v.Current && v.State == Settled:
			v.take(ver)
		default:
			v.State = Conflict
			if err := s.tellConflict(ctx, tx, v, ver); err != nil {
				return err
			}
		}
		if q.Danger != "" && (fresh || was.Danger != q.Danger) {
			if v.MatterID, err = s.danger(ctx, tx, v, ver, pol); err != nil {
				return err
			}
		}
		if err := put(ctx, tx, v, fresh); err != nil {
			return err
		}
		if err := s.close(ctx, tx, v, ver, len(q.Goods) > 0); err != nil {
			return err
		}
		if recused {
			if err := s.mark(ctx, tx, v, Mark{Kind: Recused}); err != nil {
				return err
			}
		}
		if err := s.doubt(ctx, tx, v, ver, pol.Doubt); err != nil {
			return err
		}
		if fresh {
			title := "timeline.visit"
			if !q.Met {
				title = "timeline.visit_unmet"
			}
			if err := child.Note(ctx, tx, child.Entry{ChildID: q.ChildID, At: q.BeganAt, Kind: "visit", Title: title, RefKind: "visit", RefID: v.ID, Region: region}); err != nil {
				return err
			}
		}
		out.Visit, out.Version = v, ver.ID
		return audit.Write(ctx, tx, audit.Entry{Action: "visit.make", SubjectKind: "child", Subject: q.ChildID, Fields: []string{"visit"}, Purpose: string(v.ID), Region: region})
	})
	return out, err
}

// take makes a version the one that counts.
func (v *Visit) take(x Version) {
	v.Current, v.By, v.BeganAt, v.EndedAt, v.Met, v.Danger = x.ID, x.By, x.BeganAt, x.EndedAt, x.Met, x.Danger
}

// place finds the visit that a report belongs to: the one it names, or the one
// by which its due was met already, told by another phone. fresh: there is
// none yet.
func (s *Service) place(ctx context.Context, tx *db.Tx, q Report, due Due) (v Visit, fresh bool, err error) {
	v, err = find(ctx, tx, q.VisitID)
	if err == nil || !errs.Is(err, errs.KindNotFound) {
		return v, false, err
	}
	if due.ID != "" && due.VisitID != "" {
		v, err = find(ctx, tx, due.VisitID)
		return v, false, err
	}
	return Visit{ID: q.VisitID}, true, nil
}

// danger opens a matter for what was found.
func (s *Service) danger(ctx context.Context, tx *db.Tx, v Visit, x Version, pol Policy) (id.ID, error) {
	kind := pol.Dangers[x.Danger]
	return s.ports.Take(ctx, tx, signal.New{Source: signal.Program, Kind: "visit_danger", Key: "visit:" + string(x.ID), ChildID: v.ChildID, Region: v.Region, Kinds: kind,
		DeviceAt: x.EndedAt, Body: map[string]string{"visit": string(v.ID), "danger": x.Danger}, Note: "探访中发现危险，详情见探访记录"})
}

func (s *Service) tellConflict(ctx context.Context, tx *db.Tx, v Visit, x Version) error {
	officers, err := s.ports.Officers(ctx, tx, v.Region)
	if err != nil {
		return err
	}
	for _, o := range officers {
		if err := s.ports.Tell(ctx, tx, o, "conflict:"+string(x.ID)+":"+string(o), "visit.conflict", v.ID); err != nil {
			return err
		}
	}
	return nil
}

// close meets the dues of the child whose time has begun. A child that was not
// seen is not visited; goods meet the greetings.
func (s *Service) close(ctx context.Context, tx *db.Tx, v Visit, x Version, goods bool) error {
	if !x.Met {
		return nil
	}
	day := civil.DateOf(x.EndedAt.Time())
	_, err := tx.Exec(ctx, `UPDATE visit_due SET state = 'done', visit_id = ?, done_at = ? WHERE child_id = ? AND state = 'open' AND (id = ? OR from_on <= ? AND (plan IN ('regular', 'by_hand') OR ?))`,
		v.ID, tx.Now, v.ChildID, v.DueID, day, goods)
	return err
}

// Decide says which version of a visit counts; the others stay to be read.
func (s *Service) Decide(ctx context.Context, n, version id.ID) (Visit, error) {
	var out Visit
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := find(ctx, tx, n)
		if err != nil {
			return err
		}
		a := access.From(ctx)
		if err := access.Check(a, "visit.decide", access.Target{Region: v.Region, Child: v.ChildID}); err != nil {
			return err
		}
		if v.State != Conflict {
			return errs.Conflict("visit.decided")
		}
		list, err := versions(ctx, tx, "WHERE id = ? AND visit_id = ?", version, n)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.Invalid("version", "visit.version")
		}
		v.take(list[0])
		v.State, v.DecidedAt, v.DecidedBy = Settled, tx.Now, a.Account
		if err := put(ctx, tx, v, false); err != nil {
			return err
		}
		out = v
		return audit.Write(ctx, tx, audit.Entry{Action: "visit.decide", SubjectKind: "child", Subject: v.ChildID, Fields: []string{"visit"}, Purpose: string(n), Region: v.Region})
	})
	return out, err
}

// Settle answers a mark: explained, or the visit is wrong.
func (s *Service) Settle(ctx context.Context, mark id.ID, wrong bool, answer string) (Mark, error) {
	if l := len([]rune(strings.TrimSpace(answer))); l < 4 || l > 500 {
		return Mark{}, errs.Invalid("answer", "reason.needed")
	}
	var out Mark
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := marks(ctx, tx, "WHERE id = ?", mark)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return errs.NotFound("record.not_found")
		}
		out = rows[0]
		v, err := find(ctx, tx, out.VisitID)
		if err != nil {
			return err
		}
		a := access.From(ctx)
		if err := access.Check(a, "visit.decide", access.Target{Region: out.Region, Child: v.ChildID}); err != nil {
			return err
		}
		if v.By == a.Account {
			return errs.Forbidden("visit.own_mark")
		}
		if out.State != Open {
			return errs.Conflict("visit.decided")
		}
		out.State, out.Answer, out.SettledAt, out.SettledBy = "explained", answer, tx.Now, a.Account
		if wrong {
			out.State = "wrong"
		}
		if _, err := tx.Exec(ctx, "UPDATE visit_mark SET state = ?, answer = ?, settled_at = ?, settled_by = ? WHERE id = ?", out.State, answer, tx.Now, a.Account, mark); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "visit.decide", SubjectKind: "child", Subject: v.ChildID, Fields: []string{"visit_mark", out.State}, Purpose: string(out.VisitID), Region: out.Region})
	})
	return out, err
}

// doubt marks what can't be true of a version.
func (s *Service) doubt(ctx context.Context, tx *db.Tx, v Visit, x Version, d Doubt) error {
	home, known, err := s.ports.Point(ctx, tx, v.Region)
	if err != nil {
		return err
	}
	if !known {
		home = Point{}
	}
	at := Point{x.Lat, x.Lon}
	if at.known() && home.known() {
		if m := metres(at, home); m > d.FarMetres+float64(x.Accuracy) {
			if err := s.mark(ctx, tx, v, Mark{Kind: FarOff, Metres: int(m)}); err != nil {
				return err
			}
		}
	}
	if x.Met && int(x.EndedAt-x.BeganAt)/1000 < d.ShortestSeconds {
		if err := s.mark(ctx, tx, v, Mark{Kind: TooShort, Seconds: int(x.EndedAt-x.BeganAt) / 1000}); err != nil {
			return err
		}
	}
	if late := int(x.EndedAt-tx.Now) / 1000; late > d.FutureSeconds {
		if err := s.mark(ctx, tx, v, Mark{Kind: NotYet, Seconds: late}); err != nil {
			return err
		}
	}
	if !at.known() {
		at = home
	}
	me := stay{v.ID, x.BeganAt, x.EndedAt, at, v.Region}
	around := clock.Millis((6 * time.Hour).Milliseconds())
	others, err := versions(ctx, tx, "WHERE by_account = ? AND visit_id <> ? AND visit_id IN (SELECT id FROM visit WHERE by_account = ? AND began_at > ? AND began_at < ?)",
		x.By, v.ID, x.By, x.BeganAt-around, x.EndedAt+around)
	if err != nil {
		return err
	}
	for _, o := range others {
		ov, err := find(ctx, tx, o.VisitID)
		if err != nil {
			return err
		}
		there := Point{o.Lat, o.Lon}
		if !there.known() {
			p, ok, err := s.ports.Point(ctx, tx, ov.Region)
			if err != nil {
				return err
			}
			if ok {
				there = p
			}
		}
		if far, seconds, impossible := d.between(me, stay{ov.ID, o.BeganAt, o.EndedAt, there, ov.Region}); impossible && o.ID == ov.Current {
			if err := s.mark(ctx, tx, v, Mark{Kind: TwoPlaces, Other: ov.ID, Metres: far, Seconds: seconds}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) mark(ctx context.Context, tx *db.Tx, v Visit, m Mark) error {
	m.ID, m.VisitID, m.Region, m.At, m.State = id.New(), v.ID, v.Region, tx.Now, Open
	_, err := tx.InsertIfNew(ctx, &[]markRow{{Mark: m}})
	return err
}

// Pictured is told of a photo of a visit with the place it was taken at.
func (s *Service) Pictured(ctx context.Context, tx *db.Tx, n, photo id.ID, at Point) error {
	if !at.known() {
		return nil
	}
	v, err := find(ctx, tx, n)
	if err != nil {
		return err
	}
	home, known, err := s.ports.Point(ctx, tx, v.Region)
	if err != nil || !known {
		return err
	}
	if m := metres(at, home); m > s.policy(tx).Doubt.FarMetres {
		return s.mark(ctx, tx, v, Mark{Kind: PhotoFar, Other: photo, Metres: int(m)})
	}
	return nil
}
