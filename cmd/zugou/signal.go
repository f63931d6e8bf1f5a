package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	sig "zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
)

const signalUsage = `Usage: zugou signal list [--json] --data DIR [--db URL]

Lists every signal in the order of receipt: id, device, kind, when received, and
the matter it led to. With --json one object a line. It reads beside a running
house, and shows no personal data.
`

// listedSignal is one line of `zugou signal list --json`.
type listedSignal struct {
	ID         string `json:"id"`
	DeviceID   string `json:"device_id"`
	Kind       string `json:"kind"`
	ReceivedAt string `json:"received_at"`
	DeviceAt   string `json:"device_at,omitempty"` // by the device's own clock
	MatterID   string `json:"matter_id"`
}

func runSignal(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("signal", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, signalUsage, "\n")
		fs.PrintDefaults()
	}
	loader := config.Bind(fs, "data", "db")
	asJSON := fs.Bool("json", false, "one JSON object a line")
	words, err := parseMixed(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "list" {
		return errors.New("signal: want `zugou signal list`")
	}
	c, err := loader.Load(e.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	d, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	out := json.NewEncoder(e.Out)
	out.SetEscapeHTML(false)
	return sig.Each(ctx, d, func(s sig.Signal) error {
		l := listedSignal{string(s.ID), s.DeviceID, s.Kind, s.ReceivedAt.Time().Format(time.RFC3339Nano), "", string(s.MatterID)}
		if s.DeviceAt != 0 {
			l.DeviceAt = s.DeviceAt.Time().Format(time.RFC3339Nano)
		}
		if *asJSON {
			return out.Encode(l)
		}
		_, err := fmt.Fprintf(e.Out, "%s  %-20s %-12s %s  %s\n", l.ReceivedAt, l.DeviceID, l.Kind, l.ID, l.MatterID)
		return err
	})
}

// openDatabase opens a database that is there and has this program's schema.
func openDatabase(ctx context.Context, c config.Config) (*db.DB, error) {
	if !c.Postgres() {
		if _, err := os.Stat(c.Database()); err != nil {
			return nil, fmt.Errorf("no database at %s: start serve first", c.Database())
		}
	}
	d, err := db.Open(ctx, c.Database(), clock.System())
	if err != nil {
		return nil, err
	}
	has, wants, err := d.SchemaVersion(ctx)
	if err == nil && has != wants {
		err = fmt.Errorf("the database has schema %d and this program wants %d: run `zugou migrate`", has, wants)
	}
	if err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}
