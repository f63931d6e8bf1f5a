package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"zugou/internal/kernel/config"
)

const configUsage = `Usage: zugou config [the flags of serve]

Prints every setting that "zugou serve" would run with under the same flags,
environment and file, and where each value came from. Secrets are hidden. The
exit status is 1 if a setting is wrong, so it also tests a file before a restart.
`

func runConfig(_ context.Context, e env, args []string) error {
	c, err := config.Load(args, e.Getenv, os.ReadFile)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(e.Out, configUsage, "\n")
		config.Usage(e.Out)
	}
	if err != nil {
		return err
	}
	return c.Print(e.Out)
}
