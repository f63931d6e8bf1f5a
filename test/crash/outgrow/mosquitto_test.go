package outgrow

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // database/sql driver "pgx"
)

func tool(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if path := "/usr/sbin/" + name; name == "mosquitto" {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatalf("the test needs %s (Debian packages mosquitto, mosquitto-clients)", name)
	return ""
}

// mosquitto runs somebody else's broker and gives its address.
func mosquitto(t *testing.T) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ = net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(conf, []byte("listener "+port+" 127.0.0.1\nallow_anonymous true\npersistence false\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool(t, "mosquitto"), "-c", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	until(t, "mosquitto", func() bool {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(host, port), time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return host, port
}

// pub publishes once by Debian's client, QoS 1: nil when the broker
// acknowledged.
func pub(t *testing.T, host, port, version, topic, text string, more ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	args := append([]string{"-h", host, "-p", port, "-V", version, "-q", "1", "-t", topic, "-m", text}, more...)
	out, err := exec.CommandContext(ctx, tool(t, "mosquitto_pub"), args...).CombinedOutput()
	if err != nil || strings.Contains(string(out), "failed") { // v5: the broker's reason
		return fmt.Errorf("%v: %s", err, out)
	}
	return nil
}

func TestAConsumerOfMosquittoIsKilledBeforeItAcknowledges(t *testing.T) {
	host, port := mosquitto(t)
	h := newHouse(t)
	first := h.start("c1", "--mqtt-external", "mqtt://"+net.JoinHostPort(host, port))
	const badge = "9600000001"
	alarm := func(mid string) string {
		return fmt.Sprintf(`{"mid":%q,"kind":"sos","t":%d,"lat":29.6,"lon":105.7}`, mid, time.Now().UnixMilli())
	}
	// The badge hears what is acknowledged to it, by Debian's client.
	acks := &process{gone: make(chan struct{})}
	sub := exec.Command(tool(t, "mosquitto_sub"), "-h", host, "-p", port, "-t", "down/"+badge+"/ack", "-q", "1")
	sub.Stdout = acks
	if err := sub.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Process.Kill(); _ = sub.Wait() })

	say := func(text string) {
		t.Helper()
		if err := pub(t, host, port, "5", "up/"+badge+"/alarm", text); err != nil {
			t.Fatal(err)
		}
	}
	// repeat is what a badge does: it says the alarm until it is acknowledged.
	repeat := func(mid, text string) {
		t.Helper()
		until(t, "the acknowledgement of "+mid, func() bool {
			if strings.Contains(acks.said(), mid) {
				return true
			}
			say(text)
			time.Sleep(700 * time.Millisecond)
			return strings.Contains(acks.said(), mid)
		})
	}
	m1 := alarm("m-1")
	repeat("m-1", m1)
	h.enter()
	stored := func() int { return h.count("SELECT count(*) FROM signal WHERE device_id = ?", badge) }
	if n := stored(); n != 1 {
		t.Fatalf("%d stored", n)
	}

	// The storage holds still: the consumer has the message, and can't commit.
	lock, err := sql.Open("pgx", h.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	tx, err := lock.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE signal IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	m2 := alarm("m-2")
	say(m2)
	until(t, "the consumer to wait for the storage", func() bool {
		var n int
		if err := lock.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INTO signal%'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 0
	})
	second := h.start("c2", "--mqtt-external", "mqtt://"+net.JoinHostPort(host, port))
	first.kill()
	if strings.Contains(acks.said(), "m-2") {
		t.Fatal("acknowledged before the commit")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	repeat("m-2", m2) // Mosquitto keeps for the dead what it gave it; the badge's repeat goes to the other
	if n := stored(); n != 2 {
		t.Errorf("%d stored, want 2", n)
	}
	if n := h.count("SELECT count(DISTINCT matter_id) FROM signal WHERE device_id = ? AND matter_id <> ''", badge); n != 1 {
		t.Errorf("%d matters", n)
	}
	// The dead one comes back and is given again what it did not acknowledge:
	// known by its name, it is no second order.
	back := h.start("c1", "--mqtt-external", "mqtt://"+net.JoinHostPort(host, port))
	m3 := alarm("m-3")
	repeat("m-3", m3)
	until(t, "both consumers to have taken part", func() bool {
		say(strings.Replace(m3, "m-3", "m-4", 1))
		return h.count("SELECT count(*) FROM gateway_process") == 2
	})
	repeat("m-4", strings.Replace(m3, "m-3", "m-4", 1))
	if n := stored(); n != 4 {
		t.Errorf("%d stored, want 4", n)
	}
	for name, p := range map[string]*process{"c2": second, "c1 again": back} {
		if strings.Contains(p.said(), "panic") {
			t.Errorf("%s: %s", name, p.said())
		}
	}
}

func TestOurBrokerUnderSomebodyElsesClients(t *testing.T) {
	h := newHouse(t)
	p := h.start("b1", "--mqtt", "127.0.0.1:0")
	h.enter()
	const badge, other = "9500000001", "9500000002"
	h.token(other)
	_, token := h.token(badge)
	host, port, _ := net.SplitHostPort(p.addrs["mqtt"])
	own := []string{"-i", badge, "-u", badge, "-P", token}
	signals := func(deviceID, kind string) int {
		return h.count("SELECT count(*) FROM signal WHERE device_id = ? AND kind = ?", deviceID, kind)
	}
	for i, version := range []string{"311", "5"} {
		text := fmt.Sprintf(`{"mid":"v-%s","kind":"sos","t":%d}`, version, time.Now().UnixMilli())
		for range 2 { // said twice
			if err := pub(t, host, port, version, "up/"+badge+"/alarm", text, own...); err != nil {
				t.Fatalf("v%s: %v", version, err)
			}
		}
		// What is acknowledged is stored: no waiting here.
		if n := signals(badge, "sos"); n != i+1 {
			t.Errorf("v%s: %d stored, want %d", version, n, i+1)
		}
		if err := pub(t, host, port, version, "up/"+badge+"/alarm", text, "-i", badge, "-u", badge, "-P", "wrong"); err == nil {
			t.Errorf("v%s: signed on with a wrong token", version)
		}
		if err := pub(t, host, port, version, "up/"+badge+"/alarm", text, "-i", badge); err == nil {
			t.Errorf("v%s: signed on without one", version)
		}
		if err := pub(t, host, port, version, "up/"+badge+"/alarm", text, "-i", other, "-u", badge, "-P", token); err == nil {
			t.Errorf("v%s: signed on under another name", version)
		}
		if err := pub(t, host, port, version, "up/"+other+"/alarm", text, own...); version == "5" && err == nil {
			t.Errorf("v%s: spoke for another badge", version)
		}
		if n := signals(other, "sos"); n != 0 {
			t.Errorf("v%s: %d stored for another badge", version, n)
		}
		if err := pub(t, host, port, version, "up/"+badge+"/beat", `{"mid":"w"}`, append(own, "--will-topic", "up/"+other+"/will", "--will-payload", "{}")...); err == nil {
			t.Errorf("v%s: signed on with a will of another badge", version)
		}
		// The will of a client that is killed; it hears nothing of others.
		heard := &process{gone: make(chan struct{})}
		sub := exec.Command(tool(t, "mosquitto_sub"), append([]string{"-h", host, "-p", port, "-V", version, "-q", "1", "-v", "-t", "down/" + badge + "/#", "-t", "down/" + other + "/#",
			"--will-topic", "up/" + badge + "/will", "--will-payload", "{}", "--will-qos", "1"}, own...)...)
		sub.Stdout = heard
		until(t, "the line of the last publisher to be given up", func() bool {
			return h.count("SELECT count(*) FROM device_line WHERE device_id = ?", badge) == 0
		})
		if err := sub.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, "the subscriber", func() bool {
			return h.count("SELECT count(*) FROM device_line WHERE device_id = ?", badge) == 1
		})
		before := h.count("SELECT count(*) FROM signal WHERE device_id = ?", badge)
		_ = sub.Process.Kill()
		_ = sub.Wait()
		until(t, "the will", func() bool { return h.count("SELECT count(*) FROM signal WHERE device_id = ?", badge) == before+1 })
		if strings.Contains(heard.said(), other) {
			t.Errorf("v%s: heard of another badge: %s", version, heard.said())
		}
		until(t, "the line to be given up", func() bool {
			return h.count("SELECT count(*) FROM device_line WHERE device_id = ?", badge) == 0
		})
	}
}
