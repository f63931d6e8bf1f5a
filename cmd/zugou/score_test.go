package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// runScoreWith runs a subcommand as the shell would.
func runScoreWith(input string, args ...string) (out, errOut string, status int) {
	var o, e bytes.Buffer
	err := run(context.Background(), env{In: strings.NewReader(input), Out: &o, Err: &e, Getenv: func(string) string { return "" }}, args)
	if err != nil {
		status = exitCode(err, &e)
	}
	return o.String(), e.String(), status
}

func TestScorePrintsExactlyTheseFields(t *testing.T) {
	out, errOut, status := runScoreWith(`{"items":{"1":0,"2":1,"3":1,"4":0,"5":0,"6":1,"6b":0}}`, "score", "cssrs-screener")
	if status != 0 || errOut != "" {
		t.Fatalf("status %d: %s", status, errOut)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"instrument", "version", "scorable", "total", "subscales", "band", "level", "critical", "missing", "needs_person", "reasons"} {
		if _, ok := got[field]; !ok {
			t.Errorf("field %s is missing", field)
		}
		delete(got, field)
	}
	if len(got) > 0 {
		t.Errorf("more fields than promised: %v", got)
	}
}

func TestScoreOfEveryInstrument(t *testing.T) {
	for id, want := range map[string]string{
		"asq": `"level": "negative"`, "cssrs-screener": `"level": "none"`, "phq-9": `"total": 0`, "phq-a": `"total": 0`,
		"gad-7": `"total": 0`, "psc-17": `"total": 0`, "psc-35": `"total": 0`, "ces-dc": `"total": 12`, "who-5": `"total": 0`, "rses": `"total": 15`,
	} {
		n := map[string]int{"asq": 4, "cssrs-screener": 6, "phq-9": 9, "phq-a": 9, "gad-7": 7, "psc-17": 17, "psc-35": 35, "ces-dc": 20, "who-5": 5, "rses": 10}[id]
		items := map[string]int{}
		for i := 1; i <= n; i++ {
			items[numberOf(i)] = 0
		}
		data, _ := json.Marshal(map[string]any{"items": items})
		out, errOut, status := runScoreWith(string(data), "score", id)
		if status != 0 || !strings.Contains(out, want) || !strings.Contains(out, `"instrument": "`+id+`"`) {
			t.Errorf("%s: status %d, %s%s; want %s", id, status, out, errOut, want)
		}
	}
}

func numberOf(i int) string {
	data, _ := json.Marshal(i)
	return string(data)
}

func TestScoreRefuses(t *testing.T) {
	for _, c := range []struct {
		name, input string
		args        []string
		says        string
	}{
		{"no instrument", `{"items":{}}`, []string{"score"}, "phq-9"},
		{"two instruments", `{"items":{}}`, []string{"score", "asq", "phq-9"}, "one instrument"},
		{"unknown instrument", `{"items":{}}`, []string{"score", "sdq"}, `unknown instrument "sdq"`},
		{"instrument in capitals", `{"items":{}}`, []string{"score", "ASQ"}, "unknown instrument"},
		{"path", `{"items":{}}`, []string{"score", "../instruments/asq"}, "unknown instrument"},
		{"empty input", "", []string{"score", "asq"}, "no answers"},
		{"unknown item", `{"items":{"10":0}}`, []string{"score", "phq-9"}, `no item "10"`},
		{"out of range", `{"items":{"9":4}}`, []string{"score", "phq-9"}, `item "9": the value is not one of 0, 1, 2, 3`},
		{"below range", `{"items":{"9":-1}}`, []string{"score", "phq-9"}, `item "9"`},
		{"half", `{"items":{"9":1.5}}`, []string{"score", "phq-9"}, "whole number"},
		{"text", `{"items":{"9":"1"}}`, []string{"score", "phq-9"}, "whole number"},
		{"true", `{"items":{"9":true}}`, []string{"score", "phq-9"}, "whole number"},
		{"null", `{"items":{"9":null}}`, []string{"score", "phq-9"}, "whole number"},
		{"malformed", `{"items":{"9":1}`, []string{"score", "phq-9"}, "well-formed"},
		{"trailing garbage", `{"items":{"9":1}} 1`, []string{"score", "phq-9"}, "well-formed"},
		{"twice", `{"items":{"9":1,"9":0}}`, []string{"score", "phq-9"}, `"9" is given twice`},
	} {
		out, errOut, status := runScoreWith(c.input, c.args...)
		if status != 1 || out != "" || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: status %d, out %q, err %q; want %q", c.name, status, out, errOut, c.says)
		}
	}
}

func TestScoreHelp(t *testing.T) {
	_, errOut, status := runScoreWith("", "score", "-h")
	if status != 0 || !strings.Contains(errOut, "cssrs-screener") {
		t.Errorf("status %d: %s", status, errOut)
	}
	if !slices.ContainsFunc(commands(), func(c command) bool { return c.Name == "score" }) {
		t.Error("score is not in the table of subcommands")
	}
}
