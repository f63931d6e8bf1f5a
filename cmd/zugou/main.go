// Command zugou is the whole product in one binary: the seat, the registers,
// the device gateways and the pages. Each subcommand has a file of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// env is what a subcommand may see of the outer world, so that tests can run
// it without a process.
type env struct {
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	Getenv func(string) string
}

// command is one subcommand; Brief is the line shown by `zugou help`.
type command struct {
	Name  string
	Brief string
	Run   func(ctx context.Context, e env, args []string) error
}

// commands lists the subcommands in the order that help prints them.
func commands() []command {
	return []command{
		{"serve", "start the house: pages, seat, device listeners", runServe},
		{"demo", "start a demonstration with a synthetic district and living badges", runDemo},
		{"simulate", "let synthetic badges speak the real protocols to a port", runSimulate},
		{"signal", "list the signals that came in", runSignal},
		{"audit", "check the chain of the audit", runAudit},
		{"migrate", "bring the database's schema up to this program", runMigrate},
		{"doctor", "look whether the house can do its work", runDoctor},
		{"version", "print the version and what it was built from", runVersion},
		{"score", "score the answers to a questionnaire, JSON on standard input", runScore},
		{"config", "print the settings that serve would run with, and where each came from", runConfig},
		{"cert", "make a certificate for a closed network", runCert},
		{"user", "make, reset, lock and list accounts in an emergency, on record", runUser},
		{"keys", "copy, restore, rotate and list the keys of the house", runKeys},
		{"backup", "copy the database and attachments while the house works", runBackup},
		{"restore", "bring a backup into an empty data folder", runRestore},
		{"import", "read a list of children or devices, look at it or import it", runImport},
		{"decode", "show what the frames of a watch, JT/T 808 or GT06 device say", runDecode},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, env{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}, os.Args[1:])
	stop()
	if err != nil {
		os.Exit(exitCode(err, os.Stderr))
	}
}

// run finds the subcommand and runs it.
func run(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		usage(e.Out)
		return nil
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 {
			return run(ctx, e, []string{args[1], "-h"})
		}
		usage(e.Out)
		return nil
	}
	for _, c := range commands() {
		if c.Name == args[0] {
			return c.Run(ctx, e, args[1:])
		}
	}
	return fmt.Errorf("unknown subcommand %q; `zugou help` lists them", args[0])
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "zugou 足够: the seat that protects a district's children, and the aid to people in need")
	fmt.Fprintln(w, "\nUsage: zugou SUBCOMMAND [flags]   (`zugou help SUBCOMMAND` for its flags)")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-12s %s\n", c.Name, c.Brief)
	}
}

// exitCode prints err and returns the status of the process: 0 for help that
// was asked for, 1 else.
func exitCode(err error, w io.Writer) int {
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(w, "zugou:", err)
	return 1
}
