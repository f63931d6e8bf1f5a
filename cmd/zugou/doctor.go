package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
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

func examine(ctx context.Context, c config.Config) []finding {
	out := []finding{{what: "settings can be read"}}
	note := func(what string, err error) {
		f := finding{what: what}
		if err != nil {
			f.bad = err.Error()
		}
		out = append(out, f)
	}
	_, err := crypto.Open(c.Keys(), c.Cipher)
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
	note("a commit is durable", d.Check(ctx))
	var late, failed int
	err = d.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&late, &failed), `SELECT coalesce(sum(CASE WHEN due_at < ? THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN attempts > 3 THEN 1 ELSE 0 END), 0) FROM job`,
			r.At().Add(-time.Minute))
	})
	if err == nil && late > 0 {
		err = fmt.Errorf("%d jobs are more than a minute late: is serve running?", late)
	}
	note("jobs run in time", err)
	err = nil
	if failed > 0 {
		err = fmt.Errorf("%d jobs failed more than three times; see the log", failed)
	}
	note("jobs succeed", err)
	return out
}
