package simulate

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/report"
)

// Place is a point in WGS-84 degrees.
type Place struct{ Lat, Lon float64 }

// Where a child is, in words.
const (
	Home   = "home"
	School = "school"
	Road   = "road"
	Out    = "out" // playing outdoors near home
)

// Moment is a child at an instant: the truth, and what the badge knows of it.
type Moment struct {
	At      time.Time
	Where   string
	Truth   Place   // where the child is
	Fixed   bool    // the badge has a fix
	Told    Place   // what the badge takes for its place; zero without a fix
	Speed   float64 // km/h
	Course  float64 // degrees
	Sats    int
	Battery int // percent
	Steps   int
	Wifi    []report.Wifi
	Cells   []report.Cell
}

// Life is one child's habits.
type Life struct {
	Home, School Place
	SchoolDay    func(civil.Date) bool // nil: Monday to Friday
	seed         uint64
	early        time.Duration // habit: leaves home so much before the rest
	forgets      bool          // charges every second night only
}

// NewLife makes a life; the same seed gives the same one. Without a school it
// is a walk away from home.
func NewLife(seed uint64, home, school Place) *Life {
	r := rand.New(rand.NewPCG(seed, 1))
	if school == (Place{}) {
		turn, far := r.Float64()*2*math.Pi, 600+r.Float64()*1800
		school = home.move(far*math.Cos(turn), far*math.Sin(turn))
	}
	return &Life{Home: home, School: school, seed: seed, early: time.Duration(r.IntN(40)) * time.Minute, forgets: r.IntN(25) == 0}
}

// perDegree is metres in a degree of latitude.
const perDegree = 111_320

func (p Place) move(north, east float64) Place {
	return Place{p.Lat + north/perDegree, p.Lon + east/(perDegree*math.Cos(p.Lat*math.Pi/180))}
}

// metres between two near places.
func (p Place) metres(o Place) float64 {
	dy, dx := (o.Lat-p.Lat)*perDegree, (o.Lon-p.Lon)*perDegree*math.Cos(p.Lat*math.Pi/180)
	return math.Hypot(dx, dy)
}

// At gives the child at the instant.
func (l *Life) At(at time.Time) Moment {
	local := at.In(clock.Zone)
	day := civil.DateOf(at)
	since := local.Sub(day.Start())
	r := rand.New(rand.NewPCG(l.seed, uint64(at.Unix()/60))) // noise of this minute
	today := rand.New(rand.NewPCG(l.seed, hash(string(day))))
	m := Moment{At: at, Where: Home, Truth: l.Home, Battery: l.battery(day, since), Steps: l.steps(day, since)}

	leave := 7*time.Hour + 10*time.Minute - l.early + time.Duration(today.IntN(10))*time.Minute
	back := 16*time.Hour + 40*time.Minute + time.Duration(today.IntN(25))*time.Minute
	walk := time.Duration(l.Home.metres(l.School)/1.2) * time.Second // 4.3 km/h
	if walk > 25*time.Minute {
		walk = 25 * time.Minute // by bus then
	}
	plays := 10*time.Hour + time.Duration(today.IntN(240))*time.Minute
	if l.schoolDay(day) {
		plays = 18 * time.Hour
	}
	switch {
	case l.schoolDay(day) && since >= leave && since < leave+walk:
		l.onRoad(&m, l.Home, l.School, float64(since-leave)/float64(walk), walk, r)
	case l.schoolDay(day) && since >= leave+walk && since < back:
		m.Where, m.Truth = School, l.School.move(25*math.Sin(since.Hours()*3), 25*math.Cos(since.Hours()*5))
	case l.schoolDay(day) && since >= back && since < back+walk:
		l.onRoad(&m, l.School, l.Home, float64(since-back)/float64(walk), walk, r)
	case since >= plays && since < plays+time.Hour && today.IntN(3) > 0:
		turn := since.Minutes() / 9
		m.Where, m.Truth, m.Speed = Out, l.Home.move(70*math.Sin(turn), 90*math.Cos(turn*0.7)), 3*r.Float64()
	}
	l.sense(&m, r)
	return m
}

