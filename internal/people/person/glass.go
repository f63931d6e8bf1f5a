package person

import (
	"context"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// glassOpen is how long a broken glass stays open.
const glassOpen = 15 * time.Minute

// States of a broken glass.
const (
	Unconfirmed = "unconfirmed"
	Confirmed   = "confirmed"
	Objected    = "objected"
)

type glassRow struct {
	ID        id.ID        `bun:"id"`
	ChildID   id.ID        `bun:"child_id"`
	AccountID id.ID        `bun:"account_id"`
	Region    string       `bun:"region"`
	Reason    string       `bun:"reason"` // sealed by the child's key
	At        clock.Millis `bun:"at"`
	Until     clock.Millis `bun:"until"`
	Told      string       `bun:"told"`
	State     string       `bun:"state"`
	DecidedBy id.ID        `bun:"decided_by"`
	DecidedAt clock.Millis `bun:"decided_at"`
	Note      string       `bun:"note"` // sealed by the child's key
}

const glassColumns = "id, child_id, account_id, region, reason, at, until, told, state, decided_by, decided_at, note"

// openGlass gives the open break-glass of the account on the child, the zero
// row if there is none. One that was objected to is shut at once.
func openGlass(ctx context.Context, r db.Reader, account, childID id.ID) (glassRow, error) {
	var rows []glassRow
	err := r.List(ctx, &rows, "SELECT "+glassColumns+` FROM glass
		WHERE account_id = ? AND child_id = ? AND until > ? AND state <> 'objected' ORDER BY until DESC LIMIT 1`, account, childID, r.At())
	if err != nil || len(rows) == 0 {
		return glassRow{}, err
	}
	return rows[0], nil
}

// Opened tells until when the glass is open.
type Opened struct {
	Until clock.Millis `json:"until"`
	Told  []string     `json:"told"`
}

// Break opens a child's record for the actor for 15 minutes, whatever area the
// child is in. The leaders of the child's area are told in the same change.
// Errors: Forbidden (administrators, auditors, citizens, other departments),
// NotFound, Invalid, Conflict "glass.not_needed".
func (s *Service) Break(ctx context.Context, childID id.ID, reason string) (Opened, error) {
	actor := access.From(ctx)
	if !actor.MayBreakGlass() {
		return Opened{}, errs.Forbidden("access.forbidden")
	}
	if !reasonOK(reason) {
		return Opened{}, errs.Invalid("reason", "reveal.reason_short")
	}
	var out Opened
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		rec, err := findChild(ctx, tx, childID)
		if err != nil {
			return err
		}
		t, err := s.target(ctx, tx, rec)
		if err != nil {
			return err
		}
		if !actor.Finds(rec.ID) {
			return errs.NotFound("record.not_found")
		}
		if actor.Allowed("child.read", t) && actor.Allowed("child.reveal", t) {
			return errs.Conflict("glass.not_needed")
		}
		if t.Glass {
			open, err := openGlass(ctx, tx, actor.Account, rec.ID)
			out = Opened{open.Until, splitFlags(open.Told)}
			return err
		}
		key, err := s.keys.Subject(rec.Subject)
		if err != nil {
			return err
		}
		g := glassRow{ID: id.New(), Until: tx.Now.Add(glassOpen)}
		out = Opened{Until: g.Until, Told: []string{}}
		if s.ports.Tell != nil {
			told, err := s.ports.Tell(ctx, tx, Notice{Kind: "glass", Ref: g.ID, Child: rec.ID, Region: rec.Region, By: actor.Account})
			if err != nil {
				return err
			}
			out.Told = append(out.Told, told...)
		}
		if _, err := tx.Exec(ctx, "INSERT INTO glass (id, child_id, account_id, region, reason, at, until, told) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			g.ID, rec.ID, actor.Account, rec.Region, key.Seal(aad("glass.reason", g.ID), reason), tx.Now, g.Until, strings.Join(out.Told, ",")); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "glass.break", SubjectKind: "child", Subject: rec.ID, Purpose: string(g.ID), Region: rec.Region}); err != nil {
			return err
		}
		return tx.Emit(ctx, db.Event{Topic: "system", Kind: "glass", Region: rec.Region, Ref: string(g.ID)})
	})
	if err != nil {
		return Opened{}, err
	}
	return out, nil
}

// GlassView is a broken glass in the list.
type GlassView struct {
	ID          id.ID        `json:"id"`
	ChildID     id.ID        `json:"child_id"`
	ChildName   string       `json:"child_name"` // masked for who may not read children
	Region      string       `json:"region"`
	ByName      string       `json:"by_name"`
	By          id.ID        `json:"by"`
	Reason      string       `json:"reason"`
	At          clock.Millis `json:"at"`
	Until       clock.Millis `json:"until"`
	Reveals     int          `json:"reveals"` // times that full values were asked for through it
	State       string       `json:"state"`
	DecidedName string       `json:"decided_name"`
	DecidedAt   clock.Millis `json:"decided_at"`
	Note        string       `json:"note"`
	MayConfirm  bool         `json:"may_confirm"`
}

// GlassQuery narrows the list; zero fields don't.
type GlassQuery struct {
	State  string
	From   clock.Millis // a week ago if 0 and no state is asked for
	To     clock.Millis
	Cursor string
	Limit  int
}

// GlassPage is one page of it, newest first.
type GlassPage struct {
	Items []GlassView `json:"items"`
	Next  string      `json:"next"`
}

