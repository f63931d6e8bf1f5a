package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/errs"
)

const keysUsage = `Usage: zugou keys status|export|import|rotate [flags]

  status   list the sealing keys, without their secrets
  export   write a copy of all keys, sealed by a passphrase, for the safe
  import   restore the keys from a copy, or add those that are missing here
  rotate   add new keys; what is sealed already stays readable

The keys are in no backup of the database. Without them, sealed fields (ID
numbers, phones, addresses, notes) are lost: keep a copy and its passphrase in
two places under two people. After "rotate", make a new copy.
`

func runKeys(_ context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("keys", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, keysUsage, "\n")
		fs.PrintDefaults()
	}
	action := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		action, args = args[0], args[1:]
	}
	loader := config.Bind(fs, "data", "keys", "cipher")
	asJSON := fs.Bool("json", false, "status: print JSON")
	out := fs.String("out", "", "export: `FILE` to write, which must not be there yet (default standard output)")
	in := fs.String("in", "", "import: `FILE` to read (default standard input)")
	passFile := fs.String("passphrase-file", "", "`FILE` whose first line is the passphrase; without it, export makes one and shows it, import asks for it")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("keys: unexpected %q", fs.Arg(0))
	}
	c, err := loader.Load(e.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	switch action {
	case "status":
		err = keysStatus(e, c, *asJSON)
	case "export":
		err = keysExport(e, c, *out, *passFile)
	case "import":
		err = keysImport(e, c, *in, *passFile)
	case "rotate":
		err = keysRotate(e, c)
	default:
		return errors.New("keys: say status, export, import or rotate; `zugou help keys` tells more")
	}
	return explainKeys(c, err)
}

// explainKeys puts an administrator's words to what can go wrong with keys.
func explainKeys(c config.Config, err error) error {
	if err == nil {
		return nil
	}
	words := map[string]string{
		"keys.missing": "no keyring in " + c.Keys() + ": the first start of serve makes one, and `zugou keys import` restores one from a copy",
		"keys.other_house": "the copy is of another house than the keys in " + c.Keys() +
			": use an empty folder if these keys are to be replaced, and keep the old ones",
		"keys.copy_damaged":     "this is not a copy of keys, or it is damaged or incomplete",
		"keys.passphrase_wrong": "the passphrase is wrong, or the copy is damaged",
		"keys.passphrase_short": "the passphrase is too short: 12 characters at least",
	}
	var known *errs.Error
	if errors.As(err, &known) {
		for _, key := range append([]errs.Field{{Key: known.Key}}, known.Fields...) {
			if text := words[key.Key]; text != "" {
				return fmt.Errorf("keys: %s", text)
			}
		}
	}
	return err
}

func keysStatus(e env, c config.Config, asJSON bool) error {
	k, err := crypto.Open(c.Keys(), c.Cipher)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(e.Out)
		for _, s := range k.Status() {
			if err := enc.Encode(s); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintf(e.Out, "house %s, %s\n", k.ID(), c.Keys())
	tw := tabwriter.NewWriter(e.Out, 0, 0, 2, ' ', 0)
	for _, s := range k.Status() {
		note := ""
		if s.Current {
			note = "current"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", s.ID, s.Alg, s.Created.Time().In(clock.Zone).Format("2006-01-02 15:04"), note)
	}
	return tw.Flush()
}

func keysExport(e env, c config.Config, out, passFile string) error {
	k, err := crypto.Open(c.Keys(), c.Cipher)
	if err != nil {
		return err
	}
	pass, made := "", passFile == ""
	if made {
		pass = crypto.NewPassphrase()
	} else if pass, err = firstLine(passFile); err != nil {
		return err
	}
	text, err := k.Export(pass)
	if err != nil {
		return err
	}
	if out == "" {
		if _, err := io.WriteString(e.Out, text); err != nil {
			return err
		}
	} else if err := writeSecret(out, text); err != nil {
		return err
	}
	if made {
		fmt.Fprintf(e.Err, "Passphrase, shown this once: %s\nWrite it on paper and keep it apart from the copy.\n", pass)
	}
	return nil
}

func keysImport(e env, c config.Config, in, passFile string) error {
	if in == "" && passFile == "" {
		return errors.New("keys: import takes the copy or the passphrase from standard input, not both: give --in or --passphrase-file")
	}
	var text, pass string
	if in == "" {
		raw, err := io.ReadAll(io.LimitReader(e.In, 1<<20))
		if err != nil {
			return err
		}
		text = string(raw)
	} else {
		raw, err := os.ReadFile(in)
		if err != nil {
			return err
		}
		text = string(raw)
	}
	if passFile == "" {
		fmt.Fprint(e.Err, "Passphrase: ")
		raw, err := io.ReadAll(io.LimitReader(&lineReader{r: e.In}, 4<<10))
		if err != nil {
			return err
		}
		pass = strings.TrimSpace(string(raw))
	} else {
		var err error
		if pass, err = firstLine(passFile); err != nil {
			return err
		}
	}
	k, err := crypto.Import(c.Keys(), text, pass)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Out, "%d keys of house %s are in %s\n", len(k.Status()), k.ID(), c.Keys())
	return err
}

func keysRotate(e env, c config.Config) error {
	k, err := crypto.Open(c.Keys(), c.Cipher)
	if err != nil {
		return err
	}
	if err := k.Rotate(clock.System().Now()); err != nil {
		return err
	}
	fmt.Fprintln(e.Out, "New keys are in use; what is sealed already stays readable. Make a new copy for the safe:")
	fmt.Fprintln(e.Out, "  zugou keys export --out FILE")
	return keysStatus(e, c, false)
}

func firstLine(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return strings.TrimSpace(line), nil
}

// writeSecret makes a new file that only its owner can read.
func writeSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	return errors.Join(err, f.Sync(), f.Close())
}

// lineReader ends at the first line feed, and reads nothing after it.
type lineReader struct {
	r    io.Reader
	done bool
}

func (l *lineReader) Read(p []byte) (int, error) {
	if l.done || len(p) == 0 {
		return 0, io.EOF
	}
	n, err := l.r.Read(p[:1])
	if n == 1 && p[0] == '\n' {
		l.done = true
	}
	return n, err
}
