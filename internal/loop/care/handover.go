package care

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Hand is somebody who can be given cases: what is carried, and what may be.
type Hand struct {
	Account   id.ID    `json:"account"`
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Place     string   `json:"place"`
	Holds     int      `json:"holds"` // cases and pairings
	Most      int      `json:"most"`  // 0: no limit is set
	Needs     []string `json:"needs"`
	Languages []string `json:"languages"`
	Blocked   string   `json:"blocked"` // why no child may be given; empty: may
}

// Above tells whether n more cases are more than the limit.
func (h Hand) Above(n int) bool { return h.Most > 0 && n > 0 && h.Holds+n > h.Most }

// Given is a case with who is proposed for it.
type Given struct {
	Row
	Place string  `json:"place"`
	To    id.ID   `json:"to"`   // empty: nobody of those asked has a hand free
	Away  []id.ID `json:"away"` // who may not be given it, whatever the page offers; its worker too
}

// Handing is a hand-over before it is done.
type Handing struct {
	Cases []Given `json:"cases"`
	Hands []Hand  `json:"hands"`
}

// Over is a hand-over: who takes which case, and the rest. A case that is given
// to whom it is handed over from stays.
type Over struct {
	From     id.ID
	Fallback id.ID
	To       map[id.ID]id.ID
	Reason   string
	Above    string // why somebody is given more than the limit
}

// heldBy gives the open cases of a worker, as far as the actor finds them.
func (s *Service) heldBy(ctx context.Context, r db.Reader, worker id.ID) ([]Case, error) {
	shown, hidden := access.From(ctx).Shown("child_id")
	return cases(ctx, r, "WHERE worker = ? AND state IN ('intake', 'assessed', 'serving', 'closing') AND "+shown+" ORDER BY opened_at, id", append([]any{worker}, hidden...)...)
}

func childrenOf(list []Case) []id.ID {
	out := make([]id.ID, len(list))
	for i, c := range list {
		out[i] = c.ChildID
	}
	return out
}

// Handing shows what a worker's hand-over moves, what each of the receivers
// carries, and proposes who takes which case by need, language, area and load:
// nobody is proposed above the limit.
func (s *Service) Handing(ctx context.Context, from id.ID, receivers []id.ID) (Handing, error) {
	out := Handing{Cases: []Given{}, Hands: []Hand{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.Check(access.From(ctx), "case.handover", access.Target{Region: s.district}); err != nil {
			return err
		}
		open, err := s.heldBy(ctx, r, from)
		if err != nil {
			return err
		}
		away, err := s.ports.Away(ctx, r, childrenOf(open)...)
		if err != nil {
			return err
		}
		rows, err := s.rows(ctx, r, open)
		if err != nil {
			return err
		}
		receivers = slices.DeleteFunc(slices.Clone(receivers), func(n id.ID) bool { return n == from || n == "" })
		proposed, err := s.ports.Share(ctx, r, open, receivers)
		if err != nil {
			return err
		}
		for i, row := range rows {
			place, err := s.ports.Place(ctx, r, row.Region)
			if err != nil {
				return err
			}
			to := proposed[i]
			if to == row.Supervisor || slices.Contains(away[row.ChildID], to) {
				to = "" // worker and supervisor are two people
			}
			out.Cases = append(out.Cases, Given{row, place, to, append([]id.ID{}, away[row.ChildID]...)})
			audit.Show(ctx, "case.handover", string(row.ID), row.Region, audit.Shown{Kind: "child", ID: row.ChildID, Fields: []string{"name", "case"}})
		}
		hands, err := s.ports.Hands(ctx, r, receivers)
		for _, n := range receivers {
			out.Hands = append(out.Hands, hands[n])
		}
		return err
	})
	return out, err
}

