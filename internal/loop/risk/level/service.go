package level

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/risk"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

// Seat opens matters; seat.Service is one.
type Seat interface {
	TakeIn(ctx context.Context, tx *db.Tx, n signal.New) (seat.Receipt, error)
}

// Source gives evidence that a neighbour keeps for itself, by child.
type Source func(ctx context.Context, r db.Reader) (map[id.ID][]Fact, error)

// Ports are what the keeper of colours asks of other rooms.
type Ports struct {
	Seat Seat
	// Target describes a child's record for the question of access.
	Target func(ctx context.Context, r db.Reader, child id.ID) (access.Target, error)
	// Note writes a line with a sealed text into a child's timeline.
	Note func(ctx context.Context, tx *db.Tx, e child.Entry, text string) error
	// Names gives the names of accounts.
	Names func(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error)
	// Place gives the name of an area.
	Place func(ctx context.Context, r db.Reader, area string) (string, error)
	// Word gives the Chinese words of a key.
	Word func(key string) string
	// Sources are asked by Gather.
	Sources []Source
	// Join lets the contacts of a child's crisis, which its case holds, take
	// these in; false if there is no such case. Ahead tells of them.
	Join  func(ctx context.Context, tx *db.Tx, child id.ID, list []Window) (bool, error)
	Ahead func(ctx context.Context, r db.Reader, child id.ID) (InCase, error)
}

// jobLate rings when a contact is missed; its key is the contact.
const jobLate = "level.late"

// Service is what people do with colours.
type Service struct {
	db       *db.DB
	keys     *crypto.Keyring
	ports    Ports
	tables   *risk.Tables
	district string

	mu       sync.Mutex
	compiled map[string]*risk.RuleSet // by digest
}

// NewService makes the service and registers its clocks.
func NewService(d *db.DB, keys *crypto.Keyring, district string, jobs *job.Engine, ports Ports) (*Service, error) {
	tables, err := risk.Shipped()
	if err != nil {
		return nil, err
	}
	s := &Service{db: d, keys: keys, ports: ports, tables: tables, district: district, compiled: map[string]*risk.RuleSet{}}
	jobs.Rule(jobLate, s.missed)
	jobs.Every("level.gather", 10*time.Minute, func(ctx context.Context, _ job.Job) error { return s.Gather(ctx) })
	return s, nil
}

func evidenceAAD(child id.ID) string { return "level.evidence:" + string(child) }
func wordsAAD(child id.ID) string    { return "level.words:" + string(child) }
func reasonAAD(a id.ID) string       { return "level_assessment.reason:" + string(a) }
func noteAAD(c id.ID) string         { return "level_contact.note:" + string(c) }

// Learn takes facts about a child in, as part of the change that makes them.
func (s *Service) Learn(ctx context.Context, tx *db.Tx, t Told) error {
	key, pupil, err := person.Key(ctx, tx, s.keys, t.Child)
	if err != nil {
		return err
	}
	if err := tx.Lock(ctx, "level:"+string(pupil.ID)); err != nil {
		return err
	}
	row, known, err := find(ctx, tx, pupil.ID)
	if err != nil {
		return err
	}
	have, err := openPieces(key, row)
	if err != nil {
		return err
	}
	changed := !known
	for _, f := range t.Facts {
		if have.merge(f) {
			changed = true
		}
	}
	if t.Screened > row.ScreenedAt {
		row.ScreenedAt, changed = t.Screened, true
	}
	if !changed {
		return nil
	}
	row.ChildID, row.Region, row.School, row.UpdatedAt = pupil.ID, pupil.Region, pupil.School, tx.Now
	row.Evidence = key.Seal(evidenceAAD(row.ChildID), have.String())
	return s.judge(ctx, tx, key, row, have, t.Matter)
}

func openPieces(key crypto.Subject, row Row) (pieces, error) {
	if row.Evidence == "" {
		return nil, nil
	}
	text, err := key.Open(evidenceAAD(row.ChildID), row.Evidence)
	if err != nil {
		return nil, errs.Internal(err)
	}
	return parsePieces(text), nil
}

