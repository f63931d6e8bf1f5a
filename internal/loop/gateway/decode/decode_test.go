package decode_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/decode"
	"zugou/internal/loop/gateway/profile"
	"zugou/policy/devices"
)

// Whatever an installer pastes, for whatever model: each object tells what it
// is or what is wrong, under the number of its line, and nothing panics.
func FuzzLine(f *testing.F) {
	set, err := profile.Load(devices.Files)
	if err != nil {
		f.Fatal(err)
	}
	protocols := []string{"watch", "jt808", "gt06"}
	for i, protocol := range protocols {
		in, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "cmd", "zugou", "testdata", "decode", protocol+".in"))
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(in)) {
			f.Add(uint8(i), uint8(len(line)), line)
		}
	}
	clk := clock.System()
	f.Fuzz(func(t *testing.T, which, of uint8, in string) {
		protocol := protocols[int(which)%len(protocols)]
		var model *profile.Profile
		if names := set.Names(protocol); len(names) > 0 {
			model = set[names[int(of)%len(names)]]
		}
		d, err := decode.New(protocol, model, clk)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(in) {
			n++
			for _, o := range d.Line(n, []byte(line)) {
				if o.N != n {
					t.Fatalf("line %d is called %d", n, o.N)
				}
				if o.Err == "" && o.Type == "" {
					t.Fatalf("neither type nor error: %+v", o)
				}
				if _, err := json.Marshal(o); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
