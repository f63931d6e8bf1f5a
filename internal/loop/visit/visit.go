package visit

import (
	"math"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// States of a due.
const (
	Open    = "open"
	Done    = "done"
	Dropped = "dropped"
)

// Regular is the plan of visits by colour and category; festivals are plans by
// their key and year, ByHand one that an officer asked for.
const (
	Regular = "regular"
	ByHand  = "by_hand"
)

// Due is a visit that must be made by a day.
type Due struct {
	ID      id.ID        `bun:"id" json:"id"`
	ChildID id.ID        `bun:"child_id" json:"child_id"`
	Region  string       `bun:"region" json:"region"`
	Plan    string       `bun:"plan" json:"plan"`
	Why     string       `bun:"why" json:"why"` // colour.red, category.orphan, or an officer's words
	Who     id.ID        `bun:"who" json:"who"`
	FromOn  civil.Date   `bun:"from_on" json:"from_on"`
	DueOn   civil.Date   `bun:"due_on" json:"due_on"`
	State   string       `bun:"state" json:"state"`
	VisitID id.ID        `bun:"visit_id" json:"visit_id"`
	ToldAt  clock.Millis `bun:"told_at" json:"told_at"`
	MadeAt  clock.Millis `bun:"made_at" json:"-"`
	DoneAt  clock.Millis `bun:"done_at" json:"done_at"`
}

// Pairing binds a helper to a child.
type Pairing struct {
	ID        id.ID        `bun:"id" json:"id"`
	ChildID   id.ID        `bun:"child_id" json:"child_id"`
	Region    string       `bun:"region" json:"region"`
	Helper    id.ID        `bun:"helper" json:"helper"`
	Kind      string       `bun:"kind" json:"kind"`
	BegunOn   civil.Date   `bun:"begun_on" json:"begun_on"`
	EndedOn   civil.Date   `bun:"ended_on" json:"ended_on"`
	EndReason string       `bun:"end_reason" json:"end_reason"`
	MadeAt    clock.Millis `bun:"made_at" json:"-"`
	MadeBy    id.ID        `bun:"made_by" json:"-"`
	EndedAt   clock.Millis `bun:"ended_at" json:"ended_at"`
	EndedBy   id.ID        `bun:"ended_by" json:"-"`
}

var (
	pairingKinds = []string{"carer", "cadre", "volunteer"} // 爱心妈妈, 干部, 志愿者
	endReasons   = []string{"finished", "moved", "helper_left", "family_wish", "unfit", "barred"}
)

// States of a visit.
const (
	Settled  = "settled"
	Conflict = "conflict"
)

// Visit is a visit with its version that counts.
type Visit struct {
	ID        id.ID        `bun:"id" json:"id"`
	ChildID   id.ID        `bun:"child_id" json:"child_id"`
	Region    string       `bun:"region" json:"region"`
	DueID     id.ID        `bun:"due_id" json:"due_id"`
	Plan      string       `bun:"plan" json:"plan"`
	State     string       `bun:"state" json:"state"`
	Current   id.ID        `bun:"current" json:"current"`
	By        id.ID        `bun:"by_account" json:"by"`
	BeganAt   clock.Millis `bun:"began_at" json:"began_at"`
	EndedAt   clock.Millis `bun:"ended_at" json:"ended_at"`
	Met       bool         `bun:"met" json:"met"`
	Danger    string       `bun:"danger" json:"danger"`
	MatterID  id.ID        `bun:"matter_id" json:"matter_id"`
	StoredAt  clock.Millis `bun:"stored_at" json:"stored_at"`
	DecidedAt clock.Millis `bun:"decided_at" json:"decided_at"`
	DecidedBy id.ID        `bun:"decided_by" json:"decided_by"`
}

// Version is what one phone wrote of a visit at one time.
type Version struct {
	ID       id.ID        `bun:"id" json:"id"`
	VisitID  id.ID        `bun:"visit_id" json:"-"`
	Base     id.ID        `bun:"base" json:"base"` // the version that it was made of
	By       id.ID        `bun:"by_account" json:"by"`
	Key      string       `bun:"idem_key" json:"-"`
	BeganAt  clock.Millis `bun:"began_at" json:"began_at"`
	EndedAt  clock.Millis `bun:"ended_at" json:"ended_at"`
	StoredAt clock.Millis `bun:"stored_at" json:"stored_at"`
	Met      bool         `bun:"met" json:"met"`
	Danger   string       `bun:"danger" json:"danger"`
	Lat      float64      `bun:"lat" json:"-"`
	Lon      float64      `bun:"lon" json:"-"`
	Accuracy int          `bun:"accuracy_m" json:"-"`
	Body     string       `bun:"body" json:"-"` // sealed
}

// Body is what was seen, in words and ticks.
type Body struct {
	Seen    map[string]string `json:"seen"`    // by what is looked at: yes, no; not there: not seen
	Present []string          `json:"present"` // child, guardian, carer, other
	Text    string            `json:"text"`
	Danger  string            `json:"danger"` // words on the danger
	Wish    string            `json:"wish"`   // what the family asks for
	Signed  string            `json:"signed"` // who signed: child, guardian, carer, nobody
}

// Goods are things handed over.
type Goods struct {
	Item  string `bun:"item" json:"item"`
	Count int    `bun:"count" json:"count"`
}

// Report is a visit as a phone sends it.
type Report struct {
	Key      string
	VisitID  id.ID // made by the phone, so that photos and edits can name it
	Base     id.ID // version that was edited; empty: written anew
	DueID    id.ID
	ChildID  id.ID // for a visit that was not due
	BeganAt  clock.Millis
	EndedAt  clock.Millis
	Lat, Lon float64 // 0, 0: unknown
	Accuracy int
	Met      bool // the child was seen
	Danger   string
	Body     Body
	Goods    []Goods
}

var (
	presents = []string{"child", "guardian", "carer", "other"}
	signers  = []string{"", "child", "guardian", "carer", "nobody"}
)

func (q Report) check(p Policy) error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if len(q.Key) < 8 || len(q.Key) > 100 {
		add("key", "signal.key")
	}
	if _, ok := id.Parse(string(q.VisitID)); !ok {
		add("visit_id", "visit.id")
	}
	if q.DueID == "" && q.ChildID == "" {
		add("child_id", "visit.child")
	}
	if q.BeganAt <= 0 || q.EndedAt < q.BeganAt || q.EndedAt-q.BeganAt > clock.Millis(24*3_600_000) {
		add("began_at", "visit.times")
	}
	if q.Lat < -90 || q.Lat > 90 || q.Lon < -180 || q.Lon > 180 {
		add("lat", "position.range")
	}
	for k, v := range q.Body.Seen {
		if !slices.Contains(p.Seen, k) || v != "yes" && v != "no" {
			add("seen", "visit.choice")
			break
		}
	}
	if slices.ContainsFunc(q.Body.Present, func(x string) bool { return !slices.Contains(presents, x) }) {
		add("present", "visit.choice")
	}
	if !slices.Contains(signers, q.Body.Signed) {
		add("signed", "visit.choice")
	}
	if _, ok := p.Dangers[q.Danger]; q.Danger != "" && !ok {
		add("danger", "visit.choice")
	}
	if q.Danger != "" && strings.TrimSpace(q.Body.Danger) == "" {
		add("danger_text", "visit.danger_words")
	}
	for name, text := range map[string]string{"text": q.Body.Text, "danger_text": q.Body.Danger, "wish": q.Body.Wish} {
		if len([]rune(text)) > 3000 {
			add(name, "text.too_long")
		}
	}
	if !goodsKnown(p, q.Goods) {
		add("goods", "visit.goods")
	}
	return errs.InvalidFields(bad)
}

