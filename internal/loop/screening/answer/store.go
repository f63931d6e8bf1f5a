package answer

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
)

type sheetRow struct {
	bun.BaseModel `bun:"table:answer_sheet"`
	Sheet
}

const sheetColumns = "id, idem_key, campaign_id, child_id, sealed_for, region, instrument, version, digest, informant, way, state, age, answers, again, result, urgency, critical, needs_person, over_cutoff, withheld, matter_id, taken_at, stored_at, taken_by, again_by, again_at, settled_by"

func insert(ctx context.Context, tx *db.Tx, s Sheet) error {
	return tx.Insert(ctx, &sheetRow{Sheet: s})
}

func update(ctx context.Context, tx *db.Tx, s Sheet) error {
	_, err := tx.Exec(ctx, `UPDATE answer_sheet SET state = ?, answers = ?, again = ?, result = ?, urgency = ?, critical = ?, needs_person = ?, over_cutoff = ?,
		matter_id = ?, again_by = ?, again_at = ?, settled_by = ? WHERE id = ?`,
		s.State, s.Answers, s.Again, s.Result, s.Urgency, s.Critical, s.NeedsPerson, s.Over, s.MatterID, s.AgainBy, s.AgainAt, s.SettledBy, s.ID)
	return err
}

func find(ctx context.Context, r db.Reader, sheet id.ID) (Sheet, error) {
	var s Sheet
	err := r.Get(ctx, db.To(&s), "SELECT "+sheetColumns+" FROM answer_sheet WHERE id = ?", sheet)
	return s, err
}

func byKey(ctx context.Context, r db.Reader, key string) (Sheet, error) {
	var s Sheet
	err := r.Get(ctx, db.To(&s), "SELECT "+sheetColumns+" FROM answer_sheet WHERE idem_key = ?", key)
	return s, err
}

func typedFirst(ctx context.Context, r db.Reader, campaign, child id.ID, instrument string) (Sheet, error) {
	var s Sheet
	err := r.Get(ctx, db.To(&s), "SELECT "+sheetColumns+" FROM answer_sheet WHERE campaign_id = ? AND child_id = ? AND instrument = ? AND way = 'paper' AND state IN ('first', 'differs') ORDER BY stored_at LIMIT 1",
		campaign, child, instrument)
	return s, err
}

func ofChild(ctx context.Context, r db.Reader, child id.ID) ([]Sheet, error) {
	var out []Sheet
	err := r.List(ctx, &out, "SELECT "+sheetColumns+" FROM answer_sheet WHERE child_id = ? ORDER BY taken_at DESC, id DESC LIMIT 200", child)
	return out, err
}

func ofCampaign(ctx context.Context, r db.Reader, campaign id.ID, areas []string, which string, behind place, most int) ([]Sheet, error) {
	where, args := access.Where("region", areas)
	args = append([]any{campaign}, args...)
	if behind.id != "" {
		where += " AND (" + weight + " < ? OR (" + weight + " = ? AND (taken_at < ? OR (taken_at = ? AND id < ?))))"
		args = append(args, behind.weight, behind.weight, behind.taken, behind.taken, behind.id)
	}
	var out []Sheet
	err := r.List(ctx, &out, "SELECT "+sheetColumns+" FROM answer_sheet WHERE campaign_id = ? AND "+where+" AND "+which+" ORDER BY "+weight+" DESC, taken_at DESC, id DESC LIMIT ?", append(args, most)...)
	return out, err
}

// weight orders the sheets of a campaign: what must not wait stands first.
const weight = "(CASE WHEN critical THEN 4 ELSE 0 END + CASE WHEN needs_person THEN 2 ELSE 0 END + CASE WHEN over_cutoff THEN 1 ELSE 0 END)"

// place is where a page of a campaign's sheets ends. It is the row's key and not
// its number: sheets come in while somebody reads.
type place struct {
	weight int
	taken  clock.Millis
	id     id.ID
}

func placeOf(s Sheet) place {
	p := place{taken: s.TakenAt, id: s.ID}
	for _, x := range []struct {
		is bool
		n  int
	}{{s.Critical, 4}, {s.NeedsPerson, 2}, {s.Over, 1}} {
		if x.is {
			p.weight += x.n
		}
	}
	return p
}

