package fhir

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zugou/internal/loop/screening/instrument"
)

// URL gives the canonical address of an instrument's Questionnaire.
func URL(in instrument.Instrument) string { return "urn:zugou:questionnaire:" + in.ID }

// optionSystem names the code system of an option list without LOINC codes.
func optionSystem(in instrument.Instrument, list string) string {
	return "urn:zugou:options:" + in.ID + ":" + list
}

func coding(in instrument.Instrument, list string, o instrument.Option) *Coding {
	c := &Coding{System: optionSystem(in, list), Code: strconv.Itoa(o.Value), Display: o.Text.ZH}
	if o.LOINC != "" {
		c.System, c.Code = systemLOINC, o.LOINC
	}
	return c
}

func english(s string) *Element {
	return &Element{Extension: []Extension{{URL: extTranslation, Extension: []Extension{{URL: "lang", ValueCode: "en"}, {URL: "content", ValueString: s}}}}}
}

// QuestionnaireOf writes an instrument as a resource.
func QuestionnaireOf(in instrument.Instrument) (Questionnaire, error) {
	whole, err := json.Marshal(in)
	if err != nil {
		return Questionnaire{}, err
	}
	q := Questionnaire{
		ResourceType: "Questionnaire", ID: in.ID, Language: "zh-CN", URL: URL(in), Version: in.Version,
		Name: "Zugou" + strings.ToUpper(strings.ReplaceAll(in.ID, "-", "")), Title: in.Title.ZH, TitleElement: english(in.Title.EN),
		Status: "active", SubjectType: []string{"Patient"}, Description: in.Instruction.ZH,
		Copyright: fmt.Sprintf("%s. %s. %s", in.Licence.Holder, in.Licence.Terms, in.Source),
		Extension: []Extension{{URL: extInstrument, ValueString: string(whole)}},
	}
	if in.Draft() {
		q.Status = "draft"
	}
	if in.LOINC != "" {
		q.Code = []Coding{{System: systemLOINC, Code: in.LOINC}}
	}
	for _, it := range in.Items {
		q.Item = append(q.Item, itemOf(in, it))
	}
	if in.Scoring.Kind == "sum" {
		total := Item{
			LinkID: totalLink, Text: "总分", TextElement: english("Total"), Type: "decimal", ReadOnly: true,
			Extension: []Extension{{URL: extCalculated, ValueExpression: &Expression{
				Description: "total of a complete sheet", Language: "text/fhirpath", Expression: TotalExpression(in)}}},
		}
		if in.TotalLOINC != "" {
			total.Code = []Coding{{System: systemLOINC, Code: in.TotalLOINC}}
		}
		q.Item = append(q.Item, total)
	}
	return q, nil
}

func itemOf(in instrument.Instrument, it instrument.Item) Item {
	out := Item{LinkID: it.ID(), Prefix: it.Number, Text: it.Text.ZH, TextElement: english(it.Text.EN), Type: "choice"}
	if it.LOINC != "" {
		out.Code = []Coding{{System: systemLOINC, Code: it.LOINC}}
	}
	for _, o := range in.OptionsOf(it) {
		out.AnswerOption = append(out.AnswerOption, AnswerOption{
			Extension:   []Extension{{URL: extOrdinal, ValueDecimal: json.Number(strconv.Itoa(o.Value))}},
			ValueCoding: coding(in, it.Options, o),
		})
	}
	if it.AskWhen == nil {
		return out
	}
	if len(it.AskWhen.Items) > 1 {
		out.EnableBehavior = "any"
	}
	for _, code := range it.AskWhen.Items {
		on, _ := in.ItemByCode(code)
		// In R4 "!=" holds when no answer equals, so also for no answer at
		// all: just what "not_no" means.
		when := EnableWhen{Question: on.ID(), Operator: "!="}
		if it.AskWhen.Answer == "yes" && len(in.OptionsOf(on)) == 2 {
			when.Operator = "="
		}
		lowest, highest := in.OptionsOf(on)[0], in.OptionsOf(on)[0]
		for _, o := range in.OptionsOf(on) {
			if o.Value < lowest.Value {
				lowest = o
			}
			if o.Value > highest.Value {
				highest = o
			}
		}
		when.AnswerCoding = coding(in, on.Options, lowest)
		if when.Operator == "=" {
			when.AnswerCoding = coding(in, on.Options, highest)
		}
		out.EnableWhen = append(out.EnableWhen, when)
	}
	return out
}

// TotalExpression gives the FHIRPath of the total of a complete sheet: empty
// when an answer is missing. Reversed items are subtracted from their span.
func TotalExpression(in instrument.Instrument) string {
	var all, forward, reverse []string
	turn := 0
	for _, it := range in.Items {
		if it.Unscored {
			continue
		}
		link := "'" + it.ID() + "'"
		all = append(all, link)
		if !it.Reverse {
			forward = append(forward, link)
			continue
		}
		reverse = append(reverse, link)
		lo, hi := in.OptionsOf(it)[0].Value, in.OptionsOf(it)[0].Value
		for _, o := range in.OptionsOf(it) {
			lo, hi = min(lo, o.Value), max(hi, o.Value)
		}
		turn += lo + hi
	}
	weights := func(links []string) string {
		return "%resource.item.where(linkId in (" + strings.Join(links, "|") + ")).answer.value.weight()"
	}
	sum := weights(forward) + ".sum()"
	if len(reverse) > 0 {
		sum = fmt.Sprintf("%s + %d - %s.sum()", sum, turn, weights(reverse))
	}
	if m := in.Scoring.Multiply; m > 1 {
		sum = fmt.Sprintf("(%s) * %d", sum, m)
	}
	return fmt.Sprintf("iif(%s.count() = %d, %s, {})", weights(all), len(all), sum)
}

// ResponseOf writes answers as a resource. The subject is a pseudonym, and may
// be left out.
//
// Errors: Invalid when the answers don't fit the instrument.
func ResponseOf(in instrument.Instrument, a instrument.Answers, subject *Identifier, authored time.Time) (Response, error) {
	if err := in.CheckAnswers(a); err != nil {
		return Response{}, err
	}
	out := Response{ResourceType: "QuestionnaireResponse", Questionnaire: URL(in) + "|" + in.Version, Status: "completed"}
	if subject != nil {
		out.Subject = &Reference{Identifier: subject}
	}
	if !authored.IsZero() {
		out.Authored = authored.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	for _, it := range in.Items {
		ans, ok := a.Items[it.ID()]
		if !ok {
			continue
		}
		row := ResponseItem{LinkID: it.ID(), Text: it.Text.ZH}
		if ans.Refused {
			row.Answer = []Answer{{ValueCoding: &Coding{Extension: []Extension{{URL: extAbsent, ValueCode: declined}}}}}
		}
		for _, o := range in.OptionsOf(it) {
			if !ans.Refused && o.Value == ans.Value {
				row.Answer = []Answer{{ValueCoding: coding(in, it.Options, o)}}
			}
		}
		out.Item = append(out.Item, row)
	}
	return out, nil
}
