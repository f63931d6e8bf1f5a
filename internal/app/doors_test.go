package app_test

import (
	"context"
	"net"
	"testing"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/loop/simulate"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// token gives a badge its secret, as an officer does.
func (h *house) token(number string) (secret string) {
	h.t.Helper()
	ctx := access.With(context.Background(), access.Actor{Account: "test", Grants: []access.Grant{{Role: access.BureauSection, Region: h.a.Config.District}}})
	var which id.ID
	if err := h.a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := device.Meet(ctx, tx, number, "mqtt", h.a.Config.District)
		which = d.ID
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	secret, err := credential.New(h.a.DB).Issue(ctx, which)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

// The disk is full while a badge of every protocol presses SOS: none of them
// hears an answer, each says it again, and when there is room each press is
// stored once and answered.
func TestAFullDiskIsAnsweredByNoDoor(t *testing.T) {
	addrs := map[string]string{}
	var args []string
	for _, door := range []string{"jt808", "gt06", "mqtt"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addrs[door] = l.Addr().String()
		_ = l.Close()
		args = append(args, "--"+door, addrs[door])
	}
	h := openHouse(t, args...)
	addrs["watch"], addrs["http"] = h.watch, h.base[len("http://"):]
	// The seed tells which version a badge of MQTT speaks, and which header one of JT/T 808 has.
	type speaker struct {
		protocol, number string
		seed             uint64
	}
	var all []speaker
	for i, protocol := range []string{"watch", "jt808", "jt808", "gt06", "mqtt", "mqtt", "http"} {
		number := device.DemoDeviceID(100 + i)
		if protocol == "gt06" {
			number = simulate.IMEI(100)
		}
		all = append(all, speaker{protocol, number, uint64(i % 2)})
	}
	press := make([]chan struct{}, len(all))
	counts := make([]*simulate.Counts, len(all))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, len(all))
	for i, x := range all {
		counts[i], press[i] = &simulate.Counts{}, make(chan struct{})
		d := simulate.Device{ID: x.number, Protocol: x.protocol, Home: simulate.Place{Lat: 29.6, Lon: 105.7}}
		if x.protocol == "mqtt" || x.protocol == "http" {
			d.Token = h.token(x.number)
		}
		o := simulate.Options{Addrs: addrs, Devices: []simulate.Device{d}, Seed: x.seed, Ramp: time.Millisecond, Every: time.Hour, RepeatAfter: 2 * time.Second, Honest: true, Press: press[i], Counts: counts[i]}
		go func() { ended <- simulate.Run(ctx, o) }()
	}
	t.Cleanup(func() {
		stop()
		for range all {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	one := func(what string, i int, ok func(s simulate.Snapshot) bool) {
		t.Helper()
		for end := time.Now().Add(patience); !ok(counts[i].Snapshot()); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("it never came about that %s %s: %v", all[i].protocol, what, counts[i].Snapshot())
			}
		}
	}
	each := func(what string, ok func(i int, s simulate.Snapshot) bool) {
		t.Helper()
		for i := range all {
			one(what, i, func(s simulate.Snapshot) bool { return ok(i, s) })
		}
	}
	each("is signed on", func(_ int, s simulate.Snapshot) bool { return s.Positions > 0 })

	h.fillDisk()
	before := make([]int64, len(all))
	for i := range all {
		for n := int64(1); ; n++ { // a full disk may have room for one more press
			before[i] = n
			press[i] <- struct{}{}
			said := counts[i].Snapshot().Repeats
			one("says it again", i, func(s simulate.Snapshot) bool { return s.Acknowledged == n || s.Repeats >= said+2 })
			if counts[i].Snapshot().Acknowledged < n {
				break
			}
			time.Sleep(1100 * time.Millisecond) // the same bytes within a second are the same press, said again
		}
	}
	for i, x := range all {
		if s := counts[i].Snapshot(); s.Acknowledged >= before[i] || int(s.Acknowledged) != h.stored(x.number) {
			t.Errorf("%s on a full disk: %d presses are stored, %v", x.protocol, h.stored(x.number), s)
		}
	}

	h.pages(1 << 30)
	each("is answered", func(i int, s simulate.Snapshot) bool { return s.Acknowledged == before[i] })
	for i, x := range all {
		if n := h.stored(x.number); n != int(before[i]) {
			t.Errorf("%s: %d presses are stored of %d", x.protocol, n, before[i])
		}
	}
}
