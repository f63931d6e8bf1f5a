package answer

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/screening/library"
	"zugou/internal/loop/screening/obligation"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

// Seat opens matters; seat.Service is one.
type Seat interface {
	TakeIn(ctx context.Context, tx *db.Tx, n signal.New) (seat.Receipt, error)
}

// Ports are what sheets ask of other rooms.
type Ports struct {
	Library   *library.Service
	Campaigns *campaign.Service
	Seat      Seat
	// Target describes a child's record for the question of access.
	Target func(ctx context.Context, r db.Reader, child id.ID) (access.Target, error)
	// Learn tells the keeper of the four colours what a sheet says.
	Learn func(ctx context.Context, tx *db.Tx, f Found) error
	// Names gives the names of accounts.
	Names library.Names
	// Word gives the Chinese words of a key.
	Word func(key string) string
}

// Service is what people do with sheets.
type Service struct {
	db    *db.DB
	keys  *crypto.Keyring
	ports Ports
	facts mapping
}

// NewService makes the service.
func NewService(d *db.DB, keys *crypto.Keyring, ports Ports) (*Service, error) {
	facts, err := readMapping()
	if err != nil {
		return nil, err
	}
	return &Service{db: d, keys: keys, ports: ports, facts: facts}, nil
}

// Take keeps a sheet that a member of staff hands in: asked in an interview,
// taken on a phone, or typed from paper for the first time.
// Errors: Invalid, Forbidden, NotFound, Conflict.
func (s *Service) Take(ctx context.Context, n New) (Receipt, error) {
	var out Receipt
	err := s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if err := n.check(tx.Now); err != nil {
			return err
		}
		if n.Way == Web {
			return errs.Invalid("way", "answer.bad_context")
		}
		if err := s.mayTake(ctx, tx, n); err != nil {
			return err
		}
		out, err = s.take(ctx, tx, n)
		return err
	})
	return out, err
}

// mayTake asks for the right to hand in a sheet about the child.
func (s *Service) mayTake(ctx context.Context, r db.Reader, n New) error {
	action := access.Action("sheet.take")
	if n.Way == Paper {
		action = "sheet.type"
	}
	actor := access.From(ctx)
	if err := access.May(actor, action); err != nil {
		return err
	}
	return s.mayAsk(ctx, r, n.CampaignID, n.ChildID, action)
}

// mayAsk asks for the right at the child, or where a campaign of its school
// asks it.
func (s *Service) mayAsk(ctx context.Context, r db.Reader, in, childID id.ID, action access.Action) error {
	actor := access.From(ctx)
	t, err := s.ports.Target(ctx, r, childID)
	if err != nil {
		return err
	}
	refused := access.Check(actor, action, t)
	if refused == nil || in == "" {
		return refused
	}
	at, err := campaign.AskedAt(ctx, r, in, childID, t.Region)
	if err != nil {
		return err
	}
	if at == "" {
		return refused
	}
	t.Region = at
	return access.Check(actor, action, t)
}

// Sit keeps a sheet that a child or guardian hands in by the code. Nothing of
// the result is told. Errors: Invalid, NotFound, Conflict, Busy.
func (s *Service) Sit(ctx context.Context, code string, n New) error {
	ctx = access.With(ctx, access.System("sitting"))
	return s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, m, err := s.ports.Campaigns.ByCode(ctx, tx, code)
		if err != nil {
			return err
		}
		n.CampaignID, n.ChildID, n.Informant, n.Way, n.TakenAt, n.Consent = c.ID, m.ChildID, c.Informant, Web, 0, nil
		if err := n.check(tx.Now); err != nil {
			return err
		}
		i := slices.IndexFunc(c.Papers, func(p campaign.Paper) bool { return p.ID == n.Instrument && p.Version == n.Version })
		if i < 0 || c.Papers[i].Mode == instrument.Interview {
			return errs.NotFound("instrument.unknown")
		}
		_, err = s.take(ctx, tx, n)
		return err
	})
}

// Sitting opens what a code stands for. Errors: NotFound, Conflict, Busy.
func (s *Service) Sitting(ctx context.Context, code string) (campaign.Sitting, error) {
	ctx = access.With(ctx, access.System("sitting"))
	var out campaign.Sitting
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, m, err := s.ports.Campaigns.ByCode(ctx, tx, code)
		if err != nil {
			return err
		}
		done, err := handedIn(ctx, tx, c.ID, m.ChildID)
		if err != nil {
			return err
		}
		if out, err = s.ports.Campaigns.Begin(ctx, tx, c, m, done); err != nil {
			return err
		}
		// Questions on suicide that are made to be asked face to face are asked so.
		out.Papers = slices.DeleteFunc(out.Papers, func(f instrument.Form) bool { return f.Mode == instrument.Interview })
		if len(out.Papers) == 0 {
			return errs.Conflict("campaign.done_already")
		}
		return nil
	})
	return out, err
}

