package region

import (
	"context"
	"fmt"
	"sync"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
)

type row struct {
	Code      Code    `bun:"code"`
	Name      string  `bun:"name"`
	EndedOn   string  `bun:"ended_on"`
	Successor Code    `bun:"successor"`
	Lat       float64 `bun:"lat"`
	Lon       float64 `bun:"lon"`
	Source    Source  `bun:"point_source"`
}

type nameRow struct {
	Code Code   `bun:"code"`
	Name string `bun:"name"`
}

// Load reads the areas as they are on the day of the transaction.
func Load(ctx context.Context, r db.Reader) (*Table, error) {
	today := string(civil.DateOf(r.At().Time()))
	var rows []row
	if err := r.List(ctx, &rows, `SELECT code, name, ended_on, successor, lat, lon, point_source FROM region
		WHERE began_on <= ? ORDER BY code`, today); err != nil {
		return nil, err
	}
	var names []nameRow
	if err := r.List(ctx, &names, "SELECT code, name FROM region_name WHERE from_on <= ? ORDER BY code, from_on", today); err != nil {
		return nil, err
	}
	newest := map[Code]string{}
	for _, n := range names {
		newest[n.Code] = n.Name
	}
	var living []Region
	points, dead := map[Code]Point{}, map[Code]grave{}
	for _, w := range rows {
		name := w.Name
		if n, ok := newest[w.Code]; ok {
			name = n
		}
		if w.EndedOn != "" && w.EndedOn <= today {
			dead[w.Code] = grave{Region{w.Code, name}.Short(), w.Successor}
			continue
		}
		living = append(living, Region{w.Code, name})
		if w.Source != "" {
			points[w.Code] = Point{w.Lat, w.Lon, w.Source}
		}
	}
	t, err := NewTable(living)
	if err != nil {
		return nil, err
	}
	t.points, t.dead = points, dead
	return t, nil
}

// Atlas keeps the areas last read, for pages that name many of them. It asks
// for the version each time, so that a change of another process is seen by
// the next transaction.
type Atlas struct {
	mu    sync.Mutex
	stamp string
	table *Table
}

// Table gives the areas of the transaction's day.
func (a *Atlas) Table(ctx context.Context, r db.Reader) (*Table, error) {
	var version int64
	if err := r.Get(ctx, db.To(&version), "SELECT version FROM region_state WHERE id = 1"); err != nil {
		return nil, err
	}
	stamp := fmt.Sprint(version, civil.DateOf(r.At().Time()))
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.table != nil && a.stamp == stamp {
		return a.table, nil
	}
	t, err := Load(ctx, r)
	if err != nil {
		return nil, err
	}
	a.stamp, a.table = stamp, t
	return t, nil
}

// Last gives the areas as they were last read, nil before the first read.
func (a *Atlas) Last() *Table {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.table
}

// touch makes every Atlas read anew.
func touch(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, "UPDATE region_state SET version = version + 1 WHERE id = 1")
	return err
}

// insert writes a new area; Conflict "region.code_taken" if the code was ever
// given.
func insert(ctx context.Context, tx *db.Tx, r Region, beganOn civil.Date) error {
	n, err := tx.Exec(ctx, "INSERT INTO region (code, level, name, began_on) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		r.Code, r.Code.Level().String(), r.Name, string(beganOn))
	if err == nil && n == 0 {
		return errs.Conflict("region.code_taken")
	}
	return err
}
