package notify

import "net/netip"

// Die has attempts from now on end without a record, as a killed process does.
func (s *Service) Die() { s.crash = true }

// IsOrderNo and Render open the text rules to hostile input.
var IsOrderNo = isOrderNo

// Render fills a template.
func (s *Service) Render(key, no string, n int, drill bool) string {
	return s.texts.letter(key, no, n, drill).String()
}

// RenderCode fills the code's.
func (s *Service) RenderCode(code string) string { return s.texts.code(code).String() }

// Allowed tells whether a client may connect to the address.
func (o Outside) Allowed(ip string) bool { return o.allowed(netip.MustParseAddr(ip)) }

// Fill parses and fills a gateway's body.
func Fill(body, contentType, phone, text string) (string, error) {
	t, err := parseTemplate("body", body, "Phone", "Text", "Sign", "Time", "Nonce", "ID")
	if err != nil {
		return "", err
	}
	return t.fill(fields{Phone: phone, Text: text}, escapeFor(contentType)), nil
}

// LetterOf makes a letter with any text, to see what channels do with it.
func LetterOf(text string) Letter { return Letter{text} }