// Word keeps whether the child, or the guardian who answers, wants to.
// Errors: NotFound, Conflict, Busy.
func (s *Service) Word(ctx context.Context, code string, yes bool) error {
	ctx = access.With(ctx, access.System("sitting"))
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, m, err := s.ports.Campaigns.ByCode(ctx, tx, code)
		if err != nil {
			return err
		}
		if m.DoneAt != 0 || c.State != campaign.Open {
			return errs.Conflict("campaign.not_open")
		}
		if m.Refusal() {
			return errs.Conflict("campaign.child_refused")
		}
		// A teacher's or worker's word is nobody's consent.
		if c.Informant != instrument.Child && c.Informant != instrument.Guardian {
			return errs.Conflict("campaign.consent_missing")
		}
		_, err = s.ports.Campaigns.Said(ctx, tx, c, m, yes)
		return err
	})
}

// stopped is why a sheet is withheld that was ended half-way.
const stopped = "campaign.stopped"

// take keeps a sheet and does what it obliges.
func (s *Service) take(ctx context.Context, tx *db.Tx, n New) (Receipt, error) {
	if err := tx.Lock(ctx, "answer:"+n.Key); err != nil {
		return Receipt{}, err
	}
	switch old, err := byKey(ctx, tx, n.Key); {
	case err == nil && old.ChildID == n.ChildID && old.Instrument == n.Instrument:
		return old.receipt(true), nil
	case err == nil:
		return Receipt{}, errs.Conflict("answer.key_used")
	case !errs.Is(err, errs.KindNotFound):
		return Receipt{}, err
	}
	key, pupil, err := person.Key(ctx, tx, s.keys, n.ChildID)
	if err != nil {
		return Receipt{}, err
	}
	if n.TakenAt == 0 {
		n.TakenAt = tx.Now
	}
	sh := Sheet{ID: id.New(), Key: n.Key, CampaignID: n.CampaignID, ChildID: pupil.ID, SealedFor: pupil.ID, Region: pupil.Region, Instrument: n.Instrument, Version: n.Version,
		Informant: n.Informant, Way: n.Way, State: Done, Age: -1, TakenAt: n.TakenAt, StoredAt: tx.Now, TakenBy: access.From(ctx).Account}
	in, err := s.ports.Library.Exact(ctx, tx, n.Instrument, n.Version)
	if err != nil {
		return Receipt{}, err
	}
	sh.Digest = in.Digest()
	if err := s.bar(ctx, tx, n, in, &sh); err != nil {
		return Receipt{}, err
	}
	if n.Stopped && sh.Withheld == "" {
		sh.Withheld, sh.State = stopped, Withheld
	}
	if n.Way == Paper && sh.Withheld == "" {
		switch _, err := typedFirst(ctx, tx, n.CampaignID, pupil.ID, n.Instrument); {
		case err == nil:
			return Receipt{}, errs.Conflict("answer.typed_once") // the second typing is another act
		case !errs.Is(err, errs.KindNotFound):
			return Receipt{}, err
		}
		sh.State = First
	}
	return s.keep(ctx, tx, in, sh, n, pupil, key)
}