// HandOver gives open cases of a worker to others in one step, as when a
// counsellor leaves, or must be kept away from a child. Who gets more than their limit gets it with a reason only:
// it is counted within the change, whatever a page showed before. Errors:
// Invalid "above" with case.above_limit, "to" where a case has no receiver.
func (s *Service) HandOver(ctx context.Context, q Over) (moved int, err error) {
	if len([]rune(strings.TrimSpace(q.Reason))) < 4 {
		return 0, errs.Invalid("reason", "reason.needed")
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		moved = 0
		if err := access.Check(access.From(ctx), "case.handover", access.Target{Region: s.district}); err != nil {
			return err
		}
		open, err := s.heldBy(ctx, tx, q.From)
		if err != nil {
			return err
		}
		open = slices.DeleteFunc(open, func(c Case) bool { return q.to(c) == q.From })
		above, err := s.receivers(ctx, tx, q, open)
		if err != nil {
			return err
		}
		for _, c := range open {
			if err := s.give(ctx, tx, c, q, above[q.to(c)]); err != nil {
				return err
			}
			moved++
		}
		return nil
	})
	return moved, err
}

func (q Over) to(c Case) id.ID {
	if named := q.To[c.ID]; named != "" {
		return named
	}
	return q.Fallback
}

// receivers checks who takes the cases and tells who goes above the limit.
func (s *Service) receivers(ctx context.Context, tx *db.Tx, q Over, open []Case) (map[id.ID]bool, error) {
	n, list := map[id.ID]int{}, []id.ID{}
	for _, c := range open {
		to := q.to(c)
		if to == "" {
			return nil, errs.Invalid("to", "case.to_needed")
		}
		if n[to]++; n[to] == 1 {
			list = append(list, to)
		}
	}
	slices.Sort(list) // locks are taken in one order
	away, err := s.ports.Away(ctx, tx, childrenOf(open)...)
	if err != nil {
		return nil, err
	}
	for _, c := range open {
		if slices.Contains(away[c.ChildID], q.to(c)) {
			return nil, errs.Invalid("to", "case.not_this_child")
		}
	}
	for _, to := range list {
		if err := s.ports.May(ctx, tx, to, access.Clinician); err != nil {
			return nil, err
		}
		// Two who hand over at once count one after the other.
		if err := tx.Lock(ctx, "case-hand:"+string(to)); err != nil {
			return nil, err
		}
	}
	hands, err := s.ports.Hands(ctx, tx, list)
	if err != nil {
		return nil, err
	}
	above := map[id.ID]bool{}
	for _, to := range list {
		if above[to] = hands[to].Above(n[to]); above[to] && len([]rune(strings.TrimSpace(q.Above))) < 4 {
			return nil, errs.Invalid("above", "case.above_limit")
		}
	}
	return above, nil
}

// give moves one case with its open contacts; its receiver is told.
func (s *Service) give(ctx context.Context, tx *db.Tx, c Case, q Over, above bool) error {
	to, was := q.to(c), c.Version
	c, err := c.handTo(to)
	if err != nil {
		return err
	}
	if err := save(ctx, tx, c, was); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE care_due SET who = ? WHERE case_id = ? AND state = 'open' AND who = ?", to, c.ID, q.From); err != nil {
		return err
	}
	if _, err := s.put(ctx, tx, c, Writing{Kind: Remark, Body: map[string]string{"text": q.Reason}}, Signed); err != nil {
		return err
	}
	what := "handed_over"
	if above {
		what = "handed_above"
		if _, err := s.put(ctx, tx, c, Writing{Kind: Remark, Body: map[string]string{"text": q.Above}}, Signed); err != nil {
			return err
		}
	}
	if err := line(ctx, tx, c, "handed_over"); err != nil {
		return err
	}
	if err := s.record(ctx, tx, c, "case.handover", what); err != nil {
		return err
	}
	return s.ports.Tell(ctx, tx, to, "case:"+string(c.ID)+":given:"+string(to), "case.given", c.No, c.ID)
}
