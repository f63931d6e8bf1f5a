package answer

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Summary is how one questionnaire of a campaign came out at one school; an
// empty school is all children without one.
type Summary struct {
	Instrument string `bun:"instrument" json:"instrument"`
	Title      string `bun:"-" json:"title"`
	SchoolID   id.ID  `bun:"school_id" json:"school_id"`
	School     string `bun:"school" json:"school"`
	Done       int    `bun:"done" json:"done"`
	Critical   int    `bun:"critical" json:"critical"` // a talk the same day
	Person     int    `bun:"person" json:"person"`     // an item on suicide without an answer
	Over       int    `bun:"over" json:"over"`         // over a cut-off, and none of the two
	Plain      int    `bun:"plain" json:"plain"`
	Paper      int    `bun:"paper" json:"paper"`       // typed once, or differing
	Withheld   int    `bun:"withheld" json:"withheld"` // not kept after a no
}

// SummaryOf counts how a campaign came out, for who is answerable for it and
// reads nobody's sheet: no child, no answer. Errors: Forbidden.
func (s *Service) SummaryOf(ctx context.Context, campaign id.ID) ([]Summary, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "level.list"); err != nil {
		return nil, err
	}
	where, args := access.Where("s.region", actor.Areas("level.list"))
	out := []Summary{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		err := r.List(ctx, &out, `SELECT s.instrument, m.school_id, m.school, sum(CASE WHEN s.state = 'done' THEN 1 ELSE 0 END) AS done,
			sum(CASE WHEN s.critical THEN 1 ELSE 0 END) AS critical, sum(CASE WHEN s.needs_person AND NOT s.critical THEN 1 ELSE 0 END) AS person,
			sum(CASE WHEN s.state = 'done' AND s.over_cutoff AND NOT s.critical AND NOT s.needs_person THEN 1 ELSE 0 END) AS over,
			sum(CASE WHEN s.state = 'done' AND NOT s.over_cutoff AND NOT s.critical AND NOT s.needs_person THEN 1 ELSE 0 END) AS plain,
			sum(CASE WHEN s.state IN ('first', 'differs') THEN 1 ELSE 0 END) AS paper, sum(CASE WHEN s.state = 'withheld' THEN 1 ELSE 0 END) AS withheld
			FROM answer_sheet s JOIN campaign_member m ON m.campaign_id = s.campaign_id AND m.child_id = s.child_id
			WHERE s.campaign_id = ? AND `+where+` GROUP BY s.instrument, m.school_id, m.school ORDER BY s.instrument, m.school, m.school_id`, append([]any{campaign}, args...)...)
		if err != nil {
			return err
		}
		titles, err := s.ports.Library.Titles(ctx, r)
		for i := range out {
			out[i].Title = titles[out[i].Instrument]
		}
		return err
	})
	return out, err
}
