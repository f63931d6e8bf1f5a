package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"zugou/internal/app/backup"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
)

const backupUsage = `Usage: zugou backup --to DIR [--keep N] [flags]
       zugou backup --verify BACKUP

Copies the database and the attachments into a new folder below DIR while the
house works, with a checksum of every file. Keys are never in it: see "zugou
help keys". Keep a second copy in another building, and try "zugou restore" on
another machine once a year.
`

const restoreUsage = `Usage: zugou restore --from BACKUP --data DIR

Verifies a backup and brings it into a data folder, which must be empty but for
the keys. Then bring the keys back, if they are not there, and start "serve".
`

func runBackup(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("backup", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, backupUsage, "\n")
		fs.PrintDefaults()
	}
	loader := config.Bind(fs, "data", "db", "keys")
	to := fs.String("to", "", "`DIR` that holds the backups")
	keep := fs.Int("keep", 0, "afterwards remove the oldest backups in DIR until `N` are left; 0 keeps all")
	verify := fs.String("verify", "", "read `BACKUP` through and compare every checksum; make none")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("backup: unexpected %q", fs.Arg(0))
	}
	if *verify != "" {
		m, err := backup.Verify(ctx, *verify)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.Out, "%s is whole: made %s, %d files, %d bytes, schema %d\n", *verify, m.Made, len(m.Files), m.Bytes(), m.Schema)
		return err
	}
	if *to == "" {
		return errors.New("backup: --to names the folder of the backups")
	}
	if *keep < 0 {
		return errors.New("backup: --keep can't be below 0")
	}
	c, err := loader.Load(e.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	src := backup.Source{Database: c.Database(), Attachments: c.Attachments(), Keys: c.Keys(), Version: version}
	if k, err := crypto.Open(c.Keys(), c.Cipher); err == nil {
		src.House = k.ID()
	}
	path, m, err := backup.Make(ctx, src, *to, clock.System().Now())
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	fmt.Fprintf(e.Out, "%s: %d files, %d bytes, schema %d\n", path, len(m.Files), m.Bytes(), m.Schema)
	for _, name := range m.Skipped {
		fmt.Fprintf(e.Err, "left out, for it is a link, a special file or a keyring: %s\n", name)
	}
	gone, err := backup.Prune(*to, *keep)
	for _, old := range gone {
		fmt.Fprintf(e.Out, "removed %s\n", old)
	}
	return err
}

func runRestore(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("restore", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, restoreUsage, "\n")
		fs.PrintDefaults()
	}
	loader := config.Bind(fs, "data", "keys")
	from := fs.String("from", "", "`BACKUP`: one folder that backup made")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("restore: unexpected %q", fs.Arg(0))
	}
	if *from == "" {
		return errors.New("restore: --from names a backup")
	}
	c, err := loader.Load(e.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	if c.DB != "" {
		return fmt.Errorf("restore: writes to %s/zugou.db; the setting db (%s) names another database", c.DataDir, c.Source("db"))
	}
	m, err := backup.Restore(ctx, *from, c.DataDir, c.Keys())
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	fmt.Fprintf(e.Out, "%s holds the state of %s: %d files, %d bytes\n", c.DataDir, m.Made, len(m.Files), m.Bytes())
	k, err := crypto.Open(c.Keys(), c.Cipher)
	switch {
	case err == nil && (m.House == "" || m.House == k.ID()):
		fmt.Fprintf(e.Out, "The keys of house %s are in %s.\n", k.ID(), c.Keys())
	case err == nil:
		fmt.Fprintf(e.Out, "The keys in %s are of house %s, but the backup is of house %s: bring the right ones before you start.\n", c.Keys(), k.ID(), m.House)
	default:
		fmt.Fprintf(e.Out, "The keys of house %s are not in %s yet: `zugou keys import --data %s --in COPY`.\n", m.House, c.Keys(), c.DataDir)
	}
	_, err = fmt.Fprintln(e.Out, "Persons erased since that day are in it again: erase them once more before others sign in.")
	return err
}
