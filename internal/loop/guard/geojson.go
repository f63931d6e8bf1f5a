package guard

import (
	"context"
	"errors"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
	"zugou/internal/loop/guard/fence"
	"zugou/internal/people/access"
)

// GeoJSON is a file of fences from another program.
type GeoJSON struct {
	Text   string     `json:"text" maxLength:"4000000"`
	System geo.System `json:"system" enum:"wgs84,gcj02,bd09"`
}

// Outlined is one outline of the file, or the key of what is wrong with it.
type Outlined struct {
	Name    string         `json:"name"`
	Outline *fence.Outline `json:"outline"` // null with a problem
	Problem string         `json:"problem"` // key
}

// ReadGeoJSON reads a file to be looked at; nothing is drawn. Errors:
// Forbidden, Invalid.
func (s *Service) ReadGeoJSON(ctx context.Context, in GeoJSON) ([]Outlined, error) {
	if err := access.May(access.From(ctx), "fence.write"); err != nil {
		return nil, err
	}
	list, err := fence.ReadCollection([]byte(in.Text), in.System)
	if err != nil {
		return nil, err
	}
	out := make([]Outlined, len(list))
	for i, n := range list {
		out[i] = Outlined{Name: n.Name}
		if n.Err == nil {
			out[i].Outline = &n.Outline
			continue
		}
		var fault *errs.Error
		if out[i].Problem = errs.KeyOf(n.Err); errors.As(n.Err, &fault) && len(fault.Fields) > 0 {
			out[i].Problem = fault.Fields[0].Key
		}
	}
	return out, nil
}
