package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"zugou/internal/kernel/errs"
	"zugou/internal/loop/screening/instrument"
)

// maxScoreInput bounds what is read from standard input.
const maxScoreInput = 1 << 20

// runScore scores one sheet of answers: `zugou score INSTRUMENT <answers.json`.
// Nothing is stored. A wrong sheet prints nothing on standard output.
func runScore(_ context.Context, e env, args []string) error {
	lib, err := instrument.Shipped()
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("score", flag.ContinueOnError)
	flags.SetOutput(e.Err)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "Usage: zugou score INSTRUMENT <answers.json")
		fmt.Fprintln(flags.Output(), "\nInstruments:", strings.Join(lib.IDs(), ", "))
		fmt.Fprintln(flags.Output(), `
Answers: {"items":{"1":2,"6b":0,"3":"refused"}}, items by the number printed on
the form, yes/no as 1/0. Beside items, where known: "age" (full years),
"informant" (child, guardian, teacher, worker), "region" (division code), "on"
(date of the answers), "variant". They choose among dated, local cut-offs.`)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("score takes one instrument: %s", strings.Join(lib.IDs(), ", "))
	}
	in, err := lib.Find(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("unknown instrument %q; known are %s", flags.Arg(0), strings.Join(lib.IDs(), ", "))
	}
	data, err := io.ReadAll(io.LimitReader(e.In, maxScoreInput))
	if err != nil {
		return fmt.Errorf("reading the answers: %w", err)
	}
	answers, err := instrument.ParseAnswers(data)
	if err != nil {
		return plainWords(err)
	}
	result, err := instrument.Score(in, answers)
	if err != nil {
		return plainWords(err)
	}
	enc := json.NewEncoder(e.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(result)
}

// plainWords gives the sentence inside an error of ours: on a terminal the message
// key helps nobody.
func plainWords(err error) error {
	var x *errs.Error
	if errors.As(err, &x) && x.Err != nil {
		return x.Err
	}
	return err
}
