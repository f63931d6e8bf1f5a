package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Loader reads settings for a subcommand: Bind, parse the flags, Load.
type Loader struct {
	flags map[string]string
	file  string
}

// Bind adds settings to the flags of a subcommand: those named, or all. The
// others can still be set by environment and file. It panics on a name that
// is no setting.
func Bind(fs *flag.FlagSet, names ...string) *Loader {
	l := &Loader{flags: map[string]string{}}
	fs.StringVar(&l.file, "config", "", "settings `FILE` (JSON)")
	known := map[string]setting{}
	var order []string
	for _, s := range settings() {
		known[s.name] = s
		order = append(order, s.name)
	}
	if len(names) == 0 {
		names = order
	}
	for _, name := range names {
		s, ok := known[name]
		if !ok {
			panic("no setting " + name)
		}
		usage := s.usage
		if s.arg != "" {
			usage = "`" + s.arg + "`: " + usage
		}
		if s.def != "" && s.def != "false" {
			usage += " (default " + s.def + ")"
		}
		note := func(v string) error {
			l.flags[name] = v
			return nil
		}
		if s.kind == toggle {
			fs.BoolFunc(name, usage, note)
		} else {
			fs.Func(name, usage, note)
		}
	}
	return l
}

// Load reads args as the flags of `zugou serve`. It returns flag.ErrHelp if
// they ask for help; Usage prints it.
func Load(args []string, getenv func(string) string, readFile func(string) ([]byte, error)) (Config, error) {
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	l := Bind(fs)
	if err := fs.Parse(args); err != nil {
		return Config{}, err
	}
	if fs.NArg() > 0 {
		return Config{}, fmt.Errorf("settings: unexpected %q; every setting is a flag, such as --data DIR", fs.Arg(0))
	}
	return l.Load(getenv, readFile)
}

// Usage prints every setting as a flag.
func Usage(w io.Writer) {
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.SetOutput(w)
	Bind(fs)
	fs.PrintDefaults()
	fmt.Fprintln(w, "\nEach may also be set by environment (ZUGOU_SMS_URL for --sms-url) or in the file.")
}

