package campaign

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
)

// ClassCount is a class that a campaign may be planned for.
type ClassCount struct {
	SchoolID id.ID  `json:"school_id"`
	School   string `json:"school"`
	Grade    string `json:"grade"`
	Class    string `json:"class"`
	Area     string `json:"area"`      // where the school lies; without a school where the pupils live
	AreaName string `json:"area_name"` // to tell schools of one name apart
	Children int    `json:"children"`
}

// Classes lists the classes of the areas that the actor plans campaigns for.
// Errors: Forbidden.
func (s *Service) Classes(ctx context.Context) ([]ClassCount, error) {
	if err := access.May(access.From(ctx), "campaign.write"); err != nil {
		return nil, err
	}
	out := []ClassCount{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		pupils, err := person.RollOf(ctx, r, person.Roll{Areas: access.From(ctx).Areas("campaign.write")})
		if err != nil {
			return err
		}
		ids := make([]id.ID, 0, len(pupils))
		for _, p := range pupils {
			ids = append(ids, p.SchoolID)
		}
		slices.Sort(ids)
		lies, err := school.Regions(ctx, r, slices.Compact(ids)...)
		if err != nil {
			return err
		}
		at := map[ClassCount]int{}
		for _, p := range pupils {
			c := ClassCount{SchoolID: p.SchoolID, School: p.School, Grade: p.Grade, Class: p.Class, Area: lies[p.SchoolID]}
			if c.SchoolID == "" {
				c.Area = string(region.Code(p.Region).At(region.LevelDistrict))
			}
			i, known := at[c]
			if !known {
				i = len(out)
				at[c], out = i, append(out, c)
			}
			out[i].Children++
		}
		names := map[string]string{}
		for i, c := range out {
			if _, known := names[c.Area]; !known {
				if names[c.Area], err = s.ports.Place(ctx, r, c.Area); err != nil {
					return err
				}
			}
			out[i].AreaName = names[c.Area]
		}
		return nil
	})
	return out, err
}

// Fit is how many children a selection would take, and how many talks a
// responder must have room for if a questionnaire asks about suicide.
type Fit struct {
	Children int `json:"children"`
	Needed   int `json:"needed"`
	Room     int `json:"room"` // of who is on duty now
}

// Fits counts before a campaign is made. Errors: Invalid, Forbidden.
func (s *Service) Fits(ctx context.Context, n New) (Fit, error) {
	if err := access.Check(access.From(ctx), "campaign.write", access.Target{Region: n.Region}); err != nil {
		return Fit{}, err
	}
	for _, a := range n.Selection.Areas {
		if !strings.HasPrefix(a, n.Region) {
			return Fit{}, errs.Invalid("selection", "campaign.selection_outside")
		}
	}
	var out Fit
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		lies, err := n.settle(ctx, r)
		if err != nil {
			return err
		}
		pupils, err := person.RollOf(ctx, r, n.roll(lies))
		if err != nil {
			return err
		}
		out.Children = len(pupils)
		d, err := s.door(ctx, r, Campaign{Region: n.Region, Size: len(pupils), PerDay: n.PerDay})
		out.Needed, out.Room = d.Needed, d.Room
		return err
	})
	return out, err
}

// settle finds the school that a plan names and gives where it lies, "" for
// none. A name alone is taken if it means one school. Errors: Invalid.
func (n *New) settle(ctx context.Context, r db.Reader) (string, error) {
	sel := &n.Selection
	switch {
	case sel.SchoolID != "":
		x, err := school.Find(ctx, r, sel.SchoolID)
		if errs.Is(err, errs.KindNotFound) {
			return "", errs.Invalid("selection", "school.unknown")
		}
		sel.SchoolID, sel.School = x.ID, x.Name
		return x.Region, err
	case sel.School == "":
		return "", nil
	}
	asked := school.Named{Name: sel.School, Area: n.Region}
	found, err := school.Look(ctx, r, []school.Named{asked})
	if err != nil {
		return "", err
	}
	if !found[asked].Known {
		return "", errs.Invalid("selection", "school.which")
	}
	x := found[asked].School
	sel.SchoolID, sel.School = x.ID, x.Name
	return x.Region, nil
}

