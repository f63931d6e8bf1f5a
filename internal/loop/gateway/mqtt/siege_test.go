package mqtt_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/mqtt"
)

// gone waits for the end of a connection on which nothing is said.
func gone(t *testing.T, c net.Conn) {
	t.Helper()
	_, err := io.ReadAll(c)
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		t.Fatal("it stayed open")
	}
}

// mochi waits for a first packet for ever and counts only who signed on: what
// opens connections and says nothing would take the memory of all.
func TestWhoNeverSignsOnTakesNobodysPlace(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := mqtt.NewBroker(mqtt.Parts{Intake: newIntake(), Secrets: secrets{}, Hub: gateway.NewHub(quiet), Clock: clock.System(), Log: quiet,
		SignOnWithin: 400 * time.Millisecond, MostLines: 3})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	addr := l.Addr().String()
	real := signOn(t, addr, true)
	silent, half := open(t, addr, false), open(t, addr, false)
	if _, err := half.Write([]byte{0x10, 0x30, 0, 4, 'M'}); err != nil { // the beginning of a CONNECT
		t.Fatal(err)
	}
	gone(t, open(t, addr, false)) // one more than there may be
	gone(t, silent)
	gone(t, half)
	real.send(0xc0, nil) // longer on the line than a sign-on may take
	real.want(13)
	again := open(t, addr, false) // there is room again
	if code := again.connect("B-2", "B-2", "secret-of-B-2"); code != 0 {
		t.Errorf("refused: %x", code)
	}
}

func TestADeviceHearsItsOwnTopicsAndHoldsNoMore(t *testing.T) {
	addr, _, _ := broker(t, newIntake())
	for _, v5 := range []bool{false, true} {
		w := signOn(t, addr, v5)
		packet := uint16(0)
		for topic, may := range map[string]bool{
			"down/" + me + "/cmd": true, "down/" + me + "/ack": true, "down/" + me + "/#": true, "down/" + me + "/+": true,
			"down/" + me + "/firmware/17": false, "down/" + me + "/": false, "down/" + me: false, "down/" + me + "x/cmd": false,
			"#": false, "+/+/+": false, "down/#": false, "down/+/cmd": false, "down/B-2/cmd": false, "up/" + me + "/#": false, "up/B-2/pos": false,
			"$SYS/#": false, "$share/g/down/" + me + "/cmd": false, "$share/g/up/#": false, "down//cmd": false, "down/b-1/cmd": false,
		} {
			packet++
			if code := w.subscribe(topic, packet); (code < 0x80) != may {
				t.Errorf("v5 %v: %q gives %x", v5, topic, code)
			}
		}
	}
}

func TestGarbageOfADeviceEndsItsLine(t *testing.T) {
	for _, topic := range []string{"up/" + me + "/firmware", "up/" + me + "/pos"} {
		in := newIntake()
		addr, _, b := broker(t, in)
		w := signOn(t, addr, false)
		for i := range uint16(400) {
			body := append(append(text(topic), byte((i+1)>>8), byte(i+1)), "garbage"...)
			if _, err := w.Write(append([]byte{0x32, byte(len(body))}, body...)); err != nil {
				break // ended: what it is for
			}
		}
		gone(t, w)
		if n := b.Counts(); n.Dropped == 0 || in.count() != 0 {
			t.Errorf("%s: %+v", topic, n)
		}
		w = signOn(t, addr, false)
		w.publish("up/"+me+"/alarm", sos, 1, 7)
		w.want(4)
	}
}

func TestWhatIsTooLongEndsTheLineBeforeItIsRead(t *testing.T) {
	addr, _, _ := broker(t, newIntake())
	w := signOn(t, addr, true)
	if _, err := w.Write([]byte{0x32, 0xff, 0xff, 0xff, 0x7f}); err != nil { // 256 MB are announced
		t.Fatal(err)
	}
	w.ended()
}
