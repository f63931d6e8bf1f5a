package workforce

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Load is what somebody carries now.
type Load struct {
	Cases    int `json:"cases"`
	Pairings int `json:"pairings"`
	Visits   int `json:"visits"` // due and open
}

// Total is what counts against the capacity.
func (l Load) Total() int { return l.Cases + l.Pairings }

// Ports are what the workforce asks of its neighbours.
type Ports struct {
	// Loads gives what accounts carry.
	Loads func(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]Load, error)
	// Place names an area.
	Place func(ctx context.Context, r db.Reader, region string) (string, error)
	// Names gives the names of accounts.
	Names func(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error)
	// Tell sends a notice without personal data.
	Tell func(ctx context.Context, tx *db.Tx, to id.ID, key, text string, ref id.ID) error
	// Barred is told within the change that somebody may not meet children any more.
	Barred func(ctx context.Context, tx *db.Tx, account id.ID) error
	// ChildArea gives where a child lives.
	ChildArea func(ctx context.Context, r db.Reader, child id.ID) (string, error)
	// Away gives the accounts that must be kept away from each child.
	Away func(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID][]id.ID, error)
	// Needs are the needs of cases.
	Needs []string
}

// Options are what the service is made of.
type Options struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Editions Editions
	Ports    Ports
	District string
	Jobs     *job.Engine
}

// Service does what people do with the workforce.
type Service struct {
	db       *db.DB
	keys     *crypto.Keyring
	editions Editions
	ports    Ports
	district string
}

// JobExpiry tells each day whose records check is about to end.
const JobExpiry = "workforce.expiry"

// New makes the service and registers its job.
func New(o Options) *Service {
	s := &Service{db: o.DB, keys: o.Keys, editions: o.Editions, ports: o.Ports, district: o.District}
	o.Jobs.Every(JobExpiry, 24*time.Hour, func(ctx context.Context, _ job.Job) error { return s.Warn(ctx) })
	return s
}

func (s *Service) policy(r db.Reader) Policy { return s.editions.On(today(r)) }

func today(r db.Reader) civil.Date { return civil.DateOf(r.At().Time()) }

func aad(n id.ID, field string) string { return "workforce_paper." + field + ":" + string(n) }

// MayMeet tells whether an account may be given children: as worker of a case,
// as helper of a pairing, on a visit. Errors: Invalid on the field, with the
// reason: no record, no check, barred, expired, not qualified.
func (s *Service) MayMeet(ctx context.Context, r db.Reader, account id.ID, field string) error {
	p, err := byAccount(ctx, r, account)
	if errs.Is(err, errs.KindNotFound) {
		return errs.Invalid(field, "workforce.not_vetted")
	}
	if err != nil {
		return err
	}
	papers, err := papersOf(ctx, r, []id.ID{p.ID})
	if err != nil {
		return err
	}
	if why := s.policy(r).mayMeet(p, papers[p.ID], today(r)); why != "" {
		return errs.Invalid(field, why)
	}
	return nil
}

// Unfit gives which of the accounts may not meet children now, with the
// reason's key.
func (s *Service) Unfit(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, a := range accounts {
		if _, done := out[a]; done {
			continue
		}
		err := s.MayMeet(ctx, r, a, "account")
		if !errs.Is(err, errs.KindInvalid) {
			if err != nil {
				return nil, err
			}
			continue
		}
		out[a] = reasonOf(err)
	}
	return out, nil
}

// Add enters a worker.
func (s *Service) Add(ctx context.Context, n NewPerson) (Person, error) {
	var out Person
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := access.Check(access.From(ctx), "workforce.write", access.Target{Region: n.Region}); err != nil {
			return err
		}
		if err := n.check(s.policy(tx), s.ports.Needs); err != nil {
			return err
		}
		if err := s.accountFree(ctx, tx, n.Account, ""); err != nil {
			return err
		}
		out = Person{ID: id.New(), BeganOn: n.BeganOn, MadeAt: tx.Now, MadeBy: access.From(ctx).Account, Version: 1}
		n.into(&out)
		if err := tx.Insert(ctx, &[]personRow{{Person: out}}); err != nil {
			return err
		}
		if err := setClasses(ctx, tx, out, n.Classes); err != nil {
			return err
		}
		return s.record(ctx, tx, out, "workforce.write", "added")
	})
	return out, err
}

func (n NewPerson) into(p *Person) {
	p.Account, p.Name, p.Kind, p.Region, p.Sex = n.Account, strings.TrimSpace(n.Name), n.Kind, n.Region, n.Sex
	p.Languages, p.Needs, p.Capacity, p.BeganOn = join(n.Languages), join(n.Needs), n.Capacity, n.BeganOn
}

// accountFree refuses an account that stands for another worker already.
func (s *Service) accountFree(ctx context.Context, r db.Reader, account, but id.ID) error {
	if account == "" {
		return nil
	}
	rows, err := people(ctx, r, "WHERE account_id = ? AND ended_on = '' AND id <> ?", account, but)
	if err == nil && len(rows) > 0 {
		err = errs.Invalid("account", "workforce.account_taken")
	}
	return err
}

// Change corrects a worker's entry.
func (s *Service) Change(ctx context.Context, n id.ID, to NewPerson, version int64) (Person, error) {
	return s.change(ctx, n, version, "changed", func(ctx context.Context, tx *db.Tx, p Person) (Person, error) {
		if err := to.check(s.policy(tx), s.ports.Needs); err != nil {
			return p, err
		}
		if err := access.Check(access.From(ctx), "workforce.write", access.Target{Region: to.Region}); err != nil {
			return p, err
		}
		if err := s.accountFree(ctx, tx, to.Account, p.ID); err != nil {
			return p, err
		}
		to.into(&p)
		return p, setClasses(ctx, tx, p, to.Classes)
	})
}

