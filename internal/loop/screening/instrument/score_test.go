package instrument

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// vectors are shared with the scorer of the phone pages: each want holds only
// the fields it speaks of, plus over_cutoff.
const vectors = "../../../../instruments/vectors/score.json"

func TestVectors(t *testing.T) {
	data, err := os.ReadFile(vectors)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Name       string
		Instrument string
		Answers    json.RawMessage
		Want       map[string]any
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, v := range list {
		seen[v.Instrument]++
		a, err := ParseAnswers(v.Answers)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		r, err := Score(shipped(t, v.Instrument), a)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		out, _ := json.Marshal(r)
		var got map[string]any
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		got["over_cutoff"] = r.OverCutoff()
		for field, want := range v.Want {
			if !reflect.DeepEqual(got[field], want) {
				t.Errorf("%s: %s is %v, want %v", v.Name, field, got[field], want)
			}
		}
	}
	lib, _ := Shipped()
	for _, id := range lib.IDs() {
		if seen[id] < 10 {
			t.Errorf("%s has %d vectors only", id, seen[id])
		}
	}
}

// TestVectorsCoverEveryCriticalItem keeps the file of vectors honest: each
// critical rule must occur where it is the only critical answer (or, where the
// skip rule needs another yes before it, the last).
func TestVectorsCoverEveryCriticalItem(t *testing.T) {
	data, err := os.ReadFile(vectors)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Instrument string
		Want       struct{ Critical []string }
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	lib, _ := Shipped()
	for _, id := range lib.IDs() {
		in, _ := lib.Find(id)
		for _, c := range in.Critical {
			it, _ := in.ItemByCode(c.Item)
			found := false
			for _, v := range list {
				found = found || v.Instrument == id && slices.Equal(v.Want.Critical, []string{it.ID()})
			}
			if !found {
				t.Errorf("%s: no vector has item %s as its only critical answer", id, it.ID())
			}
		}
	}
}

// sheetOf makes a random sheet: some items skipped, some refused.
func sheetOf(in Instrument, rnd *rand.Rand) map[string]Answer {
	items := map[string]Answer{}
	skip, refuse := rnd.IntN(4), rnd.IntN(3)
	for _, it := range in.Items {
		opts := in.OptionsOf(it)
		switch {
		case rnd.IntN(10) < skip:
		case rnd.IntN(20) < refuse:
			items[it.ID()] = Answer{Refused: true}
		default:
			items[it.ID()] = Answer{Value: opts[rnd.IntN(len(opts))].Value}
		}
	}
	return items
}

// What must hold for any sheet on any instrument.
func TestScoreProperties(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 1))
	lib, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range lib.IDs() {
		in, _ := lib.Find(id)
		for range 400 {
			items := sheetOf(in, rnd)
			r, err := Score(in, Answers{Items: items})
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			checkProperties(t, in, items, r)
		}
	}
}

func checkProperties(t *testing.T, in Instrument, items map[string]Answer, r Result) {
	t.Helper()
	open := false
	for _, it := range in.Items {
		if !it.Suicide {
			continue
		}
		ans, ok := items[it.ID()]
		if ok && !ans.Refused && ans.Value > 0 && !slices.Contains(r.Critical, it.ID()) {
			t.Fatalf("%s: yes to %s is not critical: %v -> %+v", in.ID, it.ID(), items, r)
		}
		if ans.Refused && !slices.Contains(r.Missing, it.ID()) {
			t.Fatalf("%s: refusal of %s is not missing: %v -> %+v", in.ID, it.ID(), items, r)
		}
		open = open || slices.Contains(r.Missing, it.ID())
	}
	if open != r.NeedsPerson {
		t.Fatalf("%s: needs_person %v, open suicide items %v: %v", in.ID, r.NeedsPerson, r.Missing, items)
	}
	if len(in.Levels) > 0 {
		if r.Total != nil || r.Band != "" {
			t.Fatalf("%s has levels and gave a total or band: %+v", in.ID, r)
		}
		no := r.Level == Code(in.Levels[0].Code)
		if no && (open || len(r.Critical) > 0) || len(r.Critical) > 0 && r.Level == "" {
			t.Fatalf("%s: level %q with critical %v, missing %v", in.ID, r.Level, r.Critical, r.Missing)
		}
		return
	}
	if r.Level != "" || (r.Total != nil) != r.Scorable || (r.Band != "") != r.Scorable {
		t.Fatalf("%s: scorable %v, but %+v", in.ID, r.Scorable, r)
	}
	if r.Scorable {
		if lo, hi := in.totalSpan(); *r.Total < lo || *r.Total > hi {
			t.Fatalf("%s: total %d outside %d to %d", in.ID, *r.Total, lo, hi)
		}
		if len(r.Subscales) != len(in.Subscales) {
			t.Fatalf("%s: subscales %v", in.ID, r.Subscales)
		}
	} else if len(r.Subscales) != 0 {
		t.Fatalf("%s: subscales %v of a sheet that is not scorable", in.ID, r.Subscales)
	}
}

