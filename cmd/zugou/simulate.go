package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"zugou/internal/loop/simulate"
	"zugou/internal/people/device"
)

const simulateUsage = `Usage: zugou simulate devices --addr HOST:PORT [--count N] [--profile watch|jt808|gt06] [flags]

Synthetic badges that speak the real protocol to a port, with believable days:
home, school, road, indoors without a fix, flat batteries, wrong clocks,
doubled frames. Ends by Ctrl-C or after --for, and prints what happened.
`

// The middle of the box of Dazu, where homes are invented around.
const midLat, midLon = 29.615, 105.755

func runSimulate(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("simulate", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, simulateUsage, "\n")
		fs.PrintDefaults()
	}
	addr := fs.String("addr", "127.0.0.1:5093", "`HOST:PORT` of the gateway")
	count := fs.Int("count", 10, "how many badges")
	profile := fs.String("profile", "watch", "protocol: watch, jt808 or gt06")
	first := fs.Duration("first-sos", 10*time.Second, "one badge presses SOS within this time; 0: none does")
	every := fs.Duration("every", 5*time.Minute, "time between two reports of a place")
	alarms := fs.Float64("alarms", 6, "alarms of the whole district in an hour")
	speed := fs.Float64("speed", 1, "how much faster the day passes")
	last := fs.Duration("for", 0, "how long; 0: until Ctrl-C")
	seed := fs.Uint64("seed", 1, "the same number makes the same district")
	words, err := parseMixed(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "devices" {
		return errors.New("simulate: want `zugou simulate devices`")
	}
	if *count < 1 || *count > 100_000 {
		return errors.New("simulate: --count must be from 1 to 100000")
	}
	devices := make([]simulate.Device, *count)
	for i := range devices {
		devices[i] = simulate.Device{ID: device.DemoDeviceID(i), Protocol: *profile,
			Home: simulate.Place{Lat: midLat + float64(i%97-48)*0.004, Lon: midLon + float64(i%89-44)*0.005}}
	}
	if *last > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *last)
		defer cancel()
	}
	var counts simulate.Counts
	err = simulate.Run(ctx, simulate.Options{Addr: *addr, Addrs: map[string]string{*profile: *addr}, Devices: devices, Seed: *seed, Speed: *speed, Every: *every,
		FirstSOSWithin: *first, AlarmsPerHour: *alarms, Counts: &counts})
	fmt.Fprintln(e.Out, counts.Snapshot())
	return err
}
