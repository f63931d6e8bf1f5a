package config

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
)

// hidden stands for a secret; its length says nothing.
const hidden = "********"

// Print writes every setting, its value with secrets hidden, and where it
// came from.
func (c Config) Print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", name, value, c.sources[name])
	}
	row("config", c.File)
	for _, s := range settings() {
		row(s.name, s.shown(c))
	}
	return tw.Flush()
}

// shown is the value as Print shows it.
func (s setting) shown(c Config) string {
	v := s.get(c)
	switch {
	case v == "":
		switch s.name {
		case "db":
			return "(" + c.Database() + ")"
		case "keys":
			return "(" + c.Keys() + ")"
		case "audit-digests":
			return "(" + c.AuditDigests() + ")"
		}
		return ""
	case s.mask == headers:
		m := map[string]string{}
		for name := range c.SMS.Headers {
			m[name] = hidden
		}
		return printable(pairs(m))
	case s.mask == address:
		return hideAddress(v)
	case s.mask == whole:
		return hidden
	}
	return printable(v)
}

// hideAddress keeps scheme, account, host and path, and the names in the
// query. A path of a file stays.
func hideAddress(s string) string {
	if !strings.Contains(s, "://") {
		return printable(s)
	}
	u, err := url.Parse(s)
	if err != nil {
		return hidden
	}
	var b strings.Builder
	b.WriteString(u.Scheme + "://")
	if u.User != nil {
		b.WriteString(u.User.Username())
		if _, has := u.User.Password(); has {
			b.WriteString(":" + hidden)
		}
		b.WriteString("@")
	}
	b.WriteString(u.Host + u.Path)
	sep := "?"
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, _, hasValue := strings.Cut(part, "=")
		switch {
		case !hasValue: // a bare text may be the secret itself
			part = hidden
		case name != "sslmode": // how PostgreSQL is spoken to is worth seeing
			part = name + "=" + hidden
		}
		b.WriteString(sep + part)
		sep = "&"
	}
	return printable(b.String())
}

// printable keeps a value on its line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}
