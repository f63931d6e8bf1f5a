package campaign

import (
	"context"
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

// List gives the campaigns of the actor's areas; a teacher's are those with a
// class of the teacher's.
func (s *Service) List(ctx context.Context) ([]Campaign, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "campaign.read"); err != nil {
		return nil, err
	}
	var out []Campaign
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if onlyTeacher(actor) {
			out, err = listCampaigns(ctx, r, "id IN (SELECT campaign_id FROM campaign_teacher WHERE account_id = ?)", actor.Account)
			return err
		}
		areas := actor.Areas("campaign.read")
		where, args := access.Where("region", areas)
		// Those of a wider area reach into this one.
		for _, a := range areas {
			if a != "" {
				where, args = where+" OR ? LIKE region || '%'", append(args, a)
			}
		}
		out, err = listCampaigns(ctx, r, "("+where+")", args...)
		return err
	})
	return out, err
}

// onlyTeacher reports whether the actor sees campaigns as a teacher alone.
func onlyTeacher(a access.Actor) bool {
	if a.System {
		return false
	}
	for _, g := range a.Grants {
		if g.Role == access.Teacher {
			continue
		}
		if (access.Actor{Account: a.Account, Grants: []access.Grant{g}}).Allowed("campaign.read", access.Target{Region: g.Region}) {
			return false
		}
	}
	return true
}

// Progress is how far a campaign is.
type Progress struct {
	Campaign Campaign   `json:"campaign"`
	Groups   []Group    `json:"groups"`
	Door     *Door      `json:"door"` // absent for teachers and where no item is on suicide
	Teachers []Teaching `json:"teachers"`
	MayWrite bool       `json:"may_write"`
}

// Progress gives how far a campaign is, by class and village.
// Errors: NotFound, Forbidden.
func (s *Service) Progress(ctx context.Context, campaign id.ID) (Progress, error) {
	out := Progress{Groups: []Group{}, Teachers: []Teaching{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		c, seen, err := s.see(ctx, r, campaign)
		if err != nil {
			return err
		}
		out.Campaign = c
		where, args := seen.where()
		found, err := groups(ctx, r, c.ID, s.Conditions(r).OwnConsentFrom, where, args...)
		if err != nil {
			return err
		}
		for _, g := range found {
			if g.RegionName, err = s.ports.Place(ctx, r, g.Region); err != nil {
				return err
			}
			if seen.teacher {
				g.Waiting, g.Refused, g.Begun = 0, 0, 0 // who has finished, and nothing else
			}
			out.Groups = append(out.Groups, g)
		}
		if seen.teacher {
			return nil
		}
		out.MayWrite = access.From(ctx).Allowed("campaign.write", access.Target{Region: c.Region})
		if out.Teachers, err = s.namedTeachers(ctx, r, c.ID); err != nil {
			return err
		}
		if c.Suicide {
			d, err := s.door(ctx, r, c)
			out.Door = &d
			return err
		}
		return nil
	})
	return out, err
}

func (s *Service) namedTeachers(ctx context.Context, r db.Reader, campaign id.ID) ([]Teaching, error) {
	list, err := teachings(ctx, r, campaign, "")
	if err != nil {
		return nil, err
	}
	accounts := make([]id.ID, len(list))
	for i, t := range list {
		accounts[i] = t.Account
	}
	names, err := s.ports.Names(ctx, r, accounts)
	for i := range list {
		list[i].Name = names[list[i].Account]
	}
	if list == nil {
		list = []Teaching{}
	}
	return list, err
}

// sight is which members of a campaign an actor sees.
type sight struct {
	teacher bool
	classes []Teaching
	areas   []string
}

func (v sight) where() (string, []any) {
	if !v.teacher {
		return access.Where("region", v.areas)
	}
	where, args := "(1 = 0", []any{}
	for _, t := range v.classes {
		where += " OR (school_id = ?"
		args = append(args, t.SchoolID)
		if t.Grade != "" {
			where, args = where+" AND grade = ?", append(args, t.Grade)
		}
		if t.Class != "" {
			where, args = where+" AND class = ?", append(args, t.Class)
		}
		where += ")"
	}
	return where + ")", args
}

func (s *Service) see(ctx context.Context, r db.Reader, campaign id.ID) (Campaign, sight, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "campaign.read"); err != nil {
		return Campaign{}, sight{}, err
	}
	c, err := Get(ctx, r, campaign)
	if err != nil {
		return Campaign{}, sight{}, err
	}
	if onlyTeacher(actor) {
		classes, err := teachings(ctx, r, c.ID, actor.Account)
		if err == nil && len(classes) == 0 {
			err = errs.NotFound("record.not_found")
		}
		return c, sight{teacher: true, classes: classes}, err
	}
	areas := actor.Areas("campaign.read")
	touches := slices.ContainsFunc(areas, func(a string) bool {
		n := min(len(a), len(c.Region))
		return a[:n] == c.Region[:n]
	})
	if !touches {
		return Campaign{}, sight{}, errs.NotFound("record.not_found")
	}
	return c, sight{areas: areas}, nil
}

// MemberView is a child in the list of a campaign. To a teacher only the name
// and whether it is done are told.
type MemberView struct {
	ChildID    id.ID        `json:"child_id"`
	Name       string       `json:"name"`
	School     string       `json:"school"`
	SchoolID   id.ID        `json:"school_id"`
	Grade      string       `json:"grade"`
	Class      string       `json:"class"`
	Region     string       `json:"region"`
	Age        int          `json:"age"`
	Consent    string       `json:"consent"`
	ConsentBy  string       `json:"consent_by"`
	ConsentHow string       `json:"consent_how"`
	Assent     string       `json:"assent"`
	Code       string       `json:"code"`
	StartedAt  clock.Millis `json:"started_at"`
	DoneAt     clock.Millis `json:"done_at"`
	Done       bool         `json:"done"`
}