// Point is a place on the map.
type Point struct{ Lat, Lon float64 }

func (p Point) known() bool { return p.Lat != 0 || p.Lon != 0 }

// metres is the distance along the ground.
func metres(a, b Point) float64 {
	const earth = 6_371_000
	rad := func(d float64) float64 { return d * math.Pi / 180 }
	dLat, dLon := rad(b.Lat-a.Lat), rad(b.Lon-a.Lon)
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(rad(a.Lat))*math.Cos(rad(b.Lat))*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(h)))
}

// Kinds of mark.
const (
	TwoPlaces = "two_places"
	FarOff    = "far_off"
	PhotoFar  = "photo_far"
	TooShort  = "too_short"
	NotYet    = "not_yet" // it lies in the future
	// Recused: whoever wrote it must be kept away from the child. A pairing
	// that ended for this has the word as its reason too.
	Recused = "recused"
)

// Mark is something that can't be true of a visit.
type Mark struct {
	ID        id.ID        `bun:"id" json:"id"`
	VisitID   id.ID        `bun:"visit_id" json:"visit_id"`
	Region    string       `bun:"region" json:"region"`
	Kind      string       `bun:"kind" json:"kind"`
	Other     id.ID        `bun:"other" json:"other"` // the other visit, or the photo
	Metres    int          `bun:"metres" json:"metres"`
	Seconds   int          `bun:"seconds" json:"seconds"`
	At        clock.Millis `bun:"at" json:"at"`
	State     string       `bun:"state" json:"state"` // open, explained, wrong
	Answer    string       `bun:"answer" json:"answer"`
	SettledAt clock.Millis `bun:"settled_at" json:"settled_at"`
	SettledBy id.ID        `bun:"settled_by" json:"settled_by"`
}

// stay is where and when somebody was on a visit.
type stay struct {
	Visit    id.ID
	From, To clock.Millis
	At       Point // of the phone, else of the child's village
	Village  string
}

// between judges two stays of one person: how far apart they lie, how long the
// way took, and whether anybody can have gone it.
func (d Doubt) between(a, b stay) (far, seconds int, impossible bool) {
	gap := b.From - a.To
	if a.From > b.From {
		gap = a.From - b.To
	}
	if a.Village == b.Village || !a.At.known() || !b.At.known() {
		return 0, 0, false
	}
	m := metres(a.At, b.At)
	s := float64(max(gap, 0)) / 1000
	return int(m), int(s), gap < 0 && m > 500 || m > 500 && s*d.MetresPerSecond < m
}
