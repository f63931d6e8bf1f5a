package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
)

const migrateUsage = `Usage: zugou migrate --data DIR [--db URL] [--dry-run]

Brings the schema of the database up to this program. serve does the same when
it starts; make a backup first.
`

func runMigrate(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("migrate", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, migrateUsage, "\n")
		fs.PrintDefaults()
	}
	loader := config.Bind(fs, "data", "db")
	dry := fs.Bool("dry-run", false, "only say what would be done")
	if err := fs.Parse(args); err != nil {
		return err
	}
	c, err := loader.Load(e.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	if !c.Postgres() {
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, c.Database(), clock.System())
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	has, wants, err := d.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if *dry || has == wants {
		_, err = fmt.Fprintf(e.Out, "schema %d, this program wants %d\n", has, wants)
		return err
	}
	now, err := d.Migrate(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Out, "schema %d → %d\n", has, now)
	return err
}