// bar finds out whether the answers may be kept. A sheet that may not be kept
// is still looked at for what is critical in it.
func (s *Service) bar(ctx context.Context, tx *db.Tx, n New, in instrument.Instrument, sh *Sheet) error {
	if n.CampaignID == "" {
		if !slices.Contains(in.Informants, n.Informant) {
			return errs.Invalid("informant", "answer.bad_context")
		}
		return nil
	}
	c, err := campaign.Get(ctx, tx, n.CampaignID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(c.Papers, func(p campaign.Paper) bool { return p.ID == n.Instrument && p.Version == n.Version }) {
		return errs.Invalid("instrument", "answer.not_in_campaign")
	}
	if c.State == campaign.Draft {
		return errs.Conflict("campaign.not_open")
	}
	m, err := campaign.MemberOf(ctx, tx, n.CampaignID, sh.ChildID)
	if err != nil {
		return err
	}
	if n.Consent != nil && !m.Refusal() {
		q := *n.Consent
		q.ChildID = sh.ChildID
		if m, err = s.ports.Campaigns.Record(ctx, tx, c, m, q); err != nil {
			return err
		}
	}
	if err := m.May(n.Informant, s.ports.Campaigns.Conditions(tx)); err != nil {
		sh.Withheld = errs.KeyOf(err)
		sh.State = Withheld
	}
	return nil
}

// scored is a sheet's result and what it obliges.
type scored struct {
	result instrument.Result
	owes   obligation.Obligation
}

func (s *Service) score(in instrument.Instrument, sh *Sheet, items map[string]instrument.Answer, pupil person.Pupil, now clock.Millis) (scored, error) {
	on := civil.DateOf(sh.TakenAt.Time())
	a := instrument.Answers{Items: items, Informant: sh.Informant, Region: pupil.Region, On: string(on)}
	if pupil.BirthOn.Valid() {
		age := pupil.BirthOn.AgeOn(on)
		a.Age, sh.Age = &age, age
	}
	r, err := instrument.Score(in, a)
	if err != nil {
		return scored{}, err
	}
	o, err := obligation.Of(s.ports.Library.Policy(civil.DateOf(now.Time())), in, r)
	if err != nil {
		return scored{}, errs.Internal(err)
	}
	sh.Urgency, sh.Critical, sh.NeedsPerson, sh.Over = o.Urgency, len(r.Critical) > 0 || o.SameDay && !r.NeedsPerson, r.NeedsPerson, r.OverCutoff()
	return scored{r, o}, nil
}

func sealJSON(key crypto.Subject, where string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", errs.Internal(err)
	}
	return key.Seal(where, string(text)), nil
}

// keep scores, stores, rings, tells, records.
func (s *Service) keep(ctx context.Context, tx *db.Tx, in instrument.Instrument, sh Sheet, n New, pupil person.Pupil, key crypto.Subject) (Receipt, error) {
	got, err := s.score(in, &sh, n.Items, pupil, tx.Now)
	if err != nil {
		return Receipt{}, err
	}
	if n.Stopped && len(got.result.Critical) == 0 && !refusedSuicide(in, n.Items) {
		return sh.receipt(false), nil // ended half-way, and nothing in it that must not wait
	}
	if sh.MatterID, err = s.ring(ctx, tx, in, sh, got); err != nil {
		return Receipt{}, err
	}
	if sh.Withheld == "" {
		if sh.Answers, err = sealJSON(key, aad("answers", sh.ID), n.Items); err != nil {
			return Receipt{}, err
		}
		if sh.Result, err = sealJSON(key, aad("result", sh.ID), got.result); err != nil {
			return Receipt{}, err
		}
	}
	if err := insert(ctx, tx, sh); err != nil {
		return Receipt{}, err
	}
	if sh.CampaignID != "" {
		done, err := handedIn(ctx, tx, sh.CampaignID, sh.ChildID)
		if err != nil {
			return Receipt{}, err
		}
		if err := s.ports.Campaigns.Finished(ctx, tx, sh.CampaignID, sh.ChildID, done); err != nil {
			return Receipt{}, err
		}
	}
	if err := s.tell(ctx, tx, in, sh, got, n.Items); err != nil {
		return Receipt{}, err
	}
	return sh.receipt(false), s.record(ctx, tx, sh, n.Reason)
}

// refusedSuicide tells of a question on suicide that was put and refused: on a
// sheet that was ended half-way the others were only not come to.
func refusedSuicide(in instrument.Instrument, items map[string]instrument.Answer) bool {
	return slices.ContainsFunc(in.Items, func(it instrument.Item) bool { return it.Suicide && items[it.ID()].Refused })
}

// ring opens what the result obliges at the seat. It gives the matter, the
// gravest if there are several.
func (s *Service) ring(ctx context.Context, tx *db.Tx, in instrument.Instrument, sh Sheet, got scored) (id.ID, error) {
	var first id.ID
	for _, kind := range got.owes.Matters {
		rec, err := s.ports.Seat.TakeIn(ctx, tx, signal.New{Source: signal.Program, Kind: "screening", Kinds: kind, Key: "sheet:" + string(sh.ID) + ":" + kind + ":" + string(sh.State),
			ChildID: sh.ChildID, Region: sh.Region, Note: s.words(in, sh, got), Body: map[string]any{"sheet": sh.ID, "instrument": in.ID, "rules": got.owes.Rules}})
		if err != nil {
			return "", err
		}
		if first == "" {
			first = rec.Matter
		}
	}
	return first, nil
}

