package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/screening/library"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

// Ports are what campaigns ask of other rooms.
type Ports struct {
	Library *library.Service
	// OnDuty tells which accounts are on duty for an area at an instant.
	OnDuty func(ctx context.Context, r db.Reader, area string, at clock.Millis) (map[id.ID]bool, error)
	// Talks counts the talks that came due in an area since an instant and that
	// responders have to hold.
	Talks func(ctx context.Context, r db.Reader, area string, since clock.Millis) (int, error)
	// Names gives the names of accounts.
	Names library.Names
	// Staff lists who holds a role in an area.
	Staff func(ctx context.Context, r db.Reader, role access.Role, area string) ([]Colleague, error)
	// Place gives the name of an area.
	Place func(ctx context.Context, r db.Reader, area string) (string, error)
	// Tell leaves a message for a member of staff as part of the change.
	Tell func(ctx context.Context, tx *db.Tx, to id.ID, key string, ref id.ID, area string) error
	// Workers names who answers for an area in the field.
	Workers func(ctx context.Context, r db.Reader, area string) ([]id.ID, error)
}

// Service is what people do with campaigns.
type Service struct {
	db    *db.DB
	keys  *crypto.Keyring
	ports Ports
	table Table
	wrong wrongTries
}

// New makes the service.
func NewService(d *db.DB, keys *crypto.Keyring, ports Ports) (*Service, error) {
	table, err := Shipped()
	if err != nil {
		return nil, err
	}
	return &Service{db: d, keys: keys, ports: ports, table: table}, nil
}

// Conditions gives what holds on the day of a read.
func (s *Service) Conditions(r db.Reader) Conditions {
	return s.table.On(civil.DateOf(r.At().Time()))
}

func codeAAD(campaign, child id.ID) string {
	return "campaign.code:" + string(campaign) + ":" + string(child)
}

// check finds a campaign and asks for the right.
func (s *Service) check(ctx context.Context, r db.Reader, campaign id.ID, action access.Action) (Campaign, error) {
	if err := access.May(access.From(ctx), action); err != nil {
		return Campaign{}, err
	}
	c, err := Get(ctx, r, campaign)
	if err != nil {
		return Campaign{}, err
	}
	return c, access.Check(access.From(ctx), action, access.Target{Region: c.Region})
}

// Make plans a campaign and draws up its list of children.
// Errors: Invalid, Forbidden, Conflict when nobody fits.
func (s *Service) Make(ctx context.Context, n New) (Campaign, error) {
	if err := access.Check(access.From(ctx), "campaign.write", access.Target{Region: n.Region}); err != nil {
		return Campaign{}, err
	}
	var out Campaign
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		today := civil.DateOf(tx.Now.Time())
		if err := n.check(today); err != nil {
			return err
		}
		lies, err := n.settle(ctx, tx)
		if err != nil {
			return err
		}
		c := Campaign{ID: id.New(), Title: strings.TrimSpace(n.Title), Region: n.Region, Selection: n.Selection, Informant: n.Informant, PerDay: n.PerDay,
			StartsOn: n.StartsOn, EndsOn: n.EndsOn, State: Draft, CreatedBy: access.From(ctx).Account, CreatedAt: tx.Now}
		if err := s.choosePapers(ctx, tx, &c, n); err != nil {
			return err
		}
		pupils, err := person.RollOf(ctx, tx, n.roll(lies))
		if err != nil {
			return err
		}
		if len(pupils) == 0 {
			return errs.Conflict("campaign.nobody_fits")
		}
		if err := s.enrol(ctx, tx, &c, pupils, lies, today); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "campaign.write", SubjectKind: "campaign", Subject: c.ID, Fields: []string{"made"}, Region: c.Region}); err != nil {
			return err
		}
		out = c
		return tx.Emit(ctx, db.Event{Topic: "campaign", Kind: "made", Region: c.Region, Ref: string(c.ID)})
	})
	return out, err
}

