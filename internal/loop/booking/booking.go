package booking

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// quarter is the grain of the calendar.
const quarter = 15 * time.Minute

// Bounds of a booking.
const (
	longest  = 12 * time.Hour
	farthest = 180 * 24 * time.Hour
)

var (
	venueKinds = []string{"counselling", "group", "activity", "sand_table", "relief", "meeting"}
	purposes   = []string{"counselling", "group", "training", "supervision", "meeting", "activity", "other"}
)

// Venue is a shared place.
type Venue struct {
	ID         id.ID        `bun:"id" json:"id"`
	Name       string       `bun:"name" json:"name"`
	Kind       string       `bun:"kind" json:"kind"`
	Region     string       `bun:"region" json:"region"`
	RegionName string       `bun:"-" json:"region_name"`
	Seats      int          `bun:"seats" json:"seats"`
	Opens      int          `bun:"opens" json:"opens"` // minutes since midnight, a quarter's
	Closes     int          `bun:"closes" json:"closes"`
	Note       string       `bun:"note" json:"note"`
	EndedAt    clock.Millis `bun:"ended_at" json:"ended_at"`
	MadeAt     clock.Millis `bun:"made_at" json:"-"`
	MadeBy     id.ID        `bun:"made_by" json:"-"`
	Version    int64        `bun:"version" json:"version"`
}

// Booking is one use of a place.
type Booking struct {
	ID       id.ID        `bun:"id" json:"id"`
	VenueID  id.ID        `bun:"venue_id" json:"venue_id"`
	Region   string       `bun:"region" json:"-"`
	BeginsAt clock.Millis `bun:"begins_at" json:"begins_at"`
	EndsAt   clock.Millis `bun:"ends_at" json:"ends_at"`
	Purpose  string       `bun:"purpose" json:"purpose"`
	Note     string       `bun:"note" json:"note"`
	State    string       `bun:"state" json:"state"` // booked, cancelled
	MadeAt   clock.Millis `bun:"made_at" json:"made_at"`
	MadeBy   id.ID        `bun:"made_by" json:"made_by"`
	MadeName string       `bun:"-" json:"made_name"`
	EndedAt  clock.Millis `bun:"ended_at" json:"ended_at"`
	EndedBy  id.ID        `bun:"ended_by" json:"-"`
	Key      string       `bun:"idem_key" json:"-"`
}

const (
	venueColumns   = "id, name, kind, region, seats, opens, closes, note, ended_at, made_at, made_by, version"
	bookingColumns = "id, venue_id, region, begins_at, ends_at, purpose, note, state, made_at, made_by, ended_at, ended_by, idem_key"
)

type venueRow struct {
	bun.BaseModel `bun:"table:venue"`
	Venue
}

type bookingRow struct {
	bun.BaseModel `bun:"table:booking"`
	Booking
}

type slotRow struct {
	bun.BaseModel `bun:"table:booking_slot"`
	VenueID       id.ID        `bun:"venue_id"`
	SlotAt        clock.Millis `bun:"slot_at"`
	BookingID     id.ID        `bun:"booking_id"`
}

// Ports are what bookings ask of their neighbours.
type Ports struct {
	Place func(ctx context.Context, r db.Reader, region string) (string, error)
	Names func(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error)
}

// Service books places.
type Service struct {
	db    *db.DB
	ports Ports
}

// New makes the service.
func New(d *db.DB, ports Ports) *Service { return &Service{db: d, ports: ports} }

// Kinds and Purposes list the choices.
func Kinds() []string    { return slices.Clone(venueKinds) }
func Purposes() []string { return slices.Clone(purposes) }

func (v Venue) check() error {
	var bad []errs.Field
	if n := len([]rune(v.Name)); n == 0 {
		bad = append(bad, errs.Field{Name: "name", Key: "text.needed"})
	} else if n > 60 {
		bad = append(bad, errs.Field{Name: "name", Key: "text.too_long"})
	}
	if !slices.Contains(venueKinds, v.Kind) {
		bad = append(bad, errs.Field{Name: "kind", Key: "booking.choice"})
	}
	if v.Opens < 0 || v.Closes > 24*60 || v.Opens >= v.Closes || v.Opens%15 != 0 || v.Closes%15 != 0 {
		bad = append(bad, errs.Field{Name: "opens", Key: "booking.hours"})
	}
	if v.Seats < 0 || v.Seats > 1000 {
		bad = append(bad, errs.Field{Name: "seats", Key: "booking.seats"})
	}
	if len([]rune(v.Note)) > 500 {
		bad = append(bad, errs.Field{Name: "note", Key: "text.too_long"})
	}
	return errs.InvalidFields(bad)
}

