package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/errs"
	"zugou/internal/web/chassis"
	"zugou/locale"
)

const doctorUsage = `Usage: zugou doctor [the flags of serve]

Looks whether the house can do its work: settings, folder, keys, database,
schema, a durable commit, jobs, channels, the audit's chain and its digests,
backups, certificate, disk, clock. It changes nothing but a heartbeat. The exit
status is 1 if something needs a person; what is only worth knowing leaves it 0.
`

// line is one line of the doctor, in Chinese.
type line struct {
	mark, text string
	sick       bool
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
	words, err := chassis.LoadWords(locale.Files, "zh-CN")
	if err != nil {
		return err
	}
	sick := 0
	for _, l := range examine(ctx, c, words) {
		if l.sick {
			sick++
		}
		fmt.Fprintf(e.Out, "%s  %s\n", l.mark, l.text)
	}
	if sick > 0 {
		return fmt.Errorf("%d things need a person", sick)
	}
	return nil
}

func examine(ctx context.Context, c config.Config, words chassis.Words) []line {
	say := func(key string, n int) string {
		text, ok := words.Text(key)
		if !ok {
			text = key
		}
		return strings.ReplaceAll(text, "{n}", strconv.Itoa(n))
	}
	good, act := say("system.ok", 0), say("system.act", 0)
	out := []line{{good, say("okfinding.settings", 0), false}}
	note := func(key string, err error) {
		if err != nil {
			out = append(out, line{act, say("badfinding."+key, 0) + " (" + err.Error() + ")", true})
			return
		}
		out = append(out, line{good, say("okfinding."+key, 0), false})
	}
	keys, err := crypto.Open(c.Keys(), c.Cipher)
	if errs.Is(err, errs.KindNotFound) {
		err = fmt.Errorf("%s: %s", c.Keys(), say("badfinding.keys_none", 0))
	}
	note("keys", err)
	d, err := openDatabase(ctx, c)
	note("database", err)
	if err != nil {
		return out
	}
	defer func() { _ = d.Close() }()
	house := ""
	if keys != nil {
		house = keys.ID()
	}
	for _, f := range app.Examine(ctx, d, c, house, false) {
		switch {
		case f.OK:
			out = append(out, line{good, say("okfinding."+f.Key, f.N), false})
		case f.Warn:
			out = append(out, line{say("system.warn", 0), say("badfinding."+f.Key, f.N), false})
		default:
			out = append(out, line{act, say("badfinding."+f.Key, f.N), true})
		}
	}
	return out
}