// choosePapers fixes the versions that are live now.
func (s *Service) choosePapers(ctx context.Context, r db.Reader, c *Campaign, n New) error {
	for _, name := range n.Instruments {
		in, err := s.ports.Library.Live(ctx, r, name)
		if err != nil {
			if errs.Is(err, errs.KindConflict) {
				return errs.Invalid("instruments", "instrument.not_signed")
			}
			return err
		}
		if !slices.Contains(in.Informants, n.Informant) {
			return errs.Invalid("informant", "campaign.informant_unfit")
		}
		c.Papers = append(c.Papers, Paper{ID: in.ID, Version: in.Version, Digest: in.Digest(), Mode: in.Mode, Title: in.Title.ZH})
		c.Suicide = c.Suicide || in.HasSuicideItem()
	}
	return nil
}

// enrol draws up the list. Who lives outside the campaign's area is asked where
// the school lies.
func (s *Service) enrol(ctx context.Context, tx *db.Tx, c *Campaign, pupils []person.Pupil, lies string, today civil.Date) error {
	c.Size = len(pupils)
	selection, err := json.Marshal(c.Selection)
	if err != nil {
		return errs.Internal(err)
	}
	papers, err := json.Marshal(c.Papers)
	if err != nil {
		return errs.Internal(err)
	}
	row := campaignRow{ID: c.ID, Title: c.Title, Region: c.Region, Selection: string(selection), Instruments: string(papers), Informant: c.Informant, Suicide: c.Suicide,
		PerDay: c.PerDay, StartsOn: c.StartsOn, EndsOn: c.EndsOn, State: c.State, Size: c.Size, CreatedBy: c.CreatedBy, CreatedAt: c.CreatedAt}
	if err := tx.Insert(ctx, &row); err != nil {
		return err
	}
	for part := range slices.Chunk(pupils, 200) {
		rows := make([]memberRow, 0, len(part))
		for _, p := range part {
			code, at := newCode(), p.Region
			if !strings.HasPrefix(at, c.Region) {
				at = lies
			}
			age := -1
			if p.BirthOn.Valid() {
				age = p.BirthOn.AgeOn(today)
			}
			rows = append(rows, memberRow{Member: Member{CampaignID: c.ID, ChildID: p.ID, Region: at, School: p.School, SchoolID: p.SchoolID, Grade: p.Grade, Class: p.Class,
				Age: age, Code: s.keys.Seal(codeAAD(c.ID, p.ID), code), CodeIndex: s.keys.Index("campaign.code", code)}})
		}
		if err := tx.Insert(ctx, &rows); err != nil {
			return err
		}
	}
	return nil
}

// Open lets the asking begin. With items on suicide the door must be open.
// Errors: Forbidden, NotFound, Conflict saying what is missing.
func (s *Service) Open(ctx context.Context, campaign id.ID) (Campaign, error) {
	var out Campaign
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.check(ctx, tx, campaign, "campaign.write")
		if err != nil {
			return err
		}
		if c.State != Draft {
			return errs.Conflict("campaign.not_draft")
		}
		for _, p := range c.Papers {
			in, err := s.ports.Library.Live(ctx, tx, p.ID)
			if err != nil {
				return err
			}
			if in.Version != p.Version {
				return errs.Conflict("campaign.words_changed")
			}
		}
		if c.Suicide {
			d, err := s.door(ctx, tx, c)
			if err != nil {
				return err
			}
			if !d.Open {
				return errs.Conflict(d.Why)
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE campaign SET state = 'open', opened_by = ?, opened_at = ? WHERE id = ?", access.From(ctx).Account, tx.Now, c.ID); err != nil {
			return err
		}
		c.State, c.OpenedAt = Open, tx.Now
		out = c
		return s.record(ctx, tx, c, "opened")
	})
	return out, err
}