// Save enters a place (without an id) or changes one.
func (s *Service) Save(ctx context.Context, v Venue) (Venue, error) {
	v.Name = strings.TrimSpace(v.Name)
	if err := v.check(); err != nil {
		return v, err
	}
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		if err := access.Check(a, "venue.write", access.Target{Region: v.Region}); err != nil {
			return err
		}
		if v.ID == "" {
			v.ID, v.MadeAt, v.MadeBy, v.Version, v.EndedAt = id.New(), tx.Now, a.Account, 1, 0
			if err := tx.Insert(ctx, &[]venueRow{{Venue: v}}); err != nil {
				return err
			}
		} else {
			was, err := venue(ctx, tx, v.ID)
			if err != nil {
				return err
			}
			if err := access.Check(a, "venue.write", access.Target{Region: was.Region}); err != nil {
				return err
			}
			if v.EndedAt != 0 {
				v.EndedAt = tx.Now
			}
			n, err := tx.Exec(ctx, "UPDATE venue SET name = ?, kind = ?, region = ?, seats = ?, opens = ?, closes = ?, note = ?, ended_at = ?, version = version + 1 WHERE id = ? AND version = ?",
				v.Name, v.Kind, v.Region, v.Seats, v.Opens, v.Closes, v.Note, v.EndedAt, v.ID, v.Version)
			if err == nil && n == 0 {
				err = errs.Conflict("record.changed")
			}
			if err != nil {
				return err
			}
			v.Version++
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "venue.write", SubjectKind: "venue", Subject: v.ID, Region: v.Region})
	})
	return v, err
}

func venue(ctx context.Context, r db.Reader, n id.ID) (Venue, error) {
	var v Venue
	err := r.Get(ctx, []any{&v}, "SELECT "+venueColumns+" FROM venue WHERE id = ?", n)
	return v, err
}

// Venues lists the places in use of the actor's areas.
func (s *Service) Venues(ctx context.Context) ([]Venue, error) {
	out := []Venue{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "venue.read"); err != nil {
			return err
		}
		where, args := access.Where("region", a.Areas("venue.read"))
		// Whoever works in a township may use the rooms of the whole district too.
		above := ""
		for _, code := range a.Areas("venue.read") {
			if len(code) >= 6 {
				above += " OR region = ?"
				args = append(args, code[:6])
			}
		}
		if err := r.List(ctx, &out, "SELECT "+venueColumns+" FROM venue WHERE ended_at = 0 AND ("+where+above+") ORDER BY region, name, id LIMIT 500", args...); err != nil {
			return err
		}
		for i := range out {
			var err error
			if out[i].RegionName, err = s.ports.Place(ctx, r, out[i].Region); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Request is a booking as asked for.
type Request struct {
	VenueID          id.ID
	BeginsAt, EndsAt clock.Millis
	Purpose, Note    string
	Key              string
}

func (q Request) check(v Venue, now clock.Millis) error {
	var bad []errs.Field
	step := clock.Millis(quarter.Milliseconds())
	begins, ends := q.BeginsAt.Time().In(clock.Zone), q.EndsAt.Time().In(clock.Zone)
	minute := func(t time.Time) int { return t.Hour()*60 + t.Minute() }
	last := minute(ends)
	if last == 0 && ends.After(begins) { // until midnight
		last = 24 * 60
		ends = ends.Add(-time.Minute)
	}
	switch {
	case q.BeginsAt <= 0 || q.EndsAt <= q.BeginsAt || q.BeginsAt%step != 0 || q.EndsAt%step != 0 || q.EndsAt.Sub(q.BeginsAt) > longest || begins.YearDay() != ends.YearDay():
		bad = append(bad, errs.Field{Name: "begins_at", Key: "booking.times"})
	case q.EndsAt <= now:
		bad = append(bad, errs.Field{Name: "begins_at", Key: "booking.past"})
	case q.BeginsAt.Sub(now) > farthest:
		bad = append(bad, errs.Field{Name: "begins_at", Key: "booking.far"})
	case minute(begins) < v.Opens || last > v.Closes:
		bad = append(bad, errs.Field{Name: "begins_at", Key: "booking.closed"})
	}
	if !slices.Contains(purposes, q.Purpose) {
		bad = append(bad, errs.Field{Name: "purpose", Key: "booking.choice"})
	}
	if len([]rune(q.Note)) > 200 {
		bad = append(bad, errs.Field{Name: "note", Key: "text.too_long"})
	}
	if len(q.Key) < 8 || len(q.Key) > 100 {
		bad = append(bad, errs.Field{Name: "key", Key: "signal.key"})
	}
	return errs.InvalidFields(bad)
}

// Book takes a place. The same key of the same account is the same booking.
// Errors: Conflict "booking.taken".
func (s *Service) Book(ctx context.Context, q Request) (Booking, error) {
	var out Booking
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Booking{}
		a := access.From(ctx)
		v, err := venue(ctx, tx, q.VenueID)
		if err != nil {
			return err
		}
		if err := mayBook(a, v); err != nil {
			return err
		}
		err = tx.Get(ctx, []any{&out}, "SELECT "+bookingColumns+" FROM booking WHERE made_by = ? AND idem_key = ?", a.Account, q.Key)
		if err == nil || !errs.Is(err, errs.KindNotFound) {
			return err
		}
		if v.EndedAt != 0 {
			return errs.Conflict("booking.gone")
		}
		if err := q.check(v, tx.Now); err != nil {
			return err
		}
		out = Booking{ID: id.New(), VenueID: v.ID, Region: v.Region, BeginsAt: q.BeginsAt, EndsAt: q.EndsAt, Purpose: q.Purpose, Note: strings.TrimSpace(q.Note), State: "booked",
			MadeAt: tx.Now, MadeBy: a.Account, Key: q.Key}
		slots := []slotRow{}
		for at := q.BeginsAt; at < q.EndsAt; at = at.Add(quarter) {
			slots = append(slots, slotRow{VenueID: v.ID, SlotAt: at, BookingID: out.ID})
		}
		n, err := tx.InsertIfNew(ctx, &slots)
		if err != nil {
			return err
		}
		if int(n) != len(slots) {
			return errs.Conflict("booking.taken")
		}
		if err := tx.Insert(ctx, &[]bookingRow{{Booking: out}}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "venue.book", SubjectKind: "venue", Subject: v.ID, Purpose: string(out.ID), Region: v.Region})
	})
	return out, err
}

