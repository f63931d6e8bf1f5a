package instrument

import "slices"

// Form is what somebody who answers needs of a questionnaire: its words and
// which question follows. How it is scored, and which answers are critical, is
// nobody's business on a page that a child or a parent can look behind; nor is
// the title, which often names an illness.
type Form struct {
	ID          string              `json:"id"`
	Version     string              `json:"version"`
	Mode        Mode                `json:"mode"`
	Instruction Text                `json:"instruction"`
	Options     map[string][]Option `json:"options"`
	Sections    []Section           `json:"sections,omitempty"`
	Items       []FormItem          `json:"items"`
	Missing     FormMissing         `json:"missing"`
}

// FormItem is one question of a form.
type FormItem struct {
	Code    string   `json:"code"`
	Number  string   `json:"number,omitempty"`
	Section string   `json:"section,omitempty"`
	Options string   `json:"options"`
	Text    Text     `json:"text"`
	AskWhen *AskWhen `json:"ask_when,omitempty"`
}

// FormMissing says what a refusal means for the skip rules.
type FormMissing struct {
	Refused string `json:"refused"`
}

// Form gives the questions that are put to somebody of an age; nil where it is
// not known.
func (in Instrument) Form(age *int) Form {
	f := Form{ID: in.ID, Version: in.Version, Mode: in.Mode, Instruction: in.Instruction, Options: map[string][]Option{},
		Sections: in.Sections, Items: []FormItem{}, Missing: FormMissing{in.Missing.Refused}}
	s := &sheet{in: in, a: Answers{Age: age}, omitted: map[string]bool{}, unreversed: map[string]bool{}}
	s.chooseVariant()
	for _, it := range in.Items {
		if s.omitted[it.Code] {
			continue
		}
		f.Items = append(f.Items, FormItem{it.Code, it.Number, it.Section, it.Options, it.Text, it.AskWhen})
		if _, ok := f.Options[it.Options]; !ok {
			list := slices.Clone(in.Options[it.Options])
			for i := range list {
				list[i].LOINC = ""
			}
			f.Options[it.Options] = list
		}
	}
	return f
}
