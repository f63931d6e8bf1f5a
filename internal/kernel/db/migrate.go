package db

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"text/template"

	"github.com/pressly/goose/v3"
)

//go:embed migration/*.sql
var migrations embed.FS

// types are the column types that the engines spell differently, and a new id
// for each row that a migration makes out of others.
var types = map[Engine]map[string]string{
	SQLite: {"Blob": "BLOB", "Serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
		"UUID": "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"},
	Postgres: {"Blob": "BYTEA", "Serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "UUID": "CAST(gen_random_uuid() AS TEXT)"},
}

// Migrate brings the schema up to date and returns its version.
func (d *DB) Migrate(ctx context.Context) (int64, error) {
	p, err := d.provider()
	if err != nil {
		return 0, err
	}
	if _, err := p.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return p.GetDBVersion(ctx)
}

// SchemaVersion gives the version the database has and the one this binary wants.
func (d *DB) SchemaVersion(ctx context.Context) (has, wants int64, err error) {
	p, err := d.provider()
	if err != nil {
		return 0, 0, err
	}
	has, err = p.GetDBVersion(ctx)
	sources := p.ListSources()
	return has, sources[len(sources)-1].Version, err
}

func (d *DB) provider() (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if d.engine == Postgres {
		dialect = goose.DialectPostgres
	}
	names, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]*goose.Migration, 0, len(names))
	for _, name := range names {
		version, err := strconv.ParseInt(strings.SplitN(path.Base(name), "_", 2)[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: the name must begin with a number", name)
		}
		body, err := render(name, d.engine)
		if err != nil {
			return nil, err
		}
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			if d.engine == Postgres { // an index over millions of rows takes its time
				if _, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
					return err
				}
			}
			for _, stmt := range statements(body) {
				if _, err := tx.ExecContext(ctx, stmt); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			return nil
		}}, nil))
	}
	return goose.NewProvider(dialect, d.write.DB, nil, goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true))
}

func render(name string, e Engine) (string, error) {
	raw, err := migrations.ReadFile(name)
	if err != nil {
		return "", err
	}
	t, err := template.New(name).Option("missingkey=error").Parse(string(raw))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, types[e]); err != nil {
		return "", err
	}
	return b.String(), nil
}

// statements splits a script at the semicolons that end a line. Comment lines
// are dropped.
func statements(script string) []string {
	var out []string
	var b strings.Builder
	for _, line := range strings.Split(script, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "--") {
			continue
		}
		b.WriteString(line + "\n")
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			out = append(out, strings.TrimSpace(b.String()))
			b.Reset()
		}
	}
	if rest := strings.TrimSpace(b.String()); rest != "" {
		out = append(out, rest)
	}
	return out
}
