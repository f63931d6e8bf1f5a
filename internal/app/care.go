package app

import (
	"context"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/visit"
	"zugou/internal/loop/workforce"
	"zugou/internal/people/access"
	"zugou/internal/people/notify"
	"zugou/internal/people/person"
	"zugou/internal/people/staff"
	results "zugou/policy/outcome"
)

// careOptions wires casework to its neighbours.
func (a *App) careOptions() (care.Options, error) {
	outcomes, err := dated.Read[care.Outcomes](results.Files)
	return care.Options{DB: a.DB, Keys: a.Keys, Log: a.Log, District: a.Config.District, Jobs: a.Jobs, Outcomes: outcomes, Ports: care.Ports{
		NextNo: matter.NextNo,
		Key: func(ctx context.Context, r db.Reader, child id.ID) (crypto.Subject, string, error) {
			key, who, err := person.Key(ctx, r, a.Keys, child)
			return key, who.Region, err
		},
		Take: func(ctx context.Context, tx *db.Tx, n signal.New) (id.ID, error) {
			rec, err := a.Seat.TakeIn(ctx, tx, n)
			return rec.Matter, err
		},
		May:  a.mayTakeCases,
		Away: matter.Away,
		Leaders: func(ctx context.Context, r db.Reader) ([]id.ID, error) {
			found, err := staff.HoldersWithin(ctx, r, a.Config.District, []access.Role{access.Supervisor, access.BureauSection})
			out := make([]id.ID, len(found))
			for i, h := range found {
				out[i] = h.Account
			}
			return out, err
		},
		Tell: func(ctx context.Context, tx *db.Tx, to id.ID, key, text, no string, ref id.ID) error {
			if to == "" {
				return nil
			}
			return notify.Send(ctx, tx, notify.Message{To: to, Policy: notify.Ordinary, Key: key, Text: text, OrderNo: no, Ref: ref, Region: a.Config.District})
		},
		Names: func(ctx context.Context, r db.Reader, list []id.ID) (map[id.ID]string, error) {
			return accounts{a.Keys}.Names(ctx, r, list)
		},
		Children: func(ctx context.Context, r db.Reader, list []id.ID) (map[id.ID]string, error) {
			return person.Names(ctx, r, list...)
		},
		Scores: func(ctx context.Context, r db.Reader, child id.ID) ([]care.Score, error) {
			totals, err := a.Screening.Answers.Totals(ctx, r, child)
			out := make([]care.Score, 0, len(totals))
			for _, t := range totals {
				out = append(out, care.Score{Sheet: t.Sheet, Instrument: t.Instrument, At: t.TakenAt, Total: float64(t.Total)})
			}
			return out, err
		},
		Pupil: func(ctx context.Context, r db.Reader, child, account id.ID) (bool, error) {
			classes, err := pupilsOf(ctx, r, account)
			if err != nil || len(classes) == 0 {
				return false, err
			}
			_, who, err := person.Key(ctx, r, a.Keys, child)
			return err == nil && who.TaughtIn(classes), err
		},
		Yield: func(ctx context.Context, tx *db.Tx, child id.ID) ([]care.Window, error) {
			list, err := a.Screening.Levels.Yield(ctx, tx, child)
			out := make([]care.Window, len(list))
			for i, w := range list {
				out[i] = care.Window(w)
			}
			return out, err
		},
		Resume: func(ctx context.Context, tx *db.Tx, child id.ID) error {
			return a.Screening.Levels.Resume(ctx, tx, child)
		},
		Contacted: func(ctx context.Context, tx *db.Tx, child id.ID, stable bool) error {
			return a.Screening.Levels.Contacted(ctx, tx, child, access.From(ctx).Account, stable)
		},
		Languages: a.Workforce.Languages,
		Hands:     a.hands,
		Place:     a.placeName,
		Share: func(ctx context.Context, r db.Reader, list []care.Case, accounts []id.ID) ([]id.ID, error) {
			wanted := make([]workforce.Wanted, len(list))
			for i, c := range list {
				wanted[i] = workforce.Wanted{Region: c.Region, Need: c.Need, Language: c.Language}
			}
			return a.Workforce.Share(ctx, r, wanted, accounts)
		},
		CrisisOf: matter.CrisisOf,
		Raised:   level.RaisedSince,
		Opened:   person.OpenedSince,
	}}, err
}

// hands tells of accounts what they carry; one without a record as a worker has
// no limit, and may be given nothing.
func (a *App) hands(ctx context.Context, r db.Reader, list []id.ID) (map[id.ID]care.Hand, error) {
	rows, err := a.Workforce.Hands(ctx, r, list)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]care.Hand{}
	for n, x := range rows {
		out[n] = care.Hand{Account: n, Name: x.Name, Kind: x.Kind, Place: x.RegionName, Holds: x.Load.Total(), Most: x.Most, Needs: x.Needs, Languages: x.Languages, Blocked: x.Blocked}
	}
	return out, nil
}

// workers are the roles that are given cases.
var workers = []access.Role{access.Clinician, access.Counsellor, access.SocialWorker}

// mayTakeCases tells whether an account holds a role for casework, and has the
// records check and the qualification that it asks for.
func (a *App) mayTakeCases(ctx context.Context, r db.Reader, account id.ID, as access.Role) error {
	roles := workers
	field := "worker"
	if as == access.Supervisor {
		roles, field = []access.Role{access.Supervisor}, "supervisor"
	}
	found, err := staff.HoldersWithin(ctx, r, a.Config.District, roles)
	if err != nil {
		return err
	}
	for _, h := range found {
		if h.Account == account {
			return a.Workforce.MayMeet(ctx, r, account, field)
		}
	}
	return errs.Invalid(field, "case.not_qualified")
}

// taskOnChild is the purpose for which an account sees a child: an order out
// for it, a case it works on, a pairing or a visit due.
func taskOnChild(ctx context.Context, r db.Reader, account, child id.ID) (id.ID, error) {
	task, err := matter.TaskOnChild(ctx, r, account, child)
	if err != nil || task != "" {
		return task, err
	}
	if task, err = care.TaskOnChild(ctx, r, account, child); err != nil || task != "" {
		return task, err
	}
	return visit.TaskOnChild(ctx, r, account, child)
}
