package answer

import (
	"context"
	"encoding/json"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
)

// Total is the score of a questionnaire that was answered completely enough.
type Total struct {
	Sheet      id.ID
	Instrument string
	TakenAt    clock.Millis
	Total      int
}

// Totals gives those of a child, newest first, for rooms that compare a child
// with itself. It checks no right: who shows a score does.
func (s *Service) Totals(ctx context.Context, r db.Reader, child id.ID) ([]Total, error) {
	list, err := ofChild(ctx, r, child)
	if err != nil {
		return nil, err
	}
	var out []Total
	for _, sh := range list {
		if sh.State != Done {
			continue
		}
		key, err := s.keyFor(ctx, r, sh.SealedFor)
		if err != nil {
			return nil, err
		}
		text, err := key.Open(aad("result", sh.ID), sh.Result)
		if err != nil {
			return nil, errs.Internal(err)
		}
		var res instrument.Result
		if err := json.Unmarshal([]byte(text), &res); err != nil {
			return nil, errs.Internal(err)
		}
		if res.Scorable && res.Total != nil {
			out = append(out, Total{sh.ID, sh.Instrument, sh.TakenAt, *res.Total})
		}
	}
	return out, nil
}
