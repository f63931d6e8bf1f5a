package instrument

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every reason and every error of this package has Chinese words.
func TestEveryCodeHasWords(t *testing.T) {
	data, err := os.ReadFile("../../../../locale/zh-CN/screening.json")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(data, &words); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{ReasonCritical, ReasonUnanswered, ReasonIncomplete, ReasonBlankZero, ReasonTooManyBlank, ReasonCutoff,
		ReasonCutoffCertain, ReasonRefusedYes, ReasonMissingLevel, ReasonAtLeast, ReasonContradiction, ReasonVariant, ReasonOutsideAge} {
		if words["screening.reason."+code] == "" {
			t.Errorf("reason %s has no words", code)
		}
	}
	for _, key := range []string{keyMalformed, keyUnknown, keyTwice, keyType, keyRange, keyUnknownTop, keyVariant, keyContext, "instrument.unknown"} {
		if words[key] == "" {
			t.Errorf("error %s has no words", key)
		}
	}
}

// Whatever Check can find wrong has Chinese words, with a place for each thing
// that is named.
func TestEveryProblemHasWords(t *testing.T) {
	data, err := os.ReadFile("../../../../locale/zh-CN/problem.json")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(data, &words); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("parse.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`c\.bad\("((?:[^"\\]|\\.)*)"`).FindAllSubmatch(source, -1)
	if len(found) < 50 {
		t.Fatalf("only %d problems were found in the source", len(found))
	}
	for _, m := range found {
		p := Problem{format: string(m[1])}
		text := words[p.Key()]
		if text == "" {
			t.Errorf("%s (%s) has no words", p.Key(), m[1])
		}
		if n := len(verb.FindAllString(p.format, -1)); n > 0 && !strings.Contains(text, "{1}") || strings.Contains(text, fmt.Sprintf("{%d}", n+1)) {
			t.Errorf("%s names %d things: %s", p.Key(), n, text)
		}
	}

	in, err := Parse([]byte(`{"id": "x", "version": "1", "title": {"zh": "", "en": ""}}`))
	list, whole := Problems(err)
	if !whole || len(list) < 5 || !slices.ContainsFunc(list, func(p Problem) bool {
		return p.Key() == "form.bad.needs_words_in_chinese_and_english" && p.Args[0] == "title"
	}) {
		t.Errorf("%v: %v %v", in.ID, whole, err)
	}
	_, err = Parse([]byte(`{"id": `))
	if list, whole := Problems(err); whole || len(list) > 0 {
		t.Errorf("%v %v", whole, list)
	}
}
