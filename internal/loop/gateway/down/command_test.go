package down

import (
	"errors"
	"testing"

	"zugou/internal/kernel/errs"
)

// A device keeps what it was last told: two spans at once, or one of no
// length, would be read by each maker in its own way.
func TestSilentHoursThatNoDeviceCouldKeep(t *testing.T) {
	const morning, noon, night, dawn = 480, 720, 1320, 390
	for name, c := range map[string]struct {
		list []Period
		key  string
	}{
		"none clears":                     {nil, ""},
		"school hours":                    {[]Period{{From: morning, To: noon}, {From: 840, To: 1050}}, ""},
		"one ends where the next begins":  {[]Period{{From: morning, To: noon}, {From: noon, To: 840}}, ""},
		"over midnight":                   {[]Period{{From: night, To: dawn}, {From: morning, To: noon}}, ""},
		"the same hours on other days":    {[]Period{{From: morning, To: noon, Days: 31}, {From: morning, To: noon, Days: 96}}, ""},
		"no length":                       {[]Period{{From: morning, To: morning}}, "device.command.span_empty"},
		"two at once":                     {[]Period{{From: morning, To: noon}, {From: 700, To: 840}}, "device.command.overlap"},
		"twice the same":                  {[]Period{{From: morning, To: noon}, {From: morning, To: noon, Days: 1}}, "device.command.overlap"},
		"the night reaches into Monday":   {[]Period{{From: night, To: dawn, Days: 64}, {From: 360, To: noon, Days: 1}}, "device.command.overlap"},
		"the night ends before Tuesday's": {[]Period{{From: night, To: dawn, Days: 64}, {From: 360, To: noon, Days: 2}}, ""},
		"after midnight":                  {[]Period{{From: 1440, To: 1}}, "device.command.time"},
		"an eighth day":                   {[]Period{{From: 1, To: 2, Days: 128}}, "device.command.time"},
		"five":                            {[]Period{{From: 1, To: 2}, {From: 3, To: 4}, {From: 5, To: 6}, {From: 7, To: 8}, {From: 9, To: 10}}, "device.command.too_many"},
	} {
		err := (Command{Kind: SilentHours, Periods: c.list}).Check()
		got := ""
		if e := new(errs.Error); errors.As(err, &e) {
			got = e.Fields[0].Key
		}
		if got != c.key {
			t.Errorf("%s: %v, want %q", name, err, c.key)
		}
	}
}
