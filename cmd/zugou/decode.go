package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/gt06"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
	"zugou/policy/devices"
)

const decodeUsage = `Usage: zugou decode watch|jt808|gt06 [flags] < frames

Reads one frame a line and prints one JSON object a line, to hold a new device
against before it is bought. A watch frame is text, or "hex:" and hex; the
others are hex as on the wire. Blank lines print nothing but count in "n".
A frame that can't be read gives an object with "n" and "error"; the exit
status stays 0. "reply" is what the gateway would answer, in the form of the
input; of several positions in one frame the last carries it. Several frames
on a line give an object each, with the same n. Lines are read as one
connection: packets of a split message are joined, and what follows a GT06
login belongs to its IMEI. A JT/T 808 registration is answered as if the
terminal were known, with a code made from its number.
`

// maxLine is the longest line read in bytes: a frame of 64 KiB in hex with
// spaces, with room for a person's mistakes.
const maxLine = 4 << 20

// frameDecoder turns the bytes of one line into messages. It may keep what a
// connection would keep: the login of GT06, the parts of a split packet.
type frameDecoder func(line []byte) ([]report.Message, error)

// decoded is one line of output. It adds to a message what only this command
// knows.
type decoded struct {
	N int `json:"n"`
	report.Message
	Reply string `json:"reply,omitempty"`
}

func runDecode(_ context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("decode", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, decodeUsage)
		fs.PrintDefaults()
	}
	name := fs.String("profile", "standard", "what the `model` means by vendor bits and fields")
	protocol := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		protocol, args = args[0], args[1:]
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if protocol == "" && fs.NArg() > 0 {
		protocol = fs.Arg(0)
	}
	set, err := profile.Load(devices.Files)
	if err != nil {
		return err
	}
	model := set[*name]
	if model == nil || model.Protocol != protocol && (protocol == "jt808" || *name != "standard") {
		return fmt.Errorf("decode: no profile %q for this protocol; there are: %s", *name, strings.Join(set.Names(protocol), ", "))
	}
	decode := decoderOf(protocol, model)
	if decode == nil {
		return fmt.Errorf("decode: protocol must be watch, jt808 or gt06; `zugou help decode` tells more")
	}
	return decodeLines(e, protocol == "watch", decode)
}

// decoderOf begins a connection of a protocol; nil for one that is not known.
func decoderOf(protocol string, model *profile.Profile) frameDecoder {
	switch protocol {
	case "watch":
		return decodeWatch
	case "jt808":
		return decodeJT808(model)
	case "gt06":
		return decodeGT06(model)
	}
	return nil
}

// decodeLines reads lines until the end of input. text says that a line
// without "hex:" is the frame itself.
func decodeLines(e env, text bool, decode frameDecoder) error {
	in, out := bufio.NewReaderSize(e.In, 64<<10), bufio.NewWriter(e.Out)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for n := 1; ; n++ {
		line, tooLong, readErr := readLine(in)
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return errors.Join(readErr, out.Flush())
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		for _, d := range decodeLine(line, tooLong, text, decode) {
			d.N = n
			if err := enc.Encode(d); err != nil {
				return err
			}
		}
		if in.Buffered() == 0 || readErr != nil {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		if readErr != nil {
			return nil
		}
	}
}

// decodeLine gives the objects of one line; none for a blank one.
func decodeLine(line []byte, tooLong, text bool, decode frameDecoder) []decoded {
	bad := func(err error) []decoded { return []decoded{{Message: report.Message{Err: err.Error()}}} }
	if tooLong {
		return bad(report.Bad("line", "longer than %d bytes", maxLine))
	}
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return nil
	}
	isHex, prefix := !text, ""
	if len(line) >= 4 && strings.EqualFold(string(line[:4]), "hex:") {
		isHex, prefix, line = true, "hex:", line[4:]
	}
	raw := line
	if isHex {
		var err error
		if raw, err = hex.DecodeString(string(bytes.Join(bytes.Fields(line), nil))); err != nil {
			return bad(report.Bad("hex", "%s", strings.TrimPrefix(err.Error(), "encoding/hex: ")))
		}
	}
	messages, err := decode(raw)
	var out []decoded
	for _, m := range messages {
		d := decoded{Message: m}
		switch {
		case m.Reply == nil:
		case isHex:
			d.Reply = prefix + hex.EncodeToString(m.Reply)
		default:
			d.Reply = string(m.Reply)
		}
		out = append(out, d)
	}
	if err != nil {
		out = append(out, bad(err)...)
	}
	return out
}

// readLine reads up to the next line feed. What exceeds maxLine is read over.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			line, tooLong = nil, true
		} else if !tooLong {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}

func decodeWatch(line []byte) ([]report.Message, error) {
	frames, err := watch.Split(line)
	var out []report.Message
	for _, raw := range frames {
		m, err := watch.Decode(raw)
		if err != nil {
			m.Fault(err)
		}
		out = append(out, m)
	}
	return out, err
}

func decodeJT808(model *profile.Profile) frameDecoder {
	var packets jt808.Assembler
	return func(line []byte) ([]report.Message, error) {
		frames, err := jt808.Split(line)
		var out []report.Message
		for _, raw := range frames {
			f, err := jt808.Parse(raw)
			if err != nil {
				out = append(out, report.Message{Err: err.Error()})
				continue
			}
			whole, _, err := packets.Add(f)
			ms := whole.Messages(jt808.Options{Profile: model, Now: clock.System().Now()})
			ms[len(ms)-1].Fault(err)
			out = append(out, ms...)
		}
		return out, err
	}
}

func decodeGT06(model *profile.Profile) frameDecoder {
	var session gt06.Session
	return func(line []byte) ([]report.Message, error) {
		frames, err := gt06.Split(line)
		var out []report.Message
		for _, raw := range frames {
			f, err := gt06.Parse(raw)
			if err != nil {
				out = append(out, report.Message{Err: err.Error()})
				continue
			}
			o := gt06.Options{Now: clock.System().Now()}
			if model.Protocol == "gt06" {
				o.Profile = model
			}
			out = append(out, session.Message(f, o))
		}
		return out, err
	}
}