// words is what the seat and who goes there read: which questionnaire, what
// must happen, which items; never what was said to the others.
func (s *Service) words(in instrument.Instrument, sh Sheet, got scored) string {
	lines := []string{in.Title.ZH + "：" + got.owes.Title.ZH}
	if len(got.result.Critical) > 0 {
		lines = append(lines, s.fill("screening.note.critical", "items", strings.Join(got.result.Critical, "、")))
	}
	if got.result.NeedsPerson {
		lines = append(lines, s.fill("screening.note.unanswered", "items", strings.Join(got.result.Missing, "、")))
	}
	if got.owes.NeverAlone {
		lines = append(lines, s.ports.Word("screening.note.never_alone"))
	}
	if got.owes.CompulsoryReport {
		lines = append(lines, s.ports.Word("screening.note.report"))
	}
	if sh.Withheld != "" {
		lines = append(lines, s.ports.Word("screening.note.withheld"))
	}
	if sh.Way == Paper {
		lines = append(lines, s.fill("screening.note.paper", "date", string(civil.DateOf(sh.TakenAt.Time()))))
	}
	return strings.Join(lines, "\n")
}

func (s *Service) fill(key string, pairs ...string) string {
	text := s.ports.Word(key)
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}

// yearOfDays is how long a sheet counts as the child's latest.
const yearOfDays = 365 * 86_400_000

// tell gives the evidence to the keeper of colours. A sheet typed once tells
// only if it doesn't wait.
func (s *Service) tell(ctx context.Context, tx *db.Tx, in instrument.Instrument, sh Sheet, got scored, items map[string]instrument.Answer) error {
	if s.ports.Learn == nil || sh.State == Withheld && !got.owes.SameDay || (sh.State == First || sh.State == Differs) && !got.owes.SameDay {
		return nil
	}
	f := Found{Child: sh.ChildID, Sheet: sh.ID, Matter: sh.MatterID, Screened: sh.TakenAt}
	if sh.Withheld != "" {
		f.Screened = 0
		f.Facts = []Fact{{"screen_urgency", string(sh.Urgency), sh.TakenAt}}
		return s.ports.Learn(ctx, tx, f)
	}
	f.Facts = s.facts.facts(in, items, got.result, sh.TakenAt)
	all, err := latest(ctx, tx, sh.ChildID, sh.TakenAt-yearOfDays)
	if err != nil {
		return err
	}
	top, at, over, open := obligation.Green, sh.TakenAt, 0, false
	for _, o := range all {
		if o.Urgency.Above(top) {
			top, at = o.Urgency, o.TakenAt
		}
		if o.Over {
			over++
		}
		open = open || o.NeedsPerson
	}
	f.Facts = append(f.Facts, Fact{"screen_urgency", string(top), at}, Fact{"screen_over_cutoff", over, sh.TakenAt})
	if in.HasSuicideItem() {
		f.Facts = append(f.Facts, Fact{"suicide_unanswered", open, sh.TakenAt})
		kinds, err := in.CriticalKinds(got.result)
		if err != nil {
			return errs.Internal(err)
		}
		days := -1
		if slices.Contains(kinds, instrument.CriticalSuicide) {
			days = 0
		}
		if days == 0 || !got.result.NeedsPerson {
			f.Facts = append(f.Facts, Fact{"suicide_yes_days", days, sh.TakenAt})
		}
	}
	return s.ports.Learn(ctx, tx, f)
}

func (s *Service) record(ctx context.Context, tx *db.Tx, sh Sheet, reason string) error {
	title := "timeline.screening_answered"
	switch {
	case sh.Withheld != "":
		title = "timeline.screening_withheld"
	case sh.Critical || sh.NeedsPerson:
		title = "timeline.screening_critical"
	}
	entry := child.Entry{ChildID: sh.ChildID, Kind: "screening", Title: title, Data: map[string]string{"instrument": sh.Instrument, "way": string(sh.Way)},
		RefKind: "sheet", RefID: sh.ID, Region: sh.Region}
	if err := child.Note(ctx, tx, entry); err != nil {
		return err
	}
	purpose := string(sh.CampaignID)
	if purpose == "" {
		purpose = string(sh.MatterID)
	}
	action := access.Action("sheet.take")
	if sh.Way == Paper {
		action = "sheet.type"
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "child", Subject: sh.ChildID, Fields: []string{"answers", sh.Instrument}, Purpose: purpose, Region: sh.Region}); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "sheet", Kind: string(sh.State), Region: sh.Region, Ref: string(sh.ID)})
}
