package answer

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/fhir"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/screening/obligation"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

// Listed is a sheet in a list.
type Listed struct {
	ID          id.ID                `json:"id"`
	CampaignID  id.ID                `json:"campaign_id"`
	ChildID     id.ID                `json:"child_id"`
	Name        string               `json:"name"`
	Instrument  string               `json:"instrument"`
	Title       string               `json:"title"`
	Version     string               `json:"version"`
	Informant   instrument.Informant `json:"informant"`
	Way         Way                  `json:"way"`
	State       State                `json:"state"`
	Urgency     obligation.Urgency   `json:"urgency"`
	Critical    bool                 `json:"critical"`
	NeedsPerson bool                 `json:"needs_person"`
	Over        bool                 `json:"over"` // a cut-off was met
	MatterID    id.ID                `json:"matter_id"`
	TakenAt     clock.Millis         `json:"taken_at"`
	ByName      string               `json:"by_name"`
}

// Line is one item as it was answered.
type Line struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	Answer   string `json:"answer"`
	Critical bool   `json:"critical"`
	Missing  bool   `json:"missing"`
}

// View is a sheet in full.
type View struct {
	Listed
	Result  *instrument.Result `json:"result"`
	Reasons []string           `json:"reasons"` // in Chinese
	Band    string             `json:"band"`    // in Chinese
	Lines   []Line             `json:"lines"`
	// Differing shows both typings where they differ, for who settles them.
	Differing []Difference          `json:"differing"`
	Form      instrument.Instrument `json:"form"`
}

// Difference is an item with two typings.
type Difference struct {
	Item   string             `json:"item"`
	First  *instrument.Answer `json:"first"`
	Second *instrument.Answer `json:"second"`
}

func (s *Service) rows(ctx context.Context, r db.Reader, list []Sheet) ([]Listed, error) {
	a := access.From(ctx)
	list = slices.DeleteFunc(list, func(sh Sheet) bool { return !a.Finds(sh.ChildID) })
	var accounts, children []id.ID
	for _, sh := range list {
		accounts, children = append(accounts, sh.TakenBy), append(children, sh.ChildID)
	}
	by, err := s.ports.Names(ctx, r, accounts)
	if err != nil {
		return nil, err
	}
	names, err := person.Names(ctx, r, children...)
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	out := make([]Listed, 0, len(list))
	for _, sh := range list {
		if titles[sh.Instrument] == "" {
			in, err := s.ports.Library.Exact(ctx, r, sh.Instrument, sh.Version)
			if err != nil {
				return nil, err
			}
			titles[sh.Instrument] = in.Title.ZH
		}
		out = append(out, Listed{sh.ID, sh.CampaignID, sh.ChildID, names[sh.ChildID], sh.Instrument, titles[sh.Instrument], sh.Version, sh.Informant, sh.Way, sh.State,
			sh.Urgency, sh.Critical, sh.NeedsPerson, sh.Over, sh.MatterID, sh.TakenAt, by[sh.TakenBy]})
	}
	return out, nil
}

// OfChild lists the sheets of a child, newest first. Errors: NotFound, Forbidden.
func (s *Service) OfChild(ctx context.Context, childID id.ID) ([]Listed, error) {
	var out []Listed
	var t access.Target
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if t, err = s.check(ctx, r, childID, "sheet.read"); err != nil {
			return err
		}
		list, err := ofChild(ctx, r, childID)
		if err != nil {
			return err
		}
		out, err = s.rows(ctx, r, list)
		return err
	})
	if err == nil {
		audit.Show(ctx, "sheet.read", string(t.Task), t.Region, audit.Shown{Kind: "child", ID: childID, Fields: []string{"screening"}})
	}
	return out, err
}

// resultWhere narrows the results of a campaign.
var resultWhere = map[string]string{
	"critical": "(critical OR needs_person)",
	"over":     "over_cutoff",
	"paper":    "state IN ('first', 'differs')",
	"withheld": "state = 'withheld'",
}

// mostResults is how many sheets of a campaign are listed at once.
const mostResults = 200

