package guardian

import (
	"context"
	"sync"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

// A child's own page: a link without an account, given to the child by hand,
// that shows who may see where it is. It names neither the child nor the place.
const (
	childLinkBytes = 16
	childLinkFor   = 180 * 24 * time.Hour // a school term; the next is handed over anew
	childLinkIndex = "child_link.link"
)

// ChildLink is the link that is out, as officers see it: the link itself is
// shown once, when it is made.
type ChildLink struct {
	MadeAt  clock.Millis `json:"made_at" bun:"made_at"`
	UntilAt clock.Millis `json:"until_at" bun:"until_at"`
	ReadAt  clock.Millis `json:"read_at" bun:"read_at"` // last opened; 0: never
}

// NewChildLink is a link just made.
type NewChildLink struct {
	Link    string       `json:"link"`
	UntilAt clock.Millis `json:"until_at"`
}

// linkOut gives the link that is out for a child, nil if there is none.
func linkOut(ctx context.Context, r db.Reader, childID id.ID) (*ChildLink, error) {
	var rows []ChildLink
	if err := r.List(ctx, &rows, "SELECT made_at, until_at, read_at FROM child_link WHERE child_id = ? AND ended_at = 0 AND until_at > ? ORDER BY id DESC LIMIT 1", childID, r.At()); err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// GiveChildLink makes a link for the child; one that was out before ends, so
// that a lost sheet is worth nothing. Errors: NotFound, Forbidden.
func (s *Service) GiveChildLink(ctx context.Context, childID id.ID) (NewChildLink, error) {
	out := NewChildLink{Link: crypto.Token(childLinkBytes)}
	err := s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.may(ctx, tx, childID, "guardian.tell"); err != nil {
			return err
		}
		if _, err := endLinks(ctx, tx, childID); err != nil {
			return err
		}
		out.UntilAt = tx.Now.Add(childLinkFor)
		if _, err := tx.Exec(ctx, "INSERT INTO child_link (id, child_id, link, made_by, made_at, until_at) VALUES (?, ?, ?, ?, ?, ?)",
			id.New(), childID, s.p.Keys.Index(childLinkIndex, out.Link), access.From(ctx).Account, tx.Now, out.UntilAt); err != nil {
			return err
		}
		return s.tell(ctx, tx, childID, "timeline.child_link", "")
	})
	return out, err
}

// EndChildLink ends the link that is out. Errors: NotFound, Forbidden.
func (s *Service) EndChildLink(ctx context.Context, childID id.ID) error {
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.may(ctx, tx, childID, "guardian.tell"); err != nil {
			return err
		}
		if n, err := endLinks(ctx, tx, childID); err != nil || n == 0 {
			return err
		}
		return s.tell(ctx, tx, childID, "timeline.child_link_ended", "ended")
	})
}

func endLinks(ctx context.Context, tx *db.Tx, childID id.ID) (int64, error) {
	return tx.Exec(ctx, "UPDATE child_link SET ended_at = ?, ended_by = ?, link = '' WHERE child_id = ? AND ended_at = 0", tx.Now, access.From(ctx).Account, childID)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, childID id.ID, title, result string) error {
	area, err := person.Region(ctx, tx, childID)
	if err != nil {
		return err
	}
	if err := child.Note(ctx, tx, child.Entry{ChildID: childID, Kind: "guardian", Title: title, Region: area}); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: "guardian.tell", SubjectKind: "child", Subject: childID, Fields: []string{"child_link"}, Result: result, Region: area}); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "guard", Kind: "guardian", Region: area, Ref: string(childID)})
}

// Watcher is somebody of the family who can see where the child is, in words
// that tell a finder of the link little.
type Watcher struct {
	Relation string       `json:"relation"`
	Name     string       `json:"name"` // masked
	SinceOn  civil.Date   `json:"since_on"`
	LookedAt clock.Millis `json:"looked_at"` // 0: never
}

// ForChild is what the child's page shows.
type ForChild struct {
	Items   []Watcher  `json:"items"`
	UntilOn civil.Date `json:"until_on"`
}

// ForChild gives who can see where the child of a link is. from is where the
// call came from; nothing of it is kept. Each look is on record. Errors:
// NotFound (unknown, ended or over), Busy for too many tries.
func (s *Service) ForChild(ctx context.Context, link, from string) (ForChild, error) {
	now := s.p.DB.Clock().Now()
	index := s.p.Keys.Index(childLinkIndex, link)
	if wait := s.tries.wait(now, "from:"+from, "link:"+index); wait > 0 {
		return ForChild{}, errs.BusyFor("child_link.slow", wait)
	}
	out := ForChild{Items: []Watcher{}}
	ctx = access.With(ctx, access.System("child"))
	err := s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.Items = out.Items[:0]
		var rows []struct {
			ID      id.ID        `bun:"id"`
			ChildID id.ID        `bun:"child_id"`
			UntilAt clock.Millis `bun:"until_at"`
		}
		if link != "" && len(link) < 100 {
			if err := tx.List(ctx, &rows, "SELECT id, child_id, until_at FROM child_link WHERE link = ? AND ended_at = 0 AND until_at > ?", index, tx.Now); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return errs.NotFound("child_link.over")
		}
		row := rows[0]
		out.UntilOn = civil.DateOf(row.UntilAt.Time())
		area, err := person.Region(ctx, tx, row.ChildID)
		if errs.Is(err, errs.KindNotFound) {
			return errs.NotFound("child_link.over")
		}
		if err != nil {
			return err
		}
		list, err := links(ctx, tx, "child_id = ? AND closed_at = 0", row.ChildID)
		if err != nil {
			return err
		}
		for _, l := range list {
			why, card, err := s.stands(ctx, tx, l)
			if err != nil {
				return err
			}
			if why != Open {
				continue
			}
			w := Watcher{SinceOn: civil.DateOf(l.ConsentAt.Time()), LookedAt: l.LookedAt}
			for _, c := range card.Contacts {
				if c.PersonID == l.PersonID {
					w.Name, w.Relation = civil.MaskName(c.Name), string(c.Relation)
				}
			}
			out.Items = append(out.Items, w)
		}
		if _, err := tx.Exec(ctx, "UPDATE child_link SET read_at = ? WHERE id = ?", tx.Now, row.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "guardian.tell", SubjectKind: "child", Subject: row.ChildID, Fields: []string{"guardian"}, Result: "read", Region: area})
	})
	if err != nil {
		return ForChild{}, err
	}
	return out, nil
}

// tries counts what was tried within a window, in memory only. A link can't be
// guessed (128 bits); this keeps a script from filling the audit.
type tries struct {
	mu    sync.Mutex
	since time.Time
	n     map[string]int
}

// Bounds of tries: a child, its friends and one school's address.
const (
	triesWindow = 10 * time.Minute
	triesMost   = 30
	triesKept   = 50_000
)

// wait counts a try for each of the names, and gives how long to wait if one
// has had its share.
func (t *tries) wait(now time.Time, names ...string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil || now.Sub(t.since) >= triesWindow || len(t.n) > triesKept {
		t.since, t.n = now, map[string]int{}
	}
	for _, name := range names {
		if t.n[name]++; t.n[name] > triesMost {
			return triesWindow - now.Sub(t.since)
		}
	}
	return 0
}
