package mqtt_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// wire is an MQTT client on a bare socket: the contract with the broker is
// about bytes, and no library stands between.
type wire struct {
	t *testing.T
	net.Conn
	r  *bufio.Reader
	v5 bool
}

// frame is one packet that came.
type frame struct {
	kind, flags byte // of the fixed header, upper and lower four bits
	body        []byte
}

func open(t *testing.T, addr string, v5 bool) *wire {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second)) // a test that waits in vain ends
	return &wire{t, c, bufio.NewReader(c), v5}
}

func text(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }

func (w *wire) send(head byte, body []byte) {
	w.t.Helper()
	p := []byte{head}
	for n := len(body); ; {
		b := byte(n & 0x7f)
		if n >>= 7; n > 0 {
			p = append(p, b|0x80)
			continue
		}
		p = append(p, b)
		break
	}
	if _, err := w.Write(append(p, body...)); err != nil {
		w.t.Fatal(err)
	}
}

// connect signs on and gives the reason code of the CONNACK.
func (w *wire) connect(client, user, password string, will ...string) byte {
	w.t.Helper()
	level := byte(4)
	if w.v5 {
		level = 5
	}
	flags := byte(0xc2) // user, password, clean
	if len(will) > 0 {
		flags |= 0x04
	}
	body := append(text("MQTT"), level, flags, 0, 60)
	if w.v5 {
		body = append(body, 0)
	}
	body = append(body, text(client)...)
	if len(will) > 0 {
		if w.v5 {
			body = append(body, 0)
		}
		body = append(append(body, text(will[0])...), text(will[1])...)
	}
	body = append(append(body, text(user)...), text(password)...)
	w.send(0x10, body)
	f, err := w.read()
	if err != nil || f.kind != 2 {
		w.t.Fatalf("no CONNACK: %v %v", f, err)
	}
	return f.body[1]
}

func (w *wire) publish(topic, payload string, qos byte, packet uint16) {
	w.t.Helper()
	body := text(topic)
	if qos > 0 {
		body = binary.BigEndian.AppendUint16(body, packet)
	}
	if w.v5 {
		body = append(body, 0)
	}
	w.send(0x30|qos<<1, append(body, payload...))
}

// subscribe gives the reason code of the SUBACK.
func (w *wire) subscribe(topic string, packet uint16) byte {
	w.t.Helper()
	body := binary.BigEndian.AppendUint16(nil, packet)
	if w.v5 {
		body = append(body, 0)
	}
	w.send(0x82, append(append(body, text(topic)...), 1))
	f := w.want(9)
	return f.body[len(f.body)-1]
}

func (w *wire) read() (frame, error) {
	head, err := w.r.ReadByte()
	if err != nil {
		return frame{}, err
	}
	n, err := binary.ReadUvarint(w.r) // MQTT's length is the same code for these sizes
	if err != nil {
		return frame{}, err
	}
	body := make([]byte, n)
	_, err = io.ReadFull(w.r, body)
	return frame{head >> 4, head & 15, body}, err
}

func (w *wire) want(kind byte) frame {
	w.t.Helper()
	f, err := w.read()
	if err != nil || f.kind != kind {
		w.t.Fatalf("got packet %d (%x) %v, want %d", f.kind, f.body, err, kind)
	}
	return f
}

// message reads a PUBLISH of QoS 0 or 1.
func (w *wire) message() (topic, payload string) {
	w.t.Helper()
	return w.content(w.want(3))
}

func (w *wire) content(f frame) (topic, payload string) {
	body := f.body
	l := int(binary.BigEndian.Uint16(body))
	topic, body = string(body[2:2+l]), body[2+l:]
	if f.flags>>1&3 > 0 {
		body = body[2:]
	}
	if w.v5 {
		body = body[1+int(body[0]):]
	}
	return topic, string(body)
}

// ended waits for the end of the connection; nothing but a DISCONNECT may come
// before.
func (w *wire) ended() {
	w.t.Helper()
	f, err := w.read()
	if err == nil && f.kind == 14 {
		f, err = w.read()
	}
	var ne net.Error
	if err == nil || errors.As(err, &ne) && ne.Timeout() {
		w.t.Fatalf("the line did not end: packet %d (%x) %v", f.kind, f.body, err)
	}
}

// silent proves that nothing was said to the last publish: a ping behind it is
// answered first.
func (w *wire) silent() {
	w.t.Helper()
	w.send(0xc0, nil)
	w.want(13)
}
