package main

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	"zugou/internal/loop/simulate"
)

func TestSimulateTalksToAPortAndCounts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c); _ = c.Close() }()
		}
	}()
	out, _, err := zugou(t, "", "simulate", "devices", "--addr", l.Addr().String(), "--count", "3", "--ramp", "10ms", "--for", "300ms", "--first-sos", "50ms", "--json")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var s simulate.Snapshot
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &s); err != nil || s.Connections != 3 || s.Alarms != 1 || s.Acknowledged != 0 || s.Positions < 3 {
		t.Errorf("%s %v", out, err)
	}
}

func TestSimulateSaysWhatIsWrong(t *testing.T) {
	for _, args := range [][]string{{"simulate"}, {"simulate", "devices", "--count", "0"}, {"simulate", "devices", "--profile", "mixed"}, {"simulate", "devices", "--profile", "morse"}, {"simulate", "devices", "--profile", "mqtt"}, {"simulate", "tokens", "--count", "0"}} {
		if _, _, err := zugou(t, "", args...); err == nil || !strings.HasPrefix(err.Error(), "simulate:") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
