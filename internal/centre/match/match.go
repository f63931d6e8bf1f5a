// Package match answers "whose is it?": from what came in to the child it is
// about, with the reason, so that the card can say why.
//
// A door that knows the child is believed; then the device's wearer, then the
// caller's phone, then a name within an area. Nobody is guessed: two children
// behind one phone give no match but a list to choose from.
package match

import (
	"context"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// Reasons, as message keys.
const (
	ByDevice   = "why.device"         // wears this device
	ByChosen   = "why.chosen"         // named by the operator
	ByOwnPhone = "why.own_phone"      // the child's own number
	ByGuardian = "why.guardian"       // a guardian's number
	ByCarer    = "why.carer"          // the actual carer's number
	ByName     = "why.name_area"      // the only child of this name in the area
	ByDoor     = "why.door"           // the sending system knows the child
	Several    = "why.several"        // several fit; a person decides
	Nobody     = "why.nobody"         // nobody fits
	NoDevice   = "why.device_stock"   // the device is known, but nobody wears it
	NewDevice  = "why.device_unknown" // the device is not registered
)

// Wearer is what the register knows of a device.
type Wearer struct {
	Known  bool
	Child  id.ID
	Region string // where the device is kept, if nobody wears it
}

// Candidate is a child that fits.
type Candidate struct {
	Child  id.ID
	Why    string
	Region string
}

// Directory is what matching asks of the registers.
type Directory interface {
	Wearer(ctx context.Context, r db.Reader, deviceID string, at clock.Millis) (Wearer, error)
	ByPhone(ctx context.Context, r db.Reader, phone string) ([]Candidate, error)
	ByName(ctx context.Context, r db.Reader, name, region string) ([]Candidate, error)
	// At gives the area around a place, empty if it is not known.
	At(ctx context.Context, r db.Reader, lat, lon float64) (string, error)
	// Region gives where the child lives now.
	Region(ctx context.Context, r db.Reader, child id.ID) (string, error)
}

// Result says whose a signal is.
type Result struct {
	Child  id.ID // empty: unknown
	Region string
	Why    string
	Others []id.ID // several fit
}

// Match answers for one signal. fallback is the region of what nobody knows:
// the district, so that it stands before the seat.
func Match(ctx context.Context, r db.Reader, dir Directory, n signal.New, fallback string) (Result, error) {
	if n.ChildID != "" {
		region, err := dir.Region(ctx, r, n.ChildID)
		if err != nil {
			return Result{}, err
		}
		why := ByDoor
		if !n.Source.Device() && n.Source != signal.Platform && n.Source != signal.Program {
			why = ByChosen
		}
		return Result{Child: n.ChildID, Region: region, Why: why}, nil
	}
	if n.Region == "" {
		n.Region = fallback
	}
	if n.DeviceID != "" {
		return byDevice(ctx, r, dir, n)
	}
	if n.Phone != "" {
		found, err := dir.ByPhone(ctx, r, n.Phone)
		if err != nil {
			return Result{}, err
		}
		if res, ok := one(found, n.Region); ok {
			return res, nil
		}
	}
	if n.Name != "" {
		found, err := dir.ByName(ctx, r, n.Name, n.Region)
		if err != nil {
			return Result{}, err
		}
		if res, ok := one(found, n.Region); ok {
			return res, nil
		}
	}
	return Result{Region: n.Region, Why: Nobody}, nil
}

func byDevice(ctx context.Context, r db.Reader, dir Directory, n signal.New) (Result, error) {
	at := n.DeviceAt
	if !n.History {
		at = r.At()
	}
	w, err := dir.Wearer(ctx, r, n.DeviceID, at)
	if err != nil {
		return Result{}, err
	}
	switch {
	case !w.Known:
		// Nobody knows whose it is, but it says where it is.
		if n.Lat != 0 || n.Lon != 0 {
			at, err := dir.At(ctx, r, n.Lat, n.Lon)
			if err != nil {
				return Result{}, err
			}
			if at != "" {
				n.Region = at
			}
		}
		return Result{Region: n.Region, Why: NewDevice}, nil
	case w.Child == "":
		if w.Region != "" {
			n.Region = w.Region
		}
		return Result{Region: n.Region, Why: NoDevice}, nil
	}
	region, err := dir.Region(ctx, r, w.Child)
	if err != nil {
		return Result{}, err
	}
	return Result{Child: w.Child, Region: region, Why: ByDevice}, nil
}

// one takes the only child that fits; several are a list for a person.
func one(found []Candidate, region string) (Result, bool) {
	var res Result
	for _, c := range found {
		if c.Child == res.Child {
			continue
		}
		if res.Child != "" {
			res.Others = append(res.Others, c.Child)
			continue
		}
		res = Result{Child: c.Child, Region: c.Region, Why: c.Why}
	}
	if len(res.Others) > 0 {
		return Result{Region: region, Why: Several, Others: append(res.Others, res.Child)}, true
	}
	return res, res.Child != ""
}
