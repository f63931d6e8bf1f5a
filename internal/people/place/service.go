package place

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Service is what people do with places.
type Service struct{ db *db.DB }

// NewService makes it.
func NewService(d *db.DB) *Service { return &Service{d} }

// List gives the places of an area and of all it contains; "" is the actor's
// own areas. The right is place.read.
func (s *Service) List(ctx context.Context, area string) ([]Place, error) {
	a := access.From(ctx)
	areas := a.Areas("place.read")
	if area != "" {
		if err := access.Check(a, "place.read", access.Target{Region: area}); err != nil {
			return nil, err
		}
		areas = []string{area}
	} else if err := access.May(a, "place.read"); err != nil {
		return nil, err
	}
	var rows []Place
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		rows, err = list(ctx, r, areas)
		return err
	})
	return rows, err
}

// Enter adds a place. The right is place.write for its area.
func (s *Service) Enter(ctx context.Context, f Form) (Place, error) {
	f, err := f.clean()
	if err != nil {
		return Place{}, err
	}
	p := Place{ID: id.New(), Region: f.Region, Kind: f.Kind, Name: f.Name, Phone: f.Phone, Lat: f.Lat, Lon: f.Lon, Version: 1}
	return p, s.write(ctx, p, "entered", func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, p) })
}

// Change corrects a place as of the version that was seen. Errors: NotFound;
// Conflict if a colleague was faster.
func (s *Service) Change(ctx context.Context, n id.ID, f Form, version int64) (Place, error) {
	f, err := f.clean()
	if err != nil {
		return Place{}, err
	}
	p := Place{ID: n, Region: f.Region, Kind: f.Kind, Name: f.Name, Phone: f.Phone, Lat: f.Lat, Lon: f.Lon, Version: version + 1}
	return p, s.write(ctx, p, "changed", func(ctx context.Context, tx *db.Tx) error {
		was, err := get(ctx, tx, n)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "place.write", access.Target{Region: was.Region}); err != nil {
			return err
		}
		if was.Version != version {
			return errs.Conflict("record.moved_on")
		}
		return update(ctx, tx, p, version)
	})
}

// Remove takes a place off the screens.
func (s *Service) Remove(ctx context.Context, n id.ID) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := get(ctx, tx, n)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "place.write", access.Target{Region: p.Region}); err != nil {
			return err
		}
		if err := remove(ctx, tx, n); err != nil {
			return err
		}
		return tell(ctx, tx, p, "removed")
	})
}

func (s *Service) write(ctx context.Context, p Place, how string, store func(ctx context.Context, tx *db.Tx) error) error {
	if err := access.Check(access.From(ctx), "place.write", access.Target{Region: p.Region}); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := store(ctx, tx); err != nil {
			return err
		}
		return tell(ctx, tx, p, how)
	})
}

func tell(ctx context.Context, tx *db.Tx, p Place, how string) error {
	if err := tx.Emit(ctx, db.Event{Topic: "system", Kind: "place", Region: p.Region, Ref: string(p.ID)}); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "place.write", SubjectKind: "place", Subject: p.ID, Region: p.Region, Fields: []string{how}})
}
