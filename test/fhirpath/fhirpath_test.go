// Package fhirpath holds a test only: our scorer against FHIRPath.
package fhirpath

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"zugou/internal/loop/screening/fhir"
	"zugou/internal/loop/screening/instrument"
)

// sheets is how many random sheets of each instrument are compared.
const sheets = 10_000

func TestScorerAgreesWithFHIRPath(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is missing: it runs the independent scorer")
	}
	if _, err := os.Stat("node_modules/fhirpath/package.json"); err != nil {
		t.Fatal("the npm package fhirpath is missing: run `npm ci` in test/fhirpath")
	}
	lib, err := instrument.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(9, 7))
	var input bytes.Buffer
	send := json.NewEncoder(&input)
	var want []instrument.Result
	for _, id := range []string{"phq-9", "gad-7"} {
		in, err := lib.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		q, err := fhir.QuestionnaireOf(in)
		if err != nil {
			t.Fatal(err)
		}
		q.Extension = nil // our own scoring stays at home
		if err := send.Encode(map[string]any{"questionnaire": q}); err != nil {
			t.Fatal(err)
		}
		for range sheets {
			a := random(in, rnd)
			r, err := instrument.Score(in, a)
			if err != nil {
				t.Fatal(err)
			}
			res, err := fhir.ResponseOf(in, a, nil, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if err := send.Encode(map[string]any{"response": res}); err != nil {
				t.Fatal(err)
			}
			want = append(want, r)
		}
	}
	compare(t, node, &input, want)
}

// random makes a sheet; in one of four some answers are missing or refused.
func random(in instrument.Instrument, rnd *rand.Rand) instrument.Answers {
	items := map[string]instrument.Answer{}
	gaps := rnd.IntN(4) == 0
	for _, it := range in.Items {
		opts := in.OptionsOf(it)
		switch {
		case gaps && rnd.IntN(8) == 0:
		case gaps && rnd.IntN(8) == 0:
			items[it.ID()] = instrument.Answer{Refused: true}
		default:
			items[it.ID()] = instrument.Answer{Value: opts[rnd.IntN(len(opts))].Value}
		}
	}
	return instrument.Answers{Items: items}
}

func compare(t *testing.T, node string, input *bytes.Buffer, want []instrument.Result) {
	t.Helper()
	cmd := exec.Command(node, "score.mjs")
	cmd.Stdin = input
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the independent scorer failed: %v\n%s", err, errOut.String())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	n, scored, critical := 0, 0, 0
	for ; lines.Scan(); n++ {
		var got struct {
			Total, Exported *int
			Band            *string
			Critical        bool
		}
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if n >= len(want) {
			break
		}
		w := want[n]
		if (got.Total == nil) != (w.Total == nil) || (got.Exported == nil) != (w.Total == nil) || got.Critical != (len(w.Critical) > 0) {
			t.Fatalf("sheet %d of %s: FHIRPath says %s, we say %+v", n, w.Instrument, lines.Bytes(), w)
		}
		if w.Total == nil {
			continue
		}
		scored++
		if got.Critical {
			critical++
		}
		if *got.Total != *w.Total || *got.Exported != *w.Total || *got.Band != string(w.Band) {
			t.Fatalf("sheet %d of %s: FHIRPath says %s, we say %+v", n, w.Instrument, lines.Bytes(), w)
		}
	}
	if n != 2*sheets || n != len(want) {
		t.Fatalf("%d sheets were compared, %d expected", n, len(want))
	}
	if scored < n/2 || scored == n || critical == 0 {
		t.Errorf("the sheets are one-sided: %d of %d complete, %d critical", scored, n, critical)
	}
}