// roll says which children a campaign takes. A school that lies in the
// campaign's area is asked whole: who sits in a class of it and lives elsewhere
// is not left out. lies is where the school lies.
func (n New) roll(lies string) person.Roll {
	areas := n.Selection.Areas
	var also []person.Taught
	if len(areas) == 0 {
		areas = []string{n.Region}
		if n.Selection.SchoolID != "" && strings.HasPrefix(lies, n.Region) {
			also = []person.Taught{{School: n.Selection.SchoolID}}
		}
	}
	return person.Roll{Areas: areas, Also: also, School: n.Selection.SchoolID, Grade: n.Selection.Grade, Class: n.Selection.Class,
		List: n.Selection.List, MinAge: n.Selection.MinAge, MaxAge: n.Selection.MaxAge}
}

// Colleague is somebody who can be named as a teacher or as a responder.
type Colleague struct {
	Account id.ID       `json:"account"`
	Name    string      `json:"name"`
	Role    access.Role `json:"role"`
	Region  string      `json:"region"`
	Place   string      `json:"place"`
}

// responding are the roles whose training lets them talk with a child after a
// critical answer.
var responding = []access.Role{access.Clinician, access.Counsellor, access.SocialWorker}

// Colleagues lists who can be named: teachers for the classes of a campaign,
// or people to talk with children. Errors: Forbidden.
func (s *Service) Colleagues(ctx context.Context, teachers bool) ([]Colleague, error) {
	actor, action, roles := access.From(ctx), access.Action("responder.manage"), responding
	if teachers {
		action, roles = "campaign.write", []access.Role{access.Teacher}
	}
	if err := access.May(actor, action); err != nil {
		return nil, err
	}
	out := []Colleague{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		for _, area := range actor.Areas(action) {
			for _, role := range roles {
				found, err := s.ports.Staff(ctx, r, role, area)
				if err != nil {
					return err
				}
				for _, c := range found {
					if c.Place, err = s.ports.Place(ctx, r, c.Region); err != nil {
						return err
					}
					out = append(out, c)
				}
			}
		}
		return nil
	})
	return out, err
}

// Asking is what a member of staff needs to ask one child of a campaign.
type Asking struct {
	Member MemberView              `json:"member"`
	Papers []instrument.Instrument `json:"papers"`
	Done   []string                `json:"done"`    // questionnaires handed in
	Bar    string                  `json:"bar"`     // message key of what stands in the way
	Open   bool                    `json:"open"`    // the campaign takes answers today
	OwnAge int                     `json:"own_age"` // from which the child's own consent is enough
}

// Ask gives what an interview with one child of a campaign needs.
// Errors: NotFound, Forbidden.
func (s *Service) Ask(ctx context.Context, campaign, childID id.ID, handedIn func(ctx context.Context, r db.Reader, campaign, child id.ID) ([]string, error)) (Asking, error) {
	if err := access.May(access.From(ctx), "sheet.take"); err != nil {
		return Asking{}, err
	}
	list, err := s.Members(ctx, campaign, MemberQuery{Child: childID})
	if err != nil {
		return Asking{}, err
	}
	if len(list) == 0 {
		return Asking{}, errs.NotFound("record.not_found")
	}
	out := Asking{Member: list[0]}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		c, err := Get(ctx, r, campaign)
		if err != nil {
			return err
		}
		m, err := MemberOf(ctx, r, campaign, childID)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "sheet.take", access.Target{Region: m.Region}); err != nil {
			return err
		}
		for _, p := range c.Papers {
			in, err := s.ports.Library.Exact(ctx, r, p.ID, p.Version)
			if err != nil {
				return err
			}
			out.Papers = append(out.Papers, in)
		}
		out.OwnAge = s.Conditions(r).OwnConsentFrom
		if err := m.May(c.Informant, s.Conditions(r)); err != nil {
			out.Bar = errs.KeyOf(err)
		}
		day := civil.DateOf(r.At().Time())
		out.Open = c.State == Open && day >= c.StartsOn && day <= c.EndsOn
		out.Done, err = handedIn(ctx, r, campaign, childID)
		return err
	})
	if out.Done == nil {
		out.Done = []string{}
	}
	return out, err
}
