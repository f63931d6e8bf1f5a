package instrument

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"zugou/internal/kernel/problem"
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

// What Check finds wrong is told apart: a text that was read, and one that
// can't be.
func TestProblemsOfATextThatWasRead(t *testing.T) {
	in, err := Parse([]byte(`{"id": "x", "version": "1", "title": {"zh": "", "en": ""}}`))
	list, whole := problem.List(err)
	if !whole || len(list) < 5 || !slices.ContainsFunc(list, func(p problem.Problem) bool {
		return p.Key() == "form.bad.needs_words_in_chinese_and_english" && p.Args[0] == "title"
	}) {
		t.Errorf("%v: %v %v", in.ID, whole, err)
	}
	_, err = Parse([]byte(`{"id": `))
	if list, whole := problem.List(err); whole || len(list) > 0 {
		t.Errorf("%v %v", whole, list)
	}
}