// mayBook: rooms of one's own area, and those of the district for everybody
// who may book at all.
func mayBook(a access.Actor, v Venue) error {
	if len(v.Region) == 6 && slices.ContainsFunc(a.Areas("venue.book"), func(c string) bool { return strings.HasPrefix(c, v.Region) }) {
		return nil
	}
	return access.Check(a, "venue.book", access.Target{Region: v.Region})
}

// Cancel frees a place: by who booked it, or by who keeps the place.
func (s *Service) Cancel(ctx context.Context, n id.ID) (Booking, error) {
	var out Booking
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		if err := tx.Get(ctx, []any{&out}, "SELECT "+bookingColumns+" FROM booking WHERE id = ?", n); err != nil {
			return err
		}
		if out.MadeBy != a.Account {
			if err := access.Check(a, "venue.write", access.Target{Region: out.Region}); err != nil {
				return err
			}
		}
		if out.State != "booked" {
			return errs.Conflict("booking.cancelled")
		}
		if out.EndsAt <= tx.Now {
			return errs.Conflict("booking.over")
		}
		out.State, out.EndedAt, out.EndedBy = "cancelled", tx.Now, a.Account
		if _, err := tx.Exec(ctx, "UPDATE booking SET state = ?, ended_at = ?, ended_by = ? WHERE id = ? AND state = 'booked'", out.State, out.EndedAt, out.EndedBy, n); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM booking_slot WHERE booking_id = ?", n); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "venue.book", SubjectKind: "venue", Subject: out.VenueID, Fields: []string{"cancelled"}, Purpose: string(n), Region: out.Region})
	})
	return out, err
}

// Calendar gives the bookings of places within a time, of all places that the
// actor sees or of one.
func (s *Service) Calendar(ctx context.Context, of id.ID, from, to clock.Millis) ([]Booking, error) {
	if from <= 0 || to <= from || to.Sub(from) > 62*24*time.Hour {
		return nil, errs.Invalid("from", "booking.times")
	}
	venues, err := s.Venues(ctx)
	if err != nil {
		return nil, err
	}
	out := []Booking{}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var accounts []id.ID
		for _, v := range venues {
			if of != "" && v.ID != of {
				continue
			}
			var rows []Booking
			if err := r.List(ctx, &rows, "SELECT "+bookingColumns+" FROM booking WHERE venue_id = ? AND begins_at < ? AND ends_at > ? AND state = 'booked' ORDER BY begins_at", v.ID, to, from); err != nil {
				return err
			}
			for _, b := range rows {
				accounts = append(accounts, b.MadeBy)
			}
			out = append(out, rows...)
		}
		names, err := s.ports.Names(ctx, r, accounts)
		for i := range out {
			out[i].MadeName = names[out[i].MadeBy]
		}
		return err
	})
	return out, err
}
