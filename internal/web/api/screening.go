package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/problem"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/screening/answer"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/fhir"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/screening/library"
	"zugou/internal/loop/screening/paper"
	"zugou/internal/people/access"
)

// Screening is what the calls about questionnaires and colours ask.
type Screening struct {
	Library   *library.Service
	Campaigns *campaign.Service
	Answers   *answer.Service
	Levels    *level.Service
	// Calls gives the call list that a phone takes along.
	Calls func(ctx context.Context, r db.Reader, people []campaign.Responder) ([]campaign.PackCall, error)
	// Word gives the Chinese words of a key.
	Word func(key string) string
}

// ByVersion names one version of a questionnaire. It is exported because only
// then its fields are read where it is embedded.
type ByVersion struct {
	ID      string `path:"id" maxLength:"60"`
	Version string `path:"version" maxLength:"40"`
}

// Calls about questionnaires, campaigns and sheets.
func (a *API) screening(s Screening) {
	a.instruments(s)
	a.campaigns(s)
	a.sheets(s)
	a.sitting(s)
}

func (a *API) instruments(s Screening) {
	call(a, http.MethodGet, "/instruments", "questionnaires with all versions", func(ctx context.Context, _ *struct{}) (page[library.Version], error) {
		items, err := s.Library.List(ctx)
		return page[library.Version]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/instruments/{id}/{version}", "one version with its items", func(ctx context.Context, in *struct{ ByVersion }) (library.Version, error) {
		return s.Library.Find(ctx, in.ID, in.Version)
	})
	call(a, http.MethodPost, "/instruments", "keep a new version", func(ctx context.Context, in *struct {
		Body struct {
			Instrument map[string]any `json:"instrument"`
			Note       string         `json:"note,omitempty" maxLength:"500"`
		}
	}) (library.Version, error) {
		text, err := json.Marshal(in.Body.Instrument)
		if err != nil {
			return library.Version{}, errs.Invalid("instrument", "instrument.malformed")
		}
		return s.Library.Save(ctx, text, in.Body.Note)
	})
	call(a, http.MethodPost, "/instruments/check", "what is wrong with a questionnaire that is being edited", func(ctx context.Context, in *struct {
		Body struct {
			Instrument map[string]any `json:"instrument"`
		}
	}) (checked, error) {
		if err := access.May(access.From(ctx), "instrument.read"); err != nil {
			return checked{}, err
		}
		text, err := json.Marshal(in.Body.Instrument)
		if err != nil {
			return checked{}, errs.Invalid("instrument", "instrument.malformed")
		}
		if _, err := instrument.Parse(text); err != nil {
			return checked{Problems: s.problems(err)}, nil
		}
		return checked{OK: true, Problems: []string{}}, nil
	})
	call(a, http.MethodPost, "/instruments/{id}/{version}/sign", "a professional's word that the text is the publisher's", func(ctx context.Context, in *struct {
		ByVersion
		Body library.Signing
	}) (library.Version, error) {
		return s.Library.Sign(ctx, in.ID, in.Version, in.Body)
	})
	call(a, http.MethodPost, "/instruments/{id}/{version}/withdraw", "take the signature back", func(ctx context.Context, in *struct {
		ByVersion
		Body struct {
			Reason string `json:"reason"`
		}
	}) (done, error) {
		return done{true}, s.Library.Withdraw(ctx, in.ID, in.Version, in.Body.Reason)
	})
	call(a, http.MethodPost, "/instruments/{id}/{version}/try", "score answers that belong to nobody; nothing is kept", func(ctx context.Context, in *struct {
		ByVersion
		Body struct {
			Instrument map[string]any `json:"instrument,omitempty"` // being edited
			Answers    map[string]any `json:"answers"`
		}
	}) (trial, error) {
		var body []byte
		var err error
		if in.Body.Instrument != nil {
			if body, err = json.Marshal(in.Body.Instrument); err != nil {
				return trial{}, errs.Invalid("instrument", "instrument.malformed")
			}
		}
		answers, err := json.Marshal(in.Body.Answers)
		if err != nil {
			return trial{}, errs.Invalid("answers", "answer.malformed")
		}
		got, err := s.Library.Try(ctx, in.ID, in.Version, body, answers)
		out := trial{Trial: got, Words: []string{}}
		for _, why := range got.Result.Reasons {
			out.Words = append(out.Words, strings.ReplaceAll(s.Word("screening.reason."+why.Code()), "{detail}", why.Detail()))
		}
		return out, err
	})
	call(a, http.MethodPost, "/instruments/{id}/cutoffs", "set a local cut-off from a date on", func(ctx context.Context, in *struct {
		ID   string `path:"id" maxLength:"60"`
		Body struct {
			Row    instrument.Cutoff `json:"row"`
			Reason string            `json:"reason"`
		}
	}) (done, error) {
		return done{true}, s.Library.AddCutoff(ctx, in.ID, in.Body.Row, in.Body.Reason)
	})
	call(a, http.MethodDelete, "/instrument-cutoffs/{id}", "end a local cut-off", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, s.Library.EndCutoff(ctx, in.ID)
	})
	call(a, http.MethodGet, "/instruments/{id}/{version}/fhir", "the version as a FHIR R4 Questionnaire", func(ctx context.Context, in *struct{ ByVersion }) (fhir.Questionnaire, error) {
		return s.Library.Export(ctx, in.ID, in.Version)
	})
	call(a, http.MethodPost, "/instruments/fhir", "read a FHIR Questionnaire as a draft", func(ctx context.Context, in *struct {
		Body struct {
			Resource map[string]any `json:"resource"`
			ID       string         `json:"id" maxLength:"60"`
			Version  string         `json:"version" maxLength:"40"`
		}
	}) (incoming, error) {
		text, err := json.Marshal(in.Body.Resource)
		if err != nil {
			return incoming{}, errs.Invalid("resource", "fhir.bad_resource")
		}
		got, err := s.Library.Import(ctx, text, in.Body.ID, in.Body.Version)
		if _, known := problem.List(err); known {
			return incoming{Problems: s.problems(err)}, nil
		}
		return incoming{Incoming: got}, err
	})
}

