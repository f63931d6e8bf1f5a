package notify

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"strconv"
	"strings"

	"zugou/internal/kernel/errs"
)

func itoa(n int) string { return strconv.Itoa(n) }

// fields are what a gateway's template may name as {{.Phone}}.
type fields struct {
	Phone, Text, Sign, Time, Nonce, ID, Secret string
}

func (f fields) get(name string) (string, bool) {
	switch name {
	case "Phone":
		return f.Phone, true
	case "Text":
		return f.Text, true
	case "Sign":
		return f.Sign, true
	case "Time":
		return f.Time, true
	case "Nonce":
		return f.Nonce, true
	case "ID":
		return f.ID, true
	case "Secret":
		return f.Secret, true
	}
	return "", false
}

// piece is a fixed text, or the name of a field.
type piece struct{ text, field string }

// gatewayTemplate is a text with fields. It is no program: whoever writes the
// configuration can neither loop nor call anything.
type gatewayTemplate []piece

const mostTemplate = 16 << 10

// parseTemplate reads a text with {{.Field}} in it; only the allowed names.
func parseTemplate(name, text string, allowed ...string) (gatewayTemplate, error) {
	if len(text) > mostTemplate {
		return nil, errs.Invalid(name, "notify.template_long")
	}
	var out gatewayTemplate
	for text != "" {
		before, rest, found := strings.Cut(text, "{{")
		if before != "" {
			out = append(out, piece{text: before})
		}
		if !found {
			break
		}
		inner, after, closed := strings.Cut(rest, "}}")
		field, dot := strings.CutPrefix(strings.TrimSpace(inner), ".")
		if !closed || !dot || !contains(allowed, field) {
			return nil, errs.Invalid(name, "notify.template_form")
		}
		out = append(out, piece{field: field})
		text = after
	}
	return out, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// names tells whether the template uses the field.
func (t gatewayTemplate) names(field string) bool {
	for _, p := range t {
		if p.field == field {
			return true
		}
	}
	return false
}

// fill puts the fields in, each escaped for where it stands.
func (t gatewayTemplate) fill(f fields, escape func(string) string) string {
	var b strings.Builder
	for _, p := range t {
		if p.field == "" {
			b.WriteString(p.text)
			continue
		}
		v, _ := f.get(p.field)
		b.WriteString(escape(v))
	}
	return b.String()
}

func plain(s string) string { return s }

// inJSON escapes for the inside of a JSON string.
func inJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(text[1 : len(text)-1])
}

func inXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}

// inHeader leaves out what would begin a new header.
func inHeader(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
}

// escapeFor chooses by the body's content type.
func escapeFor(contentType string) func(string) string {
	kind := strings.ToLower(strings.TrimSpace(strings.SplitN(contentType, ";", 2)[0]))
	switch {
	case strings.HasSuffix(kind, "json"):
		return inJSON
	case strings.HasSuffix(kind, "xml"):
		return inXML
	case kind == "application/x-www-form-urlencoded":
		return url.QueryEscape
	}
	return plain
}
