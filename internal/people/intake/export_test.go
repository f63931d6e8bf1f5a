package intake

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// WriteSome writes up to a number of changes of an import and then ends as a
// process does that is killed: nothing is put back, nothing is scheduled.
func (s *Service) WriteSome(intake id.ID, changes int) error {
	ctx := access.With(context.Background(), access.System("test"))
	var i Intake
	if err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		i, err = find(ctx, r, intake)
		return err
	}); err != nil {
		return err
	}
	left := changes - 1
	return s.write(ctx, i, func() bool { left--; return left < 0 })
}
