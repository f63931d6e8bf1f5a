package notify

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zugou/internal/kernel/errs"
	"zugou/locale"
)

// Letter is a text that may leave the house. Only this package can make one
// that is not empty.
type Letter struct{ text string }

// String gives the text.
func (l Letter) String() string { return l.text }

// orderNo is the one form of an order's or matter's number: a series of up to
// three letters, the day, a serial. Nothing else fits: no phone, no ID number,
// no name.
var orderNo = regexp.MustCompile(`^[A-Z]{0,3}(20\d{6})-\d{1,6}$`)

// isOrderNo tells whether s is a number and not something smuggled in its
// place.
func isOrderNo(s string) bool {
	m := orderNo.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	_, err := time.Parse("20060102", m[1])
	return err == nil
}

var codeForm = regexp.MustCompile(`^\d{4,8}$`)

// texts are the templates that may leave the house, by key without "notify.".
type texts map[string]string

// holes are the only things a template may leave open.
var holes = regexp.MustCompile(`\{[^}]*\}`)

// readTexts takes the templates from the locale files. Each must end in
// 请登录查看, but the code's: a template that said more would be a leak.
func readTexts() (texts, error) {
	raw, err := locale.Files.ReadFile("zh-CN/notify.json")
	if err != nil {
		return nil, err
	}
	var all map[string]string
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	out := texts{}
	for key, text := range all {
		name, ok := strings.CutPrefix(key, "notify.")
		if !ok || strings.HasPrefix(name, "title.") {
			continue
		}
		for _, h := range holes.FindAllString(text, -1) {
			if !slices.Contains([]string{"{no}", "{n}", "{code}", "{text}"}, h) {
				return nil, errs.Invalid(key, "notify.hole_unknown")
			}
		}
		out[name] = text
	}
	return out, nil
}

// Keys lists the texts that a Message may name.
func (t texts) Keys() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(t)), func(k string) bool { return k == "drill" || k == "no" || k == "code" })
}

// letter fills a template. What is not of its form is left out, so that a slip
// elsewhere costs a number, not a child's name.
func (t texts) letter(key, no string, n int, drill bool) Letter {
	text, ok := t[key]
	if !ok || key == "code" || key == "drill" || key == "no" {
		text = t["reminder"]
	}
	part := ""
	if isOrderNo(no) {
		part = strings.ReplaceAll(t["no"], "{no}", no)
	}
	text = strings.ReplaceAll(text, "{no}", part)
	text = strings.ReplaceAll(text, "{n}", strconv.Itoa(min(max(n, 1), 9999)))
	if drill {
		text = strings.ReplaceAll(t["drill"], "{text}", text)
	}
	return Letter{text}
}

// code makes the text of a registration code.
func (t texts) code(code string) Letter {
	if !codeForm.MatchString(code) {
		return Letter{}
	}
	return Letter{strings.ReplaceAll(t["code"], "{code}", code)}
}

// replaceCode shows a code's text without the code.
func replaceCode(text string) string { return strings.ReplaceAll(text, "{code}", "******") }