// Env is the environment variable of a setting.
func Env(name string) string {
	return "ZUGOU_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Load brings flags, environment, file and defaults together and checks the
// whole. Its error names every setting that is wrong, where it came from and
// why.
func (l *Loader) Load(getenv func(string) string, readFile func(string) ([]byte, error)) (Config, error) {
	c := Config{sources: map[string]Source{}}
	c.File = l.file
	c.sources["config"] = Source{"flag", "--config"}
	if c.File == "" {
		c.File = getenv("ZUGOU_CONFIG")
		c.sources["config"] = Source{"environment", "ZUGOU_CONFIG"}
	}
	fromFile := map[string]string{}
	if c.File == "" {
		c.sources["config"] = Source{Kind: "default"}
	} else {
		raw, err := readFile(c.File)
		if err != nil {
			return Config{}, fmt.Errorf("settings file: %w", err)
		}
		if fromFile, err = parseFile(raw); err != nil {
			return Config{}, fmt.Errorf("settings file %s: %w", c.File, err)
		}
	}

	var faults []error
	for _, s := range settings() {
		value, source := s.def, Source{Kind: "default"}
		if v, ok := fromFile[s.name]; ok {
			value, source = v, Source{"file", c.File}
		}
		if v := getenv(Env(s.name)); v != "" {
			value, source = v, Source{"environment", Env(s.name)}
		}
		if v, ok := l.flags[s.name]; ok {
			value, source = v, Source{"flag", "--" + s.name}
		}
		c.sources[s.name] = source
		if path, ok := strings.CutPrefix(value, "@"); ok && s.mask == whole {
			raw, err := readFile(path)
			if err != nil {
				faults = append(faults, fault(s.name, source, fmt.Errorf("can't be read from its file: %w", err)))
				continue
			}
			first, _, _ := strings.Cut(string(raw), "\n")
			value = strings.TrimSpace(first)
		}
		if err := s.set(&c, value); err != nil {
			faults = append(faults, fault(s.name, source, err))
		}
	}
	faults = append(faults, c.check()...)
	if err := errors.Join(faults...); err != nil {
		return Config{}, err
	}
	return c, nil
}

func fault(name string, from Source, err error) error {
	return fmt.Errorf("setting %s (%s): %w", name, from, err)
}

// parseFile reads the file into texts by setting.
func parseFile(raw []byte) (map[string]string, error) {
	known := map[string]setting{}
	for _, s := range settings() {
		known[s.name] = s
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	raw = blankComments(raw)
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	place := func(err error) error {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("ends too early")
		}
		at := min(int(dec.InputOffset()), len(raw))
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			// The last good token ends at "at"; what is wrong comes after it.
			at = len(raw) - len(bytes.TrimLeft(raw[at:], " \t\r\n,:"))
		}
		return fmt.Errorf("line %d: %w", 1+bytes.Count(raw[:at], []byte("\n")), err)
	}
	if t, err := dec.Token(); err != nil {
		return nil, place(err)
	} else if t != json.Delim('{') {
		return nil, errors.New("must be one JSON object of settings")
	}
	out := map[string]string{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, place(err)
		}
		name, _ := t.(string)
		s, ok := known[name]
		if !ok {
			return nil, place(unknown(name))
		}
		if _, twice := out[name]; twice {
			return nil, place(fmt.Errorf("setting %q is given twice", name))
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			return nil, place(err)
		}
		if out[name], err = s.fromJSON(v); err != nil {
			return nil, place(fmt.Errorf("setting %q %w", name, err))
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, place(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return out, nil
}

// blankComments blanks lines that begin with //, and keeps line numbers.
func blankComments(raw []byte) []byte {
	lines := bytes.SplitAfter(raw, []byte("\n"))
	for i, line := range lines {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("//")) {
			lines[i] = []byte("\n")
		}
	}
	return bytes.Join(lines, nil)
}

// fromJSON brings a value of the file into the one text form.
func (s setting) fromJSON(v any) (string, error) {
	switch s.kind {
	case toggle:
		if b, ok := v.(bool); ok {
			return strconv.FormatBool(b), nil
		}
		return "", errors.New("must be true or false")
	case number:
		if n, ok := v.(json.Number); ok {
			return n.String(), nil
		}
		return "", errors.New("must be a number")
	case list:
		items, ok := v.([]any)
		if !ok {
			return "", errors.New(`must be a list of texts, such as ["a", "b"]`)
		}
		parts := make([]string, len(items))
		for i, item := range items {
			if parts[i], ok = item.(string); !ok || strings.Contains(parts[i], ",") {
				return "", errors.New(`must be a list of texts, such as ["a", "b"]`)
			}
		}
		return strings.Join(parts, ","), nil
	case mapped:
		object, ok := v.(map[string]any)
		if !ok {
			return "", errors.New(`must be an object of texts, such as {"a": "b"}`)
		}
		for _, item := range object {
			if _, ok := item.(string); !ok {
				return "", errors.New(`must be an object of texts, such as {"a": "b"}`)
			}
		}
		raw, err := json.Marshal(object)
		return string(raw), err
	}
	if t, ok := v.(string); ok {
		return t, nil
	}
	return "", errors.New("must be a text in quotes")
}

// unknown names the setting that the wrong name is nearest to.
func unknown(name string) error {
	best, at := 3, ""
	for _, s := range settings() {
		if d := distance(strings.ToLower(strings.ReplaceAll(name, "_", "-")), s.name); d < best {
			best, at = d, s.name
		}
	}
	if at == "" {
		return fmt.Errorf("unknown setting %q; `zugou config -h` lists them", name)
	}
	return fmt.Errorf("unknown setting %q; did you mean %q?", name, at)
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
