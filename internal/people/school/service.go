package school

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// Ports are what the register asks of rooms that it may not know.
type Ports struct {
	// Pupils counts the children of the register by school within areas.
	Pupils func(ctx context.Context, r db.Reader, areas []string) (map[id.ID]int, error)
	// Moved lets everything that names the school from name the school to, as
	// part of the change; after a new name, from is to itself.
	Moved func(ctx context.Context, tx *db.Tx, from id.ID, to School) error
	// Came writes down what names the school that is about to be merged, as
	// parts of the merger.
	Came func(ctx context.Context, tx *db.Tx, m Merger) error
	// Back lets the parts that are still the other school's be to's again, and
	// marks them so.
	Back func(ctx context.Context, tx *db.Tx, m Merger, to School) error
	// Names names accounts.
	Names func(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error)
	// Called gives the names of who teaches, and the titles of campaigns.
	Called func(ctx context.Context, r db.Reader, teachers, campaigns []id.ID) (people, titles map[id.ID]string, err error)
	// Children names the children whom the actor may know of.
	Children func(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error)
}

// Service is what people do with schools. Each method checks the right of the
// actor in the context and writes the audit.
type Service struct {
	db       *db.DB
	atlas    *region.Atlas
	policies Policies
	ports    Ports
}

// NewService makes it.
func NewService(d *db.DB, policies Policies, p Ports) *Service {
	return &Service{d, &region.Atlas{}, policies, p}
}

// Row is a school in a list.
type Row struct {
	School
	RegionName string `json:"region_name"`
	Pupils     int    `json:"pupils"` // of the register, in the areas of who may change schools; else 0
	MayWrite   bool   `json:"may_write"`
}

// List gives the schools of a district, or of all; that a school exists is no
// secret, so that a child of one district can learn in another. The right is
// school.read.
func (s *Service) List(ctx context.Context, area string) ([]Row, error) {
	a := access.From(ctx)
	if err := access.May(a, "school.read"); err != nil {
		return nil, err
	}
	out := []Row{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		found, err := list(ctx, r, []string{area})
		if err != nil {
			return err
		}
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		pupils := map[id.ID]int{}
		if own := a.Areas("school.write"); len(own) > 0 {
			if pupils, err = s.ports.Pupils(ctx, r, own); err != nil {
				return err
			}
		}
		for _, x := range found {
			out = append(out, Row{x, areas.Label(region.Code(x.Region)), pupils[x.ID], a.Allowed("school.write", access.Target{Region: x.Region})})
		}
		return nil
	})
	return out, err
}

// Enter adds a school. Another of the same name in the district is another
// school: it is entered knowingly, with same set. Errors: Invalid, Forbidden,
// Conflict "school.same_name".
func (s *Service) Enter(ctx context.Context, f Form, same bool) (School, error) {
	f, err := f.clean()
	if err != nil {
		return School{}, err
	}
	out := School{ID: id.New(), Name: f.Name, Kind: f.Kind, Region: f.Region, Address: f.Address, Version: 1}
	if err := s.may(ctx, f.Region); err != nil {
		return School{}, err
	}
	return out, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.free(ctx, tx, out, same); err != nil {
			return err
		}
		return enter(ctx, tx, out)
	})
}

// may asks for the right at an area, which is no secret: Forbidden, not unknown.
func (s *Service) may(ctx context.Context, area string) error {
	if err := access.Check(access.From(ctx), "school.write", access.Target{Region: area}); errs.Is(err, errs.KindNotFound) {
		return errs.Forbidden("access.forbidden")
	} else {
		return err
	}
}

// free refuses a name that another school of the district has, unless it is
// meant so.
func (s *Service) free(ctx context.Context, tx *db.Tx, n School, same bool) error {
	if err := tx.Lock(ctx, "school"); err != nil {
		return err
	}
	there, err := named(ctx, tx, []string{Key(n.Name)})
	if err != nil || same {
		return err
	}
	for _, x := range there[Key(n.Name)] {
		if x.ID != n.ID && x.District() == n.District() {
			return errs.Conflict("school.same_name")
		}
	}
	return nil
}

// Change corrects a school as of the version that was seen. Its earlier name
// goes on meaning it in lists. Errors: Invalid, Forbidden, NotFound, Conflict.
func (s *Service) Change(ctx context.Context, n id.ID, f Form, version int64, same bool) (School, error) {
	f, err := f.clean()
	if err != nil {
		return School{}, err
	}
	var out School
	return out, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		was, err := s.find(ctx, tx, n)
		if err != nil {
			return err
		}
		if err := s.may(ctx, f.Region); err != nil {
			return err
		}
		out = was
		out.Name, out.Kind, out.Region, out.Address, out.Version = f.Name, f.Kind, f.Region, f.Address, version+1
		if Key(out.Name) != Key(was.Name) || out.District() != was.District() {
			if err := s.free(ctx, tx, out, same); err != nil {
				return err
			}
		}
		if err := update(ctx, tx, out, version); err != nil {
			return err
		}
		var fields []string
		for name, differs := range map[string]bool{"name": out.Name != was.Name, "kind": out.Kind != was.Kind, "region": out.Region != was.Region, "address": out.Address != was.Address} {
			if differs {
				fields = append(fields, name)
			}
		}
		if out.Name != was.Name {
			if err := call(ctx, tx, n, out.Name); err != nil {
				return err
			}
			if err := s.ports.Moved(ctx, tx, n, out); err != nil {
				return err
			}
		}
		return s.tell(ctx, tx, out, "changed", "", fields...)
	})
}

// find finds a school that the actor may change; one that was merged is none.
func (s *Service) find(ctx context.Context, r db.Reader, n id.ID) (School, error) {
	if err := access.May(access.From(ctx), "school.write"); err != nil {
		return School{}, err
	}
	x, err := Find(ctx, r, n)
	if err == nil && x.ID != n {
		err = errs.Conflict("record.moved_on")
	}
	if err != nil {
		return School{}, err
	}
	return x, s.may(ctx, x.Region)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, x School, result, purpose string, fields ...string) error {
	if err := tx.Emit(ctx, db.Event{Topic: "system", Kind: "school", Region: x.Region, Ref: string(x.ID)}); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "school.write", SubjectKind: "school", Subject: x.ID, Region: x.Region, Fields: fields, Purpose: purpose, Result: result})
}
