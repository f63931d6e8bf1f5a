package outgrow

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/downlink"
	"zugou/internal/loop/gateway/watch"
	"zugou/internal/people/access"
)

// badge is a watch that presses SOS again and again: it repeats a press until
// it is acknowledged, over whatever connection the balancer gives it, and only
// then makes the next. It answers to being asked where it is.
type badge struct {
	id, addr string

	mu      sync.Mutex
	acked   int // presses 0…acked-1
	located int // times it was asked where it is
	onWhich int // connections so far
}

const presses = 12

func (b *badge) run(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		c, err := net.DialTimeout("tcp", b.addr, 2*time.Second)
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		b.mu.Lock()
		b.onWhich++
		b.mu.Unlock()
		b.talk(c, stop)
		_ = c.Close()
	}
}

func (b *badge) talk(c net.Conn, stop <-chan struct{}) {
	var f watch.Framer
	buf := make([]byte, 1024)
	h := watch.Header{Vendor: "3G", ID: b.id}
	_, _ = c.Write(h.Encode([]byte("LK")))
	for {
		b.mu.Lock()
		n := b.acked
		b.mu.Unlock()
		if n < presses {
			content := fmt.Sprintf("AL,%s,V,0.0,N,0.0,E,0,0,0,0,100,50,%d,0,00010000,0,0,0", began, n)
			if _, err := c.Write(h.Encode([]byte(content))); err != nil {
				return
			}
		}
		for waiting := true; waiting; {
			select {
			case <-stop:
				return
			default:
			}
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
			k, err := c.Read(buf)
			f.Feed(buf[:k])
			for {
				raw, ok, bad := f.Next()
				if !ok || bad != nil {
					break
				}
				switch in, _ := watch.Parse(raw); in.Type {
				case "AL":
					b.mu.Lock()
					b.acked++
					b.mu.Unlock()
					waiting = false
				case "CR":
					b.mu.Lock()
					b.located++
					b.mu.Unlock()
					_, _ = c.Write(h.Encode([]byte("CR")))
				}
			}
			if err != nil {
				var slow net.Error
				if asNet(err, &slow) && slow.Timeout() {
					waiting = false
					continue
				}
				return
			}
		}
	}
}

func asNet(err error, to *net.Error) bool {
	n, ok := err.(net.Error)
	*to = n
	return ok
}

var began = time.Now().UTC().Format("020106,150405")

func TestTwoGatewaysShareADatabaseAndOneIsKilled(t *testing.T) {
	h := newHouse(t)
	one := h.start("g1", "--watch", "127.0.0.1:0")
	two := h.start("g2", "--watch", "127.0.0.1:0")
	h.enter()
	b := balance(t, one.addrs["watch"], two.addrs["watch"])
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var badges []*badge
	for i := range 24 {
		x := &badge{id: fmt.Sprintf("97%08d", i), addr: b.l.Addr().String()}
		badges = append(badges, x)
		wg.Add(1)
		go func() { defer wg.Done(); x.run(stop) }()
	}
	all := func(ok func(x *badge) bool) func() bool {
		return func() bool {
			for _, x := range badges {
				x.mu.Lock()
				fits := ok(x)
				x.mu.Unlock()
				if !fits {
					return false
				}
			}
			return true
		}
	}
	until(t, "presses through both gateways", all(func(x *badge) bool { return x.acked >= 3 }))
	until(t, "lines on both gateways", func() bool {
		return h.count("SELECT count(*) FROM device_line WHERE gateway = 'g1'") > 5 && h.count("SELECT count(*) FROM device_line WHERE gateway = 'g2'") > 5
	})

	// A process that holds no line tells a device of each gateway something.
	desk, ctx := h.commands(), officer(access.SeatOperator)
	tell := func(gateway string) *badge {
		t.Helper()
		for _, x := range badges {
			if h.count("SELECT count(*) FROM device_line WHERE device_id = ? AND gateway = ?", x.id, gateway) == 1 {
				if _, err := desk.Send(ctx, h.find(x.id).ID, downlink.Request{Key: gateway + x.id, Reason: "家长来电询问", Kind: down.Locate}); err != nil {
					t.Fatal(err)
				}
				return x
			}
		}
		t.Fatalf("nobody is on %s", gateway)
		return nil
	}
	done := func(x *badge, times int) func() bool {
		return func() bool {
			x.mu.Lock()
			defer x.mu.Unlock()
			return x.located >= times && h.count("SELECT count(*) FROM device_downlink WHERE device_id = ? AND state = 'done'", x.id) == times
		}
	}
	moved := tell("g1")
	until(t, "the command by way of g1", done(moved, 1))
	stays := tell("g2")
	until(t, "the command by way of g2", done(stays, 1))

	one.kill()
	before := map[string]int{}
	for _, x := range badges {
		x.mu.Lock()
		before[x.id] = x.acked
		x.mu.Unlock()
	}
	until(t, "all presses after the kill", all(func(x *badge) bool { return x.acked >= presses }))
	until(t, "all lines on the gateway that is left", func() bool {
		return h.count("SELECT count(*) FROM device_line WHERE gateway = 'g2'") == len(badges)
	})
	if x := tell("g2"); x != badges[0] && x != stays { // the first badge, whichever gateway it was on
		t.Errorf("told %s", x.id)
	}
	if _, err := desk.Send(ctx, h.find(moved.id).ID, downlink.Request{Key: "again", Reason: "家长来电询问", Kind: down.Locate}); err != nil {
		t.Fatal(err)
	}
	until(t, "a command to the badge that came over", func() bool {
		moved.mu.Lock()
		defer moved.mu.Unlock()
		return moved.located >= 2 && moved.onWhich >= 2
	})
	close(stop)
	wg.Wait()

	lost := 0
	for _, x := range badges {
		stored := h.count("SELECT count(*) FROM signal WHERE device_id = ? AND kind = 'sos'", x.id)
		if stored < x.acked || stored > x.acked+1 {
			t.Errorf("%s: %d presses acknowledged, %d stored", x.id, x.acked, stored)
			lost++
		}
		if n := h.count("SELECT count(*) FROM matter WHERE id IN (SELECT matter_id FROM signal WHERE device_id = ?)", x.id); n != 1 {
			t.Errorf("%s led to %d matters", x.id, n)
		}
	}
	if strings.Contains(two.said(), "panic") {
		t.Errorf("%s", two.said())
	}
	t.Logf("%d badges, %d presses each, gateway killed after %v; %d wrong", len(badges), presses, before[badges[0].id], lost)
}
