package duty

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// GapItem is one gap of GET /duty/gaps.
type GapItem struct {
	ID         id.ID        `json:"id"`
	Region     string       `json:"region"`
	RegionName string       `json:"region_name"`
	Level      Level        `json:"level"`
	Role       access.Role  `json:"role"`
	From       clock.Millis `json:"from"`
	To         clock.Millis `json:"to"` // 0 = no end in sight
	Since      clock.Millis `json:"since"`
	PagedAt    clock.Millis `json:"paged_at"`
	Why        Why          `json:"why"`
}

// GapsPage answers GET /duty/gaps.
type GapsPage struct {
	Items []GapItem `json:"items"`
}

// Gaps lists the open gaps of the actor's areas, the nearest in time first.
func (s *Service) Gaps(ctx context.Context) (GapsPage, error) {
	a := access.From(ctx)
	if err := access.May(a, "duty.read"); err != nil {
		return GapsPage{}, err
	}
	out := GapsPage{Items: []GapItem{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		m, err := s.finder.Areas(ctx, r)
		if err != nil {
			return err
		}
		for _, area := range a.Areas("duty.read") {
			gaps, err := openGaps(ctx, r, area)
			if err != nil {
				return err
			}
			for _, g := range gaps {
				out.Items = append(out.Items, GapItem{g.ID, g.Region, m.Name(region.Code(g.Region)), g.Level, g.Role, g.From, g.To, g.FoundAt, g.PagedAt, g.Why})
			}
		}
		return nil
	})
	return out, err
}

// HandoverNote is what one shift told the next.
type HandoverNote struct {
	At       clock.Millis `json:"at"`
	FromName string       `json:"from_name"`
	Text     string       `json:"text"`
}

// HandoverLast is the hand-over before this one.
type HandoverLast struct {
	At       clock.Millis `json:"at"`
	FromName string       `json:"from_name"`
	ToName   string       `json:"to_name"`
}

// HandoverPage answers GET /duty/handover.
type HandoverPage struct {
	OpenMatters any            `json:"open_matters"` // rows of matters, as whoever keeps them gives them
	Since       clock.Millis   `json:"since"`        // the last hand-over; 0 = never
	Notes       []HandoverNote `json:"notes"`        // of the last hand-overs, newest first
	Last        *HandoverLast  `json:"last"`
	Gaps        int            `json:"gaps"`
}

type handoverRow struct {
	ID    id.ID        `bun:"id"`
	At    clock.Millis `bun:"at"`
	From  id.ID        `bun:"from_account"`
	To    id.ID        `bun:"to_account"`
	Notes string       `bun:"notes"`
}

func notesPlace(n id.ID) string { return "duty_handover.notes:" + string(n) }

// seatOf gives the district whose seat the actor hands over.
func seatOf(a access.Actor) (string, error) {
	areas := a.Areas("duty.handover")
	if len(areas) == 0 {
		return "", errs.Forbidden("access.forbidden")
	}
	if d := string(region.Code(areas[0]).At(region.LevelDistrict)); d != "" {
		return d, nil
	}
	return areas[0], nil
}

// Handover shows what the next shift must know.
func (s *Service) Handover(ctx context.Context) (HandoverPage, error) {
	a := access.From(ctx)
	seat, err := seatOf(a)
	if err != nil {
		return HandoverPage{}, err
	}
	out := HandoverPage{OpenMatters: []any{}, Notes: []HandoverNote{}}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var rows []handoverRow
		if err := r.List(ctx, &rows, "SELECT id, at, from_account, to_account, notes FROM duty_handover WHERE region = ? ORDER BY at DESC, id DESC LIMIT 3", seat); err != nil {
			return err
		}
		var accounts []id.ID
		for _, h := range rows {
			accounts = append(accounts, h.From, h.To)
		}
		names, err := s.names(ctx, r, accounts)
		if err != nil {
			return err
		}
		for i, h := range rows {
			if i == 0 {
				out.Since, out.Last = h.At, &HandoverLast{h.At, names[h.From], names[h.To]}
			}
			text, err := s.sealer.Open(notesPlace(h.ID), h.Notes)
			if err != nil {
				return err
			}
			var notes []string
			if text != "" {
				if err := json.Unmarshal([]byte(text), &notes); err != nil {
					return errs.Internal(err)
				}
			}
			for _, n := range notes {
				out.Notes = append(out.Notes, HandoverNote{h.At, names[h.From], n})
			}
		}
		if out.Gaps, err = GapCount(ctx, r, seat); err != nil || s.matters == nil {
			return err
		}
		matters, err := s.matters(ctx, r, []string{seat})
		if err == nil && matters != nil {
			out.OpenMatters = matters
		}
		return err
	})
	if err == nil && len(out.Notes) > 0 {
		audit.Show(ctx, "duty.handover", "", seat, audit.Shown{Kind: "duty_handover", ID: id.ID(seat), Fields: []string{"notes"}})
	}
	return out, err
}

