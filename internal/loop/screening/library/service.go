package library

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/fhir"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/screening/obligation"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Names gives the names of accounts.
type Names func(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error)

// Service is what people do with questionnaires.
type Service struct {
	db      *db.DB
	names   Names
	shipped instrument.Library
	rules   obligation.Table
}

// New makes the service over the shipped questionnaires and policies.
func New(d *db.DB, names Names) (*Service, error) {
	lib, err := instrument.Shipped()
	if err != nil {
		return nil, err
	}
	rules, err := obligation.Shipped()
	if err != nil {
		return nil, err
	}
	return &Service{db: d, names: names, shipped: lib, rules: rules}, nil
}

// Policy gives what results oblige on a civil date.
func (s *Service) Policy(on civil.Date) obligation.Policy { return s.rules.On(string(on)) }

// List gives all versions without their items.
func (s *Service) List(ctx context.Context) ([]Version, error) {
	if err := access.May(access.From(ctx), "instrument.read"); err != nil {
		return nil, err
	}
	var out []Version
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		out, err = s.all(ctx, r)
		return err
	})
	return out, err
}

// Titles gives the Chinese title of each questionnaire. It checks no right.
func (s *Service) Titles(ctx context.Context, r db.Reader) (map[string]string, error) {
	list, err := s.all(ctx, r)
	out := make(map[string]string, len(list))
	for _, v := range list {
		out[v.Instrument] = v.Title.ZH
	}
	return out, err
}

// Find gives one version with its items. Errors: NotFound, Forbidden.
func (s *Service) Find(ctx context.Context, name, version string) (Version, error) {
	if err := access.May(access.From(ctx), "instrument.read"); err != nil {
		return Version{}, err
	}
	var out Version
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		out, err = s.version(ctx, r, name, version)
		return err
	})
	body := out.full
	out.Body = &body
	return out, err
}

// Live gives the newest signed version of a questionnaire with the local
// cut-offs. It checks no right: whoever calls it has.
// Errors: NotFound "instrument.unknown", Conflict "instrument.not_signed".
func (s *Service) Live(ctx context.Context, r db.Reader, name string) (instrument.Instrument, error) {
	list, err := s.all(ctx, r)
	if err != nil {
		return instrument.Instrument{}, err
	}
	known := false
	for _, v := range slices.Backward(list) {
		if v.Instrument != name {
			continue
		}
		known = true
		if v.Live {
			return v.full, nil
		}
	}
	if !known {
		return instrument.Instrument{}, errs.NotFound("instrument.unknown")
	}
	return instrument.Instrument{}, errs.Conflict("instrument.not_signed")
}

// Exact gives the version that answers were taken with, whether it is still
// signed or not: a sheet from the field is never turned away for that.
// Errors: NotFound.
func (s *Service) Exact(ctx context.Context, r db.Reader, name, version string) (instrument.Instrument, error) {
	v, err := s.version(ctx, r, name, version)
	return v.full, err
}

// Save keeps a new version, as the editor or a file gives it.
// Errors: Invalid, Forbidden, Conflict "instrument.version_taken".
func (s *Service) Save(ctx context.Context, body []byte, note string) (Version, error) {
	if err := access.May(access.From(ctx), "instrument.write"); err != nil {
		return Version{}, err
	}
	in, err := parse(body)
	if err != nil {
		return Version{}, err
	}
	var out Version
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.guard(in, civil.DateOf(tx.Now.Time())); err != nil {
			return err
		}
		if err := tx.Lock(ctx, "instrument:"+in.ID); err != nil {
			return err
		}
		switch _, err := s.version(ctx, tx, in.ID, in.Version); {
		case err == nil:
			return errs.Conflict("instrument.version_taken")
		case !errs.Is(err, errs.KindNotFound):
			return err
		}
		text, err := plain(in)
		if err != nil {
			return errs.Internal(err)
		}
		row := versionRow{ID: id.New(), Instrument: in.ID, Version: in.Version, Digest: in.Digest(), Body: text, Note: strings.TrimSpace(note),
			MadeBy: access.From(ctx).Account, MadeAt: tx.Now}
		if err := insertVersion(ctx, tx, row); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "instrument.write", SubjectKind: "instrument", Subject: row.ID, Fields: []string{in.ID, in.Version}}); err != nil {
			return err
		}
		out, err = s.version(ctx, tx, in.ID, in.Version)
		return err
	})
	return out, err
}