// OfCampaign lists the sheets of a campaign for who sees results as their
// work, what is critical first: the page behind the cursor, and the cursor of
// the next (empty: none). Errors: Forbidden, Invalid "cursor".
func (s *Service) OfCampaign(ctx context.Context, campaign id.ID, which, cursor string, limit int) (out []Listed, next string, err error) {
	actor := access.From(ctx)
	areas := actor.Areas("sheet.read") // an open task on one child opens that child's page, not this list
	if len(areas) == 0 {
		return nil, "", errs.Forbidden("access.forbidden")
	}
	cond, ok := resultWhere[which]
	if !ok {
		cond = "1 = 1"
	}
	behind, err := readPlace(cursor)
	if err != nil {
		return nil, "", err
	}
	if limit <= 0 || limit > mostResults {
		limit = mostResults
	}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, err := ofCampaign(ctx, r, campaign, areas, cond, behind, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list, next = list[:limit], placeOf(list[limit-1]).String()
		}
		out, err = s.rows(ctx, r, list)
		return err
	})
	shown := make([]audit.Shown, 0, len(out))
	for _, x := range out {
		shown = append(shown, audit.Shown{Kind: "child", ID: x.ChildID, Fields: []string{"name", "screening"}})
	}
	if err == nil {
		audit.Show(ctx, "sheet.read", string(campaign), "", shown...)
	}
	return out, next, err
}

func (s *Service) check(ctx context.Context, r db.Reader, childID id.ID, action access.Action) (access.Target, error) {
	if err := access.May(access.From(ctx), action); err != nil {
		return access.Target{}, err
	}
	t, err := s.ports.Target(ctx, r, childID)
	if err != nil {
		return t, err
	}
	return t, access.Check(access.From(ctx), action, t)
}

// Read gives a sheet with its answers and why it was scored so. Who types it
// in may see the differing items and nothing else.
// Errors: NotFound, Forbidden.
func (s *Service) Read(ctx context.Context, sheet id.ID) (View, error) {
	var out View
	var t access.Target
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		sh, err := find(ctx, r, sheet)
		if err != nil {
			if e := access.May(access.From(ctx), "sheet.read"); e != nil {
				return e
			}
			return err
		}
		if t, err = s.ports.Target(ctx, r, sh.ChildID); err != nil {
			return err
		}
		full := access.Check(access.From(ctx), "sheet.read", t)
		typist := access.Check(access.From(ctx), "sheet.type", t)
		if full != nil && (typist != nil || sh.Way != Paper || sh.State == Done) {
			return full
		}
		out, err = s.view(ctx, r, sh, full == nil)
		return err
	})
	if err == nil {
		audit.Show(ctx, "sheet.read", string(t.Task), t.Region, audit.Shown{Kind: "child", ID: out.ChildID, Fields: []string{"answers", out.Instrument}})
	}
	return out, err
}

func (s *Service) view(ctx context.Context, r db.Reader, sh Sheet, full bool) (View, error) {
	rows, err := s.rows(ctx, r, []Sheet{sh})
	if err != nil {
		return View{}, err
	}
	v := View{Listed: rows[0], Reasons: []string{}, Lines: []Line{}, Differing: []Difference{}}
	if v.Form, err = s.ports.Library.Exact(ctx, r, sh.Instrument, sh.Version); err != nil || sh.State == Withheld {
		return v, err
	}
	key, err := s.keyFor(ctx, r, sh.SealedFor)
	if err != nil {
		return v, err
	}
	first, err := openItems(key, aad("answers", sh.ID), sh.Answers)
	if err != nil {
		return v, err
	}
	if sh.State == Differs {
		second, err := openItems(key, aad("again", sh.ID), sh.Again)
		if err != nil {
			return v, err
		}
		for _, item := range differing(v.Form, first, second) {
			v.Differing = append(v.Differing, Difference{item, pick(first, item), pick(second, item)})
		}
	}
	if !full {
		v.Urgency, v.Critical, v.NeedsPerson, v.Over = "", false, false, false
		return v, nil
	}
	text, err := key.Open(aad("result", sh.ID), sh.Result)
	if err != nil {
		return v, errs.Internal(err)
	}
	v.Result = &instrument.Result{}
	if err := json.Unmarshal([]byte(text), v.Result); err != nil {
		return v, errs.Internal(err)
	}
	for _, why := range v.Result.Reasons {
		v.Reasons = append(v.Reasons, s.fill("screening.reason."+why.Code(), "detail", why.Detail()))
	}
	v.Band = bandOf(v.Form, *v.Result)
	for _, it := range v.Form.Items {
		l := Line{ID: it.ID(), Text: it.Text.ZH, Critical: slices.Contains(v.Result.Critical, it.ID()), Missing: slices.Contains(v.Result.Missing, it.ID())}
		if a, ok := first[it.ID()]; ok {
			l.Answer = s.answerWord(v.Form, it, a)
		}
		v.Lines = append(v.Lines, l)
	}
	return v, nil
}