// HandoverRequest is POST /duty/handover.
type HandoverRequest struct {
	Notes     []string `json:"notes,omitempty"`
	ToAccount id.ID    `json:"to_account"`
}

// HandOver records that the actor's shift is over and who has the seat now.
// The next one must be an operator or leader of the seat, on the roster or not:
// what counts is who sits there.
func (s *Service) HandOver(ctx context.Context, q HandoverRequest) error {
	a := access.From(ctx)
	seat, err := seatOf(a)
	if err != nil {
		return err
	}
	q.Notes = slices.DeleteFunc(slices.Clone(q.Notes), func(n string) bool { return strings.TrimSpace(n) == "" })
	for _, n := range q.Notes {
		if len([]rune(n)) > 1000 || len(q.Notes) > 50 {
			return errs.Invalid("notes", "duty.text_long")
		}
	}
	if q.ToAccount == "" || q.ToAccount == a.Account {
		return errs.Invalid("to_account", "duty.handover_to_self")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		holders, err := s.finder.Directory.HoldersAt(ctx, tx, chain(seat), []access.Role{access.SeatOperator, access.SeatLeader})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(holders, func(h Holder) bool { return h.Account == q.ToAccount }) {
			return errs.Invalid("to_account", "duty.role_not_held")
		}
		n, sealed := id.New(), ""
		if len(q.Notes) > 0 {
			text, err := json.Marshal(q.Notes)
			if err != nil {
				return err
			}
			sealed = s.sealer.Seal(notesPlace(n), string(text))
		}
		_, err = tx.Exec(ctx, "INSERT INTO duty_handover (id, region, at, from_account, to_account, notes) VALUES (?, ?, ?, ?, ?, ?)",
			n, seat, tx.Now, a.Account, q.ToAccount, sealed)
		if err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "duty", Kind: "handover", Region: seat, Ref: string(n)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "duty.handover", SubjectKind: "duty_handover", Subject: n, Region: seat})
	})
}

// Holidays lists the years with data and names the one that is missing.
type Holidays struct {
	Years   []Year `json:"years"`
	Missing int    `json:"missing"` // a year that begins soon without data; 0 = none
}

// Holidays gives the calendars. The right is policy.read.
func (s *Service) Holidays(ctx context.Context) (out Holidays, err error) {
	if err := access.May(access.From(ctx), "policy.read"); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		cal, err := s.finder.Calendars(ctx, r)
		out = Holidays{cal.Years(), cal.Missing(r.At())}
		return err
	})
	return out, err
}

// SaveHolidays enters or corrects a year. The right is policy.write.
func (s *Service) SaveHolidays(ctx context.Context, y Year) error {
	a := access.From(ctx)
	if err := access.Check(a, "policy.write", access.Target{}); err != nil {
		return err
	}
	if err := y.Check(); err != nil {
		return err
	}
	body, err := json.Marshal(y)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO duty_holiday (year, body, set_by, set_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (year) DO UPDATE SET body = excluded.body, set_by = excluded.set_by, set_at = excluded.set_at`, y.Year, string(body), a.Account, tx.Now)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "policy.write", SubjectKind: "duty_holiday", Subject: id.ID(fmt.Sprintf("year:%d", y.Year))})
	})
}