// guard refuses a questionnaire with an item on suicide that would not lead to
// a talk the same day.
func (s *Service) guard(in instrument.Instrument, on civil.Date) error {
	if err := s.Policy(on).Guard(instrument.Of(in)); err != nil {
		return &errs.Error{Kind: errs.KindInvalid, Key: "instrument.no_same_day", Fields: []errs.Field{{Name: "body", Key: "instrument.no_same_day"}}, Err: err}
	}
	return nil
}

// Signing is what a professional states about a version.
type Signing struct {
	Digest    string `json:"digest"` // of what was on the screen
	Address   string `json:"address"`
	Statement string `json:"statement"`
	Compared  bool   `json:"compared"` // "I compared every item and option with the form named"
}

// Sign lets a version be used in campaigns. Errors: Invalid, Forbidden,
// NotFound, Conflict when the version is not the one that was on the screen.
func (s *Service) Sign(ctx context.Context, name, version string, q Signing) (Version, error) {
	if err := access.May(access.From(ctx), "instrument.sign"); err != nil {
		return Version{}, err
	}
	var bad []errs.Field
	if !q.Compared {
		bad = append(bad, errs.Field{Name: "compared", Key: "instrument.not_compared"})
	}
	if !filled(q.Address, 4) {
		bad = append(bad, errs.Field{Name: "address", Key: "instrument.no_address"})
	}
	if !filled(q.Statement, 4) {
		bad = append(bad, errs.Field{Name: "statement", Key: "instrument.no_statement"})
	}
	if err := errs.InvalidFields(bad); err != nil {
		return Version{}, err
	}
	var out Version
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := s.version(ctx, tx, name, version)
		if err != nil {
			return err
		}
		if v.Digest != q.Digest {
			return errs.Conflict("instrument.changed_since")
		}
		if v.Signature != nil {
			return errs.Conflict("instrument.signed_already")
		}
		if err := s.guard(v.full, civil.DateOf(tx.Now.Time())); err != nil {
			return err
		}
		sig := Signature{ID: id.New(), Digest: v.Digest, Address: strings.TrimSpace(q.Address), Statement: strings.TrimSpace(q.Statement),
			By: access.From(ctx).Account, At: tx.Now}
		if err := insertSignature(ctx, tx, v.full, sig); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "instrument.sign", SubjectKind: "instrument", Subject: sig.ID, Fields: []string{name, version, v.Digest}}); err != nil {
			return err
		}
		out, err = s.version(ctx, tx, name, version)
		return err
	})
	return out, err
}

// Withdraw takes the signature of a version back, with a reason: no new
// campaign may use it; answers under way are still taken.
func (s *Service) Withdraw(ctx context.Context, name, version, reason string) error {
	if err := access.May(access.From(ctx), "instrument.sign"); err != nil {
		return err
	}
	if !filled(reason, 4) {
		return errs.Invalid("reason", "reason.missing")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := s.version(ctx, tx, name, version)
		if err != nil {
			return err
		}
		if v.Signature == nil {
			return errs.Conflict("instrument.not_signed")
		}
		if _, err := tx.Exec(ctx, "UPDATE instrument_signature SET withdrawn_at = ?, withdrawn_by = ?, statement = statement || ' / ' || ? WHERE digest = ? AND withdrawn_at = 0",
			tx.Now, access.From(ctx).Account, strings.TrimSpace(reason), v.Digest); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "instrument.sign", SubjectKind: "instrument", Subject: v.Signature.ID, Fields: []string{name, version}, Result: "withdrawn"})
	})
}