// judge runs the rules of the day and lets the urgency rise.
func (s *Service) judge(ctx context.Context, tx *db.Tx, key crypto.Subject, row Row, have pieces, open id.ID) error {
	rules, err := s.rulesOn(ctx, tx, civil.DateOf(tx.Now.Time()))
	if err != nil {
		return err
	}
	e, err := have.evidence(s.tables.Catalogue, row.ChildID, tx.Now)
	if err != nil {
		return errs.Internal(err)
	}
	result, err := rules.Evaluate(e, tx.Now.Time())
	if err != nil {
		return errs.Internal(err)
	}
	row.TalkUntil = 0 // a talk that was held, or an assessment, has answered the mark
	for _, talk := range result.Talk {
		if talk.At > row.ClearedAt {
			row.TalkUntil = max(row.TalkUntil, talk.At.Add(60*24*time.Hour))
		}
	}
	was := row.Urgency
	p, rose := row.provisional().Rise(result, tx.Now.Time())
	if rose {
		row.put(p)
		words, err := json.Marshal(p.Text)
		if err != nil {
			return errs.Internal(err)
		}
		row.Words = key.Seal(wordsAAD(row.ChildID), string(words))
	}
	if err := save(ctx, tx, row); err != nil {
		return err
	}
	if !rose {
		return nil
	}
	if err := insertMove(ctx, tx, Move{ChildID: row.ChildID, Region: row.Region, What: "urgency", Was: was, Became: p.Urgency, Rules: row.Rules, Version: p.Version}); err != nil {
		return err
	}
	if err := child.Note(ctx, tx, child.Entry{ChildID: row.ChildID, Kind: "level", Title: "timeline.urgency_rose", Data: map[string]string{"urgency": string(p.Urgency), "rules": row.Rules, "version": p.Version}, Region: row.Region}); err != nil {
		return err
	}
	if err := s.oblige(ctx, tx, row, p, open); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "level", Kind: "rose", Region: row.Region, Ref: string(row.ChildID)})
}

// oblige gives a risen urgency its clock: a matter at the seat for orange and
// red unless one is open for the same cause, the first contact for each.
func (s *Service) oblige(ctx context.Context, tx *db.Tx, row Row, p risk.Provisional, open id.ID) error {
	if open == "" && p.Urgency.Above(risk.Yellow) {
		urgency := "urgent"
		if p.Urgency == risk.Red {
			urgency = "critical"
		}
		rec, err := s.ports.Seat.TakeIn(ctx, tx, signal.New{Source: signal.Program, Kind: "level", Kinds: "assess", Urgency: urgency,
			Key: "level:" + string(row.ChildID) + ":" + string(p.Urgency) + ":" + tx.Now.Time().Format("20060102150405.000"), ChildID: row.ChildID, Region: row.Region,
			Note: strings.Join(append([]string{s.ports.Word("level.note.rose." + string(p.Urgency))}, p.Text...), "\n"), Body: map[string]any{"rules": p.Rules, "version": p.Version}})
		if err != nil {
			return err
		}
		open = rec.Matter
	}
	duty, ok, err := s.dutyOf(ctx, tx, p.Urgency)
	if err != nil || !ok || duty.ContactWithinMinutes == 0 {
		return err
	}
	if err := s.drop(ctx, tx, row.ChildID, "urgency"); err != nil {
		return err
	}
	first := plan(row, duty, "urgency", tx.Now)[:1]
	first[0].Kind, first[0].Matter = "assess", open
	return s.book(ctx, tx, first)
}

