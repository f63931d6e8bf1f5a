package hotline

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// mostExported bounds a file of calls.
const mostExported = 20_000

// parts gives the conditions of the search but for its page.
func (q Query) parts() (parts []string, args []any) {
	add := func(ok bool, part string, arg any) {
		if ok {
			parts, args = append(parts, part), append(args, arg)
		}
	}
	add(q.State != "", "state = ?", q.State)
	add(q.Result != "", "result = ?", q.Result)
	add(q.Class != "", "class = ?", q.Class)
	add(q.Channel != "", "channel = ?", q.Channel)
	add(q.Child != "", "child_id = ?", q.Child)
	add(q.From != 0, "arrived_at >= ?", q.From)
	add(q.To != 0, "arrived_at < ?", q.To)
	return parts, args
}

// Counted is how often one category occurs; Key is empty for calls without
// their wrap-up.
type Counted struct {
	Key string `bun:"key" json:"key"`
	N   int    `bun:"n" json:"n"`
}

// Counts are the calls of a search by the categories of Child Helpline
// International. Prank, test and wrong-number calls stand in Class alone: a
// count of what children ask for must not rise by a school's joke.
type Counts struct {
	Total     int   `json:"total"`
	Answered  int   `json:"answered"`
	Abandoned int   `json:"abandoned"` // and those that were cut
	Voicemail int   `json:"voicemail"`
	Apart     int   `json:"apart"`    // prank, test, wrong number
	WaitMS    int64 `json:"wait_ms"`  // mean of those answered
	MaxWaitMS int64 `json:"max_wait"` // longest of those answered, ms
	TalkMS    int64 `json:"talk_ms"`  // mean of those answered

	Channel []Counted `json:"channel"`
	Class   []Counted `json:"class"`
	Topic   []Counted `json:"topic"`
	Action  []Counted `json:"action"`
	AgeBand []Counted `json:"age_band"`
	Sex     []Counted `json:"sex"`
}

// Count counts the calls of a search.
func (s *Service) Count(ctx context.Context, q Query) (Counts, error) {
	var out Counts
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.Check(access.From(ctx), "call.read", access.Target{Region: s.district}); err != nil {
			return err
		}
		parts, args := q.parts()
		spoken := "claimed_at <> 0 AND ended_at <> 0"
		if err := r.Get(ctx, db.To(&out.Total, &out.Answered, &out.Abandoned, &out.Voicemail, &out.Apart, &out.WaitMS, &out.MaxWaitMS, &out.TalkMS),
			`SELECT count(*), coalesce(sum(CASE WHEN result = 'answered' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN result IN ('abandoned', 'cut') THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN result = 'voicemail' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN class IN ('prank', 'test', 'wrong') THEN 1 ELSE 0 END), 0),
			coalesce(CAST(avg(CASE WHEN `+spoken+` THEN claimed_at - arrived_at END) AS BIGINT), 0), coalesce(max(CASE WHEN `+spoken+` THEN claimed_at - arrived_at END), 0),
			coalesce(CAST(avg(CASE WHEN `+spoken+` THEN ended_at - claimed_at END) AS BIGINT), 0) FROM hotline_call `+where(parts), args...); err != nil {
			return err
		}
		for column, to := range map[string]*[]Counted{"channel": &out.Channel, "class": &out.Class, "topic": &out.Topic, "action": &out.Action, "age_band": &out.AgeBand, "sex": &out.Sex} {
			these := parts
			if column != "class" && column != "channel" {
				these = append(append([]string(nil), parts...), "class NOT IN ('', 'prank', 'test', 'wrong')")
			}
			*to = []Counted{}
			if err := r.List(ctx, to, "SELECT "+column+" AS key, count(*) AS n FROM hotline_call "+where(these)+" GROUP BY "+column+" ORDER BY n DESC, key", args...); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Export gives the calls of a search for a file, newest first, numbers masked.
// The file leaves the house: it is audited with every call it names. Errors:
// Invalid when there are more than 20,000.
func (s *Service) Export(ctx context.Context, q Query) ([]Sheet, error) {
	if err := access.Check(access.From(ctx), "call.export", access.Target{Region: s.district}); err != nil {
		return nil, err
	}
	var out []Sheet
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		parts, args := q.parts()
		calls, err := list(ctx, r, where(parts)+" ORDER BY id DESC LIMIT ?", append(args, mostExported+1)...)
		if err != nil {
			return err
		}
		if len(calls) > mostExported {
			return errs.Invalid("from", "matter.export_many")
		}
		for _, c := range calls {
			out = append(out, Sheet{Row: s.row(c), AgeBand: c.AgeBand, Sex: c.Sex, EndedBy: c.EndedBy})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	shown := make([]audit.Shown, 0, len(out))
	for _, c := range out {
		shown = append(shown, audit.Shown{Kind: "call", ID: c.ID, Fields: []string{"no", "class", "topic", "action", "age_band", "sex"}})
	}
	return out, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		return audit.WriteMany(ctx, tx, audit.Entry{Action: "call.export", SubjectKind: "call", Region: s.district}, shown)
	})
}
