package gateway_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/report"
)

// card is a JT/T 808 terminal of a test.
type card struct {
	*dev
	phone  []byte
	serial uint16
}

func newCard(d *dev, number string) *card {
	phone, _ := jt808.Phone(number, false)
	return &card{dev: d, phone: phone}
}

func (c *card) frame(id uint16, body []byte) []byte {
	c.serial++
	return jt808.Encode(jt808.Header{ID: id, Serial: c.serial, Phone: c.phone}, body)
}

func (c *card) answer(id uint16, result byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, c.serial)
	return jt808.Encode(jt808.Header{ID: jt808.DownAnswer, Phone: c.phone}, append(binary.BigEndian.AppendUint16(b, id), result))
}

func (c *card) registered(result byte, code string) []byte {
	b := append(binary.BigEndian.AppendUint16(nil, c.serial), result)
	return jt808.Encode(jt808.Header{ID: jt808.DownRegister, Phone: c.phone}, append(b, code...))
}

func (c *card) signOn() {
	c.t.Helper()
	c.say(c.frame(jt808.UpAuth, []byte("code-8800000001")))
	c.hear(c.answer(jt808.UpAuth, 0))
}

func withCards(t *testing.T, known *terminals) (*intake, *gateway.Server, func(number string) *card) {
	in := newIntake()
	s, addr := listen(t, gateway.JT808(known, nil, clock.System()), in)
	return in, s, func(number string) *card { return newCard(dial(t, addr), number) }
}

func TestATerminalRegistersAndSignsOn(t *testing.T) {
	_, _, card := withCards(t, &terminals{})
	c := card("8800000001")
	c.say(c.frame(jt808.UpRegister, make([]byte, 37)))
	c.hear(c.registered(0, "code-8800000001"))
	c.signOn()
	c.say(c.frame(jt808.UpHeartbeat, nil))
	c.hear(c.answer(jt808.UpHeartbeat, 0))
}

func TestAWrongCodeIsRefusedAndTheConnectionCloses(t *testing.T) {
	_, s, card := withCards(t, &terminals{})
	c := card("8800000001")
	c.say(c.frame(jt808.UpAuth, []byte("guess")))
	c.hear(c.answer(jt808.UpAuth, 1))
	c.closed()
	c = card("999")
	c.say(c.frame(jt808.UpRegister, make([]byte, 37)))
	c.hear(c.registered(3, ""))
	c.closed()
	if s.Counts().Refused != 2 {
		t.Errorf("%+v", s.Counts())
	}
}

func TestBeforeTheSignOnOnlyAnAlarmIsTakenAndItDoesNotEndTheRealOnesConnection(t *testing.T) {
	in, s, card := withCards(t, &terminals{})
	real := card("8800000001")
	real.signOn()
	stranger := card("8800000001")
	sos := place()
	sos.AlarmBits = new(uint32(1))
	stranger.say(stranger.frame(jt808.UpPosition, jt808.Position(sos)))
	stranger.hear(stranger.answer(jt808.UpPosition, 0))
	stranger.say(stranger.frame(jt808.UpPosition, jt808.Position(place())))
	stranger.hear(stranger.answer(jt808.UpPosition, 1))
	stranger.closed()
	real.say(real.frame(jt808.UpHeartbeat, nil))
	real.hear(real.answer(jt808.UpHeartbeat, 0))
	if got := in.stored(); len(got) != 1 || got[0] != "8800000001 sos" || s.Counts().Takeovers != 0 {
		t.Errorf("%v %+v", got, s.Counts())
	}
	// Who sees it reads that nobody had signed on; of the real one's nobody does.
	sos.Time = at.Add(time.Minute)
	real.say(real.frame(jt808.UpPosition, jt808.Position(sos)))
	real.hear(real.answer(jt808.UpPosition, 0))
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, want := range []bool{true, false} {
		body, err := json.Marshal(in.alarms()[i].Body)
		if err != nil || strings.Contains(string(body), report.Unproven) != want {
			t.Errorf("alarm %d: %s %v", i, body, err)
		}
	}
}

func TestASignOnThatCantBeDecidedGetsNoAnswer(t *testing.T) {
	known := &terminals{away: true}
	in, _, card := withCards(t, known)
	c := card("8800000001")
	sos := place()
	sos.AlarmBits = new(uint32(1))
	c.say(c.frame(jt808.UpRegister, make([]byte, 37)), c.frame(jt808.UpAuth, []byte("code-8800000001")), c.frame(jt808.UpPosition, jt808.Position(sos)))
	c.hear(c.answer(jt808.UpPosition, 0)) // the alarm is, when the seat can take it
	if len(in.stored()) != 1 {
		t.Error(in.stored())
	}
}

func batch(n int, history byte) []byte {
	b := append(binary.BigEndian.AppendUint16(nil, uint16(n)), history)
	for i := range n {
		m := place()
		m.Time = at.Add(-time.Duration(n-i) * time.Minute)
		m.Lat = new(29.6 + float64(i)/1000)
		item := jt808.Position(m)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(item))), item...)
	}
	return b
}

func TestABatchIsAnsweredOnceWhenAllOfItIsStored(t *testing.T) {
	in, _, card := withCards(t, &terminals{})
	c := card("8800000001")
	c.signOn()
	// The storage goes away in the middle of the batch.
	n := 0
	in.setAway(func(s signal.New) bool {
		if s.Kind != "position" {
			return false
		}
		n++
		return n == 3
	})
	c.say(c.frame(jt808.UpBatch, batch(5, 1)), c.frame(jt808.UpHeartbeat, nil))
	c.hear(c.answer(jt808.UpHeartbeat, 0))
	if len(in.stored()) != 2 {
		t.Errorf("stored %v", in.stored())
	}
	in.setAway(nil)
	c.say(c.frame(jt808.UpBatch, batch(5, 1)))
	c.hear(c.answer(jt808.UpBatch, 0))
	if len(in.stored()) != 5 {
		t.Errorf("stored %v", in.stored())
	}
	for _, s := range in.taken {
		if s.Kind == "position" && !s.History {
			t.Error("a replay of a blind spot is not marked")
		}
	}
	// A blind spot of a day is one frame: it is no flood.
	c.say(c.frame(jt808.UpBatch, batch(25, 0)))
	c.hear(c.answer(jt808.UpBatch, 0))
}

func TestASplitMessageIsAnsweredWhenItIsWholeAndAskedForWhenAPacketIsMissing(t *testing.T) {
	in, _, card := withCards(t, &terminals{})
	c := card("8800000001")
	c.signOn()
	packets := jt808.Packets(jt808.Header{ID: jt808.UpBatch, Serial: 100, Phone: c.phone}, batch(60, 1))
	if len(packets) < 3 {
		t.Fatalf("%d packets", len(packets))
	}
	missing := packets[1]
	for i, p := range packets {
		if i != 1 {
			c.say(p)
		}
	}
	// After a silence the gateway asks for it.
	c.hear(jt808.AskMissing(jt808.Header{Serial: 1, Phone: c.phone}, 100, []uint16{2}))
	if len(in.stored()) != 0 {
		t.Errorf("stored %d of a message that is not whole", len(in.stored()))
	}
	c.say(missing)
	c.serial = 101
	c.hear(c.answer(jt808.UpBatch, 0))
	if got := in.stored(); len(got) != 60 || len(slices.Compact(got)) != 1 {
		t.Errorf("%d stored: %s", len(got), fmt.Sprint(got[:1]))
	}
}