type checked struct {
	OK       bool     `json:"ok"`
	Problems []string `json:"problems"`
}

type incoming struct {
	library.Incoming
	Problems []string `json:"problems,omitempty"` // why it can't be read; then there is no body
}

type trial struct {
	library.Trial
	Words []string `json:"words"`
}

func (a *API) campaigns(s Screening) {
	call(a, http.MethodGet, "/campaigns", "campaigns of the actor's areas or classes", func(ctx context.Context, _ *struct{}) (page[campaign.Campaign], error) {
		items, err := s.Campaigns.List(ctx)
		return page[campaign.Campaign]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/campaign-classes", "classes that a campaign may be planned for", func(ctx context.Context, _ *struct{}) (page[campaign.ClassCount], error) {
		items, err := s.Campaigns.Classes(ctx)
		return page[campaign.ClassCount]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/campaign-fit", "how many children a plan would take; nothing is made", func(ctx context.Context, in *struct{ Body campaign.New }) (campaign.Fit, error) {
		return s.Campaigns.Fits(ctx, in.Body)
	})
	call(a, http.MethodGet, "/campaign-people", "who can be named as a teacher or a responder", func(ctx context.Context, in *struct {
		Teachers bool `query:"teachers"`
	}) (page[campaign.Colleague], error) {
		items, err := s.Campaigns.Colleagues(ctx, in.Teachers)
		return page[campaign.Colleague]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/campaigns/{id}/ask/{child}", "what an interview with one child needs", func(ctx context.Context, in *struct {
		ByID
		Child id.ID `path:"child" maxLength:"60"`
	}) (askAnswer, error) {
		got, err := s.Campaigns.Ask(ctx, in.ID, in.Child, answer.HandedIn)
		out := askAnswer{Asking: got}
		if got.Bar != "" {
			out.BarText = s.Word(got.Bar)
		}
		return out, err
	})
	call(a, http.MethodGet, "/campaigns/{id}/results", "the sheets of a campaign, what is critical first", func(ctx context.Context, in *struct {
		ByID
		Which  string `query:"which" enum:"critical,over,paper,withheld,"`
		Cursor string `query:"cursor" maxLength:"60"`
		Limit  int    `query:"limit" minimum:"0" maximum:"200"`
	}) (page[answer.Listed], error) {
		items, next, err := s.Answers.OfCampaign(ctx, in.ID, in.Which, in.Cursor, in.Limit)
		return page[answer.Listed]{orEmpty(items), next}, err
	})
	call(a, http.MethodGet, "/campaigns/{id}/summary", "how a campaign came out, in counts by questionnaire and school", func(ctx context.Context, in *ByID) (page[answer.Summary], error) {
		items, err := s.Answers.SummaryOf(ctx, in.ID)
		return page[answer.Summary]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/campaigns", "plan a campaign and draw up its list", func(ctx context.Context, in *struct{ Body campaign.New }) (campaign.Campaign, error) {
		return s.Campaigns.Make(ctx, in.Body)
	})
	call(a, http.MethodGet, "/campaigns/{id}", "how far it is, by class and village", func(ctx context.Context, in *ByID) (campaign.Progress, error) {
		return s.Campaigns.Progress(ctx, in.ID)
	})
	call(a, http.MethodPost, "/campaigns/{id}/open", "let the asking begin", func(ctx context.Context, in *ByID) (campaign.Campaign, error) {
		return s.Campaigns.Open(ctx, in.ID)
	})
	call(a, http.MethodPost, "/campaigns/{id}/close", "end the asking", func(ctx context.Context, in *ByID) (campaign.Campaign, error) {
		return s.Campaigns.Close(ctx, in.ID)
	})
	call(a, http.MethodPost, "/campaigns/{id}/remind", "remind who is to act for those not done", func(ctx context.Context, in *ByID) (told, error) {
		n, err := s.Campaigns.Remind(ctx, in.ID)
		return told{n}, err
	})
	call(a, http.MethodGet, "/campaigns/{id}/members", "the children; to a teacher only who has finished", func(ctx context.Context, in *struct {
		ByID
		School id.ID  `query:"school_id" maxLength:"36"`
		Named  string `query:"school" maxLength:"100"`
		Grade  string `query:"grade" maxLength:"40"`
		Class  string `query:"class" maxLength:"40"`
		Region string `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
		State  string `query:"state" enum:"waiting,refused,begun,done,open,"`
	}) (page[campaign.MemberView], error) {
		items, err := s.Campaigns.Members(ctx, in.ID, campaign.MemberQuery{School: in.School, Named: in.Named, Grade: in.Grade, Class: in.Class, Area: in.Region, State: in.State})
		return page[campaign.MemberView]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/campaigns/{id}/consents", "what guardians and children said", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Items []campaign.Consent `json:"items" maxItems:"2000"`
			Key   string             `json:"key,omitempty" maxLength:"120"` // of a phone's outbox; the same word again changes nothing
			At    clock.Millis       `json:"at,omitempty"`
		}
	}) (done, error) {
		return done{true}, s.Campaigns.Consents(ctx, in.ID, in.Body.Items)
	})
	call(a, http.MethodPut, "/campaigns/{id}/teachers", "which teacher sees which class", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Items []campaign.Teaching `json:"items" maxItems:"400"`
		}
	}) (done, error) {
		return done{true}, s.Campaigns.SetTeachers(ctx, in.ID, in.Body.Items)
	})
	call(a, http.MethodGet, "/campaigns/{id}/pack", "all that a phone needs to ask a village without a network", func(ctx context.Context, in *struct {
		ByID
		Region string `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
	}) (campaign.Pack, error) {
		return s.Campaigns.Pack(ctx, in.ID, in.Region, answer.HandedIn, s.Calls)
	})
	call(a, http.MethodGet, "/campaigns/{id}/forms", "the questionnaires, for typing and printing", func(ctx context.Context, in *ByID) (page[instrument.Instrument], error) {
		_, forms, err := s.Campaigns.Forms(ctx, in.ID)
		return page[instrument.Instrument]{Items: orEmpty(forms)}, err
	})
	call(a, http.MethodGet, "/responders", "trained people and who of them is on duty", func(ctx context.Context, _ *struct{}) (page[campaign.Responder], error) {
		items, err := s.Campaigns.Responders(ctx)
		return page[campaign.Responder]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPut, "/responders", "enter a trained person", func(ctx context.Context, in *struct{ Body campaign.Responder }) (done, error) {
		return done{true}, s.Campaigns.SetResponder(ctx, in.Body)
	})
	a.print(s)
}

