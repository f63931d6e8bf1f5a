package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/people/audit"
)

const auditUsage = `Usage: zugou audit verify|digest --data DIR [--db URL] [--digest FILE]...

  verify  walk the chain of the audit and say what was changed, removed, put in
          or cut off, and where; the exit status is 1 if anything is
  digest  print the head of the chain as JSON, to be kept outside the house

Keep a digest of each day on paper or another machine, and give it to verify:
it proves that nothing was cut off at the end.
`

func runAudit(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("audit", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, auditUsage, "\n")
		fs.PrintDefaults()
	}
	loader := config.Bind(fs, "data", "db", "keys", "cipher")
	var digests []audit.Digest
	fs.Func("digest", "a `FILE` with digests kept outside, one JSON object a line", func(name string) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		for dec := json.NewDecoder(f); dec.More(); {
			var d audit.Digest
			if err := dec.Decode(&d); err != nil {
				return err
			}
			digests = append(digests, d)
		}
		return nil
	})
	words, err := parseMixed(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "verify" && words[0] != "digest" {
		return errors.New("audit: want `zugou audit verify` or `zugou audit digest`")
	}
	c, err := loader.Load(e.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	d, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if words[0] == "digest" {
		return d.View(ctx, func(ctx context.Context, r db.Reader) error {
			head, err := audit.Head(ctx, r)
			if err != nil {
				return err
			}
			return json.NewEncoder(e.Out).Encode(head)
		})
	}
	keys, err := crypto.Open(c.Keys(), c.Cipher)
	if err != nil {
		return explainKeys(c, err)
	}
	rep, err := audit.Verify(ctx, d, func(data []byte) []byte { return keys.MAC("audit", data) }, digests...)
	if err != nil {
		return err
	}
	for _, f := range rep.Findings {
		fmt.Fprintln(e.Out, f)
	}
	fmt.Fprintf(e.Out, "%d links checked, %d rows not chained yet, %d findings\n", rep.Links, rep.Unsealed, len(rep.Findings))
	if len(rep.Findings) > 0 {
		return errors.New("the audit was tampered with")
	}
	return nil
}
