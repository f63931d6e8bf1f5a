package keep

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/geo"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/people/device"
)

// Observed is what a device told, as those who watch over it get it.
type Observed struct {
	Device     device.Device
	Child      id.ID  // who wore it then; empty: nobody
	Region     string //
	Message    *report.Message
	At         clock.Millis // when it was so
	ReceivedAt clock.Millis
	Suspect    bool // the device's clock can't be right: At is ReceivedAt
	History    bool
	Fix        *Fix // nil: not known
}

// Watcher is told of each message, in its change.
type Watcher interface {
	Observe(ctx context.Context, tx *db.Tx, o Observed) error
}

// Located is what a locating service answers.
type Located struct {
	geo.Point
	System    geo.System // Chinese services answer in GCJ-02 or BD-09
	AccuracyM float64
	Source    string // wifi or cell
}

// Locator asks a contracted service where access points and cells are. Their
// lists are personal data of children: none is asked unless one is set.
type Locator interface {
	Locate(ctx context.Context, cells []report.Cell, wifi []report.Wifi) (Located, error)
}

// Parts is what a Keeper is made of; only DB, Keys and District must be set.
type Parts struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	District string // region code under which unknown devices are listed
	Watcher  Watcher
	Locator  Locator
	Jobs     *job.Engine
}

// Keeper writes down what devices tell.
type Keeper struct{ p Parts }

// JobLocate asks the locating service for one signal's place.
const JobLocate = "device.locate"

// New makes a keeper and registers its job.
func New(p Parts) *Keeper {
	k := &Keeper{p}
	if p.Jobs != nil && p.Locator != nil {
		p.Jobs.Effect(JobLocate, k.ask)
	}
	return k
}

// OnDevice is the seat's port of the name.
func (k *Keeper) OnDevice() seat.OnDevice { return k.keep }

func (k *Keeper) keep(ctx context.Context, tx *db.Tx, n signal.New, child id.ID, region string) error {
	m := gateway.Said(n)
	if n.DeviceID == "" || m == nil {
		return nil
	}
	d, err := device.Meet(ctx, tx, n.DeviceID, string(n.Source), k.p.District)
	if err != nil {
		return err
	}
	trait, err := k.traits(ctx, tx, d, n, m)
	if err != nil {
		return err
	}
	o := Observed{Device: d, Child: child, Region: region, Message: m, ReceivedAt: tx.Now, History: n.History}
	o.At, o.Suspect = trait.clock().When(n.DeviceAt, tx.Now)
	if o.Fix, err = k.where(ctx, tx, n, m, o); err != nil {
		return err
	}
	if n.History { // whose it was then, not whose it is
		d.Wearer, d.Region = child, region
	}
	if err := touch(ctx, tx, d, o); err != nil {
		return err
	}
	if err := k.media(ctx, tx, d, o); err != nil {
		return err
	}
	if k.p.Watcher != nil {
		return k.p.Watcher.Observe(ctx, tx, o)
	}
	return nil
}

// trait is what was learnt of a device.
type trait struct {
	Skew      int    `bun:"skew_minutes"`
	Candidate int    `bun:"skew_candidate"`
	Hits      int    `bun:"skew_hits"`
	ICCID     string `bun:"iccid"`
}

func (t trait) clock() Clock { return Clock{t.Skew, t.Candidate, t.Hits} }

func (k *Keeper) traits(ctx context.Context, tx *db.Tx, d device.Device, n signal.New, m *report.Message) (trait, error) {
	var rows []trait
	if err := tx.List(ctx, &rows, "SELECT skew_minutes, skew_candidate, skew_hits, iccid FROM device_trait WHERE device = ?", d.ID); err != nil {
		return trait{}, err
	}
	var t trait
	if len(rows) > 0 {
		t = rows[0]
	}
	before := t
	if !n.History {
		c, _ := t.clock().Learn(n.DeviceAt, tx.Now)
		t.Skew, t.Candidate, t.Hits = c.Skew, c.Candidate, c.Hits
	}
	if m.ICCID != "" && m.ICCID != t.ICCID {
		t.ICCID = m.ICCID
		if before.ICCID != "" {
			if err := tx.Emit(ctx, db.Event{Topic: "device", Kind: "sim_changed", Region: d.Region, Ref: string(d.ID)}); err != nil {
				return trait{}, err
			}
		}
	}
	if t == before {
		return t, nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_trait (device, skew_minutes, skew_candidate, skew_hits, iccid) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (device) DO UPDATE SET skew_minutes = excluded.skew_minutes, skew_candidate = excluded.skew_candidate,
		skew_hits = excluded.skew_hits, iccid = excluded.iccid`, d.ID, t.Skew, t.Candidate, t.Hits, t.ICCID)
	return t, err
}

// where gives the message's place: a fix, else the known access points; else
// the locating service is asked, and its answer is written when it comes.
func (k *Keeper) where(ctx context.Context, tx *db.Tx, n signal.New, m *report.Message, o Observed) (*Fix, error) {
	if n.History && o.Suspect {
		return nil, nil
	}
	f := Place(m, o.At)
	if len(m.Wifi) == 0 {
		if f != nil || len(m.Cells) == 0 {
			return f, nil
		}
		return k.recallOrAsk(ctx, tx, n, m, o)
	}
	known, err := points(ctx, tx, m.Wifi)
	if err != nil {
		return nil, err
	}
	if f.Teaches() && !o.Suspect {
		return f, teach(ctx, tx, known, m.Wifi, f)
	}
	if f != nil {
		return f, nil
	}
	if f = locate(known, o.At); f != nil {
		return f, nil
	}
	return k.recallOrAsk(ctx, tx, n, m, o)
}

// recallOrAsk gives what the locating service told of these networks before;
// else it is asked, for a live message.
func (k *Keeper) recallOrAsk(ctx context.Context, tx *db.Tx, n signal.New, m *report.Message, o Observed) (*Fix, error) {
	if k.p.Locator == nil {
		return nil, nil
	}
	f, err := recall(ctx, tx, m.Cells, m.Wifi, o.At)
	if f != nil || err != nil || n.History {
		return f, err
	}
	return nil, askLater(ctx, tx, n)
}

// Bounds of learning: the strongest few of a list, and how often a well-known
// one is looked at again.
const (
	strongest = 6
	refresh   = 24 * time.Hour
)

func points(ctx context.Context, r db.Reader, wifi []report.Wifi) ([]point, error) {
	var macs []any
	for _, w := range wifi[:min(len(wifi), strongest)] {
		macs = append(macs, strings.ToLower(w.MAC))
	}
	var known []point
	err := r.List(ctx, &known, "SELECT mac, lat, lon, samples, moves, at FROM access_point WHERE mac IN ("+db.Marks(len(macs))+")", macs...)
	return known, err
}

func teach(ctx context.Context, tx *db.Tx, known []point, wifi []report.Wifi, f *Fix) error {
	for _, w := range wifi[:min(len(wifi), strongest)] {
		mac := strings.ToLower(w.MAC)
		p := point{MAC: mac}
		if i := slices.IndexFunc(known, func(k point) bool { return k.MAC == mac }); i >= 0 {
			p = known[i]
		}
		next, changed := p.taught(f)
		if !changed {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO access_point (mac, lat, lon, samples, moves, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (mac) DO UPDATE SET lat = excluded.lat, lon = excluded.lon, samples = excluded.samples, moves = excluded.moves, at = excluded.at`,
			next.MAC, next.Lat, next.Lon, next.Samples, next.Moves, next.At); err != nil {
			return err
		}
	}
	return nil
}