func (l *Life) schoolDay(d civil.Date) bool {
	if l.SchoolDay != nil {
		return l.SchoolDay(d)
	}
	wd := d.Start().Weekday()
	return wd != time.Saturday && wd != time.Sunday
}

// onRoad puts the child on a bowed way between two places.
func (l *Life) onRoad(m *Moment, from, to Place, done float64, takes time.Duration, r *rand.Rand) {
	m.Where = Road
	bow := 60 * math.Sin(done*math.Pi)
	m.Truth = Place{from.Lat + (to.Lat-from.Lat)*done, from.Lon + (to.Lon-from.Lon)*done}.move(bow, bow*0.6)
	m.Speed = from.metres(to) / takes.Seconds() * 3.6 * (0.8 + 0.4*r.Float64())
	m.Course = math.Mod(math.Atan2((to.Lon-from.Lon)*math.Cos(from.Lat*math.Pi/180), to.Lat-from.Lat)*180/math.Pi+360, 360)
}

// sense is what the badge knows: outdoors a good fix, indoors mostly none but
// the access points around.
func (l *Life) sense(m *Moment, r *rand.Rand) {
	indoors := m.Where == Home || m.Where == School
	m.Cells = l.cells(m.Truth, r)
	chance, noise := 0.96, 8.0
	if indoors {
		chance, noise = 0.3, 28
		m.Wifi = l.wifi(m.Where, r)
	}
	if r.Float64() > chance {
		return
	}
	m.Fixed, m.Sats = true, 5+r.IntN(8)
	if indoors {
		m.Sats = 4 + r.IntN(2)
	}
	m.Told = m.Truth.move(r.NormFloat64()*noise, r.NormFloat64()*noise)
}

// wifi lists the access points of the place; names with brackets and commas
// occur as they do in the field.
func (l *Life) wifi(where string, r *rand.Rand) []report.Wifi {
	base := l.seed
	names := []string{"ChinaNet-%s", "TP-LINK_%s", "[客厅]%s"}
	if where == School { // one school's access points are the same for all its children
		base = hash(fmt.Sprintf("%.3f %.3f", l.School.Lat, l.School.Lon))
		names = []string{"xuexiao-%s", "JSB,%s", "xuexiao-%s"}
	}
	var out []report.Wifi
	for i, name := range names {
		mac := fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", base&0xff, base>>8&0xff, base>>16&0xff, base>>24&0xff, i)
		ssid := fmt.Sprintf(name, mac[12:14])
		out = append(out, report.Wifi{SSID: &ssid, MAC: mac, RSSI: new(-40 - 12*i - r.IntN(9))})
	}
	return out
}

func (l *Life) cells(p Place, r *rand.Rand) []report.Cell {
	lac, cid := uint32(0x1000+int(p.Lat*50)%0x0fff), uint64(0x2000+int(p.Lon*200)%0x4fff)
	return []report.Cell{{MCC: new(460), MNC: new(0), LAC: lac, CID: cid, RSSI: new(130 + r.IntN(30))},
		{MCC: new(460), MNC: new(0), LAC: lac, CID: cid + 7, RSSI: new(110 + r.IntN(20))}}
}

// battery falls from full at seven in the morning and is charged from nine in
// the evening, by most.
func (l *Life) battery(day civil.Date, since time.Duration) int {
	hours := math.Mod(since.Hours()-7+24, 24) // since seven in the morning
	drain := 3.2 + float64(l.seed%20)/10      // percent an hour
	level := 100 - hours*drain
	if l.forgets && day.Day()%2 == 0 {
		level -= 40
	}
	if hours >= 14 && !(l.forgets && day.Day()%2 == 1) {
		level = min(100, 100-14*drain+(hours-14)*25)
	}
	return int(max(0, min(100, level)))
}

func (l *Life) steps(day civil.Date, since time.Duration) int {
	if since < 7*time.Hour {
		return 0
	}
	return int((since - 7*time.Hour).Hours() * float64(500+hash(string(day)+"s")%400))
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}