// A cut-off that is called certain on an incomplete sheet must be met however
// the blanks are filled in.
func TestCertainCutoffsAreCertain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 2))
	lib, _ := Shipped()
	certain := 0
	for _, id := range lib.IDs() {
		in, _ := lib.Find(id)
		for range 300 {
			items := sheetOf(in, rnd)
			r, err := Score(in, Answers{Items: items})
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				full := map[string]Answer{}
				for _, it := range in.Items {
					opts := in.OptionsOf(it)
					full[it.ID()] = Answer{Value: opts[rnd.IntN(len(opts))].Value}
					if ans, ok := items[it.ID()]; ok && !ans.Refused {
						full[it.ID()] = ans
					}
				}
				f, err := Score(in, Answers{Items: full})
				if err != nil || !f.Scorable {
					t.Fatalf("%s: full sheet: %+v, %v", id, f, err)
				}
				for _, why := range r.Reasons {
					if why.Code() != ReasonCutoffCertain {
						continue
					}
					certain++
					if !slices.Contains(f.Reasons, Reason(ReasonCutoff+":"+why.Detail())) {
						t.Fatalf("%s: %s was certain for %v, not met for %v", id, why, items, full)
					}
				}
			}
		}
	}
	if certain < 100 {
		t.Errorf("only %d certain cut-offs were tried", certain)
	}
}

// A yes more never lowers a level.
func TestAddingAYesNeverLowers(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 3))
	for _, id := range []string{"asq", "cssrs-screener"} {
		in := shipped(t, id)
		for range 500 {
			items := sheetOf(in, rnd)
			before, _ := Score(in, Answers{Items: items})
			it := in.Items[rnd.IntN(len(in.Items))]
			items[it.ID()] = Answer{Value: 1}
			after, err := Score(in, Answers{Items: items})
			if err != nil {
				t.Fatal(err)
			}
			if in.levelIndex(string(after.Level)) < in.levelIndex(string(before.Level)) {
				t.Fatalf("%s: yes to %s lowered %s to %s", id, it.ID(), before.Level, after.Level)
			}
		}
	}
}

