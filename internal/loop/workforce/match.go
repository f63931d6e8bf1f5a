package workforce

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// Wanted is what a case or a pairing asks for.
type Wanted struct {
	Child    id.ID  // gives the area
	Region   string // or the area itself
	For      string // case, pairing
	Need     string
	Language string
	Sex      string
}

// Reason is why somebody fits or doesn't.
type Reason struct {
	Key string `json:"key"` // need, area, language, sex, load
	Fit string `json:"fit"` // good, fair, poor
	N   int    `json:"n"`   // of load: how many more
}

// Match is a proposal.
type Match struct {
	Row
	Score   int      `json:"score"`
	Reasons []Reason `json:"reasons"`
}

// kindsFor are the kinds of workers asked.
var kindsFor = map[string][]string{
	"case":    {"clinician", "counsellor", "social_worker"},
	"pairing": {"volunteer_carer", "cadre", "volunteer", "village_director", "social_worker", "teacher"},
}

// Match proposes who could take a case or be paired with a child, the best
// first; who may not is listed last with the reason.
func (s *Service) Match(ctx context.Context, q Wanted) ([]Match, error) {
	wanted, ok := kindsFor[q.For]
	if !ok {
		return nil, errs.Invalid("for", "workforce.choice")
	}
	out := []Match{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var away []id.ID
		if q.Child != "" {
			var err error
			if q.Region, err = s.ports.ChildArea(ctx, r, q.Child); err != nil {
				return err
			}
			found, err := s.ports.Away(ctx, r, q.Child)
			if err != nil {
				return err
			}
			away = found[q.Child]
		}
		if err := access.Check(access.From(ctx), "workforce.match", access.Target{Region: q.Region, Child: q.Child}); err != nil {
			return err
		}
		// A township looks at its own people and at those of the whole district.
		in, args := access.Where("region", []string{s.district})
		rows, err := people(ctx, r, "WHERE "+in+" AND account_id <> '' AND (ended_on = '' OR ended_on > ?) ORDER BY id LIMIT ?", append(args, today(r), most)...)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(p Person) bool {
			near := strings.HasPrefix(q.Region, p.Region) || strings.HasPrefix(p.Region, string(region.Code(q.Region).At(region.LevelTownship)))
			return !slices.Contains(wanted, p.Kind) || !near || slices.Contains(away, p.Account)
		})
		list, err := s.rows(ctx, r, rows)
		if err != nil {
			return err
		}
		for _, x := range list {
			out = append(out, q.judge(x))
		}
		slices.SortStableFunc(out, func(a, b Match) int {
			return cmp.Or(boolean(a.Blocked != "")-boolean(b.Blocked != ""), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Load.Total(), b.Load.Total()), cmp.Compare(a.ID, b.ID))
		})
		out = out[:min(len(out), 50)]
		return nil
	})
	return out, err
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// judge weighs one worker: what the child needs counts most, then language,
// nearness, free hands, sex.
func (q Wanted) judge(x Row) Match {
	m := Match{Row: x, Reasons: []Reason{}}
	add := func(key, fit string, n, score int) {
		m.Reasons = append(m.Reasons, Reason{key, fit, n})
		m.Score += score
	}
	if q.Need != "" {
		switch {
		case slices.Contains(x.Needs, q.Need):
			add("need", "good", 0, 40)
		case len(x.Needs) == 0:
			add("need", "fair", 0, 15)
		default:
			add("need", "poor", 0, 0)
		}
	}
	if q.Language != "" {
		if slices.Contains(x.Languages, q.Language) {
			add("language", "good", 0, 25)
		} else {
			add("language", "poor", 0, 0)
		}
	}
	town := string(region.Code(q.Region).At(region.LevelTownship))
	switch {
	case len(x.Region) > len(town) && town != "" && strings.HasPrefix(q.Region, x.Region):
		add("area", "good", 0, 20)
	case town != "" && strings.HasPrefix(x.Region, town):
		add("area", "good", 0, 15)
	default:
		add("area", "fair", 0, 5)
	}
	switch free := x.Most - x.Load.Total(); {
	case x.Most == 0:
		add("load", "fair", x.Load.Total(), 5)
	case free <= 0:
		add("load", "poor", free, -20)
	case free*2 >= x.Most:
		add("load", "good", free, 15)
	default:
		add("load", "fair", free, 8)
	}
	if q.Sex != "" {
		if x.Sex == q.Sex {
			add("sex", "good", 0, 10)
		} else {
			add("sex", "poor", 0, 0)
		}
	}
	return m
}

// Hands gives accounts as workers; of one that is not entered nothing is known
// but that it may not be given children.
func (s *Service) Hands(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]Row, error) {
	out := map[id.ID]Row{}
	var list []Person
	for _, n := range accounts {
		p, err := byAccount(ctx, r, n)
		if errs.Is(err, errs.KindNotFound) {
			out[n] = Row{Person: Person{Account: n}, Needs: []string{}, Languages: []string{}, Held: []Held{}, Vetting: Missing, Blocked: "workforce.not_vetted"}
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	rows, err := s.rows(ctx, r, list)
	for _, x := range rows {
		out[x.Account] = x
	}
	return out, err
}

// Share proposes for each wish one of the accounts: who fits best with a hand
// free, each wish counted before the next. Who may not meet children or is full
// is not proposed; "" where nobody is left.
func (s *Service) Share(ctx context.Context, r db.Reader, wishes []Wanted, accounts []id.ID) ([]id.ID, error) {
	hands, err := s.Hands(ctx, r, accounts)
	if err != nil {
		return nil, err
	}
	out := make([]id.ID, len(wishes))
	for i, q := range wishes {
		best := -1
		for _, n := range accounts {
			x := hands[n]
			if x.Blocked != "" || x.Most > 0 && x.Load.Total() >= x.Most {
				continue
			}
			if score := q.judge(x).Score; score > best {
				out[i], best = n, score
			}
		}
		if best >= 0 {
			x := hands[out[i]]
			x.Load.Cases++
			hands[out[i]] = x
		}
	}
	return out, nil
}

// Languages are those of the policy in force.
func (s *Service) Languages() []string {
	return slices.Clone(s.editions.On(civil.DateOf(s.db.Clock().Now())).Languages)
}
