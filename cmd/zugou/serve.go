package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/people/staff"
)

const serveUsage = `Usage: zugou serve --data DIR --http ADDR [--watch ADDR] [flags]

Starts the house. An empty folder is prepared by itself: keys, database, areas,
and a one-time link for each of the first three administrators. A listener that
no setting names is off. Every setting can come from a flag, the environment or
one file; "zugou config" shows what it would run with.
`

func runServe(ctx context.Context, e env, args []string) error {
	c, err := config.Load(args, e.Getenv, os.ReadFile)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(e.Out, serveUsage, "\n")
		config.Usage(e.Out)
	}
	if err != nil {
		return err
	}
	if len(c.Listeners()) == 0 && !c.Broker.On() {
		return app.ErrNoListener
	}
	a, err := app.Open(ctx, app.Options{Config: c, Log: logger(c, e.Err), Version: version})
	if err != nil {
		return explainKeys(c, err)
	}
	defer func() { _ = a.Close() }()
	links, err := a.Staff.FirstLinks(ctx)
	if err != nil {
		return err
	}
	return a.Serve(ctx, func(addrs map[string]string) {
		for _, name := range []string{"http", "watch", "jt808", "gt06", "mqtt", "mqtts", "badge-http", "sip", "metrics"} {
			if addr, on := addrs[name]; on {
				fmt.Fprintf(e.Out, "listening: %s %s\n", name, addr)
			}
		}
		printLinks(e.Out, a.Words.Text, baseURL(c, addrs["http"]), links)
	})
}

// printLinks shows the first administrators' links, the only time they are
// seen.
func printLinks(w io.Writer, words func(string) (string, bool), base string, links []staff.FirstLink) {
	if len(links) == 0 {
		return
	}
	fmt.Fprintln(w, "\n还没有管理员。请由三个人各打开一个一次性链接（24 小时内有效，重启后换新）：")
	for _, l := range links {
		role, _ := words("role." + string(l.Role))
		fmt.Fprintf(w, "  %s  %s/first#%s\n", role, base, l.Token)
	}
}

// baseURL gives the address that people type.
func baseURL(c config.Config, addr string) string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if c.TLS() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// logger writes the log as the settings say.
func logger(c config.Config, w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
