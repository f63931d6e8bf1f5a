package jt808

import (
	"encoding/binary"

	"golang.org/x/text/encoding/simplifiedchinese"

	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/down"
)

// Command makes the frames of a command; h is the header of the terminal with
// the platform's next serial, which grows by one a frame. Errors: those of
// down.Command.Check (listening-in is refused there), and down.Unsupported.
func Command(h Header, c down.Command) ([][]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	id, body, err := c2body(h, c)
	if err != nil {
		return nil, err
	}
	h.ID, h.Total, h.Index, h.Cipher = id, 0, 0, 0
	return Packets(h, body), nil
}

func c2body(h Header, c down.Command) (uint16, []byte, error) {
	switch c.Kind {
	case down.Locate:
		return DownLocate, nil, nil
	case down.Interval:
		return DownSet, set(Parameter{ID: ReportInterval, Value: u32(c.Seconds)}), nil
	case down.Track:
		return DownTrack, append(u16(c.Seconds), u32(c.ForSeconds)...), nil
	case down.ClearAlarm:
		return DownClear, binary.BigEndian.AppendUint32(u16(0), c.AlarmBits), nil
	case down.Parameters:
		return DownParameters, nil, nil
	case down.Reset:
		return DownControl, []byte{4}, nil
	case down.PowerOff:
		return DownControl, []byte{3}, nil
	case down.CallBack:
		// The first byte would be 1 for listening-in: it is 0, an ordinary call.
		return DownCallBack, append([]byte{0}, c.Phone...), nil
	case down.Text:
		words, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(c.Text))
		if err != nil {
			return 0, nil, errs.Invalid("text", "device.command.text_not_gbk")
		}
		flags := byte(1<<2 | 1<<3) // on the screen, and read aloud
		if c.Urgent {
			flags |= 1
		}
		body := []byte{flags}
		if h.New {
			body = append(body, 1) // 2019: a notice
		}
		return DownText, append(body, words...), nil
	}
	return 0, nil, down.Unsupported()
}

// Ids of parameters of 0x8103.
const (
	HeartbeatInterval = 0x0001 // s
	TCPTimeout        = 0x0002 // s until an unanswered message is sent again
	TCPRetries        = 0x0003
	SleepInterval     = 0x0027 // s between positions while asleep
	ReportInterval    = 0x0029 // s between positions
)

// Parameter is one setting; Value as on the wire.
type Parameter struct {
	ID    uint32
	Value []byte
}

// listening are settings by which a terminal is made to listen: who may listen
// in, and picking up by itself.
var listening = map[uint32]bool{0x0045: true, 0x0048: true}

// Set makes 0x8103. Errors: errs.KindForbidden with key
// "device.command.listening" for a setting that opens the microphone.
func Set(h Header, list ...Parameter) ([][]byte, error) {
	if len(list) == 0 || len(list) > 255 {
		return nil, errs.Invalid("parameters", "device.command.too_many")
	}
	for _, p := range list {
		if listening[p.ID] {
			return nil, errs.Forbidden("device.command.listening")
		}
		if len(p.Value) > 255 {
			return nil, errs.Invalid("parameters", "device.command.size")
		}
	}
	h.ID, h.Total, h.Index, h.Cipher = DownSet, 0, 0, 0
	return Packets(h, set(list...)), nil
}

func set(list ...Parameter) []byte {
	b := []byte{byte(len(list))}
	for _, p := range list {
		b = binary.BigEndian.AppendUint32(b, p.ID)
		b = append(append(b, byte(len(p.Value))), p.Value...)
	}
	return b
}

// AskMissing makes 0x8003 for packets of the message whose first packet had
// the serial first. Their number is a byte, in 2019 two.
func AskMissing(h Header, first uint16, missing []uint16) []byte {
	h.ID, h.Total, h.Index, h.Cipher = DownAskMissing, 0, 0, 0
	missing = missing[:min(len(missing), 255)]
	b := binary.BigEndian.AppendUint16(nil, first)
	if h.New {
		b = append(b, 0)
	}
	b = append(b, byte(len(missing)))
	for _, i := range missing {
		b = binary.BigEndian.AppendUint16(b, i)
	}
	return Encode(h, b)
}

func u16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func u32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