// End says that somebody works here no longer.
func (s *Service) End(ctx context.Context, n id.ID, on civil.Date, reason string, version int64) (Person, error) {
	if !on.Valid() {
		return Person{}, errs.Invalid("on", "date.form")
	}
	if l := len([]rune(strings.TrimSpace(reason))); l < 2 || l > 200 {
		return Person{}, errs.Invalid("reason", "reason.needed")
	}
	return s.change(ctx, n, version, "ended", func(ctx context.Context, tx *db.Tx, p Person) (Person, error) {
		if p.EndedOn != "" {
			return p, errs.Conflict("workforce.ended")
		}
		if on < p.BeganOn {
			return p, errs.Invalid("on", "workforce.expires")
		}
		p.EndedOn, p.EndReason = on, reason
		if on <= today(tx) && p.Account != "" {
			return p, s.ports.Barred(ctx, tx, p.Account)
		}
		return p, nil
	})
}

func (s *Service) change(ctx context.Context, n id.ID, version int64, what string, fn func(ctx context.Context, tx *db.Tx, p Person) (Person, error)) (Person, error) {
	var out Person
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := find(ctx, tx, n)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "workforce.write", access.Target{Region: p.Region}); err != nil {
			return err
		}
		if version != 0 && version != p.Version {
			return errs.Conflict("record.changed")
		}
		was := p.Version
		if out, err = fn(ctx, tx, p); err != nil {
			return err
		}
		if err := save(ctx, tx, out, was); err != nil {
			return err
		}
		out.Version = was + 1
		return s.record(ctx, tx, out, "workforce.write", what)
	})
	return out, err
}

func (s *Service) record(ctx context.Context, tx *db.Tx, p Person, action access.Action, what string) error {
	return audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "worker", Subject: p.ID, Fields: []string{what}, Region: p.Region})
}

// AddPaper records a qualification, a training, a supervision or a records
// check. A check needs its own right and is never one's own.
func (s *Service) AddPaper(ctx context.Context, person id.ID, n NewPaper) (Paper, error) {
	var out Paper
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := find(ctx, tx, person)
		if err != nil {
			return err
		}
		a, action := access.From(ctx), access.Action("workforce.write")
		if n.Kind == Vetting {
			action = "workforce.vet"
		}
		if err := access.Check(a, action, access.Target{Region: p.Region}); err != nil {
			return err
		}
		pol := s.policy(tx)
		if err := n.check(pol, today(tx)); err != nil {
			return err
		}
		if p.Account != "" && p.Account == a.Account {
			return errs.Forbidden("workforce.own_paper")
		}
		if n.Kind == Vetting {
			n.ExpiresOn = n.GotOn.AddDays(pol.VettingDays)
		} else {
			n.Result = ""
		}
		out = Paper{ID: id.New(), PersonID: p.ID, Kind: n.Kind, Title: strings.TrimSpace(n.Title), Issuer: strings.TrimSpace(n.Issuer), Result: n.Result, GotOn: n.GotOn, ExpiresOn: n.ExpiresOn,
			Hours: n.Hours, MadeAt: tx.Now, MadeBy: a.Account}
		if n.Number != "" {
			out.Number = s.keys.Seal(aad(out.ID, "number"), n.Number)
		}
		if n.Note != "" {
			out.Note = s.keys.Seal(aad(out.ID, "note"), n.Note)
		}
		if err := tx.Insert(ctx, &[]paperRow{{Paper: out}}); err != nil {
			return err
		}
		papers, err := papersOf(ctx, tx, []id.ID{p.ID})
		if err != nil {
			return err
		}
		if state, _ := pol.Check(papers[p.ID], today(tx)); n.Kind == Vetting && state == Barred && p.Account != "" {
			if err := s.ports.Barred(ctx, tx, p.Account); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, p, action, n.Kind)
	})
	return out, err
}

// Warn tells each worker once whose records check is about to end.
func (s *Service) Warn(ctx context.Context) error {
	ctx = access.With(ctx, access.System("workforce"))
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		pol, day := s.policy(tx), today(tx)
		rows, err := people(ctx, tx, `WHERE account_id <> '' AND ended_on = '' AND id IN (SELECT person_id FROM workforce_paper WHERE kind = ? AND expires_on > ? AND expires_on <= ?) ORDER BY id LIMIT 500`,
			Vetting, day, day.AddDays(pol.WarnDays))
		if err != nil {
			return err
		}
		ids := make([]id.ID, len(rows))
		for i, p := range rows {
			ids[i] = p.ID
		}
		papers, err := papersOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		for _, p := range rows {
			if state, until := pol.Check(papers[p.ID], day); state == Expiring {
				if err := s.ports.Tell(ctx, tx, p.Account, "vetting:"+string(p.ID)+":"+string(until), "workforce.vetting_ends", p.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// DutyTable gives the duties of the departments as of a day.
func (s *Service) DutyTable(ctx context.Context, day civil.Date) (Duties, error) {
	if err := access.May(access.From(ctx), "duties.read"); err != nil {
		return Duties{}, err
	}
	if day == "" {
		day = civil.DateOf(s.db.Clock().Now())
	}
	d := s.editions.DutiesOn(day)
	d.Items = slices.Clone(d.Items)
	return d, nil
}

// reasonOf takes the key of the first field out of an error.
func reasonOf(err error) string {
	var e *errs.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		return e.Fields[0].Key
	}
	return errs.KeyOf(err)
}
