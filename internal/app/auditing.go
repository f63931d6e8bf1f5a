package app

import (
	"context"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/audit"
	"zugou/internal/web/api"
)

// digestLook is how often the day's digest is looked for: a folder on another
// machine may be away at midnight.
const digestLook = 30 * time.Minute

// digests keeps the heads of the audit's chain outside the database.
type digests struct {
	dir, house string
	db         *db.DB
}

// keep writes the digest of today if it is not there yet.
func (g digests) keep(ctx context.Context, _ job.Job) error {
	now := g.db.Clock().Now()
	k := audit.Kept{At: clock.Of(now), Day: civil.DateOf(now), House: g.house}
	err := g.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		k.Digest, err = audit.Head(ctx, r)
		return err
	})
	if err != nil || k.N == 0 {
		return err // a house where nothing happened yet proves nothing
	}
	_, err = audit.Keep(g.dir, k)
	return err
}

// List implements api.Digests.
func (g digests) List() ([]audit.Kept, error) {
	out, _, err := audit.KeptIn(g.dir, g.house)
	return out, err
}

// State implements api.Digests.
func (g digests) State() api.DigestState {
	kept, spoilt, err := audit.KeptIn(g.dir, g.house)
	s := api.DigestState{Dir: g.dir, Count: len(kept), Spoilt: len(spoilt)}
	if err != nil {
		s.Spoilt++ // the folder itself can't be read
	}
	if n := len(kept); n > 0 {
		s.LastAt = kept[n-1].At
	}
	return s
}

// walk has the whole chain walked in the background; the page is told by an
// event when it ends.
func (a *App) walk(check id.ID) {
	a.behind.Add(1)
	go func() {
		defer a.behind.Done()
		kept, _, err := audit.KeptIn(a.digests.dir, a.digests.house)
		if err != nil {
			a.Log.Error("digests of the audit not read", "error", err)
		}
		outside := make([]audit.Digest, 0, len(kept))
		for _, k := range kept {
			outside = append(outside, k.Digest)
		}
		if err := audit.FinishCheck(a.life, a.DB, a.Mac, check, outside...); err != nil {
			a.Log.Error("audit not walked to its end", "error", err)
		}
	}()
}
