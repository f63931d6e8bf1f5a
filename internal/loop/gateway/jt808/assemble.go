package jt808

import (
	"encoding/hex"

	"zugou/internal/loop/gateway/report"
)

// Bounds of what one connection may leave half-sent: a voice message or a
// picture of a card is far below 1 MiB, and two messages under way at once
// were never seen.
const (
	MaxMessage  = 1 << 20 // bytes of one assembled body
	MaxPackets  = 2048    // packets of one message
	MaxUnderWay = 4       // messages waiting for packets; the oldest is dropped
)

// Assembler joins the packets of split messages, in any order. One connection
// has one. The zero value is ready.
type Assembler struct {
	open []*parts // oldest first
}

type parts struct {
	id    string
	msg   uint16
	first uint16 // serial of packet 1
	total uint16
	got   map[uint16][]byte
	size  int
	last  Frame
}

// Add takes a frame. A frame that is not split, and the frame that completes a
// message, come back with ok true; its Header.Serial is that of the packet
// just added, its Total is 0. Errors (report.BadFrame): a message out of
// bounds, which is dropped.
func (a *Assembler) Add(f Frame) (whole Frame, ok bool, err error) {
	if f.Total == 0 {
		return f, true, nil
	}
	if f.Total > MaxPackets {
		return f, false, report.Bad("packets", "%d, at most %d", f.Total, MaxPackets)
	}
	id, first := hex.EncodeToString(f.Phone), f.Serial-(f.Index-1)
	var p *parts
	at := 0
	for i, o := range a.open {
		if o.id == id && o.msg == f.ID && o.total == f.Total && o.first == first {
			p, at = o, i
		}
	}
	if p == nil {
		if len(a.open) == MaxUnderWay {
			a.open = append(a.open[:0], a.open[1:]...)
		}
		p, at = &parts{id: id, msg: f.ID, first: first, total: f.Total, got: map[uint16][]byte{}}, len(a.open)
		a.open = append(a.open, p)
	}
	p.size += len(f.Body) - len(p.got[f.Index])
	p.got[f.Index], p.last = f.Body, f
	if p.size > MaxMessage {
		a.drop(at)
		return f, false, report.Bad("packets", "more than %d bytes", MaxMessage)
	}
	if len(p.got) < int(p.total) {
		return f, false, nil
	}
	a.drop(at)
	body := make([]byte, 0, p.size)
	for i := uint16(1); i <= p.total; i++ {
		body = append(body, p.got[i]...)
	}
	f.Body, f.Declared, f.Total, f.Index = body, len(body), 0, 0
	return f, true, nil
}

func (a *Assembler) drop(i int) { a.open = append(a.open[:i], a.open[i+1:]...) }

// Missing gives, for the message that waits longest, the header to ask with,
// the serial of its first packet and the packets that did not come; ok is
// false when nothing waits.
func (a *Assembler) Missing() (h Header, first uint16, missing []uint16, ok bool) {
	if len(a.open) == 0 {
		return Header{}, 0, nil, false
	}
	p := a.open[0]
	for i := uint16(1); i <= p.total; i++ {
		if _, have := p.got[i]; !have {
			missing = append(missing, i)
		}
	}
	return p.last.Header, p.first, missing, true
}
