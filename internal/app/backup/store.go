package backup

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // database/sql driver "sqlite"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
)

// These few statements go past package db, because they concern a database
// file as a whole, possibly of another process, and must not migrate it.

// openFile opens a database file that another process may be writing.
func openFile(path string) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?_pragma=busy_timeout(10000)"
	d, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(1)
	return d, nil
}

// copyDatabase writes one consistent state of the database at from into the
// new file to, checks the copy, and gives its schema version.
func copyDatabase(ctx context.Context, from, to string) (int64, error) {
	src, err := openFile(from)
	if err != nil {
		return 0, fmt.Errorf("database: %w", err)
	}
	defer src.Close()
	if _, err := schema(ctx, src); err != nil { // before hours of copying
		return 0, err
	}
	if _, err := src.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return 0, fmt.Errorf("copy the database: %w", err)
	}
	if err := os.Chmod(to, 0o600); err != nil {
		return 0, err
	}
	return checkDatabase(ctx, to, "quick_check")
}

// checkDatabase runs one of SQLite's checks on a file and gives its schema
// version.
func checkDatabase(ctx context.Context, path, check string) (int64, error) {
	d, err := openFile(path)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	var answer string
	if err := d.QueryRowContext(ctx, "PRAGMA "+check+"(1)").Scan(&answer); err != nil {
		return 0, fmt.Errorf("check the copy: %w", err)
	}
	if answer != "ok" {
		return 0, fmt.Errorf("the database is damaged (%s): %s", check, answer)
	}
	return schema(ctx, d)
}

func schema(ctx context.Context, d *sql.DB) (int64, error) {
	var v sql.NullInt64
	if err := d.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_db_version WHERE is_applied").Scan(&v); err != nil {
		return 0, fmt.Errorf("this is not a database of zugou: %w", err)
	}
	return v.Int64, nil
}

// checkVersion refuses a database that a newer program made.
func checkVersion(ctx context.Context, path string) error {
	d, err := db.Open(ctx, path, clock.System())
	if err != nil {
		return err
	}
	has, wants, err := d.SchemaVersion(ctx)
	if e := d.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if has > wants {
		return fmt.Errorf("the backup has schema %d, this program knows %d: restore it by a program at least as new", has, wants)
	}
	return nil
}