type askAnswer struct {
	campaign.Asking
	BarText string `json:"bar_text"` // in Chinese
}

type told struct {
	Told int `json:"told"`
}

// problems says in Chinese what is wrong with a questionnaire or with rules.
func (s Screening) problems(err error) []string {
	list, whole := problem.List(err)
	if !whole {
		return []string{fill(s.Word("form.bad.json"), err.Error())}
	}
	out := make([]string, len(list))
	for i, p := range list {
		args := make([]string, len(p.Args))
		for n, a := range p.Args {
			args[n] = s.placeOf(fmt.Sprint(a))
		}
		out[i] = fill(s.Word(p.Key()), args...)
	}
	return out
}

// placeOf names a part of a questionnaire, a colour or a kind: "item mood",
// "title", "red", "int"; else it is what was named itself.
func (s Screening) placeOf(a string) string {
	for _, at := range []string{"red", "orange", "yellow", "green", "bool", "int", "string", "title", "instruction", "critical", "zh", "en", "option list", "section", "item", "ask_when of", "subscale", "band", "level", "variant", "cut-off"} {
		key := "form.at." + strings.NewReplacer(" ", "_", "-", "_").Replace(at)
		if a == at {
			return s.Word(key)
		}
		if code, ok := strings.CutPrefix(a, at+" "); ok {
			return fill(s.Word(key), code)
		}
	}
	return a
}

