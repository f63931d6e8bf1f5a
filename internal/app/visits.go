package app

import (
	"context"
	"slices"
	"time"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/visit"
	"zugou/internal/people/access"
	"zugou/internal/people/document"
	"zugou/internal/people/notify"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
	plans "zugou/policy/visit"
)

// wireVisits wires aftercare to its neighbours.
func (a *App) wireVisits() error {
	policies, err := dated.Read[visit.Policy](plans.Files)
	if err != nil {
		return err
	}
	a.Visits = visit.New(visit.Options{DB: a.DB, Policies: policies, District: a.Config.District, Jobs: a.Jobs, Ports: visit.Ports{
		Key: func(ctx context.Context, r db.Reader, child id.ID) (crypto.Subject, string, error) {
			key, who, err := person.Key(ctx, r, a.Keys, child)
			return key, who.Region, err
		},
		Take: func(ctx context.Context, tx *db.Tx, n signal.New) (id.ID, error) {
			rec, err := a.Seat.TakeIn(ctx, tx, n)
			return rec.Matter, err
		},
		MayMeet:  a.Workforce.MayMeet,
		Away:     matter.Away,
		Nearest:  a.nearest,
		Officers: officersOf,
		Tell: func(ctx context.Context, tx *db.Tx, to id.ID, key, text string, ref id.ID) error {
			if to == "" {
				return nil
			}
			return notify.Send(ctx, tx, notify.Message{To: to, Policy: notify.Ordinary, Key: key, Text: text, Ref: ref, Region: a.Config.District})
		},
		Names:    accounts{a.Keys}.Names,
		Children: visitBriefs,
		Colours: func(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID]string, error) {
			found, err := level.MarksOf(ctx, r, children)
			out := map[id.ID]string{}
			for c, m := range found {
				out[c] = string(m.Colour)
			}
			return out, err
		},
		Home: a.visitHome,
		AccountArea: func(ctx context.Context, r db.Reader, account id.ID) (string, error) {
			found, err := staff.Presences(ctx, r, []id.ID{account})
			if err == nil && len(found) == 0 {
				err = errs.NotFound("record.not_found")
			}
			if err != nil {
				return "", err
			}
			return found[0].Region, nil
		},
		Place: a.placeName,
		Point: func(ctx context.Context, r db.Reader, area string) (visit.Point, bool, error) {
			t, err := a.Atlas.Table(ctx, r)
			if err != nil {
				return visit.Point{}, false, err
			}
			lat, lon, ok := t.Coordinates(region.Code(area))
			return visit.Point{Lat: lat, Lon: lon}, ok, nil
		},
		Files: func(ctx context.Context, r db.Reader, kind string, record id.ID) (int, error) {
			photos, err := document.CountOf(ctx, r, kind, record)
			if err != nil {
				return 0, err
			}
			signed, err := document.CountOf(ctx, r, kind+"_sign", record)
			return photos + signed, err
		},
		Walk: walkChildren,
	}})
	return nil
}

// nearest gives the village's director with a records check in force, else the
// township's officer; none of those that are to be kept away.
func (a *App) nearest(ctx context.Context, r db.Reader, area string, away []id.ID) (id.ID, error) {
	for _, role := range []access.Role{access.VillageDirector, access.TownshipOfficer} {
		found, err := staff.ByRole(ctx, r, role, area)
		if err != nil {
			return "", err
		}
		for _, b := range found {
			if slices.Contains(away, b.ID) {
				continue
			}
			err := a.Workforce.MayMeet(ctx, r, b.ID, "who")
			if err == nil {
				return b.ID, nil
			}
			if !errs.Is(err, errs.KindInvalid) {
				return "", err
			}
		}
	}
	return "", nil
}

// officersOf gives who supervises the visits of an area.
func officersOf(ctx context.Context, r db.Reader, area string) ([]id.ID, error) {
	found, err := staff.ByRole(ctx, r, access.TownshipOfficer, area)
	if err == nil && len(found) == 0 {
		found, err = staff.ByRole(ctx, r, access.BureauSection, area)
	}
	var out []id.ID
	for _, b := range found {
		out = append(out, b.ID)
	}
	return out, err
}

func visitBriefs(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID]visit.Brief, error) {
	found, err := person.Briefs(ctx, r, children...)
	out := make(map[id.ID]visit.Brief, len(found))
	for asked, b := range found {
		out[asked] = visit.Brief{Name: b.Name, Age: b.Age, Sex: b.Sex}
	}
	return out, err
}

