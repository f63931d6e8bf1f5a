package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"zugou/internal/kernel/config"
	"zugou/internal/people/roster"
	"zugou/internal/people/sheet"
)

const importUsage = `Usage: zugou import children|devices FILE --dry-run [--json] [--map FIELD=HEADING]... [--refused OUT.xlsx]
       zugou import children|devices FILE --data DIR [--yes] [--map FIELD=HEADING]... [--refused OUT.xlsx]

Reads a list as departments send it (xlsx, xls, CSV in UTF-8 or GB18030) and
says what would become of every row. Flags may stand before or behind FILE.

With --json one object a line and a row: sheet, row, outcome (ok, warn,
duplicate, refuse), reason, name, id. Row numbers are those the spreadsheet
shows. Rows that are nobody (titles, subtotals, notes) are not printed.

--map corrects a heading: --map id=证件 or --map 监护人姓名=联系人; HEADING may
also be "group/heading" or the letter of a column.

Without --data a dry run stands on an empty register and the built-in regions;
with it, on the register of that folder. Without --dry-run the rows that can be
taken are registered, all or nothing, after a question that --yes answers; the
import stands in the console's list and can be undone there. Start serve once
before, and stop it while importing into an embedded database.
`

// importRow is one line of `zugou import --json`.
type importRow struct {
	Sheet   string         `json:"sheet"`
	Row     int            `json:"row"`
	Outcome roster.Outcome `json:"outcome"`
	Reason  roster.Reason  `json:"reason"`
	Name    string         `json:"name"`
	ID      string         `json:"id"`
}

// mapFlag gathers --map FIELD=HEADING.
type mapFlag map[roster.Field]string

func (m mapFlag) String() string { return "" }

func (m mapFlag) Set(s string) error {
	field, heading, ok := strings.Cut(s, "=")
	if !ok || strings.TrimSpace(field) == "" || strings.TrimSpace(heading) == "" {
		return errors.New("want FIELD=HEADING")
	}
	f, err := roster.ParseField(strings.TrimSpace(field))
	if err != nil {
		return fmt.Errorf("no such field; the fields are %s", fieldList())
	}
	m[f] = strings.TrimSpace(heading)
	return nil
}

func fieldList() string {
	var out []string
	for _, f := range roster.Fields() {
		out = append(out, string(f)+" "+f.Label())
	}
	return strings.Join(out, ", ")
}

func runImport(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("import", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, importUsage)
		fs.PrintDefaults()
	}
	dryRun := fs.Bool("dry-run", false, "say what would happen and change nothing")
	asJSON := fs.Bool("json", false, "print one JSON object a row")
	loader := config.Bind(fs, "data", "db", "keys", "cipher", "district")
	yes := fs.Bool("yes", false, "import without asking")
	refused := fs.String("refused", "", "write the rows that are not taken to this xlsx, with the reason beside each")
	corrections := mapFlag{}
	fs.Var(corrections, "map", "FIELD=HEADING: correct a heading, may be repeated")
	operands, err := parseMixed(fs, args)
	if err != nil {
		return err
	}
	if len(operands) != 2 {
		return errors.New("want `zugou import children|devices FILE`")
	}
	kind := roster.Kind(operands[0])
	if kind != roster.Children && kind != roster.Devices {
		return fmt.Errorf("can import children or devices, not %q", operands[0])
	}
	given := false
	fs.Visit(func(f *flag.Flag) { given = given || f.Name == "data" || f.Name == "db" })
	if !*dryRun && !given {
		return errors.New("say --dry-run to look only, or --data DIR to import into the register of that folder")
	}
	if given {
		c, err := loader.Load(e.Getenv, os.ReadFile)
		if err != nil {
			return err
		}
		return importInto(ctx, e, c, kind, operands[1], corrections, intoFlags{*dryRun, *asJSON, *yes, *refused})
	}
	res, err := readRoster(ctx, operands[1], roster.Options{Kind: kind, Map: corrections})
	if err != nil {
		return err
	}
	if *refused != "" {
		if err := writeRefused(*refused, res); err != nil {
			return err
		}
	}
	if *asJSON {
		return printRowsJSON(e.Out, res)
	}
	return printRows(e.Out, res)
}

// parseMixed parses flags before, between and behind the operands.
func parseMixed(fs *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if len(rest) == 0 {
			return operands, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
}

// readRoster reads a file; its errors say in words what to do.
func readRoster(ctx context.Context, path string, o roster.Options) (*roster.Result, error) {
	o.File = filepath.Base(path)
	book, err := sheet.Open(path)
	var res *roster.Result
	if err == nil {
		res, err = roster.Read(ctx, book, o)
	}
	if err == nil {
		return res, nil
	}
	if t := roster.ErrorText(err); t != "" {
		return nil, fmt.Errorf("%s: %s (%w)", path, t, err)
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

func writeRefused(path string, res *roster.Result) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := roster.WriteRefused(f, res); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func printRowsJSON(w io.Writer, res *roster.Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, r := range res.Rows {
		if err := enc.Encode(importRow{r.Sheet, r.Number, r.Outcome, r.Reason, r.Name, r.ID}); err != nil {
			return err
		}
	}
	return nil
}

// printRows prints for a person: what the columns were taken for, the rows to
// look at, and the sums.
func printRows(w io.Writer, res *roster.Result) error {
	var b strings.Builder
	for _, t := range res.Tables {
		fmt.Fprintf(&b, "%s 表头第 %d–%d 行\n", t.Sheet, t.First, t.Last)
		for _, c := range t.Columns {
			label := "（未识别，原样保留）"
			if c.Field != "" {
				label = c.Field.Label()
			}
			fmt.Fprintf(&b, "  %-3s %s → %s\n", c.Letter, c.Heading, label)
		}
	}
	for _, r := range res.Rows {
		if r.Reason != "" {
			fmt.Fprintf(&b, "%s 第 %d 行 %s %s\n", r.Sheet, r.Number, r.Outcome, r.Text())
		}
	}
	fmt.Fprintf(&b, "共 %d 行：可导入 %d，留意 %d，重复 %d，不能导入 %d\n", len(res.Rows),
		res.Count(roster.OK), res.Count(roster.Warn), res.Count(roster.Duplicate), res.Count(roster.Refuse))
	_, err := io.WriteString(w, b.String())
	return err
}