// drop ends what is open of a child for a cause; every cause if empty.
func (s *Service) drop(ctx context.Context, tx *db.Tx, childID id.ID, cause string) error {
	where, args := "child_id = ? AND state IN ('open', 'late')", []any{childID}
	if cause != "" {
		where, args = where+" AND cause = ?", append(args, cause)
	}
	list, err := contactsOf(ctx, tx, where, args...)
	if err != nil {
		return err
	}
	for _, c := range list {
		c.State = "dropped"
		if err := saveContact(ctx, tx, c); err != nil {
			return err
		}
		if err := job.Cancel(ctx, tx, jobLate, string(c.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) book(ctx context.Context, tx *db.Tx, list []Contact) error {
	if err := insertContacts(ctx, tx, list); err != nil {
		return err
	}
	for _, c := range list {
		if err := job.Schedule(ctx, tx, jobLate, string(c.ID), c.LateAt, ""); err != nil {
			return err
		}
	}
	return nil
}

// missed rings for a contact that was not made.
func (s *Service) missed(ctx context.Context, tx *db.Tx, j job.Job) error {
	ctx = access.With(ctx, access.System("level"))
	c, err := findContact(ctx, tx, id.ID(j.Key))
	if err != nil || c.State != "open" {
		return err
	}
	urgency := map[risk.Colour]string{risk.Red: "critical", risk.Orange: "urgent"}[c.Colour]
	if urgency == "" {
		urgency = "normal"
	}
	rec, err := s.ports.Seat.TakeIn(ctx, tx, signal.New{Source: signal.Program, Kind: "level", Kinds: "contact_late", Urgency: urgency, Key: "late:" + string(c.ID), ChildID: c.ChildID,
		Region: c.Region, Note: s.ports.Word("level.note.late."+c.Kind) + " " + s.ports.Word("level.colour."+string(c.Colour)), Body: map[string]any{"contact": c.ID}})
	if err != nil {
		return err
	}
	c.State, c.Matter = "late", rec.Matter
	if err := saveContact(ctx, tx, c); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "level", Kind: "late", Region: c.Region, Ref: string(c.ChildID)})
}

func (s *Service) dutyOf(ctx context.Context, r db.Reader, c risk.Colour) (risk.Duty, bool, error) {
	t, err := s.dutiesOn(ctx, r, civil.DateOf(r.At().Time()))
	if err != nil {
		return risk.Duty{}, false, err
	}
	d, ok := t.Of(c)
	return d, ok, nil
}

// Gather asks the neighbours for what they know and takes in what is new.
func (s *Service) Gather(ctx context.Context) error {
	ctx = access.With(ctx, access.System("level"))
	all := map[id.ID][]Fact{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		for _, source := range s.ports.Sources {
			got, err := source(ctx, r)
			if err != nil {
				return err
			}
			for c, facts := range got {
				all[c] = append(all[c], facts...)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	children := make([]id.ID, 0, len(all))
	for c := range all {
		children = append(children, c)
	}
	slices.Sort(children)
	for _, c := range children {
		err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			facts, err := s.news(ctx, tx, c, all[c])
			if err != nil || len(facts) == 0 {
				return err
			}
			return s.Learn(ctx, tx, Told{Child: c, Facts: facts})
		})
		if err != nil && !errs.Is(err, errs.KindNotFound) {
			return err
		}
	}
	return nil
}

// news leaves out facts that say what is known and still fresh: a device that
// is well every ten minutes is no news, but once a day it is said again.
func (s *Service) news(ctx context.Context, r db.Reader, childID id.ID, facts []Fact) ([]Fact, error) {
	key, pupil, err := person.Key(ctx, r, s.keys, childID)
	if err != nil {
		return nil, err
	}
	row, _, err := find(ctx, r, pupil.ID)
	if err != nil {
		return nil, err
	}
	have, err := openPieces(key, row)
	if err != nil {
		return nil, err
	}
	var out []Fact
	for _, f := range facts {
		var one pieces
		one.merge(f)
		if old, ok := have.find(f.Field); ok && old.value == one[0].value && f.At.Sub(old.at) < 24*time.Hour {
			continue
		}
		out = append(out, f)
	}
	return out, nil
}

// check asks for a right on a child's level.
func (s *Service) check(ctx context.Context, r db.Reader, childID id.ID, action access.Action) (access.Target, error) {
	if err := access.May(access.From(ctx), action); err != nil {
		return access.Target{}, err
	}
	t, err := s.ports.Target(ctx, r, childID)
	if err != nil {
		return t, err
	}
	return t, access.Check(access.From(ctx), action, t)
}

// Follow moves what is kept of a child to the record that it was merged into,
// or to where it lives now.
func (s *Service) Follow(ctx context.Context, tx *db.Tx, childID, to id.ID, region string) error {
	if childID == to {
		for _, table := range []string{"level", "level_contact", "level_assessment"} {
			if _, err := tx.Exec(ctx, "UPDATE "+table+" SET region = ? WHERE child_id = ?", region, childID); err != nil {
				return err
			}
		}
		return nil
	}
	row, known, err := find(ctx, tx, childID)
	if err != nil || !known {
		return err
	}
	keys, err := person.Keys(ctx, tx, s.keys, []id.ID{childID})
	if err != nil {
		return err
	}
	have, err := openPieces(keys[childID], row)
	if err != nil {
		return err
	}
	t := Told{Child: to, Screened: row.ScreenedAt}
	for _, x := range have {
		t.Facts = append(t.Facts, x.fact())
	}
	if err := s.Learn(ctx, tx, t); err != nil {
		return err
	}
	// The graver of two colours stands until somebody assesses the one child.
	kept, _, err := find(ctx, tx, to)
	if err != nil {
		return err
	}
	if row.Colour.Above(kept.Colour) {
		kept.Colour, kept.ColourRank, kept.ColourAt, kept.ColourBy, kept.ColourSecond, kept.Reason = row.Colour, row.ColourRank, row.ColourAt, row.ColourBy, row.ColourSecond, ""
		if err := save(ctx, tx, kept); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE level_contact SET child_id = ? WHERE child_id = ? AND state IN ('open', 'late')", to, childID)
	return err
}

func (x piece) fact() Fact {
	f := Fact{Field: x.name, At: x.at, Value: x.value}
	switch x.value {
	case "true":
		f.Value = true
	case "false":
		f.Value = false
	default:
		if n, err := parseInt(x.value); err == nil {
			f.Value = n
		}
	}
	return f
}

// Erased removes what is kept of an erased person.
func (s *Service) Erased(ctx context.Context, tx *db.Tx, childID id.ID) error {
	if err := s.drop(ctx, tx, childID, ""); err != nil {
		return err
	}
	for _, table := range []string{"level", "level_contact", "level_assessment", "level_move"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE child_id = ?", childID); err != nil {
			return err
		}
	}
	return nil
}

// entered are the facts that people report by hand.
var entered = []string{"absent_days_30", "dropout", "discharged_days", "lives_alone", "carer_weak", "parents_away"}

// Report is a fact that somebody enters.
type Report struct {
	ChildID id.ID      `json:"child_id"`
	Field   string     `json:"field" enum:"absent_days_30,dropout,discharged_days,lives_alone,carer_weak,parents_away"`
	Number  int        `json:"number,omitempty"` // of absent days
	Yes     bool       `json:"yes,omitempty"`
	On      civil.Date `json:"on"` // the day it holds for; of a discharge: the day
}

// Enter takes reported facts in, all or none: a school's list of absences, a
// hospital's discharge. Errors: Invalid, Forbidden, NotFound.
func (s *Service) Enter(ctx context.Context, list []Report) error {
	if len(list) == 0 || len(list) > 2000 {
		return errs.Invalid("items", "level.report_form")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		today := civil.DateOf(tx.Now.Time())
		for _, q := range list {
			if !slices.Contains(entered, q.Field) || !q.On.Valid() || q.On > today || q.Number < 0 || q.Number > 31 {
				return errs.Invalid("items", "level.report_form")
			}
			t, err := s.check(ctx, tx, q.ChildID, "level.contact")
			if err != nil {
				return err
			}
			f := Fact{Field: q.Field, Value: q.Yes, At: clock.Of(q.On.Start())}
			switch q.Field {
			case "absent_days_30":
				f.Value = q.Number
			case "discharged_days":
				f.Value = 0
			}
			if err := s.Learn(ctx, tx, Told{Child: q.ChildID, Facts: []Fact{f}}); err != nil {
				return err
			}
			if err := audit.Write(ctx, tx, audit.Entry{Action: "level.contact", SubjectKind: "child", Subject: q.ChildID, Fields: []string{q.Field}, Purpose: string(t.Task), Region: t.Region}); err != nil {
				return err
			}
		}
		return nil
	})
}
