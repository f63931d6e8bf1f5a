package fhir

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/loop/screening/instrument"
)

func library(t testing.TB) instrument.Library {
	t.Helper()
	lib, err := instrument.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func find(t testing.TB, id string) instrument.Instrument {
	t.Helper()
	in, err := library(t).Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func written(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestQuestionnaireThereAndBack(t *testing.T) {
	lib := library(t)
	for _, id := range lib.IDs() {
		in, _ := lib.Find(id)
		q, err := QuestionnaireOf(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadQuestionnaire(written(t, q), "", "")
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		if got.Instrument.Digest() != in.Digest() || len(got.Open) != 0 {
			t.Errorf("%s came back another instrument (open: %v)", id, got.Open)
		}
		if q.Status != "draft" {
			t.Errorf("%s: words that nobody checked go out as %s", id, q.Status)
		}
	}
}

func TestQuestionnaireWithExchangedQuestionsIsRefused(t *testing.T) {
	in := find(t, "phq-9")
	for name, spoil := range map[string]func(q *Questionnaire){
		"two questions exchanged": func(q *Questionnaire) { q.Item[0], q.Item[1] = q.Item[1], q.Item[0] },
		"other words":             func(q *Questionnaire) { q.Item[8].Text = "换了一句话" },
		"other weight":            func(q *Questionnaire) { q.Item[8].AnswerOption[1].Extension[0].ValueDecimal = "0" },
		"question left out":       func(q *Questionnaire) { q.Item = q.Item[1:] },
		"other version":           func(q *Questionnaire) { q.Version = "1" },
		"other address":           func(q *Questionnaire) { q.URL = "urn:zugou:questionnaire:gad-7" },
		"scoring spoilt": func(q *Questionnaire) {
			q.Extension[0].ValueString = strings.Replace(q.Extension[0].ValueString, `"kind":"suicide"`, `"kind":"harm"`, 1)
		},
		"scoring empty": func(q *Questionnaire) { q.Extension[0].ValueString = "" },
	} {
		q, err := QuestionnaireOf(in)
		if err != nil {
			t.Fatal(err)
		}
		spoil(&q)
		if _, err := ReadQuestionnaire(written(t, q), "", ""); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSkipRulesGoOut(t *testing.T) {
	q, err := QuestionnaireOf(find(t, "cssrs-screener"))
	if err != nil {
		t.Fatal(err)
	}
	byLink := map[string]Item{}
	for _, it := range q.Item {
		byLink[it.LinkID] = it
	}
	if w := byLink["3"].EnableWhen; len(w) != 1 || w[0].Question != "2" || w[0].Operator != "!=" || w[0].AnswerCoding.Code != "0" {
		t.Errorf("question 3 is asked when %+v", w)
	}
	if w := byLink["6b"].EnableWhen; len(w) != 1 || w[0].Question != "6" || w[0].Operator != "=" || w[0].AnswerCoding.Code != "1" {
		t.Errorf("question 6b is asked when %+v", w)
	}
	if _, ok := byLink[totalLink]; ok {
		t.Error("an instrument with levels has a total")
	}
	q, _ = QuestionnaireOf(find(t, "asq"))
	if w := q.Item[4]; len(w.EnableWhen) != 4 || w.EnableBehavior != "any" {
		t.Errorf("ASQ question 5: %+v", w)
	}
}

func TestResponseThereAndBack(t *testing.T) {
	lib := library(t)
	rnd := rand.New(rand.NewPCG(5, 4))
	at := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	for _, id := range lib.IDs() {
		in, _ := lib.Find(id)
		for range 40 {
			items := map[string]instrument.Answer{}
			for _, it := range in.Items {
				opts := in.OptionsOf(it)
				switch rnd.IntN(8) {
				case 0:
				case 1:
					items[it.ID()] = instrument.Answer{Refused: true}
				default:
					items[it.ID()] = instrument.Answer{Value: opts[rnd.IntN(len(opts))].Value}
				}
			}
			res, err := ResponseOf(in, instrument.Answers{Items: items}, &Identifier{System: "urn:zugou:pseudonym", Value: "p-1"}, at)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadResponse(written(t, res), Own(in))
			if err != nil || !maps.Equal(got.Items, items) {
				t.Fatalf("%s: %v came back as %v, %v", id, items, got.Items, err)
			}
		}
	}
	if _, err := ResponseOf(find(t, "asq"), instrument.Answers{Items: map[string]instrument.Answer{"9": {}}}, nil, at); err == nil {
		t.Error("a wrong sheet was written")
	}
}

func TestReadResponseRefuses(t *testing.T) {
	to := Own(find(t, "phq-9"))
	for name, raw := range map[string]string{
		"another resource":      `{"resourceType":"Observation"}`,
		"not JSON":              `{`,
		"two resources":         `{"resourceType":"QuestionnaireResponse","status":"completed"}{}`,
		"in error":              `{"resourceType":"QuestionnaireResponse","status":"entered-in-error"}`,
		"another questionnaire": `{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"urn:zugou:questionnaire:phq-a|2026.1"}`,
		"another version":       `{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"urn:zugou:questionnaire:phq-9|2020"}`,
		"unknown item":          `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"10","answer":[{"valueInteger":1}]}]}`,
		"item twice":            `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueInteger":1}]},{"linkId":"9","answer":[{"valueInteger":0}]}]}`,
		"item twice in a group": `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueInteger":1}]},{"linkId":"g","item":[{"linkId":"9","answer":[{"valueInteger":0}]}]}]}`,
		"two answers":           `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueInteger":1},{"valueInteger":0}]}]}`,
		"two values":            `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueInteger":1,"valueDecimal":0}]}]}`,
		"no value":              `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{}]}]}`,
		"member twice":          `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueInteger":1,"valueInteger":0}]}]}`,
		"out of range":          `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueInteger":4}]}]}`,
		"half":                  `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueDecimal":1.5}]}]}`,
		"unknown code":          `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueCoding":{"system":"http://loinc.org","code":"LA1-1"}}]}]}`,
		"code of other system":  `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueCoding":{"system":"urn:x","code":"LA6568-5"}}]}]}`,
		"words":                 `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueString":"no"}]}]}`,
		"yes on four choices":   `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueBoolean":true}]}]}`,
		"unknown reason":        `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueCoding":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}}]}]}`,
	} {
		if _, err := ReadResponse([]byte(raw), to); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	ok := `{"resourceType":"QuestionnaireResponse","status":"in-progress","text":{"status":"generated"},"item":[{"linkId":"g","item":[
	  {"linkId":"9","answer":[{"valueCoding":{"code":"LA6569-3"}}]},{"linkId":"1","answer":[{"valueInteger":3}]},{"linkId":"2","answer":[{"valueDecimal":2}]},{"linkId":"3"}]},
	  {"linkId":"total","answer":[{"valueDecimal":99}]}]}`
	got, err := ReadResponse([]byte(ok), to)
	want := map[string]instrument.Answer{"9": {Value: 1}, "1": {Value: 3}, "2": {Value: 2}}
	if err != nil || !maps.Equal(got.Items, want) {
		t.Errorf("%v, %v", got.Items, err)
	}
}

// A questionnaire as other systems write it: group, contained value set, LOINC
// codes, a calculated total, linkIds that are no printed numbers.
const foreign = `{"resourceType":"Questionnaire","url":"http://example.org/mood","title":"Mood","status":"active","copyright":"free",
 "contained":[{"resourceType":"ValueSet","id":"often","compose":{"include":[{"system":"http://loinc.org","concept":[
   {"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":0}],"code":"LA6568-5","display":"Not at all"},
   {"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":3}],"code":"LA6571-9","display":"Nearly every day"}]}]}}],
 "item":[{"linkId":"/g","type":"group","item":[
   {"linkId":"/a","type":"choice","prefix":"1.","text":"Low mood","code":[{"system":"http://loinc.org","code":"44255-8"}],"answerValueSet":"#often"},
   {"linkId":"/b","type":"boolean","text":"Cries","enableWhen":[{"question":"/a","operator":"exists"}]},
   {"linkId":"/c","type":"choice","text":"How","answerOption":[
     {"valueCoding":{"system":"urn:a","code":"x","display":"no","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":0}]}},
     {"valueCoding":{"system":"urn:a","code":"y","display":"yes","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":2}]}}]}]},
  {"linkId":"/d","type":"display","text":"Thank you"},
  {"linkId":"/t","type":"decimal","readOnly":true,"text":"Total"}]}`

func TestForeignQuestionnaireBecomesADraft(t *testing.T) {
	got, err := ReadQuestionnaire([]byte(foreign), "mood", "1")
	if err != nil {
		t.Fatal(err)
	}
	in := got.Instrument
	if in.Licence.Class != instrument.ImportByLicensee || !in.Draft() || len(in.Critical) != 0 || in.HasSuicideItem() {
		t.Errorf("too much was taken for granted: %+v", in)
	}
	for _, open := range []string{OpenLicence, OpenSuicide, OpenBands, OpenWords, OpenSkipRules} {
		if !slices.Contains(got.Open, open) {
			t.Errorf("%s is not open", open)
		}
	}
	a, err := ReadResponse([]byte(`{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"http://example.org/mood","item":[{"linkId":"/g","item":[
	  {"linkId":"/a","answer":[{"valueCoding":{"system":"http://loinc.org","code":"LA6571-9"}}]},
	  {"linkId":"/b","answer":[{"valueBoolean":true}]},{"linkId":"/c","answer":[{"valueCoding":{"system":"urn:a","code":"y"}}]}]}]}`), got)
	if err != nil {
		t.Fatal(err)
	}
	r, err := instrument.Score(in, a)
	if err != nil || r.Total == nil || *r.Total != 6 || r.Band != "unrated" {
		t.Errorf("%+v, %v", r, err)
	}
	for name, change := range map[string][2]string{
		"no weight":      {`"valueDecimal":3`, `"valueString":"3"`},
		"half a weight":  {`"valueDecimal":3`, `"valueDecimal":1.5`},
		"free text":      {`"type":"boolean"`, `"type":"text"`},
		"linkId twice":   {`"linkId":"/b"`, `"linkId":"/a"`},
		"no words":       {`"text":"Cries"`, `"text":""`},
		"set not listed": {`"#often"`, `"http://example.org/often"`},
		"no question":    {`"type":"choice"`, `"type":"display"`},
	} {
		if _, err := ReadQuestionnaire([]byte(strings.Replace(foreign, change[0], change[1], 1)), "mood", "1"); err == nil && name != "no question" {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ReadQuestionnaire([]byte(`{"resourceType":"Questionnaire","title":"x","item":[{"linkId":"1","type":"display"}]}`), "mood", "1"); err == nil {
		t.Error("a questionnaire without questions was accepted")
	}
}

func FuzzReadResponse(f *testing.F) {
	f.Add([]byte(`{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"9","answer":[{"valueInteger":1}]}]}`))
	to := Own(find(f, "phq-9"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ReadResponse(data, to)
		if err != nil {
			return
		}
		if _, err := instrument.Score(to.Instrument, a); err != nil {
			t.Fatalf("read as answers, but not scorable: %v", err)
		}
	})
}

func FuzzReadQuestionnaire(f *testing.F) {
	f.Add([]byte(foreign))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ReadQuestionnaire(data, "mood", "1")
		if err == nil && got.Instrument.Check() != nil {
			t.Fatal("an instrument that contradicts itself was read")
		}
	})
}
