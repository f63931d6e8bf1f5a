package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/errs"
)

const doctorUsage = `Usage: zugou doctor [the flags of serve]

Looks whether the house can do its work: settings, folder, keys, database,
schema, a durable commit, jobs that are late, alarms of the night. It changes
nothing but a heartbeat. The exit status is 1 if something needs a person.
`

// finding is one line of the doctor: good, or what to do.
type finding struct {
	what string
	bad  string
}

func runDoctor(ctx context.Context, e env, args []string) error {
	c, err := config.Load(args, e.Getenv, os.ReadFile)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(e.Out, doctorUsage, "\n")
		config.Usage(e.Out)
	}
	if err != nil {
		return err
	}
	sick := 0
	for _, f := range examine(ctx, c) {
		if f.bad == "" {
			fmt.Fprintf(e.Out, "ok    %s\n", f.what)
			continue
		}
		sick++
		fmt.Fprintf(e.Out, "BAD   %s: %s\n", f.what, f.bad)
	}
	if sick > 0 {
		return fmt.Errorf("%d things need a person", sick)
	}
	return nil
}

// healthy and sick word what app.Examine finds.
var (
	healthy = map[string]string{"commit": "a commit is durable", "jobs_in_time": "jobs run in time", "jobs_succeed": "jobs succeed",
		"digests": "the audit's daily digest is kept outside", "backups": "the last backup is fresh", "backups_none": "a backup was made", "backups_unknown": "backups are watched"}
	sick = map[string]string{"commit": "the storage does not commit%.0d", "jobs_in_time": "%d jobs are more than a minute late: is serve running?",
		"jobs_succeed": "%d jobs failed more than three times; see the log", "digests": "no readable digest of the last 36 hours (%d kept); see the setting audit-digests",
		"backups": "the last one is %d hours old", "backups_none": "there is none in the folder of the setting backups%.0d", "backups_unknown": "the setting backups names no folder%.0d"}
)

func examine(ctx context.Context, c config.Config) []finding {
	out := []finding{{what: "settings can be read"}}
	note := func(what string, err error) {
		f := finding{what: what}
		if err != nil {
			f.bad = err.Error()
		}
		out = append(out, f)
	}
	keys, err := crypto.Open(c.Keys(), c.Cipher)
	if errs.Is(err, errs.KindNotFound) {
		err = fmt.Errorf("no keys in %s: a house that was never started, or keys that must be restored from the safe", c.Keys())
	}
	note("keys can be read", err)
	d, err := openDatabase(ctx, c)
	note("database can be opened and has this program's schema", err)
	if err != nil {
		return out
	}
	defer func() { _ = d.Close() }()
	house := ""
	if keys != nil {
		house = keys.ID()
	}
	for _, f := range app.Examine(ctx, d, c, house) {
		line := finding{what: healthy[f.Key]}
		if !f.OK {
			line.bad = fmt.Sprintf(sick[f.Key], f.N)
		}
		out = append(out, line)
	}
	return out
}
