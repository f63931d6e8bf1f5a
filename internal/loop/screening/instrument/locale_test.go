package instrument

import (
	"encoding/json"
	"os"
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
