package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"zugou/internal/kernel/problem"
)

// Addresses of the extensions used.
const (
	extOrdinal     = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
	extTranslation = "http://hl7.org/fhir/StructureDefinition/translation"
	extCalculated  = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"
	extAbsent      = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
	extInstrument  = "urn:zugou:fhir:instrument" // valueString: the instrument's JSON
	systemLOINC    = "http://loinc.org"
	declined       = "asked-declined"
	totalLink      = "total"
)

// Extension is the part of FHIR's Extension that is used here.
type Extension struct {
	URL             string      `json:"url"`
	ValueString     string      `json:"valueString,omitempty"`
	ValueCode       string      `json:"valueCode,omitempty"`
	ValueDecimal    json.Number `json:"valueDecimal,omitempty"`
	ValueExpression *Expression `json:"valueExpression,omitempty"`
	Extension       []Extension `json:"extension,omitempty"`
}

// Expression is FHIR's Expression.
type Expression struct {
	Description string `json:"description,omitempty"`
	Language    string `json:"language"`
	Expression  string `json:"expression"`
}

// Coding is FHIR's Coding.
type Coding struct {
	Extension []Extension `json:"extension,omitempty"`
	System    string      `json:"system,omitempty"`
	Code      string      `json:"code,omitempty"`
	Display   string      `json:"display,omitempty"`
}

// Element carries the extensions of a primitive value.
type Element struct {
	Extension []Extension `json:"extension,omitempty"`
}

// AnswerOption is one choice of a Questionnaire item.
type AnswerOption struct {
	Extension    []Extension `json:"extension,omitempty"`
	ValueCoding  *Coding     `json:"valueCoding,omitempty"`
	ValueInteger *int        `json:"valueInteger,omitempty"`
	ValueString  *string     `json:"valueString,omitempty"`
}

// EnableWhen is a skip rule.
type EnableWhen struct {
	Question     string  `json:"question"`
	Operator     string  `json:"operator"`
	AnswerCoding *Coding `json:"answerCoding,omitempty"`
}

// Item is a question, a group or a calculated value.
type Item struct {
	Extension      []Extension    `json:"extension,omitempty"`
	LinkID         string         `json:"linkId"`
	Code           []Coding       `json:"code,omitempty"`
	Prefix         string         `json:"prefix,omitempty"`
	Text           string         `json:"text,omitempty"`
	TextElement    *Element       `json:"_text,omitempty"`
	Type           string         `json:"type"`
	EnableWhen     []EnableWhen   `json:"enableWhen,omitempty"`
	EnableBehavior string         `json:"enableBehavior,omitempty"`
	ReadOnly       bool           `json:"readOnly,omitempty"`
	AnswerValueSet string         `json:"answerValueSet,omitempty"`
	AnswerOption   []AnswerOption `json:"answerOption,omitempty"`
	Item           []Item         `json:"item,omitempty"`
}

// Questionnaire is the part of the R4 resource that is used here.
type Questionnaire struct {
	ResourceType string          `json:"resourceType"`
	ID           string          `json:"id,omitempty"`
	Language     string          `json:"language,omitempty"`
	Contained    json.RawMessage `json:"contained,omitempty"`
	Extension    []Extension     `json:"extension,omitempty"`
	URL          string          `json:"url,omitempty"`
	Version      string          `json:"version,omitempty"`
	Name         string          `json:"name,omitempty"`
	Title        string          `json:"title,omitempty"`
	TitleElement *Element        `json:"_title,omitempty"`
	Status       string          `json:"status"`
	SubjectType  []string        `json:"subjectType,omitempty"`
	Description  string          `json:"description,omitempty"`
	Copyright    string          `json:"copyright,omitempty"`
	Code         []Coding        `json:"code,omitempty"`
	Item         []Item          `json:"item,omitempty"`
}

// Answer is one answer of a response item.
type Answer struct {
	ValueCoding  *Coding     `json:"valueCoding,omitempty"`
	ValueInteger *int        `json:"valueInteger,omitempty"`
	ValueBoolean *bool       `json:"valueBoolean,omitempty"`
	ValueDecimal json.Number `json:"valueDecimal,omitempty"`
	ValueString  *string     `json:"valueString,omitempty"`
}

// kinds counts the values an answer carries.
func (a Answer) kinds() int {
	n := 0
	for _, has := range []bool{a.ValueCoding != nil, a.ValueInteger != nil, a.ValueBoolean != nil, a.ValueDecimal != "", a.ValueString != nil} {
		if has {
			n++
		}
	}
	return n
}

// ResponseItem holds the answers to one item, or a group of items.
type ResponseItem struct {
	LinkID string         `json:"linkId"`
	Text   string         `json:"text,omitempty"`
	Answer []Answer       `json:"answer,omitempty"`
	Item   []ResponseItem `json:"item,omitempty"`
}

// Identifier names a child by a pseudonym; a name never leaves in a response.
type Identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

// Reference is FHIR's Reference.
type Reference struct {
	Identifier *Identifier `json:"identifier,omitempty"`
}

// Response is the part of QuestionnaireResponse that is used here.
type Response struct {
	ResourceType  string         `json:"resourceType"`
	Questionnaire string         `json:"questionnaire,omitempty"`
	Status        string         `json:"status"`
	Subject       *Reference     `json:"subject,omitempty"`
	Authored      string         `json:"authored,omitempty"`
	Item          []ResponseItem `json:"item,omitempty"`
}

// maxResource bounds what is read; the longest instrument is under 100 KB.
const maxResource = 4 << 20

// decode reads one resource. Unknown members are FHIR's way to grow and pass;
// doubled ones and text after the object don't.
func decode(data []byte, kind string, into any) error {
	if len(data) > maxResource {
		return problem.Problem{Kind: "fhir.bad", Format: "the resource is longer than %d bytes", Args: []any{maxResource}}
	}
	if !json.Valid(data) {
		return problem.Problem{Kind: "fhir.bad", Format: "the resource is not well-formed JSON"}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := noDoubledKeys(dec); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return problem.Problem{Kind: "fhir.bad", Format: "something follows the resource"}
	}
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.ResourceType != kind {
		return problem.Problem{Kind: "fhir.bad", Format: "the resource is not a %s", Args: []any{kind}}
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the %s is not as R4 has it: %w", kind, err)
	}
	return nil
}

// noDoubledKeys reads one value; of a key given twice, encoding/json would
// silently keep the last.
func noDoubledKeys(dec *json.Decoder) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for dec.More() {
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			if seen[name] {
				return problem.Problem{Kind: "fhir.bad", Format: "a member of the resource is given twice"}
			}
			seen[name] = true
		}
		if err := noDoubledKeys(dec); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// extension finds the first of an address.
func extension(list []Extension, url string) (Extension, bool) {
	for _, e := range list {
		if e.URL == url {
			return e, true
		}
	}
	return Extension{}, false
}
