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
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/loop/gateway/decode"
	"zugou/internal/loop/gateway/model"
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

--profile is a model by its name, or a file: a draft in the form of
policy/devices, or what the page 设备型号 exports. With --data or --db the
models are those in force in that district, as its gateways read them; nothing
is written there. A file goes over the model of its name, for this reading only.
  zugou decode jt808 --profile ./xk1.json < frames.txt
  zugou decode jt808 --profile xk1 --data /var/lib/zugou < frames.txt
`

func runDecode(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("decode", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, decodeUsage, "\n")
		fs.PrintDefaults()
	}
	name := fs.String("profile", "standard", "what the `model` means by vendor bits and fields: a name, or a file")
	loader := config.Bind(fs, "data", "db")
	words, err := parseMixed(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return errors.New("decode: say one protocol: watch, jt808 or gt06; `zugou help decode` tells more")
	}
	protocol := words[0]
	written, err := profile.Read(devices.Files)
	if err != nil {
		return err
	}
	asked := false
	fs.Visit(func(f *flag.Flag) { asked = asked || f.Name != "profile" })
	if asked {
		c, err := loader.Load(e.Getenv, os.ReadFile)
		if err != nil {
			return err
		}
		if written, err = inForce(ctx, e, c, written); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
	}
	if isFile(*name) {
		if written, *name, err = withFile(written, *name); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
	}
	set, err := written.Resolve()
	if err != nil {
		return err
	}
	chosen := set[*name]
	if chosen == nil || chosen.Protocol != protocol && (protocol == "jt808" || *name != "standard") {
		return fmt.Errorf("decode: no profile %q for this protocol; there are: %s", *name, strings.Join(set.Names(protocol), ", "))
	}
	d, err := decode.New(protocol, chosen, clock.System())
	if err != nil {
		return fmt.Errorf("decode: %w; `zugou help decode` tells more", err)
	}
	return decodeLines(e, d)
}

// isFile tells a file from the name of a model, which has neither.
func isFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.EqualFold(filepath.Ext(name), ".json")
}

// withFile gives the models with the one of a file among them, and its name.
func withFile(written profile.Set, path string) (profile.Set, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, profile.MostBytes+1))
	if err != nil {
		return nil, "", err
	}
	p, err := profile.Parse(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	next, err := written.With(p)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return next, p.Name, nil
}

// inForce gives the models of a district, as its gateways read them.
func inForce(ctx context.Context, e env, c config.Config, shipped profile.Set) (profile.Set, error) {
	d, err := openDatabase(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	models, err := model.New(d, shipped, slog.New(slog.NewTextHandler(e.Err, nil)))
	if err != nil {
		return nil, err
	}
	return models.Written(ctx)
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
