package db

import "context"

// MigrateTo brings the schema to a version, for tests of what a migration does
// with rows that are there.
func (d *DB) MigrateTo(ctx context.Context, version int64) error {
	p, err := d.provider()
	if err != nil {
		return err
	}
	_, err = p.UpTo(ctx, version)
	return err
}