// AddCutoff sets a local cut-off from a date on. Errors: Invalid, Forbidden,
// NotFound.
func (s *Service) AddCutoff(ctx context.Context, name string, row instrument.Cutoff, reason string) error {
	if err := access.Check(access.From(ctx), "instrument.write", access.Target{Region: row.Region}); err != nil {
		return err
	}
	if !filled(reason, 4) {
		return errs.Invalid("reason", "reason.missing")
	}
	if row.Source == "" {
		row.Source = strings.TrimSpace(reason)
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := s.all(ctx, tx)
		if err != nil {
			return err
		}
		known := false
		for _, v := range list {
			if v.Instrument != name {
				continue
			}
			known = true
			if _, err := v.full.WithCutoffs([]instrument.Cutoff{row}); err != nil {
				return &errs.Error{Kind: errs.KindInvalid, Key: "instrument.bad_cutoff", Fields: []errs.Field{{Name: "row", Key: "instrument.bad_cutoff"}}, Err: err}
			}
		}
		if !known {
			return errs.NotFound("instrument.unknown")
		}
		text, err := json.Marshal(row)
		if err != nil {
			return errs.Internal(err)
		}
		c := cutoffRow{ID: id.New(), Instrument: name, Body: string(text), Reason: strings.TrimSpace(reason), SetBy: access.From(ctx).Account, SetAt: tx.Now}
		if err := insertCutoff(ctx, tx, c); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "instrument.write", SubjectKind: "cutoff", Subject: c.ID, Fields: []string{name, row.Key, row.From}, Region: row.Region})
	})
}

// EndCutoff takes a local cut-off away. Errors: Forbidden, NotFound.
func (s *Service) EndCutoff(ctx context.Context, cutoff id.ID) error {
	if err := access.May(access.From(ctx), "instrument.write"); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE instrument_cutoff SET removed_at = ?, removed_by = ? WHERE id = ? AND removed_at = 0", tx.Now, access.From(ctx).Account, cutoff)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.NotFound("record.not_found")
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "instrument.write", SubjectKind: "cutoff", Subject: cutoff, Result: "ended"})
	})
}

// Trial is what the bench shows of answers that belong to nobody.
type Trial struct {
	Result     instrument.Result     `json:"result"`
	Obligation obligation.Obligation `json:"obligation"`
}

// Try scores answers on the bench: a stored version by name, or a body that is
// being edited. Nothing is kept. Errors: Invalid, Forbidden, NotFound.
func (s *Service) Try(ctx context.Context, name, version string, body []byte, answers []byte) (Trial, error) {
	if err := access.May(access.From(ctx), "instrument.read"); err != nil {
		return Trial{}, err
	}
	a, err := instrument.ParseAnswers(answers)
	if err != nil {
		return Trial{}, err
	}
	var out Trial
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var in instrument.Instrument
		if len(body) > 0 {
			in, err = parse(body)
		} else {
			in, err = s.Exact(ctx, r, name, version)
		}
		if err != nil {
			return err
		}
		if a.On == "" {
			a.On = string(civil.DateOf(r.At().Time()))
		}
		if out.Result, err = instrument.Score(in, a); err != nil {
			return err
		}
		out.Obligation, err = obligation.Of(s.Policy(civil.Date(a.On)), in, out.Result)
		return err
	})
	return out, err
}

// Export gives a version as a FHIR R4 Questionnaire.
func (s *Service) Export(ctx context.Context, name, version string) (fhir.Questionnaire, error) {
	v, err := s.Find(ctx, name, version)
	if err != nil {
		return fhir.Questionnaire{}, err
	}
	return fhir.QuestionnaireOf(v.full)
}

// Incoming is a FHIR Questionnaire read as a draft: nothing is kept before a
// person has filled what it leaves open.
type Incoming struct {
	Body instrument.Instrument `json:"body"`
	Open []string              `json:"open"` // keys of what a person must decide
}

// Import reads a FHIR Questionnaire. Errors: Invalid (with what is wrong,
// problem.List), Forbidden.
func (s *Service) Import(ctx context.Context, data []byte, name, version string) (Incoming, error) {
	if err := access.May(access.From(ctx), "instrument.write"); err != nil {
		return Incoming{}, err
	}
	got, err := fhir.ReadQuestionnaire(data, name, version)
	if err != nil {
		return Incoming{}, err
	}
	return Incoming{Body: got.Instrument, Open: got.Open}, nil
}