// visitHome gives what a helper needs to find a child: in full for who may
// reveal it, masked for others, and nothing of a shelter.
func (a *App) visitHome(ctx context.Context, r db.Reader, child id.ID, full bool) (visit.Home, error) {
	card, err := person.CardOf(ctx, r, a.Keys, child)
	if err != nil {
		return visit.Home{}, err
	}
	out := visit.Home{Sheltered: card.Sheltered, Address: card.AddressMasked, Phones: []visit.Call{}}
	if card.Sheltered {
		return out, nil
	}
	if full {
		if out.Address, err = person.Address(ctx, r, a.Keys, child); err != nil {
			return out, err
		}
		calls, err := person.Calls(ctx, r, a.Keys, child)
		if err != nil {
			return out, err
		}
		for _, c := range calls {
			if c.MayContact && len(out.Phones) < 3 {
				out.Phones = append(out.Phones, visit.Call{Name: c.Name, Relation: a.registers.relation(c.Relation), Phone: string(c.Phone)})
			}
		}
		return out, nil
	}
	for _, c := range card.Contacts {
		if c.MayContact && c.PhoneMasked != "" && len(out.Phones) < 3 {
			out.Phones = append(out.Phones, visit.Call{Name: c.Name, Relation: a.registers.relation(c.Relation), Phone: c.PhoneMasked, Masked: true})
		}
	}
	return out, nil
}

// walkChildren gives the children with what the plan of visits asks of them.
func walkChildren(ctx context.Context, r db.Reader, after id.ID, limit int) ([]visit.Walked, error) {
	page, err := person.Walk(ctx, r, after, limit)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(page))
	for i, c := range page {
		ids[i] = c.ID
	}
	colours, err := level.MarksOf(ctx, r, ids)
	out := make([]visit.Walked, 0, len(page))
	for _, c := range page {
		w := visit.Walked{ID: c.ID, Region: c.Region, Colour: string(colours[c.ID].Colour)}
		for _, k := range c.Categories {
			w.Categories = append(w.Categories, string(k))
		}
		out = append(out, w)
	}
	return out, err
}

// visitFiles are the photos of a visit, or who signed it. Whoever wrote the
// visit adds them, also late: the phone was offline.
type visitFiles struct {
	app    *App
	signed bool
}

// Held implements document.Record.
func (f visitFiles) Held(ctx context.Context, r db.Reader, record id.ID) (document.Held, error) {
	v, t, err := visit.Get(ctx, r, record)
	return document.Held{Target: t, Read: "visit.read", Write: "visit.make", Child: v.ChildID, Region: v.Region}, err
}

// Attached implements document.Record.
func (f visitFiles) Attached(ctx context.Context, tx *db.Tx, _ document.Held, d document.Document) error {
	if f.signed || d.Said == nil {
		return nil
	}
	return f.app.Visits.Pictured(ctx, tx, d.RecordID, d.ID, visit.Point{Lat: d.Said.Lat, Lon: d.Said.Lon})
}

// handFiles are the signature and the photos of goods handed over: of the area
// that hands them over, also later.
type handFiles struct{}

// Held implements document.Record.
func (handFiles) Held(ctx context.Context, r db.Reader, record id.ID) (document.Held, error) {
	h, err := visit.HandOf(ctx, r, record)
	t := access.Target{Region: h.Region}
	if a := access.From(ctx); h.By == a.Account && a.Account != "" {
		t.Task, t.Owner = h.DueID, a.Account
	}
	return document.Held{Target: t, Read: "visit.read", Write: "visit.make", Child: h.ChildID, Region: h.Region}, err
}

// Attached implements document.Record.
func (handFiles) Attached(context.Context, *db.Tx, document.Held, document.Document) error {
	return nil
}

// seedVisits gives the demonstration pairings, a plan, and a few visits behind it.
func (a *App) seedVisits(ctx context.Context, list []staff.DemoAccount) error {
	var has int
	var page []person.Rolled
	var helper id.ID
	for _, x := range list {
		if x.Role == access.Volunteer {
			helper = x.ID
		}
	}
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := r.Get(ctx, db.To(&has), "SELECT count(*) FROM visit_pairing"); err != nil {
			return err
		}
		var err error
		page, err = person.Walk(ctx, r, "", 400)
		return err
	})
	if err != nil || has > 0 || helper == "" {
		return err
	}
	day := civil.DateOf(a.Clock.Now().Add(-60 * 24 * time.Hour))
	paired := 0
	for _, c := range page {
		if paired < 3 && len(c.Categories) > 0 {
			if _, err := a.Visits.Pair(ctx, c.ID, helper, "carer", day); err != nil {
				return err
			}
			paired++
		}
	}
	return a.Visits.Plan(ctx)
}
