package model

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// State is where a version stands.
type State string

// The states.
const (
	Waiting   State = "waiting"
	Published State = "published"
	Refused   State = "refused"
	Withdrawn State = "withdrawn"
)

// Version is a profile as an official wrote it.
type Version struct {
	ID         id.ID        `bun:"id" json:"id"`
	Name       string       `bun:"name" json:"name"`
	Edition    int          `bun:"edition" json:"edition"` // 0: not published
	Body       string       `bun:"body" json:"body"`       // JSON of profile.Profile
	State      State        `bun:"state" json:"state"`
	Reason     string       `bun:"reason" json:"reason"`
	MadeBy     id.ID        `bun:"made_by" json:"made_by"`
	MadeAt     clock.Millis `bun:"made_at" json:"made_at"`
	DecidedBy  id.ID        `bun:"decided_by" json:"decided_by"`
	DecidedAt  clock.Millis `bun:"decided_at" json:"decided_at"`
	DecidedWhy string       `bun:"decided_why" json:"decided_why"`

	MadeByName    string `bun:"-" json:"made_by_name"`
	DecidedByName string `bun:"-" json:"decided_by_name"`
}

const columns = "id, name, edition, body, state, reason, made_by, made_at, decided_by, decided_at, decided_why"

// published gives the newest published version of each name.
func published(ctx context.Context, r db.Reader) ([]Version, error) {
	var rows []Version
	err := r.List(ctx, &rows, "SELECT "+columns+` FROM device_model AS v WHERE state = 'published'
		AND edition = (SELECT max(edition) FROM device_model WHERE name = v.name) ORDER BY name`)
	return rows, err
}

// mostVersions bounds the history that is shown.
const mostVersions = 100

func versionsOf(ctx context.Context, r db.Reader, name string) ([]Version, error) {
	var rows []Version
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM device_model WHERE name = ? ORDER BY made_at DESC, id DESC LIMIT ?", name, mostVersions)
	return rows, err
}

func waiting(ctx context.Context, r db.Reader) ([]Version, error) {
	var rows []Version
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM device_model WHERE state = 'waiting' ORDER BY made_at")
	return rows, err
}

func find(ctx context.Context, r db.Reader, version id.ID) (Version, error) {
	var v Version
	err := r.Get(ctx, db.To(&v), "SELECT "+columns+" FROM device_model WHERE id = ?", version)
	return v, err
}

func insert(ctx context.Context, tx *db.Tx, v Version) error {
	_, err := tx.Exec(ctx, "INSERT INTO device_model ("+columns+") VALUES (?, ?, 0, ?, ?, ?, ?, ?, '', 0, '')", v.ID, v.Name, v.Body, v.State, v.Reason, v.MadeBy, v.MadeAt)
	return err
}

// decide ends the waiting of a version; false: somebody else did.
func decide(ctx context.Context, tx *db.Tx, v Version) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE device_model SET edition = ?, state = ?, decided_by = ?, decided_at = ?, decided_why = ? WHERE id = ? AND state = 'waiting'",
		v.Edition, v.State, v.DecidedBy, v.DecidedAt, v.DecidedWhy, v.ID)
	return n == 1, err
}

func newest(ctx context.Context, r db.Reader, name string) (int, error) {
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT COALESCE(max(edition), 0) FROM device_model WHERE name = ?", name)
	return n, err
}

// worn counts the devices that are set to each profile, without retired ones.
func worn(ctx context.Context, r db.Reader) (map[string]int, error) {
	var rows []struct {
		Profile string `bun:"profile"`
		N       int    `bun:"n"`
	}
	if err := r.List(ctx, &rows, "SELECT profile, count(*) AS n FROM device WHERE state <> 'retired' GROUP BY profile"); err != nil {
		return nil, err
	}
	out := make(map[string]int, len(rows))
	for _, x := range rows {
		out[x.Profile] = x.N
	}
	return out, nil
}