// Close ends the asking; what was begun may still be handed in.
func (s *Service) Close(ctx context.Context, campaign id.ID) (Campaign, error) {
	var out Campaign
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.check(ctx, tx, campaign, "campaign.write")
		if err != nil {
			return err
		}
		if c.State == Closed {
			return errs.Conflict("campaign.closed")
		}
		if _, err := tx.Exec(ctx, "UPDATE campaign SET state = 'closed', closed_at = ? WHERE id = ?", tx.Now, c.ID); err != nil {
			return err
		}
		c.State, c.ClosedAt = Closed, tx.Now
		out = c
		return s.record(ctx, tx, c, "closed")
	})
	return out, err
}

func (s *Service) record(ctx context.Context, tx *db.Tx, c Campaign, what string) error {
	if err := audit.Write(ctx, tx, audit.Entry{Action: "campaign.write", SubjectKind: "campaign", Subject: c.ID, Fields: []string{what}, Region: c.Region}); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "campaign", Kind: what, Region: c.Region, Ref: string(c.ID)})
}

// door works out whether questionnaires with items on suicide may be begun.
func (s *Service) door(ctx context.Context, r db.Reader, c Campaign) (Door, error) {
	today := civil.DateOf(r.At().Time())
	midnight := clock.Of(today.Start())
	people, err := responders(ctx, r, c.Region, today)
	if err != nil {
		return Door{}, err
	}
	if err := s.present(ctx, r, people); err != nil {
		return Door{}, err
	}
	used, err := s.ports.Talks(ctx, r, c.Region, midnight)
	if err != nil {
		return Door{}, err
	}
	begun, err := startedToday(ctx, r, c.ID, midnight)
	if err != nil {
		return Door{}, err
	}
	// Room is needed for those who may still be asked today.
	size := c.Size - c.Done
	if c.PerDay > 0 {
		size = min(size, max(0, c.PerDay-begun))
	}
	if people == nil {
		people = []Responder{}
	}
	return door(s.Conditions(r), size, used, people), nil
}

// present fills in who is on duty now, and the names.
func (s *Service) present(ctx context.Context, r db.Reader, people []Responder) error {
	on := map[string]map[id.ID]bool{}
	accounts := make([]id.ID, len(people))
	for i, p := range people {
		accounts[i] = p.Account
		if on[p.Region] == nil {
			found, err := s.ports.OnDuty(ctx, r, p.Region, r.At())
			if err != nil {
				return err
			}
			on[p.Region] = found
		}
	}
	names, err := s.ports.Names(ctx, r, accounts)
	if err != nil {
		return err
	}
	today := civil.DateOf(r.At().Time())
	for i := range people {
		p := &people[i]
		p.Name, p.OnDuty = names[p.Account], on[p.Region][p.Account] && p.ValidUntil >= today
	}
	return nil
}

// Consent is one answer to the question for consent, as it was given.
type Consent struct {
	ChildID id.ID  `json:"child_id"`
	Consent string `json:"consent,omitempty"` // of the guardian: given, refused
	By      string `json:"by,omitempty"`      // relation, or "entrusted" for 委托照护人
	How     string `json:"how,omitempty"`     // paper, phone, web, spoken
	Assent  string `json:"assent,omitempty"`  // of the child: given, refused
}

func (c Consent) check() error {
	ok := func(s string) bool { return s == "" || s == Given || s == Refused }
	if !ok(c.Consent) || !ok(c.Assent) || c.Consent == "" && c.Assent == "" {
		return errs.Invalid("consent", "campaign.consent_form")
	}
	if c.Consent != "" && (c.By == "" || !slices.Contains([]string{"paper", "phone", "web", "spoken"}, c.How)) {
		return errs.Invalid("by", "campaign.consent_by_missing")
	}
	return nil
}

