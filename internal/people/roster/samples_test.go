package roster

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/sheet"
)

// line is one row of truth.json.
type line struct {
	File    string `json:"file"`
	Sheet   string `json:"sheet"`
	Row     int    `json:"row"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
	Name    string `json:"name"`
	ID      string `json:"id"`
}

func readTruth(t testing.TB) map[string][]line {
	t.Helper()
	data, err := os.ReadFile("testdata/samples/truth.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []line
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string][]line{}
	for _, l := range all {
		out[l.File] = append(out[l.File], l)
	}
	return out
}

func readFile(t testing.TB, name string, kind Kind) *Result {
	t.Helper()
	book, err := sheet.Open(filepath.Join("testdata/samples", name))
	if err != nil {
		t.Fatal(err)
	}
	res, err := Read(context.Background(), book, Options{Kind: kind, File: name})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// compare holds the result against the truth, row by row in order. The truth of
// a refused ID is the true one, which nobody can read out of the sheet; of a
// duplicate it is as the sheet writes it.
func compare(t *testing.T, res *Result, want []line) {
	t.Helper()
	if len(res.Rows) != len(want) {
		t.Errorf("%d rows, want %d", len(res.Rows), len(want))
	}
	wrong := 0
	got := map[string]Row{}
	for _, r := range res.Rows {
		got[key(r.Sheet, r.Number)] = r
	}
	for _, w := range want {
		g, ok := got[key(w.Sheet, w.Row)]
		delete(got, key(w.Sheet, w.Row))
		same := ok && string(g.Outcome) == w.Outcome && string(g.Reason) == w.Reason && g.Name == w.Name
		switch w.Outcome {
		case "ok", "warn":
			same = same && g.ID == w.ID
		case "duplicate":
			same = same && g.ID == civil.NormalizeID(w.ID)
		}
		if same {
			continue
		}
		if wrong++; wrong <= 12 {
			t.Errorf("%s row %d: got %s %s %q %q, want %s %s %q %q", w.Sheet, w.Row, g.Outcome, g.Reason, g.Name, g.ID, w.Outcome, w.Reason, w.Name, w.ID)
		}
	}
	for k, g := range got {
		if wrong++; wrong <= 24 {
			t.Errorf("%s: nobody by the truth, read as %s %s %q %q", k, g.Outcome, g.Reason, g.Name, g.ID)
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d rows wrong; tables %+v; skipped %v", wrong, len(want), res.Tables, res.Skipped)
	}
}

func key(sheet string, row int) string {
	b, _ := json.Marshal([]any{sheet, row})
	return string(b)
}

func TestSamples(t *testing.T) {
	truth := readTruth(t)
	if len(truth) != 4 {
		t.Fatalf("%d files", len(truth))
	}
	for file, want := range truth {
		t.Run(file, func(t *testing.T) {
			kind := Children
			if strings.Contains(file, "手环") {
				kind = Devices
			}
			compare(t, readFile(t, file, kind), want)
		})
	}
}

// What the samples say beside names and IDs.
func TestSampleRecords(t *testing.T) {
	res := readFile(t, "困境儿童花名册-雍溪镇.xlsx", Children)
	p := res.Rows[1].Person
	if p.Area != "500111113203" && !strings.HasPrefix(string(p.Area), "500111113") {
		t.Errorf("area %s", p.Area)
	}
	if len(p.Contacts) != 1 || p.Contacts[0].Role != Guardian || p.Contacts[0].Name != "白娟雪" || p.Contacts[0].Relation != "父亲" || p.Contacts[0].Phones[0] != "15477370655" {
		t.Errorf("contacts %+v", p.Contacts)
	}
	if p.School != "雍溪第二小学" || p.Numbers.Group != "7" || p.Birth != "2018-01-26" || p.CategoryText != "单亲家庭" {
		t.Errorf("%+v", p)
	}
	res = readFile(t, "留守儿童信息表.csv", Children)
	p = res.Rows[0].Person
	if len(p.Contacts) != 3 || p.Contacts[0].Role != Carer || p.Contacts[0].Name != "文可" || p.Contacts[1].Whereabouts != "广东东莞" || p.StudentNo != "G912855100984816077" {
		t.Errorf("%+v", p)
	}
	if len(p.Categories) != 1 || p.Categories[0] != LeftBehind {
		t.Errorf("categories %v", p.Categories)
	}
	res = readFile(t, "智能手环胸牌发放登记表.xls", Devices)
	d := res.Rows[0].Device
	if d == nil || d.Number != "863054515231713" || d.Kind != Badge || d.SIM != "1440257810657" || d.IssuedOn != "2024-05-20" {
		t.Errorf("%+v", d)
	}
	res = readFile(t, "孤儿和事实无人抚养儿童台账.xlsx", Children)
	p = res.Rows[1].Person
	if p.Area != "500111002" || p.BankAccount == "" || len(p.Categories) != 1 || p.Categories[0] != Orphan {
		t.Errorf("%+v", p)
	}
	last := res.Rows[len(res.Rows)-1].Person
	if len(last.Categories) != 1 || last.Categories[0] != Unattended {
		t.Errorf("%+v", last)
	}
}
