package arch

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zugou/internal/kernel/problem"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
)

// Whatever can be wrong with a questionnaire, a rule or a FHIR file has Chinese
// words, with a place for each thing that is named; and no words are left over.
func TestEveryProblemHasWords(t *testing.T) {
	data, err := os.ReadFile("../../locale/zh-CN/problem.json")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(data, &words); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{"form.bad.json": true}
	for _, at := range []struct {
		kind, files, says string
		least             int
	}{
		{"form.bad", "../loop/screening/instrument/*.go", `c\.bad\(`, 50},
		{"rule.bad", "../loop/risk/*.go", `bad\(`, 15},
		{"model.bad", "../loop/gateway/profile/*.go", `wrong\((?:[\w.]+, |"[^"]*", )?`, 25},
		{"fhir.bad", "../loop/screening/fhir/*.go", `(?:invalid\(|Format: )`, 12},
	} {
		says := regexp.MustCompile(at.says + `"((?:[^"\\]|\\.)*)"`)
		names, err := filepath.Glob(at.files)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, name := range names {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range says.FindAllSubmatch(source, -1) {
				n++
				p := problem.Problem{Kind: at.kind, Format: string(m[1])}
				text := words[p.Key()]
				used[p.Key()] = true
				if text == "" {
					t.Errorf("%s (%s) has no words", p.Key(), m[1])
				}
				if n := p.Names(); n > 0 && !strings.Contains(text, "{1}") || strings.Contains(text, fmt.Sprintf("{%d}", n+1)) {
					t.Errorf("%s names %d things: %s", p.Key(), n, text)
				}
			}
		}
		if n < at.least {
			t.Errorf("%s: only %d problems were found in the source", at.kind, n)
		}
	}
	for key := range words {
		if strings.Contains(key, ".bad.") && !used[key] {
			t.Errorf("%s is not used", key)
		}
	}
}

// An operator, and who is sent, read every alarm that a device may raise, and
// every hint that a profile names by key, in words.
func TestEveryAlarmAndHintHasWords(t *testing.T) {
	words := map[string]string{}
	for _, file := range []string{"alarm", "command", "field"} {
		data, err := os.ReadFile("../../locale/zh-CN/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &words); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range report.Names() {
		if words["alarm."+string(a)] == "" {
			t.Errorf("the alarm %s has no words", a)
		}
	}
	for _, hint := range profile.Hints() {
		for _, where := range []string{"model.hint.", "task.hint."} { // at the desk, on the way
			if words[where+hint] == "" {
				t.Errorf("the hint %s has no words: %s", hint, where)
			}
		}
	}
}
