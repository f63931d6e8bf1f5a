package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/decode"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
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
	d, err := decode.New(protocol, model, clock.System())
	if err != nil {
		return fmt.Errorf("decode: %w; `zugou help decode` tells more", err)
	}
	return decodeLines(e, d)
}

// decodeLines reads lines until the end of input.
func decodeLines(e env, d *decode.Decoder) error {
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
		objects := d.Line(n, line)
		if tooLong {
			objects = []decode.Line{{N: n, Message: report.Message{Err: decode.TooLong().Error()}}}
		}
		for _, o := range objects {
			if err := enc.Encode(o); err != nil {
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

// readLine reads up to the next line feed. What is too long is read over.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > decode.MostLine {
			line, tooLong = nil, true
		} else if !tooLong {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