// Consents records what guardians and children said. It is all or nothing.
// Errors: Invalid, Forbidden, NotFound.
func (s *Service) Consents(ctx context.Context, campaign id.ID, list []Consent) error {
	if len(list) == 0 || len(list) > 2000 {
		return errs.Invalid("items", "campaign.consent_form")
	}
	for _, c := range list {
		if err := c.check(); err != nil {
			return err
		}
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := access.May(access.From(ctx), "campaign.consent"); err != nil {
			return err
		}
		c, err := Get(ctx, tx, campaign)
		if err != nil {
			return err
		}
		if c.State == Closed {
			return errs.Conflict("campaign.closed")
		}
		var shown []audit.Shown
		for _, q := range list {
			m, err := MemberOf(ctx, tx, campaign, q.ChildID)
			if err != nil {
				return err
			}
			if err := access.Check(access.From(ctx), "campaign.consent", access.Target{Region: m.Region}); err != nil {
				return err
			}
			if err := s.putConsent(ctx, tx, c, m, q); err != nil {
				return err
			}
			shown = append(shown, audit.Shown{Kind: "child", ID: m.ChildID, Fields: []string{"consent"}})
		}
		if err := audit.WriteMany(ctx, tx, audit.Entry{Action: "campaign.consent", SubjectKind: "campaign", Subject: c.ID, Region: c.Region}, shown); err != nil {
			return err
		}
		return tx.Emit(ctx, db.Event{Topic: "campaign", Kind: "consent", Region: c.Region, Ref: string(c.ID)})
	})
}

func (s *Service) putConsent(ctx context.Context, tx *db.Tx, c Campaign, m Member, q Consent) error {
	was := m
	data := map[string]string{"campaign": string(c.ID)}
	if q.Consent != "" {
		m.Consent, m.ConsentBy, m.ConsentHow, m.ConsentAt = q.Consent, q.By, q.How, tx.Now
		data["consent"] = q.Consent
	}
	if q.Assent != "" {
		m.Assent, m.AssentAt = q.Assent, tx.Now
		data["assent"] = q.Assent
	}
	if m.Consent == was.Consent && m.ConsentBy == was.ConsentBy && m.ConsentHow == was.ConsentHow && m.Assent == was.Assent {
		return nil // told before: a phone that lost the answer tells it again
	}
	m.RecordedBy = access.From(ctx).Account
	if err := storeMember(ctx, tx, m); err != nil {
		return err
	}
	title := "timeline.screening_consent"
	if m.Refusal() {
		title = "timeline.screening_refused"
	}
	return child.Note(ctx, tx, child.Entry{ChildID: m.ChildID, Kind: "screening", Title: title, Data: data, RefKind: "campaign", RefID: c.ID, Region: m.Region})
}

// Sitting is what somebody who is about to answer is shown.
type Sitting struct {
	CampaignID id.ID                `json:"campaign_id"`
	ChildID    id.ID                `json:"child_id,omitempty"` // for staff only
	Title      string               `json:"title"`
	Greeting   string               `json:"greeting"`   // the masked name, so that a pupil sees whose code it is
	NeedsWord  bool                 `json:"needs_word"` // the child is asked first whether it wants to
	Informant  instrument.Informant `json:"informant"`
	Papers     []instrument.Form    `json:"instruments"` // not done yet, in order
}

