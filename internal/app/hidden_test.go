package app

import (
	"context"
	"slices"
	"testing"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/seat"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/visit"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
	"zugou/internal/people/staff"
)

// A child says by a questionnaire what somebody of the house did to it. Whoever
// is put on the conflict list of that matter finds nothing of the child in any
// room, by the rights of its own session, and does nothing for it any more;
// everybody else goes on.
func TestWhoStandsOnAConflictListFindsNothingOfTheChildInAnyRoom(t *testing.T) {
	wards(t, 3, func(w *ward) {
		t := w.t
		c := w.round(true, "phq-a")
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		in := w.version("phq-a")
		victim := w.children[0]
		for i, x := range w.children {
			items := calm(in)
			items["9"] = instrument.Answer{Value: 2}
			rec, err := w.paper(c, w.children[i], in, items)
			w.must(err)
			_, err = w.a.Screening.Answers.Again(w.as(access.Clinician), rec.ID, items)
			w.must(err)
			_, err = w.a.Care.Refer(w.as(access.BureauSection), care.Referral{ChildID: x, Source: "screening", Need: "suicide", Reason: "量表关键项阳性"})
			w.must(err)
		}
		open := w.matters(victim)
		if len(open) == 0 {
			t.Fatal("no matter of the critical answer")
		}

		// The lists of every room, by the names of the children in them.
		lists := map[string]struct {
			role access.Role
			of   func(ctx context.Context) ([]id.ID, error)
		}{
			"register": {access.BureauSection, func(ctx context.Context) (out []id.ID, err error) {
				p, err := w.a.Person.List(ctx, person.ListQuery{})
				for _, x := range p.Items {
					out = append(out, x.ID)
				}
				return out, err
			}},
			"matters": {access.SeatOperator, func(ctx context.Context) ([]id.ID, error) {
				return w.queue(ctx)
			}},
			"waiting for assessment": {access.BureauSection, func(ctx context.Context) ([]id.ID, error) {
				list, err := w.a.Screening.Levels.Waiting(ctx, level.Query{})
				return childrenIn(list), err
			}},
			"moves of colours": {access.BureauSection, func(ctx context.Context) ([]id.ID, error) {
				list, err := w.a.Screening.Levels.Changes(ctx, level.Query{})
				return childrenIn(list), err
			}},
			"results of the campaign": {access.Clinician, func(ctx context.Context) (out []id.ID, err error) {
				list, _, err := w.a.Screening.Answers.OfCampaign(ctx, c.ID, "", "", 0)
				for _, x := range list {
					out = append(out, x.ChildID)
				}
				return out, err
			}},
			"members of the campaign": {access.BureauSection, func(ctx context.Context) (out []id.ID, err error) {
				list, err := w.a.Screening.Campaigns.Members(ctx, c.ID, campaign.MemberQuery{})
				for _, x := range list {
					out = append(out, x.ChildID)
				}
				return out, err
			}},
			"cases": {access.BureauSection, func(ctx context.Context) (out []id.ID, err error) {
				list, _, err := w.a.Care.List(ctx, care.Query{})
				for _, x := range list {
					out = append(out, x.ChildID)
				}
				return out, err
			}},
		}
		foes := map[access.Role]staff.DemoAccount{}
		for name, l := range lists {
			got, err := l.of(w.as(l.role))
			w.must(err)
			for _, x := range w.children {
				if !slices.Contains(got, x) {
					t.Errorf("%s: %s is not in it", name, x)
				}
			}
			foes[l.role] = w.who[l.role][0]
		}

		leader := w.as(access.SeatLeader)
		for _, x := range foes {
			w.foe(leader, open[0].ID, x.ID)
		}
		for name, l := range lists {
			ctx := access.With(context.Background(), w.session(foes[l.role]))
			got, err := l.of(ctx)
			w.must(err)
			if slices.Contains(got, victim) {
				t.Errorf("%s: the child is in it", name)
			}
			for _, x := range w.children[1:] {
				if !slices.Contains(got, x) {
					t.Errorf("%s: another child is gone", name)
				}
			}
		}
		section := access.With(context.Background(), w.session(foes[access.BureauSection]))
		clinician := access.With(context.Background(), w.session(foes[access.Clinician]))
		for name, try := range map[string]func() error{
			"its record":  func() error { _, err := w.a.Person.Find(section, victim); return err },
			"its colour":  func() error { _, err := w.a.Screening.Levels.Explain(clinician, victim); return err },
			"its answers": func() error { _, err := w.a.Screening.Answers.OfChild(clinician, victim); return err },
			"a visit asked for": func() error {
				_, err := w.a.Visits.Ask(section, victim, foes[access.Clinician].ID, "2024-06-20", "")
				return err
			},
			"its case": func() error {
				_, err := w.a.Care.Refer(section, care.Referral{ChildID: victim, Source: "screening", Need: "suicide", Reason: "再次转介"})
				return err
			},
		} {
			if err := try(); !errs.Is(err, errs.KindNotFound) && !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if rows, _, err := w.a.Visits.List(section, visit.Query{}); err != nil || slices.ContainsFunc(rows, func(r visit.Row) bool { return r.ChildID == victim }) {
			t.Errorf("visits: %v", err)
		}
	})
}

func childrenIn(list []level.Entry) []id.ID {
	out := make([]id.ID, len(list))
	for i, x := range list {
		out[i] = x.ChildID
	}
	return out
}

// queue gives the children of the open matters that an actor sees.
func (w *ward) queue(ctx context.Context) (out []id.ID, err error) {
	var q seat.Queue
	err = w.a.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		q, err = w.a.Seat.Queue(ctx, r)
		return err
	})
	for _, x := range q.Items {
		if x.Child != nil {
			out = append(out, x.Child.ID)
		}
	}
	return out, err
}

// foe puts an account on a matter's conflict list.
func (w *ward) foe(by context.Context, m, account id.ID) {
	w.t.Helper()
	_, err := w.a.Matters.AddConflict(by, m, matter.Who{Account: account, Relation: "工作人员", Reason: "孩子指认"}, w.a.Orders.Withdraw)
	w.must(err)
}

// session signs an account in and gives its actor, as every request does.
func (w *ward) session(x staff.DemoAccount) access.Actor {
	w.t.Helper()
	in, err := w.a.Staff.SignIn(context.Background(), staff.Place{}, staff.SignInRequest{Account: x.Account, Password: staff.DemoPassword})
	w.must(err)
	a, state, err := w.a.Staff.Actor(context.Background(), in.Token)
	w.must(err)
	if state != staff.OK {
		w.t.Fatalf("%s: %s", x.Account, state)
	}
	return a
}