// touch writes the register: last seen, battery, place and track.
func touch(ctx context.Context, tx *db.Tx, d device.Device, o Observed) error {
	s := device.Seen{At: tx.Now, Battery: -1}
	if b := o.Message.Battery; b != nil && !o.History && *b >= 0 && *b <= 100 {
		s.Battery = *b
	}
	if f := o.Fix; f != nil {
		s.Where = &device.Position{Lat: f.Lat, Lon: f.Lon, At: f.At, Source: f.Source, AccuracyM: f.AccuracyM}
	}
	if err := device.Touch(ctx, tx, d, s); err != nil {
		return err
	}
	f := o.Fix
	if f == nil || f.System == geo.WGS84 && !o.Suspect && !o.History {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE device_position SET raw_lat = ?, raw_lon = ?, crs = ?, time_suspect = ?, history = ? WHERE device = ? AND at = ?",
		f.Raw.Lat, f.Raw.Lon, f.System, o.Suspect, o.History, d.ID, f.At)
	return err
}

// askLater has the locating service asked for the signal, outside of the
// change.
func askLater(ctx context.Context, tx *db.Tx, n signal.New) error {
	var which id.ID
	if err := tx.Get(ctx, db.To(&which), "SELECT id FROM signal WHERE idem_key = ?", n.Key); err != nil {
		return err
	}
	return job.Schedule(ctx, tx, JobLocate, string(which), tx.Now, "")
}

// giveUp is how old a signal may be for its place to be asked for.
const giveUp = 10 * time.Minute

func (k *Keeper) ask(ctx context.Context, j job.Job) error {
	var s signal.Signal
	if err := k.p.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		s, err = signal.Find(ctx, r, id.ID(j.Key))
		return err
	}); err != nil {
		return err
	}
	now := clock.Of(k.p.DB.Clock().Now())
	if now.Sub(s.ReceivedAt) > giveUp {
		return nil
	}
	var body struct {
		Cells []report.Cell `json:"cells"`
		Wifi  []report.Wifi `json:"wifi"`
	}
	if err := json.Unmarshal([]byte(s.Body), &body); err != nil {
		return err
	}
	found, err := k.p.Locator.Locate(ctx, body.Cells, body.Wifi)
	if err != nil {
		return err
	}
	if found.Zero() || !found.Valid() || found.AccuracyM <= 0 {
		return nil
	}
	f := &Fix{Point: geo.To(found.Point, found.System, geo.WGS84), Source: found.Source, AccuracyM: found.AccuracyM, Raw: found.Point, System: found.System}
	return k.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := device.Find(ctx, tx, s.DeviceID)
		if err != nil {
			return err
		}
		var rows []trait
		if err := tx.List(ctx, &rows, "SELECT skew_minutes, skew_candidate, skew_hits, iccid FROM device_trait WHERE device = ?", d.ID); err != nil {
			return err
		}
		c := Clock{}
		if len(rows) > 0 {
			c = rows[0].clock()
		}
		o := Observed{Device: d, Child: s.ChildID, Region: s.Region, Message: &report.Message{}, ReceivedAt: s.ReceivedAt, Fix: f}
		o.At, o.Suspect = c.When(s.DeviceAt, s.ReceivedAt)
		f.At = o.At
		if err := remember(ctx, tx, body.Cells, body.Wifi, f); err != nil {
			return err
		}
		if err := touch(ctx, tx, d, o); err != nil {
			return err
		}
		if k.p.Watcher != nil {
			return k.p.Watcher.Observe(ctx, tx, o)
		}
		return nil
	})
}
