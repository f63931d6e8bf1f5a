package duty_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
	"zugou/internal/people/region"
	"zugou/policy/holidays"
)

// Areas of the stories: 高升镇 with two villages, its neighbour 季家镇.
const (
	district = "500111"
	gaosheng = "500111115"
)

// world is a district without a database for accounts.
type world struct {
	people  map[id.ID]duty.Person
	holders []duty.Holder
	regions []region.Region
	at      map[string]duty.Point
}

func newWorld() *world { return &world{people: map[id.ID]duty.Person{}, at: map[string]duty.Point{}} }

// area adds an area, with a point if lat is given.
func (w *world) area(code, name string, point ...float64) {
	w.regions = append(w.regions, region.Region{Code: region.Code(code), Name: name})
	if len(point) == 2 {
		w.at[code] = duty.Point{Lat: point[0], Lon: point[1]}
	}
}

// person adds an account that can be called; roles are "role@region".
func (w *world) person(account string, grants ...string) id.ID {
	a := id.ID(account)
	w.people[a] = duty.Person{Account: a, Name: account, PhoneMasked: "154****0000", Active: true, PhoneVerified: true}
	for _, g := range grants {
		role, at, _ := strings.Cut(g, "@")
		w.holders = append(w.holders, duty.Holder{Account: a, Role: access.Role(role), Region: at})
	}
	return a
}

func (w *world) change(account id.ID, f func(*duty.Person)) {
	p := w.people[account]
	f(&p)
	w.people[account] = p
}

func (w *world) Name(c region.Code) string {
	for _, r := range w.regions {
		if r.Code == c {
			return r.Name
		}
	}
	return ""
}

func (w *world) Within(c region.Code, l region.Level) []region.Region {
	var out []region.Region
	for _, r := range w.regions {
		if r.Code.Level() == l && c.Contains(r.Code) {
			out = append(out, r)
		}
	}
	return out
}

func (w *world) Coordinates(c region.Code) (lat, lon float64, ok bool) {
	p, ok := w.at[string(c)]
	return p.Lat, p.Lon, ok
}

func (w *world) HoldersAt(_ context.Context, _ db.Reader, regions []string, roles []access.Role) ([]duty.Holder, error) {
	return slices.DeleteFunc(slices.Clone(w.holders), func(h duty.Holder) bool {
		return !slices.Contains(regions, h.Region) || !slices.Contains(roles, h.Role)
	}), nil
}

func (w *world) HoldersWithin(_ context.Context, _ db.Reader, at string, roles []access.Role) ([]duty.Holder, error) {
	return slices.DeleteFunc(slices.Clone(w.holders), func(h duty.Holder) bool {
		return !strings.HasPrefix(h.Region, at) || !slices.Contains(roles, h.Role)
	}), nil
}

func (w *world) People(_ context.Context, _ db.Reader, accounts []id.ID) ([]duty.Person, error) {
	var out []duty.Person
	for _, a := range accounts {
		if p, ok := w.people[a]; ok {
			out = append(out, p)
		}
	}
	return out, nil
}

func (w *world) finder(t testing.TB) *duty.Finder {
	t.Helper()
	years, err := duty.ReadYears(holidays.Files)
	if err != nil {
		t.Fatal(err)
	}
	return &duty.Finder{
		Directory: w,
		Areas:     func(context.Context, db.Reader) (duty.Map, error) { return w, nil },
		Calendars: duty.Calendars(years),
	}
}

// china reads "2024-06-01 02:10" as Chinese time.
func china(s string) clock.Millis {
	at, err := time.ParseInLocation("2006-01-02 15:04", s, clock.Zone)
	if err != nil {
		panic(err)
	}
	return clock.Of(at)
}

func said(cs []duty.Candidate) string {
	var out []string
	for _, c := range cs {
		s := string(c.Account)
		if c.Sideways {
			s = "~" + s
		}
		if !c.Reachable {
			s += "!"
		}
		if !c.OnDuty {
			s += "(off)"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func hhmm(m clock.Millis) string {
	if m == 0 {
		return "open"
	}
	return m.Time().In(clock.Zone).Format("01-02 15:04")
}

func dateOf(s string) civil.Date { return civil.Date(s) }