func TestParseAnswersRefuses(t *testing.T) {
	in := shipped(t, "cssrs-screener")
	for name, raw := range map[string]string{
		"nothing":                 "",
		"spaces":                  "  \n",
		"not JSON":                "hello",
		"cut off":                 `{"items":{"1":1`,
		"trailing comma":          `{"items":{"1":1,}}`,
		"trailing garbage":        `{"items":{"1":1}} x`,
		"second object":           `{"items":{"1":1}}{"items":{"1":0}}`,
		"byte order mark":         "\ufeff{\"items\":{}}",
		"array":                   `[1]`,
		"null":                    `null`,
		"no items":                `{}`,
		"items null":              `{"items":null}`,
		"items a list":            `{"items":[1,0]}`,
		"items a number":          `{"items":1}`,
		"items a text":            `{"items":"1"}`,
		"unknown field":           `{"items":{},"sex":"f"}`,
		"field in capitals":       `{"Items":{}}`,
		"items twice":             `{"items":{"1":1},"items":{"1":0}}`,
		"item twice":              `{"items":{"1":1,"1":0}}`,
		"item twice, escaped":     `{"items":{"1":1,"\u0031":0}}`,
		"half":                    `{"items":{"1":0.5}}`,
		"one point nought":        `{"items":{"1":1.0}}`,
		"exponent":                `{"items":{"1":1e0}}`,
		"minus nought":            `{"items":{"1":-0}}`,
		"minus one":               `{"items":{"1":-1}}`,
		"two":                     `{"items":{"1":2}}`,
		"very long number":        `{"items":{"1":99999999999999999999}}`,
		"text":                    `{"items":{"1":"1"}}`,
		"another word":            `{"items":{"1":"yes"}}`,
		"refused in capitals":     `{"items":{"1":"REFUSED"}}`,
		"empty text":              `{"items":{"1":""}}`,
		"true":                    `{"items":{"1":true}}`,
		"false":                   `{"items":{"1":false}}`,
		"null answer":             `{"items":{"1":null}}`,
		"list answer":             `{"items":{"1":[1]}}`,
		"object answer":           `{"items":{"1":{"value":1}}}`,
		"unknown item":            `{"items":{"7":1}}`,
		"unknown item, refused":   `{"items":{"7":"refused"}}`,
		"item by position":        `{"items":{"0":1}}`,
		"item with a nought":      `{"items":{"01":1}}`,
		"item with a space":       `{"items":{" 1":1}}`,
		"item in full width":      `{"items":{"１":1}}`,
		"item by code":            `{"items":{"wish_dead":1}}`,
		"capital 6B":              `{"items":{"6B":1}}`,
		"empty name":              `{"items":{"":1}}`,
		"age a text":              `{"items":{},"age":"9"}`,
		"age negative":            `{"items":{},"age":-1}`,
		"age refused":             `{"items":{},"age":"refused"}`,
		"a date that is none":     `{"items":{},"on":"2026-02-30"}`,
		"date null":               `{"items":{},"on":null}`,
		"informant of no use":     `{"items":{},"informant":"cat"}`,
		"unknown variant":         `{"items":{},"variant":"x"}`,
		"longer than any sheet":   `{"items":{` + strings.Repeat(" ", maxAnswers) + `}}`,
		"deeply nested":           strings.Repeat(`{"items":`, 5000) + "1" + strings.Repeat("}", 5000),
		"control sign in a name":  "{\"items\":{\"1\x00\":1}}",
		"comment":                 `{"items":{/* */"1":1}}`,
		"single quotes":           `{'items':{'1':1}}`,
		"not a number":            `{"items":{"1":NaN}}`,
		"hexadecimal":             `{"items":{"1":0x1}}`,
		"number with a plus sign": `{"items":{"1":+1}}`,
	} {
		a, err := ParseAnswers([]byte(raw))
		if err == nil {
			_, err = Score(in, a)
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, raw := range map[string]string{
		"no answers":           `{"items":{}}`,
		"white space":          " \n{ \"items\" : { \"6b\" : 0 , \"1\" : \"refused\" } }\r\n ",
		"context":              `{"items":{"1":1},"age":9,"informant":"child","region":"500199","on":"2026-03-01"}`,
		"age nought":           `{"items":{},"age":0}`,
		"an escaped item name": `{"items":{"\u0036b":1}}`,
	} {
		a, err := ParseAnswers([]byte(raw))
		if err == nil {
			_, err = Score(in, a)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsHoldNoAnswer(t *testing.T) {
	in := shipped(t, "phq-9")
	_, err := Score(in, Answers{Items: map[string]Answer{"9": {Value: 7777}}})
	if err == nil || strings.Contains(err.Error(), "7777") {
		t.Errorf("an answer is a health fact and must not stand in an error: %v", err)
	}
	_, err = ParseAnswers([]byte(`{"items":{"9":7777.5}}`))
	if err == nil || strings.Contains(err.Error(), "7777") {
		t.Errorf("an answer is a health fact and must not stand in an error: %v", err)
	}
}

func TestAnswerJSON(t *testing.T) {
	in := Answers{Items: map[string]Answer{"1": {Value: 2}, "2": {Refused: true}}}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"items":{"1":2,"2":"refused"}}` {
		t.Fatalf("%s, %v", data, err)
	}
	back, err := ParseAnswers(data)
	if err != nil || !reflect.DeepEqual(in, back) {
		t.Errorf("%+v, %v", back, err)
	}
	var a Answer
	if json.Unmarshal([]byte("1.5"), &a) == nil {
		t.Error("1.5 was taken for an answer")
	}
}

func FuzzParseAnswers(f *testing.F) {
	f.Add([]byte(`{"items":{"1":2,"6b":"refused"},"age":9}`))
	f.Add([]byte(`{"items":{"1":1,"1":0}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ParseAnswers(data)
		if err != nil {
			return
		}
		out, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > maxAnswers {
			return // escaped signs made it longer
		}
		back, err := ParseAnswers(out)
		if err != nil || !reflect.DeepEqual(a, back) {
			t.Fatalf("%q read as %+v, written as %s, read as %+v, %v", data, a, out, back, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("../../../../instruments/asq.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := Parse(data)
		if err != nil {
			return
		}
		for _, items := range []map[string]Answer{nil, every(in, 0, nil)} {
			if r, err := Score(in, Answers{Items: items}); err == nil && len(r.Critical) > len(in.Items) {
				t.Fatal("more critical answers than items")
			}
		}
	})
}