func fill(text string, args ...string) string {
	for i, a := range args {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i+1), a)
	}
	return text
}

type printIn struct {
	ByID
	What   string `query:"what" enum:"sheets,slips" default:"sheets"`
	School id.ID  `query:"school_id" maxLength:"36"`
	Named  string `query:"school" maxLength:"100"`
	Grade  string `query:"grade" maxLength:"40"`
	Class  string `query:"class" maxLength:"40"`
	Region string `query:"region" pattern:"^[0-9]*$" maxLength:"15"`

	base string // of the address that children open
}

// Resolve implements huma.Resolver: without an address of its own the house is
// reached as this call reached it.
func (p *printIn) Resolve(ctx huma.Context) []error {
	scheme := "http"
	if ctx.TLS() != nil || ctx.Header("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	p.base = scheme + "://" + ctx.Host()
	return nil
}

type pdfOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// print answers with a PDF, not with JSON.
func (a *API) print(s Screening) {
	huma.Register(a.huma, huma.Operation{OperationID: "getCampaignsIdPrint", Method: http.MethodGet, Path: "/api/campaigns/{id}/print", Summary: "paper sheets or code slips of a group, as PDF"},
		func(ctx context.Context, in *printIn) (*pdfOut, error) {
			body, err := s.printed(ctx, in)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			return &pdfOut{"application/pdf", `inline; filename="` + in.What + `.pdf"`, body}, nil
		})
}

func (s Screening) printed(ctx context.Context, in *printIn) ([]byte, error) {
	if err := access.May(access.From(ctx), "campaign.consent"); err != nil {
		return nil, err
	}
	c, forms, err := s.Campaigns.Forms(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.Campaigns.Members(ctx, in.ID, campaign.MemberQuery{School: in.School, Named: in.Named, Grade: in.Grade, Class: in.Class, Area: in.Region, State: "open"})
	if err != nil {
		return nil, err
	}
	var children []paper.Child
	for _, m := range list {
		if m.Code == "" || m.Consent == campaign.Refused || m.Assent == campaign.Refused {
			continue
		}
		children = append(children, paper.Child{Name: m.Name, Class: strings.TrimSpace(m.School + " " + m.Grade + m.Class), Code: m.Code})
	}
	if len(children) == 0 {
		return nil, errs.Conflict("campaign.nobody_to_print")
	}
	if len(children) > 500 {
		return nil, errs.Conflict("campaign.print_too_many")
	}
	if in.What == "slips" {
		return paper.Slips(children, in.base+"/sit/", s.Word)
	}
	return paper.Sheets(c, children, forms, s.Word)
}

// newSheet is answer.New as it comes over HTTP: answers are numbers or
// "refused", which only the reader of answers may judge.
type newSheet struct {
	Key        string               `json:"key" maxLength:"120"`
	CampaignID id.ID                `json:"campaign_id,omitempty" maxLength:"60"`
	ChildID    id.ID                `json:"child_id,omitempty" maxLength:"60"`
	Instrument string               `json:"instrument" maxLength:"60"`
	Version    string               `json:"version" maxLength:"40"`
	Informant  instrument.Informant `json:"informant,omitempty"`
	Way        answer.Way           `json:"way,omitempty"`
	Items      map[string]any       `json:"items"`
	At         clock.Millis         `json:"at,omitempty"` // of the phone's outbox: when it was taken
	Consent    *campaign.Consent    `json:"consent,omitempty"`
	Reason     string               `json:"reason,omitempty" maxLength:"500"`
	Stopped    bool                 `json:"stopped,omitempty"`
}

func readItems(raw map[string]any) (map[string]instrument.Answer, error) {
	text, err := json.Marshal(map[string]any{"items": raw})
	if err != nil {
		return nil, errs.Invalid("items", "answer.malformed")
	}
	a, err := instrument.ParseAnswers(text)
	return a.Items, err
}

func (n newSheet) read() (answer.New, error) {
	items, err := readItems(n.Items)
	return answer.New{Key: n.Key, CampaignID: n.CampaignID, ChildID: n.ChildID, Instrument: n.Instrument, Version: n.Version, Informant: n.Informant, Way: n.Way,
		Items: items, TakenAt: n.At, Consent: n.Consent, Reason: n.Reason, Stopped: n.Stopped}, err
}

func (a *API) sheets(s Screening) {
	call(a, http.MethodPost, "/sheets", "hand in a sheet: interview, phone, or typed from paper", func(ctx context.Context, in *struct{ Body newSheet }) (answer.Receipt, error) {
		n, err := in.Body.read()
		if err != nil {
			return answer.Receipt{}, err
		}
		return s.Answers.Take(ctx, n)
	})
	call(a, http.MethodGet, "/sheets", "paper sheets that wait for the second typing or for who settles", func(ctx context.Context, _ *struct{}) (page[answer.Listed], error) {
		items, err := s.Answers.ToSettle(ctx)
		return page[answer.Listed]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/sheets/{id}", "a sheet with its answers and why it was scored so", func(ctx context.Context, in *ByID) (answer.View, error) {
		return s.Answers.Read(ctx, in.ID)
	})
	typed := func(act func(ctx context.Context, sheet id.ID, items map[string]instrument.Answer) (answer.Receipt, error)) func(ctx context.Context, in *typedIn) (answer.Receipt, error) {
		return func(ctx context.Context, in *typedIn) (answer.Receipt, error) {
			items, err := readItems(in.Body.Items)
			if err != nil {
				return answer.Receipt{}, err
			}
			return act(ctx, in.ID, items)
		}
	}
	call(a, http.MethodPost, "/sheets/{id}/again", "the second typing", typed(s.Answers.Again))
	call(a, http.MethodPost, "/sheets/{id}/settle", "what the paper shows where the typings differ", typed(s.Answers.Settle))
	call(a, http.MethodGet, "/sheets/{id}/fhir", "a sheet as a FHIR R4 QuestionnaireResponse", func(ctx context.Context, in *ByID) (fhir.Response, error) {
		return s.Answers.Export(ctx, in.ID)
	})
	call(a, http.MethodPost, "/sheets/fhir", "read a FHIR QuestionnaireResponse as a sheet", func(ctx context.Context, in *struct {
		Body struct {
			Resource map[string]any `json:"resource"`
			Sheet    newSheet       `json:"sheet"`
		}
	}) (answer.Receipt, error) {
		text, err := json.Marshal(in.Body.Resource)
		if err != nil {
			return answer.Receipt{}, errs.Invalid("resource", "fhir.bad_resource")
		}
		in.Body.Sheet.Items = map[string]any{}
		n, err := in.Body.Sheet.read()
		if err != nil {
			return answer.Receipt{}, err
		}
		return s.Answers.Import(ctx, text, n)
	})
	call(a, http.MethodGet, "/children/{id}/sheets", "a child's sheets, newest first", func(ctx context.Context, in *ByID) (page[answer.Listed], error) {
		items, err := s.Answers.OfChild(ctx, in.ID)
		return page[answer.Listed]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/children/{id}/results", "results of scales that may not be shipped", func(ctx context.Context, in *ByID) (page[answer.ForeignView], error) {
		items, err := s.Answers.ForeignOf(ctx, in.ID)
		return page[answer.ForeignView]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/results", "enter results made elsewhere", func(ctx context.Context, in *struct {
		Body struct {
			Items []answer.Foreign `json:"items" maxItems:"2000"`
		}
	}) (told, error) {
		n, err := s.Answers.Enter(ctx, in.Body.Items)
		return told{n}, err
	})
}

type typedIn struct {
	ByID
	Body struct {
		Items map[string]any `json:"items"`
		Key   string         `json:"key,omitempty"`
	}
}

// sitting is open to who has a child's code and no account. The code stands in
// the body: an address is kept in histories and logs.
func (a *API) sitting(s Screening) {
	call(a, http.MethodPost, "/sit", "what is put to the child whose code this is", func(ctx context.Context, in *struct {
		Body struct {
			Code string `json:"code" maxLength:"40"`
		}
	}) (campaign.Sitting, error) {
		return s.Answers.Sitting(ctx, in.Body.Code)
	})
	call(a, http.MethodPost, "/sit/word", "whether who answers wants to", func(ctx context.Context, in *struct {
		Body struct {
			Code string `json:"code" maxLength:"40"`
			Yes  bool   `json:"yes"`
		}
	}) (done, error) {
		return done{true}, s.Answers.Word(ctx, in.Body.Code, in.Body.Yes)
	})
	call(a, http.MethodPost, "/sit/sheet", "hand in a sheet; nothing of the result is told", func(ctx context.Context, in *struct {
		Body struct {
			Code  string   `json:"code" maxLength:"40"`
			Sheet newSheet `json:"sheet"`
		}
	}) (done, error) {
		n, err := in.Body.Sheet.read()
		if err != nil {
			return done{}, err
		}
		return done{true}, s.Answers.Sit(ctx, in.Body.Code, n)
	})
}
