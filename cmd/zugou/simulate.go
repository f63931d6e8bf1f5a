package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/loop/simulate"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

const simulateUsage = `Usage: zugou simulate devices --addr HOST:PORT [flags]
       zugou simulate tokens --data DIR --count N [--from N] > tokens

Lets a district of badges live: each connects, reports where its child is on a
believable day, presses SOS now and then and says an alarm again until it is
answered. Prints the numbers every few seconds and at the end. Ctrl-C ends it;
--for ends it by itself.

With --profile mixed the badges speak several protocols: give --addr for watch,
--jt808 and --gt06, and, if you have tokens, --mqtt and --web for badges of the
house's own contract. Those sign on with a token each: "simulate tokens" makes
them in the house's folder, and --tokens names the file that it printed.
`

// runTokens gives simulated badges the secrets by which they sign on.
func runTokens(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("tokens", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, simulateUsage, "\n")
		fs.PrintDefaults()
	}
	loader := config.Bind(fs, "data", "db", "district")
	count := fs.Int("count", 50, "how many badges")
	from := fs.Int("from", 0, "number of the first badge")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *count < 1 || *count > 100_000 || *from < 0 {
		return errors.New("simulate: --count must be 1 to 100000, --from not below 0")
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
	secrets := credential.New(d)
	ctx = access.With(ctx, access.System("simulate"))
	for i := range *count {
		number := device.DemoDeviceID(*from + i)
		var which id.ID
		if err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			known, err := device.Meet(ctx, tx, number, "mqtt", c.District)
			which = known.ID
			return err
		}); err != nil {
			return err
		}
		token, err := secrets.Issue(ctx, which)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(e.Out, number, token); err != nil {
			return err
		}
	}
	return nil
}

// readTokens reads lines of a number and its token.
func readTokens(name string) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	tokens := map[string]string{}
	for line := range strings.Lines(string(text)) {
		switch f := strings.Fields(line); len(f) {
		case 0:
		case 2:
			tokens[f[0]] = f[1]
		default:
			return nil, errors.New("simulate: a line of the tokens is a number and a token")
		}
	}
	return tokens, nil
}

// middle of the demonstration's district.
var demoMiddle = simulate.Place{Lat: 29.615, Lon: 105.755}

func runSimulate(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("simulate", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, simulateUsage, "\n")
		fs.PrintDefaults()
	}
	addr := fs.String("addr", "127.0.0.1:5093", "where badges connect, as `HOST:PORT`")
	jt808Addr := fs.String("jt808", "", "`HOST:PORT` of JT/T 808 for --profile mixed")
	gt06Addr := fs.String("gt06", "", "`HOST:PORT` of GT06 for --profile mixed")
	count := fs.Int("count", 50, "how many badges")
	from := fs.Int("from", 0, "number of the first badge, so that two runs don't share numbers")
	mqttAddr := fs.String("mqtt", "", "`HOST:PORT` of MQTT for --profile mixed")
	webAddr := fs.String("web", "", "`HOST:PORT` of the pages, for badges that speak HTTP in --profile mixed")
	tokenFile := fs.String("tokens", "", "`FILE` of numbers and tokens, for mqtt and http")
	protocol := fs.String("profile", "watch", "what they speak: watch, jt808, gt06, mqtt, http or mixed")
	first := fs.Duration("first-sos", 0, "a first SOS comes within this time; 0: none")
	rate := fs.Float64("rate", 8, "alarms an hour over all badges")
	every := fs.Duration("every", 5*time.Minute, "time between two positions of a badge")
	ramp := fs.Duration("ramp", 10*time.Second, "time over which they connect first")
	speed := fs.Float64("speed", 1, "how much faster the day passes and reports come")
	seed := fs.Uint64("seed", 1, "the same seed gives the same district")
	length := fs.Duration("for", 0, "end after this time; 0: at Ctrl-C")
	honest := fs.Bool("honest", false, "no wrong clocks, doubled frames, flat batteries and breaks")
	asJSON := fs.Bool("json", false, "print the numbers as JSON")
	what := ""
	if len(args) > 0 && args[0] == "tokens" {
		return runTokens(ctx, e, args[1:])
	}
	if len(args) > 0 && args[0] == "devices" {
		what, args = args[0], args[1:]
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if what == "" && fs.NArg() > 0 {
		what = fs.Arg(0)
	}
	if what != "devices" {
		return errors.New("simulate: say what: `zugou simulate devices`")
	}
	if *count < 1 || *speed <= 0 || *rate < 0 {
		return errors.New("simulate: --count and --speed must be above 0, --rate not below")
	}
	addrs := map[string]string{}
	speaks := func(int) string { return *protocol }
	switch *protocol {
	case "watch", "jt808", "gt06", "mqtt", "http":
		addrs[*protocol] = *addr
	case "mixed":
		if *jt808Addr == "" || *gt06Addr == "" {
			return errors.New("simulate: --profile mixed needs --jt808 and --gt06")
		}
		addrs = map[string]string{"watch": *addr, "jt808": *jt808Addr, "gt06": *gt06Addr}
		turns := []string{"watch", "jt808", "watch", "gt06"}
		for door, at := range map[string]string{"mqtt": *mqttAddr, "http": *webAddr} {
			if at != "" {
				addrs[door], turns = at, append(turns, door)
			}
		}
		slices.Sort(turns)
		speaks = func(i int) string { return turns[i%len(turns)] }
	default:
		return fmt.Errorf("simulate: unknown profile %q; there are watch, jt808, gt06, mqtt, http and mixed", *protocol)
	}
	tokens := map[string]string{}
	if *tokenFile != "" {
		var err error
		if tokens, err = readTokens(*tokenFile); err != nil {
			return err
		}
	} else if addrs["mqtt"]+addrs["http"] != "" {
		return errors.New("simulate: badges of mqtt and http sign on with tokens: name the file with --tokens")
	}
	name := func(i int) string {
		if speaks(i) == "gt06" {
			return simulate.IMEI(*from + i)
		}
		return device.DemoDeviceID(*from + i)
	}
	counts := &simulate.Counts{}
	devices := simulate.District(*count, demoMiddle, 20_000, *seed, name, speaks)
	for i := range devices {
		devices[i].Token = tokens[devices[i].ID]
	}
	o := simulate.Options{Addrs: addrs, Devices: devices, Seed: *seed, Speed: *speed, Every: *every,
		FirstSOSWithin: *first, AlarmsPerHour: *rate, Ramp: *ramp, Honest: *honest, Counts: counts, Log: slog.New(slog.NewTextHandler(e.Err, nil))}
	if *length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *length)
		defer cancel()
	}
	show := func() {
		if *asJSON {
			_ = json.NewEncoder(e.Out).Encode(counts.Snapshot())
			return
		}
		fmt.Fprintln(e.Out, counts.Snapshot())
	}
	ended := make(chan struct{})
	var printer sync.WaitGroup
	printer.Add(1)
	go func() {
		defer printer.Done()
		for {
			select {
			case <-ended:
				return
			case <-clock.System().After(5 * time.Second):
				show()
			}
		}
	}()
	err := simulate.Run(ctx, o)
	close(ended)
	printer.Wait()
	if err == nil {
		show()
	}
	return err
}