// Begin says which questionnaires are put to a child now, or what stands in
// the way, and marks the beginning. done names those that are handed in.
// Errors: NotFound, Conflict.
func (s *Service) Begin(ctx context.Context, tx *db.Tx, c Campaign, m Member, done []string) (Sitting, error) {
	today := civil.DateOf(tx.Now.Time())
	if c.State != Open || today < c.StartsOn || today > c.EndsOn {
		return Sitting{}, errs.Conflict("campaign.not_open")
	}
	if m.DoneAt != 0 {
		return Sitting{}, errs.Conflict("campaign.done_already")
	}
	needsWord := false
	if err := m.May(c.Informant, s.Conditions(tx)); err != nil {
		switch errs.KeyOf(err) {
		case "campaign.own_consent_missing", "campaign.assent_missing":
			needsWord = true // the child's own word is asked for on the page itself
		case "campaign.consent_missing":
			if c.Informant != instrument.Guardian {
				return Sitting{}, err
			}
			needsWord = true
		default:
			return Sitting{}, err
		}
	}
	if c.Suicide && m.StartedAt == 0 {
		if c.PerDay > 0 {
			begun, err := startedToday(ctx, tx, c.ID, clock.Of(today.Start()))
			if err != nil {
				return Sitting{}, err
			}
			if begun >= c.PerDay {
				return Sitting{}, errs.Conflict("campaign.day_full")
			}
		}
		d, err := s.door(ctx, tx, c)
		if err != nil {
			return Sitting{}, err
		}
		// Once begun, one child's room is what the next child needs.
		if d.Why == "campaign.nobody_on_duty" || d.Room < 1 {
			if d.Why == "" {
				d.Why = "campaign.no_room"
			}
			return Sitting{}, errs.Conflict(d.Why)
		}
	}
	names, err := person.Names(ctx, tx, m.ChildID)
	if err != nil {
		return Sitting{}, err
	}
	out := Sitting{CampaignID: c.ID, Title: c.Title, Greeting: civil.MaskName(names[m.ChildID]), NeedsWord: needsWord, Informant: c.Informant, Papers: []instrument.Form{}}
	var age *int
	if m.Age >= 0 {
		age = &m.Age
	}
	for _, p := range c.Papers {
		if slices.Contains(done, p.ID) {
			continue
		}
		in, err := s.ports.Library.Exact(ctx, tx, p.ID, p.Version)
		if err != nil {
			return Sitting{}, err
		}
		out.Papers = append(out.Papers, in.Form(age))
	}
	if m.StartedAt == 0 && !needsWord {
		m.StartedAt = tx.Now
		if err := storeMember(ctx, tx, m); err != nil {
			return Sitting{}, err
		}
	}
	return out, nil
}

// Said keeps the own word of who answers, given on the page: the child's, or
// the guardian's. A no ends it.
func (s *Service) Said(ctx context.Context, tx *db.Tx, c Campaign, m Member, yes bool) (Member, error) {
	word := Refused
	if yes {
		word = Given
	}
	q := Consent{ChildID: m.ChildID, Assent: word}
	if c.Informant == instrument.Guardian {
		q = Consent{ChildID: m.ChildID, Consent: word, By: "guardian", How: "web"}
	}
	if err := s.putConsent(ctx, tx, c, m, q); err != nil {
		return m, err
	}
	return MemberOf(ctx, tx, c.ID, m.ChildID)
}

// Finished marks a child as done once every questionnaire is handed in.
func (s *Service) Finished(ctx context.Context, tx *db.Tx, campaign, childID id.ID, done []string) error {
	c, err := Get(ctx, tx, campaign)
	if err != nil {
		return err
	}
	m, err := MemberOf(ctx, tx, campaign, childID)
	if err != nil {
		return err
	}
	if m.StartedAt == 0 {
		m.StartedAt = tx.Now
	}
	first := m.DoneAt == 0 && !slices.ContainsFunc(c.Papers, func(p Paper) bool { return !slices.Contains(done, p.ID) })
	if first {
		m.DoneAt = tx.Now
		if _, err := tx.Exec(ctx, "UPDATE campaign SET done = done + 1 WHERE id = ?", campaign); err != nil {
			return err
		}
	}
	if err := storeMember(ctx, tx, m); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "campaign", Kind: "progress", Region: c.Region, Ref: string(campaign)})
}