// Glasses lists broken glasses of the actor's areas: of the last week, or of
// the state asked for. Errors: Forbidden, Invalid.
func (s *Service) Glasses(ctx context.Context, q GlassQuery) (GlassPage, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "glass.read"); err != nil {
		return GlassPage{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	out := GlassPage{Items: []GlassView{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		where, args := actor.Lists("glass.read", "region", "child_id")
		conds := []string{where}
		add := func(cond string, a any) { conds, args = append(conds, cond), append(args, a) }
		if q.State != "" {
			add("state = ?", q.State)
		} else if q.From == 0 {
			q.From = r.At().Add(-7 * 24 * time.Hour)
		}
		add("at >= ?", q.From)
		if q.To != 0 {
			add("at < ?", q.To)
		}
		if q.Cursor != "" { // ids are ordered by time
			add("id < ?", q.Cursor)
		}
		var rows []glassRow
		if err := r.List(ctx, &rows, "SELECT "+glassColumns+" FROM glass WHERE "+strings.Join(conds, " AND ")+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...); err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			out.Next = string(rows[limit-1].ID)
		}
		var err error
		out.Items, err = s.glassViews(ctx, r, rows)
		return err
	})
	if err != nil {
		return GlassPage{}, err
	}
	var shown []audit.Shown
	for _, g := range out.Items {
		shown = append(shown, audit.Shown{Kind: "child", ID: g.ChildID, Fields: []string{"name", "glass"}})
	}
	audit.Show(ctx, "glass.read", "", "", shown...)
	return out, nil
}

func (s *Service) glassViews(ctx context.Context, r db.Reader, rows []glassRow) ([]GlassView, error) {
	actor := access.From(ctx)
	var children, accounts []id.ID
	for _, g := range rows {
		children = append(children, g.ChildID)
		accounts = append(accounts, g.AccountID, g.DecidedBy)
	}
	recs, err := findKeyed(ctx, r, children)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx, r, accounts...)
	if err != nil {
		return nil, err
	}
	out := make([]GlassView, 0, len(rows))
	for _, g := range rows {
		v := GlassView{ID: g.ID, ChildID: g.ChildID, Region: g.Region, ByName: names[g.AccountID], By: g.AccountID, At: g.At, Until: g.Until,
			State: g.State, DecidedName: names[g.DecidedBy], DecidedAt: g.DecidedAt,
			MayConfirm: g.State == Unconfirmed && g.AccountID != actor.Account && actor.Allowed("glass.confirm", access.Target{Region: g.Region})}
		if rec, there := recs[g.ChildID]; there { // an erased child's reason is gone with its key
			key, err := s.keys.Subject(rec.Subject)
			if err != nil {
				return nil, err
			}
			if v.Reason, err = key.Open(aad("glass.reason", g.ID), g.Reason); err != nil {
				return nil, err
			}
			if v.Note, err = key.Open(aad("glass.note", g.ID), g.Note); err != nil {
				return nil, err
			}
			if v.ChildName = rec.Name; !actor.Allowed("child.read", access.Target{Region: rec.Region}) {
				v.ChildName = civil.MaskName(rec.Name)
			}
		}
		if err := r.Get(ctx, db.To(&v.Reveals), "SELECT count(*) FROM reveal WHERE glass = ?", g.ID); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// GlassDecision confirms a broken glass, or objects to it.
type GlassDecision struct {
	OK   bool   `json:"ok"`
	Note string `json:"note"` // needed for an objection
}

// ConfirmGlass judges a broken glass; never by who broke it. An objection
// shuts it at once. Errors: NotFound, Forbidden, Invalid, Conflict
// "glass.decided".
func (s *Service) ConfirmGlass(ctx context.Context, glass id.ID, d GlassDecision) error {
	actor := access.From(ctx)
	if err := access.May(actor, "glass.confirm"); err != nil {
		return err
	}
	if !d.OK && !reasonOK(d.Note) || len(d.Note) > maxText {
		return errs.Invalid("note", "reveal.reason_short")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var rows []glassRow
		if err := tx.List(ctx, &rows, "SELECT "+glassColumns+" FROM glass WHERE id = ?", glass); err != nil {
			return err
		}
		if len(rows) == 0 {
			return errs.NotFound("record.not_found")
		}
		g := rows[0]
		if err := access.Check(actor, "glass.confirm", access.Target{Region: g.Region}); err != nil {
			return err
		}
		if g.AccountID == actor.Account {
			return errs.Forbidden("glass.same_person")
		}
		state := Confirmed
		if !d.OK {
			state = Objected
		}
		note, err := s.sealedNote(ctx, tx, g, d.Note)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE glass SET state = ?, decided_by = ?, decided_at = ?, note = ? WHERE id = ? AND state = ?",
			state, actor.Account, tx.Now, note, g.ID, Unconfirmed)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("glass.decided")
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "glass.confirm", SubjectKind: "child", Subject: g.ChildID, Purpose: string(g.ID), Result: state, Region: g.Region}); err != nil {
			return err
		}
		return tx.Emit(ctx, db.Event{Topic: "system", Kind: "glass", Region: g.Region, Ref: string(g.ID)})
	})
}

func (s *Service) sealedNote(ctx context.Context, r db.Reader, g glassRow, note string) (string, error) {
	recs, err := findKeyed(ctx, r, []id.ID{g.ChildID})
	if err != nil || len(recs) == 0 { // erased meanwhile: nothing to seal by
		return "", err
	}
	key, err := s.keys.Subject(recs[g.ChildID].Subject)
	return key.Seal(aad("glass.note", g.ID), note), err
}

func sorted(s []string) []string { slices.Sort(s); return s }

// OpenedSince gives the children whose records were opened in an emergency. It
// checks no right: who counts them does.
func OpenedSince(ctx context.Context, r db.Reader, since clock.Millis) ([]id.ID, error) {
	var out []id.ID
	err := r.List(ctx, &out, "SELECT DISTINCT child_id FROM glass WHERE at >= ? LIMIT 5000", since)
	return out, err
}
