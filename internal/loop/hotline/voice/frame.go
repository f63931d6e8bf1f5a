package voice

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/zaf/g711"
)

// Rate and length of a frame: 20 ms of telephone speech.
const (
	Rate     = 8000
	Samples  = 160
	FrameFor = 20 * time.Millisecond
)

// Frame is 20 ms of linear speech, one channel.
type Frame [Samples]int16

// Codec is one of the two laws of G.711, by its static RTP payload type.
type Codec uint8

// The codecs.
const (
	PCMU Codec = 0
	PCMA Codec = 8
)

// Encode gives the 160 bytes of a frame.
func (c Codec) Encode(f Frame) []byte {
	out := make([]byte, Samples)
	for i, s := range f {
		if c == PCMU {
			out[i] = g711.EncodeUlawFrame(s)
		} else {
			out[i] = g711.EncodeAlawFrame(s)
		}
	}
	return out
}

// Decode reads up to one frame; what is missing is silence.
func (c Codec) Decode(payload []byte) Frame {
	var f Frame
	for i := range min(len(payload), Samples) {
		if c == PCMU {
			f[i] = g711.DecodeUlawFrame(payload[i])
		} else {
			f[i] = g711.DecodeAlawFrame(payload[i])
		}
	}
	return f
}

// mix adds frames and clips the sum.
func mix(frames ...Frame) Frame {
	var out Frame
	for i := range out {
		sum := int32(0)
		for n := range frames {
			sum += int32(frames[n][i])
		}
		out[i] = int16(max(math.MinInt16, min(math.MaxInt16, sum)))
	}
	return out
}

// speech is the loudness (root mean square) from which a frame counts as
// somebody being heard: −40 dB of full scale, above the noise of a line.
const speech = 328

// Heard tells whether the frame holds more than the noise of a line.
func (f Frame) Heard() bool {
	sum := 0.0
	for _, s := range f {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum/Samples) >= speech
}

// Tone gives d of a sine, faded at both ends so that it does not click.
func Tone(hz float64, d time.Duration, level float64) []Frame {
	frames := make([]Frame, max(1, int(d/FrameFor)))
	total := len(frames) * Samples
	const fade = 80
	for n := range total {
		gain := min(1, float64(n)/fade, float64(total-n)/fade)
		frames[n/Samples][n%Samples] = int16(gain * level * math.MaxInt16 * math.Sin(2*math.Pi*hz*float64(n)/Rate))
	}
	return frames
}

// Pause gives d of silence.
func Pause(d time.Duration) []Frame { return make([]Frame, max(1, int(d/FrameFor))) }

// errWAV says what a prompt must be.
var errWAV = errors.New("voice: a prompt is a WAV file of one channel at 8000 Hz, 16 bit or G.711")

// WAV formats.
const (
	wavPCM  = 1
	wavALaw = 6
	wavULaw = 7
)

// ReadWAV reads a prompt: one channel, 8 kHz, 16-bit linear or G.711.
func ReadWAV(data []byte) ([]Frame, error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, errWAV
	}
	format := uint16(0)
	for rest := data[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:8]))
		body := rest[8:]
		size = min(size, len(body))
		switch name {
		case "fmt ":
			if size < 16 {
				return nil, errWAV
			}
			format = binary.LittleEndian.Uint16(body)
			bits := binary.LittleEndian.Uint16(body[14:])
			if binary.LittleEndian.Uint16(body[2:]) != 1 || binary.LittleEndian.Uint32(body[4:]) != Rate || format == wavPCM && bits != 16 {
				return nil, errWAV
			}
		case "data":
			return frames(format, body[:size])
		}
		size += size % 2 // chunks are padded to even lengths
		rest = body[min(size, len(body)):]
	}
	return nil, errWAV
}

func frames(format uint16, body []byte) ([]Frame, error) {
	var out []Frame
	switch format {
	case wavPCM:
		for len(body) > 1 {
			var f Frame
			n := min(len(body)/2, Samples)
			for i := range n {
				f[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			out, body = append(out, f), body[2*n:]
		}
	case wavALaw, wavULaw:
		c := PCMA
		if format == wavULaw {
			c = PCMU
		}
		for len(body) > 0 {
			n := min(len(body), Samples)
			out, body = append(out, c.Decode(body[:n])), body[n:]
		}
	default:
		return nil, errWAV
	}
	return out, nil
}

// WAV gives a file of interleaved A-law with the number of channels, which
// every player and every browser reads.
func WAV(channels int, alaw []byte) []byte {
	head := make([]byte, 0, 44+len(alaw))
	put16 := func(v int) { head = binary.LittleEndian.AppendUint16(head, uint16(v)) }
	put32 := func(v int) { head = binary.LittleEndian.AppendUint32(head, uint32(v)) }
	head = append(head, "RIFF"...)
	put32(38 + len(alaw))
	head = append(head, "WAVEfmt "...)
	put32(18)
	put16(wavALaw)
	put16(channels)
	put32(Rate)
	put32(Rate * channels)
	put16(channels)
	put16(8)
	put16(0)
	head = append(head, "data"...)
	put32(len(alaw))
	return append(head, alaw...)
}