// ByCode finds the child whose code was typed. Wrong codes are counted: after
// many within a minute nobody is answered for a while.
// Errors: NotFound, Busy.
func (s *Service) ByCode(ctx context.Context, r db.Reader, typed string) (Campaign, Member, error) {
	code, ok := ReadCode(typed)
	if !ok {
		return Campaign{}, Member{}, errs.NotFound("campaign.code_unknown")
	}
	if s.wrong.tooMany(r.At()) {
		return Campaign{}, Member{}, errs.Busy("campaign.code_tries", nil)
	}
	m, err := byCode(ctx, r, s.keys.Index("campaign.code", code))
	if errs.Is(err, errs.KindNotFound) {
		s.wrong.note(r.At())
		return Campaign{}, Member{}, errs.NotFound("campaign.code_unknown")
	}
	if err != nil {
		return Campaign{}, Member{}, err
	}
	c, err := Get(ctx, r, m.CampaignID)
	return c, m, err
}

// Remind tells who is to act for the groups that are not done: teachers of
// the classes, workers of the villages. At most once a day.
// Errors: Forbidden, NotFound, Conflict.
func (s *Service) Remind(ctx context.Context, campaign id.ID) (told int, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.check(ctx, tx, campaign, "campaign.write")
		if err != nil {
			return err
		}
		if c.State != Open {
			return errs.Conflict("campaign.not_open")
		}
		if tx.Now.Sub(c.RemindedAt) < 20*time.Hour {
			return errs.Conflict("campaign.reminded_today")
		}
		told, err = s.remind(ctx, tx, c)
		return err
	})
	return told, err
}

func (s *Service) remind(ctx context.Context, tx *db.Tx, c Campaign) (int, error) {
	open, err := groups(ctx, tx, c.ID, s.Conditions(tx).OwnConsentFrom, "done_at = 0 AND consent <> 'refused' AND assent <> 'refused'")
	if err != nil {
		return 0, err
	}
	teachers, err := teachings(ctx, tx, c.ID, "")
	if err != nil {
		return 0, err
	}
	to := map[id.ID]bool{}
	for _, g := range open {
		found := false
		for _, t := range teachers {
			if t.sees(Member{Region: g.Region, SchoolID: g.SchoolID, Grade: g.Grade, Class: g.Class}) {
				to[t.Account], found = true, true
			}
		}
		if !found && s.ports.Workers != nil {
			workers, err := s.ports.Workers(ctx, tx, g.Region)
			if err != nil {
				return 0, err
			}
			for _, w := range workers {
				to[w] = true
			}
		}
	}
	day := civil.DateOf(tx.Now.Time())
	for account := range to {
		if err := s.ports.Tell(ctx, tx, account, fmt.Sprintf("campaign:%s:%s", c.ID, day), c.ID, c.Region); err != nil {
			return 0, err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE campaign SET reminded_at = ? WHERE id = ?", tx.Now, c.ID); err != nil {
		return 0, err
	}
	return len(to), s.record(ctx, tx, c, "reminded")
}

// RemindAll reminds for every open campaign whose time has come; a job.
func (s *Service) RemindAll(ctx context.Context) error {
	ctx = access.With(ctx, access.System("campaign"))
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := listCampaigns(ctx, tx, "state = 'open'")
		if err != nil {
			return err
		}
		every := time.Duration(s.Conditions(tx).RemindEveryDays) * 24 * time.Hour
		for _, c := range list {
			if tx.Now.Sub(max(c.RemindedAt, c.OpenedAt)) < every || civil.DateOf(tx.Now.Time()) > c.EndsOn {
				continue
			}
			if _, err := s.remind(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// Record keeps one answer to the question for consent that came with a sheet,
// and gives the member as it is then. Errors: Invalid.
func (s *Service) Record(ctx context.Context, tx *db.Tx, c Campaign, m Member, q Consent) (Member, error) {
	if err := q.check(); err != nil {
		return m, err
	}
	if err := s.putConsent(ctx, tx, c, m, q); err != nil {
		return m, err
	}
	return MemberOf(ctx, tx, c.ID, m.ChildID)
}