func pick(items map[string]instrument.Answer, item string) *instrument.Answer {
	if a, ok := items[item]; ok {
		return &a
	}
	return nil
}

func (s *Service) answerWord(in instrument.Instrument, it instrument.Item, a instrument.Answer) string {
	if a.Refused {
		return s.ports.Word("screening.refused")
	}
	for _, o := range in.OptionsOf(it) {
		if o.Value == a.Value {
			return o.Text.ZH
		}
	}
	return ""
}

func bandOf(in instrument.Instrument, r instrument.Result) string {
	for _, l := range in.Levels {
		if instrument.Code(l.Code) == r.Level {
			return l.Label.ZH
		}
	}
	for _, b := range in.Bands {
		if instrument.Code(b.Code) == r.Band {
			return b.Label.ZH
		}
	}
	return ""
}

// ToSettle lists the paper sheets of the actor's areas that wait for the second
// typing or for a person who settles differences. No result is told.
func (s *Service) ToSettle(ctx context.Context) ([]Listed, error) {
	if err := access.May(access.From(ctx), "sheet.type"); err != nil {
		return nil, err
	}
	var out []Listed
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, err := toSettle(ctx, r, access.From(ctx).Areas("sheet.type"))
		if err != nil {
			return err
		}
		out, err = s.rows(ctx, r, list)
		return err
	})
	shown := make([]audit.Shown, 0, len(out))
	for i := range out {
		out[i].Urgency, out[i].Critical, out[i].NeedsPerson, out[i].Over, out[i].MatterID = "", false, false, false, ""
		shown = append(shown, audit.Shown{Kind: "child", ID: out[i].ChildID, Fields: []string{"name", "screening_progress"}})
	}
	if err == nil {
		audit.Show(ctx, "sheet.type", "", "", shown...)
	}
	return out, err
}

// Export gives a sheet as a FHIR R4 QuestionnaireResponse; the child by its id
// here, never by name. Errors: NotFound, Forbidden.
func (s *Service) Export(ctx context.Context, sheet id.ID) (fhir.Response, error) {
	v, err := s.Read(ctx, sheet)
	if err != nil {
		return fhir.Response{}, err
	}
	if v.Result == nil {
		return fhir.Response{}, errs.NotFound("record.not_found")
	}
	var out fhir.Response
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		sh, err := find(ctx, r, sheet)
		if err != nil {
			return err
		}
		key, err := s.keyFor(ctx, r, sh.SealedFor)
		if err != nil {
			return err
		}
		items, err := openItems(key, aad("answers", sh.ID), sh.Answers)
		if err != nil {
			return err
		}
		out, err = fhir.ResponseOf(v.Form, instrument.Answers{Items: items, Informant: sh.Informant}, &fhir.Identifier{System: "urn:zugou:child", Value: string(sh.ChildID)}, sh.TakenAt.Time())
		return err
	})
	return out, err
}

// Import reads a QuestionnaireResponse as a sheet about a child.
// Errors: Invalid, Forbidden, NotFound, Conflict.
func (s *Service) Import(ctx context.Context, data []byte, n New) (Receipt, error) {
	var in instrument.Instrument
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if err := access.May(access.From(ctx), "sheet.type"); err != nil {
			return err
		}
		in, err = s.ports.Library.Exact(ctx, r, n.Instrument, n.Version)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	a, err := fhir.ReadResponse(data, fhir.Own(in))
	if err != nil {
		return Receipt{}, err
	}
	n.Items = a.Items
	if n.Way == "" {
		n.Way = Interview
	}
	return s.Take(ctx, n)
}

// Foreign is a result of a scale that may not be shipped.
type Foreign struct {
	Key     string     `json:"key"`
	ChildID id.ID      `json:"child_id"`
	Scale   string     `json:"scale"` // SDQ, MHT, CDI, RCADS-25 …
	MadeOn  civil.Date `json:"made_on"`
	MadeBy  string     `json:"made_by"` // who holds the licence and scored it
	Total   string     `json:"total"`   // as the publisher's manual gives it
	Band    string     `json:"band,omitempty"`
	Over    bool       `json:"over"` // over the manual's cut-off
}

