package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by `make build` with -ldflags.
var version = "dev"

func runVersion(_ context.Context, e env, _ []string) error {
	revision := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	_, err := fmt.Fprintf(e.Out, "zugou %s (%s) %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
