package workforce

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Held is a qualification with how it stands.
type Held struct {
	Title string     `json:"title"`
	Until civil.Date `json:"until"`
	State string     `json:"state"`
}

// Row is a worker in a list.
type Row struct {
	Person
	RegionName   string     `json:"region_name"`
	Languages    []string   `json:"languages"`
	Needs        []string   `json:"needs"`
	Vetting      string     `json:"vetting"` // missing, in_force, expiring, expired, barred
	VettedUntil  civil.Date `json:"vetted_until"`
	Held         []Held     `json:"held"`
	Blocked      string     `json:"blocked"`       // why no child may be given; empty: may
	Training     int        `json:"training"`      // hours in the last year
	SupervisedOn civil.Date `json:"supervised_on"` // the last time
	Load         Load       `json:"load"`
	Most         int        `json:"most"` // capacity, own or of the kind
}

// Query narrows the list.
type Query struct {
	Kind  string
	State string // "", blocked, expiring, ended
	Text  string // part of a name
}

// most is how many workers one answer holds; a district has some hundreds.
const most = 2000

// List gives the workers of the actor's areas.
func (s *Service) List(ctx context.Context, q Query) ([]Row, error) {
	out := []Row{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "workforce.read"); err != nil {
			return err
		}
		where, args := access.Where("region", a.Areas("workforce.read"))
		where = "WHERE " + where
		if q.Kind != "" {
			where, args = where+" AND kind = ?", append(args, q.Kind)
		}
		day := today(r)
		if q.State == "ended" {
			where, args = where+" AND ended_on <> '' AND ended_on <= ?", append(args, day)
		} else {
			where, args = where+" AND (ended_on = '' OR ended_on > ?)", append(args, day)
		}
		rows, err := people(ctx, r, where+" ORDER BY region, name, id LIMIT ?", append(args, most)...)
		if err != nil {
			return err
		}
		if q.Text != "" {
			rows = slices.DeleteFunc(rows, func(p Person) bool { return !strings.Contains(p.Name, q.Text) })
		}
		out, err = s.rows(ctx, r, rows)
		if err != nil {
			return err
		}
		switch q.State {
		case "blocked":
			out = slices.DeleteFunc(out, func(x Row) bool { return x.Blocked == "" })
		case "expiring":
			out = slices.DeleteFunc(out, func(x Row) bool {
				return x.Vetting != Expiring && !slices.ContainsFunc(x.Held, func(h Held) bool { return h.State == Expiring })
			})
		}
		return nil
	})
	return out, err
}

func (s *Service) rows(ctx context.Context, r db.Reader, list []Person) ([]Row, error) {
	pol, day := s.policy(r), today(r)
	ids, accounts := make([]id.ID, len(list)), []id.ID{}
	for i, p := range list {
		ids[i] = p.ID
		if p.Account != "" {
			accounts = append(accounts, p.Account)
		}
	}
	papers, err := papersOf(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	loads, err := s.ports.Loads(ctx, r, accounts)
	if err != nil {
		return nil, err
	}
	out := make([]Row, 0, len(list))
	for _, p := range list {
		x := pol.row(p, papers[p.ID], day)
		x.Load = loads[p.Account]
		if x.RegionName, err = s.ports.Place(ctx, r, p.Region); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// row is what a person's papers say on a day.
func (pol Policy) row(p Person, papers []Paper, day civil.Date) Row {
	x := Row{Person: p, Languages: split(p.Languages), Needs: split(p.Needs), Held: []Held{}, Blocked: pol.mayMeet(p, papers, day), Most: p.Capacity}
	if x.Most == 0 {
		x.Most = pol.Capacity[p.Kind]
	}
	x.Vetting, x.VettedUntil = pol.Check(papers, day)
	for _, t := range pol.Titles {
		if h, ok := latest(papers, func(o Paper) bool { return o.Kind == Qualification && o.Title == t }); ok {
			x.Held = append(x.Held, Held{t, h.ExpiresOn, standing(h, day, pol.WarnDays)})
		}
	}
	yearAgo := day.AddDays(-365)
	for _, o := range papers {
		if o.Kind == Training && o.GotOn > yearAgo {
			x.Training += o.Hours
		}
	}
	if o, ok := latest(papers, func(o Paper) bool { return o.Kind == Supervision }); ok {
		x.SupervisedOn = o.GotOn
	}
	return x
}

// Sheet is one worker with all papers.
type Sheet struct {
	Row
	Papers  []Shown          `json:"papers"`
	Classes []Class          `json:"classes"` // that a teacher teaches
	Names   map[id.ID]string `json:"names"`
}

// Shown is a paper with its sealed parts opened.
type Shown struct {
	Paper
	Number string `json:"number"`
	Note   string `json:"note"`
}

// Find gives one worker. Errors: NotFound, Forbidden.
func (s *Service) Find(ctx context.Context, n id.ID) (Sheet, error) {
	var out Sheet
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		p, err := find(ctx, r, n)
		if err != nil {
			return err
		}
		a := access.From(ctx)
		if err := access.Check(a, "workforce.read", access.Target{Region: p.Region}); err != nil {
			return err
		}
		rows, err := s.rows(ctx, r, []Person{p})
		if err != nil {
			return err
		}
		out = Sheet{Row: rows[0], Papers: []Shown{}}
		if out.Classes, err = classesOf(ctx, r, n); err != nil {
			return err
		}
		papers, err := papersOf(ctx, r, []id.ID{n})
		if err != nil {
			return err
		}
		var by []id.ID
		for _, x := range papers[n] {
			by = append(by, x.MadeBy)
			show := Shown{Paper: x}
			// What a records check says in words is for who may record one.
			if x.Kind != Vetting || a.Allowed("workforce.vet", access.Target{Region: p.Region}) {
				if show.Number, err = s.open(x, "number", x.Number); err != nil {
					return err
				}
				if show.Note, err = s.open(x, "note", x.Note); err != nil {
					return err
				}
			}
			out.Papers = append(out.Papers, show)
		}
		slices.Reverse(out.Papers)
		out.Names, err = s.ports.Names(ctx, r, by)
		audit.Show(ctx, "workforce.read", "", p.Region, audit.Shown{Kind: "worker", ID: p.ID, Fields: []string{"papers"}})
		return err
	})
	return out, err
}

func (s *Service) open(p Paper, field, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	return s.keys.Open(aad(p.ID, field), sealed)
}

// Choices are what forms offer.
type Choices struct {
	Kinds     []string `json:"kinds"`
	Titles    []string `json:"titles"`
	Languages []string `json:"languages"`
	Needs     []string `json:"needs"`
	Teaching  []string `json:"teaching"` // the kinds that have classes
	Policy    Policy   `json:"policy"`
}

// Choices gives what forms offer.
func (s *Service) Choices(ctx context.Context) (Choices, error) {
	if err := access.May(access.From(ctx), "workforce.read"); err != nil {
		return Choices{}, err
	}
	p := s.editions.On(civil.DateOf(s.db.Clock().Now()))
	return Choices{Kinds(), p.Titles, p.Languages, slices.DeleteFunc(slices.Clone(s.ports.Needs), func(n string) bool { return n == "" }), slices.Clone(teaching), p}, nil
}
