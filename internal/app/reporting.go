package app

import (
	"context"
	"slices"

	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/document"
	"zugou/internal/report"
	since "zugou/policy/report"
)

// reporting wires the figures. A further room adds its indicators by one more
// Register here.
func (a *App) reporting() error {
	policies, err := dated.Read[report.Policy](since.Files)
	if err != nil {
		return err
	}
	a.Figures = report.New(a.DB, a.Config.District, policies)
	return a.Figures.Register(slices.Concat(report.Centre(), report.Devices(), report.Care(), screeningFigures())...)
}

// figureFiles are the source papers of recorded figures.
type figureFiles struct{}

// Held implements document.Record.
func (figureFiles) Held(ctx context.Context, r db.Reader, record id.ID) (document.Held, error) {
	region, err := report.RegionOf(ctx, r, record)
	return document.Held{Target: access.Target{Region: region}, Read: "report.read", Write: "report.record", Region: region}, err
}

// Attached implements document.Record.
func (figureFiles) Attached(context.Context, *db.Tx, document.Held, document.Document) error {
	return nil
}
