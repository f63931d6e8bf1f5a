package obligation

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"

	"zugou/internal/loop/screening/instrument"
)

// phoneVectors is read by the tests of web/shared/form too: what the phone says
// of a sheet without a network must be what the server says of it later.
const phoneVectors = "../../../../instruments/vectors/phone.json"

type phoneVector struct {
	Instrument  string                       `json:"instrument"`
	Age         *int                         `json:"age,omitempty"`
	Items       map[string]instrument.Answer `json:"items"`
	Critical    []string                     `json:"critical"`
	Missing     []string                     `json:"missing"`
	NeedsPerson bool                         `json:"needs_person"`
	Level       instrument.Code              `json:"level"`
	Rules       []string                     `json:"rules"` // of a talk on the same day
	NeverAlone  bool                         `json:"never_alone"`
	Report      bool                         `json:"report"`
}

func vectorOf(t *testing.T, p Policy, in instrument.Instrument, a instrument.Answers) phoneVector {
	t.Helper()
	r, err := instrument.Score(in, a)
	if err != nil {
		t.Fatal(err)
	}
	o, err := Of(p, in, r)
	if err != nil {
		t.Fatal(err)
	}
	v := phoneVector{Instrument: in.ID, Age: a.Age, Items: a.Items, Critical: r.Critical, Missing: r.Missing, NeedsPerson: r.NeedsPerson, Level: r.Level,
		Rules: []string{}, NeverAlone: o.NeverAlone, Report: o.CompulsoryReport}
	for _, code := range o.Rules {
		for _, rule := range p.Rules {
			if rule.Code == code && rule.SameDay {
				v.Rules = append(v.Rules, code)
			}
		}
	}
	return v
}

// drawn answers every item at random: more often low than high, sometimes
// refused, sometimes skipped.
func drawn(rnd *rand.Rand, in instrument.Instrument) map[string]instrument.Answer {
	items := map[string]instrument.Answer{}
	for _, it := range in.Items {
		options := in.OptionsOf(it)
		low := options[0].Value
		for _, o := range options {
			low = min(low, o.Value)
		}
		switch n := rnd.IntN(20); {
		case n < 1:
		case n < 2:
			items[it.ID()] = instrument.Answer{Refused: true}
		case n < 14:
			items[it.ID()] = instrument.Answer{Value: low}
		default:
			items[it.ID()] = instrument.Answer{Value: options[rnd.IntN(len(options))].Value}
		}
	}
	return items
}

func TestThePhoneAndTheServerSayTheSameOfASheet(t *testing.T) {
	p, lib := shipped(t)
	rnd := rand.New(rand.NewPCG(7, 11))
	var out bytes.Buffer
	out.WriteString("[\n")
	n := 0
	add := func(v phoneVector) {
		line, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			out.WriteString(",\n")
		}
		out.Write(line)
		n++
	}
	for _, id := range lib.IDs() {
		in, err := lib.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		add(vectorOf(t, p, in, instrument.Answers{Items: map[string]instrument.Answer{}}))
		for range 60 {
			a := instrument.Answers{Items: drawn(rnd, in)}
			if rnd.IntN(2) == 0 {
				age := 4 + rnd.IntN(14)
				a.Age = &age
			}
			add(vectorOf(t, p, in, a))
		}
		// Each value of each item on suicide alone, the others at no.
		for _, it := range in.Items {
			if !it.Suicide {
				continue
			}
			for _, some := range append(in.OptionsOf(it), instrument.Option{Value: -1}) {
				items := map[string]instrument.Answer{}
				for _, other := range in.Items {
					items[other.ID()] = instrument.Answer{}
				}
				items[it.ID()] = instrument.Answer{Value: some.Value}
				if some.Value < 0 {
					items[it.ID()] = instrument.Answer{Refused: true}
				}
				add(vectorOf(t, p, in, instrument.Answers{Items: items}))
			}
		}
	}
	out.WriteString("\n]\n")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(phoneVectors, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(phoneVectors)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, out.Bytes()) {
		t.Error("the vectors for the phone are not what the server says now; UPDATE_GOLDEN=1 writes them anew")
	}
	if n < 600 {
		t.Errorf("%d vectors only", n)
	}
}