func (p place) String() string { return fmt.Sprintf("%d~%d~%s", p.weight, p.taken, p.id) }

// readPlace reads a cursor. Errors: Invalid "cursor".
func readPlace(cursor string) (place, error) {
	var p place
	if cursor == "" {
		return p, nil
	}
	w, rest, _ := strings.Cut(cursor, "~")
	at, last, _ := strings.Cut(rest, "~")
	n, e := strconv.Atoi(w)
	ms, e2 := strconv.ParseInt(at, 10, 64)
	found, ok := id.Parse(last)
	if e != nil || e2 != nil || !ok {
		return p, errs.Invalid("cursor", "list.cursor_wrong")
	}
	return place{n, clock.Millis(ms), found}, nil
}

// handedIn names the questionnaires that are there of a child. One that was
// ended half-way is not: whoever comes back may still fill it in.
func handedIn(ctx context.Context, r db.Reader, campaign, child id.ID) ([]string, error) {
	var out []string
	err := r.List(ctx, &out, "SELECT DISTINCT instrument FROM answer_sheet WHERE campaign_id = ? AND child_id = ? AND withheld <> ?", campaign, child, stopped)
	return out, err
}

// latest gives of each questionnaire the child's newest kept sheet.
func latest(ctx context.Context, r db.Reader, child id.ID, since clock.Millis) ([]Sheet, error) {
	var all []Sheet
	err := r.List(ctx, &all, "SELECT "+sheetColumns+" FROM answer_sheet WHERE child_id = ? AND taken_at >= ? AND state <> 'withheld' ORDER BY taken_at DESC, stored_at DESC, id DESC", child, since)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	out := all[:0]
	for _, s := range all {
		key := s.Instrument + "/" + string(s.Informant)
		if !seen[key] {
			seen[key] = true
			out = append(out, s)
		}
	}
	return out, nil
}

// Talks counts the talks that came due in an area since an instant.
func Talks(ctx context.Context, r db.Reader, area string, since clock.Millis) (int, error) {
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT count(DISTINCT child_id) FROM answer_sheet WHERE region >= ? AND region < ? AND stored_at >= ? AND (critical OR needs_person)",
		area, access.After(area), since)
	return n, err
}

func toSettle(ctx context.Context, r db.Reader, areas []string) ([]Sheet, error) {
	where, args := access.Where("region", areas)
	var out []Sheet
	err := r.List(ctx, &out, "SELECT "+sheetColumns+" FROM answer_sheet WHERE state IN ('first', 'differs') AND "+where+" ORDER BY state, stored_at LIMIT 500", args...)
	return out, err
}

// keyFor gives the key that seals what was kept of a record, also of one that
// was merged into another since.
func (s *Service) keyFor(ctx context.Context, r db.Reader, sealedFor id.ID) (crypto.Subject, error) {
	keys, err := person.Keys(ctx, r, s.keys, []id.ID{sealedFor})
	if err != nil {
		return crypto.Subject{}, err
	}
	key, ok := keys[sealedFor]
	if !ok {
		return key, errs.NotFound("record.not_found")
	}
	return key, nil
}

// Follow moves what is kept of a child to the record that it was merged into,
// or to the area where it lives now.
func (s *Service) Follow(ctx context.Context, tx *db.Tx, child, to id.ID, region string) error {
	for _, table := range []string{"answer_sheet", "answer_import"} {
		if _, err := tx.Exec(ctx, "UPDATE "+table+" SET child_id = ?, region = ? WHERE child_id = ?", to, region, child); err != nil {
			return err
		}
	}
	return nil
}

// Erased removes what is kept of an erased person.
func (s *Service) Erased(ctx context.Context, tx *db.Tx, child id.ID) error {
	for _, table := range []string{"answer_sheet", "answer_import"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE child_id = ?", child); err != nil {
			return err
		}
	}
	return nil
}

// HandedIn names the questionnaires of a campaign that are there of a child.
func HandedIn(ctx context.Context, r db.Reader, campaign, child id.ID) ([]string, error) {
	return handedIn(ctx, r, campaign, child)
}