// MemberQuery narrows a list of members.
type MemberQuery struct {
	School       id.ID
	Named        string // a school's name, while it is asked which school it means
	Grade, Class string
	Area         string
	State        string // waiting, refused, begun, done, open
	Child        id.ID
}

// Members lists the children of a campaign that the actor sees.
// Errors: NotFound, Forbidden.
func (s *Service) Members(ctx context.Context, campaign id.ID, q MemberQuery) ([]MemberView, error) {
	out := []MemberView{}
	var region string
	var shown []audit.Shown
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		c, seen, err := s.see(ctx, r, campaign)
		if err != nil {
			return err
		}
		region = c.Region
		where, args := seen.where()
		for column, value := range map[string]string{"school_id": string(q.School), "school": q.Named, "grade": q.Grade, "class": q.Class} {
			if value != "" {
				where, args = where+" AND "+column+" = ?", append(args, value)
			}
		}
		if q.Child != "" {
			where, args = where+" AND child_id = ?", append(args, q.Child)
		}
		if q.Area != "" {
			where, args = where+" AND region >= ? AND region < ?", append(args, q.Area, access.After(q.Area))
		}
		if cond, ok := stateWhere[q.State]; ok && (!seen.teacher || q.State == "done" || q.State == "open") {
			where += " AND " + cond
		}
		list, err := members(ctx, r, c.ID, where, args...)
		if err != nil {
			return err
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
			if !access.From(ctx).Finds(m.ChildID) {
				continue
			}
			v := MemberView{ChildID: m.ChildID, Name: names[m.ChildID], School: m.School, SchoolID: m.SchoolID, Grade: m.Grade, Class: m.Class, Age: m.Age, Done: m.DoneAt != 0}
			if seen.teacher {
				v.Age = -1
			} else {
				code, err := s.keys.Open(codeAAD(c.ID, m.ChildID), m.Code)
				if err != nil {
					return errs.Internal(err)
				}
				v.Region, v.Consent, v.ConsentBy, v.ConsentHow, v.Assent, v.Code, v.StartedAt, v.DoneAt = m.Region, m.Consent, m.ConsentBy, m.ConsentHow, m.Assent, code, m.StartedAt, m.DoneAt
			}
			out = append(out, v)
			shown = append(shown, audit.Shown{Kind: "child", ID: m.ChildID, Fields: []string{"name", "screening_progress"}})
		}
		return nil
	})
	if err == nil {
		audit.Show(ctx, "campaign.read", string(campaign), region, shown...)
	}
	return out, err
}

var stateWhere = map[string]string{
	"waiting": "done_at = 0 AND consent <> 'refused' AND assent <> 'refused' AND (consent = '' OR assent = '')",
	"refused": "(consent = 'refused' OR assent = 'refused')",
	"begun":   "started_at > 0 AND done_at = 0",
	"done":    "done_at > 0",
	"open":    "done_at = 0",
}

// SetTeachers says which teacher sees which classes of a campaign: of schools
// that have pupils in it.
// Errors: Invalid, Forbidden, NotFound.
func (s *Service) SetTeachers(ctx context.Context, campaign id.ID, list []Teaching) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.check(ctx, tx, campaign, "campaign.write")
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM campaign_teacher WHERE campaign_id = ?", c.ID); err != nil {
			return err
		}
		for _, t := range list {
			var there []id.ID
			if err := tx.List(ctx, &there, "SELECT child_id FROM campaign_member WHERE campaign_id = ? AND school_id = ? LIMIT 1", c.ID, t.SchoolID); err != nil {
				return err
			}
			if t.Account == "" || t.SchoolID == "" || len(there) == 0 {
				return errs.Invalid("items", "campaign.teacher_form")
			}
			if _, err := tx.Exec(ctx, "INSERT INTO campaign_teacher (campaign_id, account_id, school_id, grade, class, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
				c.ID, t.Account, t.SchoolID, t.Grade, t.Class, access.From(ctx).Account, tx.Now); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, c, "teachers")
	})
}

// Responders lists the trained people of the actor's areas and who of them is
// on duty now.
func (s *Service) Responders(ctx context.Context) ([]Responder, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "campaign.read"); err != nil {
		return nil, err
	}
	out := []Responder{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, err := allResponders(ctx, r, actor.Areas("campaign.read"))
		if err != nil {
			return err
		}
		out = append(out, list...)
		return s.present(ctx, r, out)
	})
	return out, err
}

// SetResponder enters a trained person. Errors: Invalid, Forbidden.
func (s *Service) SetResponder(ctx context.Context, p Responder) error {
	if err := access.Check(access.From(ctx), "responder.manage", access.Target{Region: p.Region}); err != nil {
		return err
	}
	if p.Account == "" || len(p.Region) < 6 || p.TalksADay < 1 || p.TalksADay > 50 || !p.TrainedOn.Valid() || !p.ValidUntil.Valid() || p.ValidUntil <= p.TrainedOn {
		return errs.Invalid("talks_a_day", "campaign.responder_form")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO responder (account_id, region, talks_a_day, trained_on, valid_until, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (account_id) DO UPDATE SET region = excluded.region, talks_a_day = excluded.talks_a_day, trained_on = excluded.trained_on,
			valid_until = excluded.valid_until, set_by = excluded.set_by, set_at = excluded.set_at`,
			p.Account, p.Region, p.TalksADay, p.TrainedOn, p.ValidUntil, access.From(ctx).Account, tx.Now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "responder.manage", SubjectKind: "account", Subject: p.Account, Fields: []string{"responder"}, Region: p.Region})
	})
}
