package campaign

import (
	"context"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/screening/obligation"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

// Pack is all that a worker's phone needs to ask a village without a network:
// the questionnaires with their rules, the children, whom to call.
type Pack struct {
	Campaign Campaign                `json:"campaign"`
	Papers   []instrument.Instrument `json:"papers"`
	Members  []PackMember            `json:"members"`
	Calls    []PackCall              `json:"calls"` // the call list for a critical answer
	// Rules say what a critical answer obliges, so that the phone can tell it
	// at once; they set nothing, the server decides again.
	Rules          []obligation.Rule `json:"rules"`
	OwnConsentFrom int               `json:"own_consent_from"`
	At             clock.Millis      `json:"at"`
}

// PackMember is a child on the phone.
type PackMember struct {
	ChildID id.ID    `json:"child_id"`
	Name    string   `json:"name"`
	Age     int      `json:"age"`
	Region  string   `json:"region"`
	Place   string   `json:"place"`
	School  string   `json:"school"`
	Class   string   `json:"class"`
	Consent string   `json:"consent"`
	Assent  string   `json:"assent"`
	Done    []string `json:"done"` // questionnaires handed in
}

// PackCall is somebody to call at once.
type PackCall struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
	Role  string `json:"role"` // responder, seat, police
}

// packMost bounds the children on one phone.
const packMost = 600

// Pack gives what a phone takes along for an area. handedIn tells which
// questionnaires of a child are there. Errors: NotFound, Forbidden, Conflict.
func (s *Service) Pack(ctx context.Context, campaign id.ID, area string,
	handedIn func(ctx context.Context, r db.Reader, campaign, child id.ID) ([]string, error),
	calls func(ctx context.Context, r db.Reader, people []Responder) ([]PackCall, error)) (Pack, error) {
	out := Pack{Papers: []instrument.Instrument{}, Members: []PackMember{}, Calls: []PackCall{}, Rules: []obligation.Rule{}}
	actor := access.From(ctx)
	if err := access.May(actor, "sheet.take"); err != nil {
		return out, err
	}
	var shown []audit.Shown
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		c, _, err := s.see(ctx, r, campaign)
		if err != nil {
			return err
		}
		if c.State != Open {
			return errs.Conflict("campaign.not_open")
		}
		where, args := access.Where("region", actor.Areas("sheet.take"))
		if area != "" {
			where, args = where+" AND region >= ? AND region < ?", append(args, area, access.After(area))
		}
		found, hidden := actor.Shown("child_id")
		list, err := members(ctx, r, c.ID, where+" AND "+found, append(args, hidden...)...)
		if err != nil {
			return err
		}
		if len(list) > packMost {
			return errs.Conflict("campaign.pack_too_many")
		}
		out.Campaign, out.At, out.OwnConsentFrom = c, r.At(), s.Conditions(r).OwnConsentFrom
		for _, rule := range s.ports.Library.Policy(civil.DateOf(r.At().Time())).Rules {
			if rule.SameDay {
				out.Rules = append(out.Rules, rule)
			}
		}
		for _, p := range c.Papers {
			in, err := s.ports.Library.Exact(ctx, r, p.ID, p.Version)
			if err != nil {
				return err
			}
			out.Papers = append(out.Papers, in)
		}
		ids := make([]id.ID, len(list))
		for i, m := range list {
			ids[i] = m.ChildID
		}
		names, err := person.Names(ctx, r, ids...)
		if err != nil {
			return err
		}
		for _, m := range list {
			place, err := s.ports.Place(ctx, r, m.Region)
			if err != nil {
				return err
			}
			done, err := handedIn(ctx, r, c.ID, m.ChildID)
			if err != nil {
				return err
			}
			if done == nil {
				done = []string{}
			}
			out.Members = append(out.Members, PackMember{m.ChildID, names[m.ChildID], m.Age, m.Region, place, m.School, m.Grade + m.Class, m.Consent, m.Assent, done})
			shown = append(shown, audit.Shown{Kind: "child", ID: m.ChildID, Fields: []string{"name", "age", "screening_progress"}})
		}
		people, err := responders(ctx, r, c.Region, civil.DateOf(r.At().Time()))
		if err != nil {
			return err
		}
		if err := s.present(ctx, r, people); err != nil {
			return err
		}
		out.Calls, err = calls(ctx, r, people)
		return err
	})
	if err == nil {
		audit.Show(ctx, "sheet.take", string(campaign), out.Campaign.Region, shown...)
	}
	return out, err
}

// Forms gives a campaign and its questionnaires for printing and typing.
// Errors: NotFound, Forbidden.
func (s *Service) Forms(ctx context.Context, campaign id.ID) (Campaign, []instrument.Instrument, error) {
	var c Campaign
	var out []instrument.Instrument
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		if c, _, err = s.see(ctx, r, campaign); err != nil {
			return err
		}
		for _, p := range c.Papers {
			in, err := s.ports.Library.Exact(ctx, r, p.ID, p.Version)
			if err != nil {
				return err
			}
			out = append(out, in)
		}
		return nil
	})
	return c, out, err
}