// ForeignView is such a result as it is shown.
type ForeignView struct {
	Foreign
	ID id.ID        `json:"id"`
	At clock.Millis `json:"at"`
}

func (f Foreign) check(today civil.Date) error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if f.Key == "" || len(f.Key) > 120 {
		add("key", "signal.key")
	}
	if f.ChildID == "" {
		add("child_id", "answer.no_child")
	}
	if t := strings.TrimSpace(f.Scale); t == "" || len(t) > 60 {
		add("scale", "answer.scale_missing")
	}
	if !f.MadeOn.Valid() || f.MadeOn > today {
		add("made_on", "answer.bad_context")
	}
	if strings.TrimSpace(f.MadeBy) == "" || len(f.MadeBy) > 200 {
		add("made_by", "answer.made_by_missing")
	}
	if strings.TrimSpace(f.Total) == "" || len(f.Total) > 200 || len(f.Band) > 200 {
		add("total", "answer.total_missing")
	}
	return errs.InvalidFields(bad)
}

// Enter keeps results made elsewhere, all or none; the same key again is the
// same result. Errors: Invalid, Forbidden, NotFound.
func (s *Service) Enter(ctx context.Context, list []Foreign) (int, error) {
	if len(list) == 0 || len(list) > 2000 {
		return 0, errs.Invalid("items", "answer.malformed")
	}
	n := 0
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		n = 0
		for _, f := range list {
			if err := f.check(civil.DateOf(tx.Now.Time())); err != nil {
				return err
			}
			if _, err := s.check(ctx, tx, f.ChildID, "sheet.type"); err != nil {
				return err
			}
			key, pupil, err := person.Key(ctx, tx, s.keys, f.ChildID)
			if err != nil {
				return err
			}
			row := id.New()
			sealed, err := sealJSON(key, "answer_import.result:"+string(row), f)
			if err != nil {
				return err
			}
			stored, err := tx.Exec(ctx, `INSERT INTO answer_import (id, idem_key, child_id, sealed_for, region, scale, made_on, made_by, result, flagged, at, by_account)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idem_key) DO NOTHING`,
				row, f.Key, pupil.ID, pupil.ID, pupil.Region, f.Scale, f.MadeOn, f.MadeBy, sealed, f.Over, tx.Now, access.From(ctx).Account)
			if err != nil {
				return err
			}
			if stored == 0 {
				continue
			}
			n++
			if err := audit.Write(ctx, tx, audit.Entry{Action: "sheet.type", SubjectKind: "child", Subject: pupil.ID, Fields: []string{"result", f.Scale}, Region: pupil.Region}); err != nil {
				return err
			}
			if f.Over && s.ports.Learn != nil {
				at := clock.Of(f.MadeOn.Start())
				if err := s.ports.Learn(ctx, tx, Found{Child: pupil.ID, Sheet: row, Screened: at, Facts: []Fact{{"screen_urgency", string(obligation.Yellow), at}}}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return n, err
}

// ForeignOf lists the results made elsewhere of a child.
func (s *Service) ForeignOf(ctx context.Context, childID id.ID) ([]ForeignView, error) {
	out := []ForeignView{}
	var t access.Target
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if t, err = s.check(ctx, r, childID, "sheet.read"); err != nil {
			return err
		}
		var rows []struct {
			ID     id.ID        `bun:"id"`
			For    id.ID        `bun:"sealed_for"`
			Result string       `bun:"result"`
			At     clock.Millis `bun:"at"`
		}
		if err := r.List(ctx, &rows, "SELECT id, sealed_for, result, at FROM answer_import WHERE child_id = ? ORDER BY made_on DESC, id DESC LIMIT 100", childID); err != nil {
			return err
		}
		for _, row := range rows {
			key, err := s.keyFor(ctx, r, row.For)
			if err != nil {
				return err
			}
			text, err := key.Open("answer_import.result:"+string(row.ID), row.Result)
			if err != nil {
				return errs.Internal(err)
			}
			v := ForeignView{ID: row.ID, At: row.At}
			if err := json.Unmarshal([]byte(text), &v.Foreign); err != nil {
				return errs.Internal(err)
			}
			out = append(out, v)
		}
		return nil
	})
	if err == nil {
		audit.Show(ctx, "sheet.read", string(t.Task), t.Region, audit.Shown{Kind: "child", ID: childID, Fields: []string{"results"}})
	}
	return out, err
}
