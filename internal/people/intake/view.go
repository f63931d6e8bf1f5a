package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/roster"
)

// View is an import as its page shows it.
type View struct {
	ID          id.ID        `json:"id"`
	Kind        roster.Kind  `json:"kind"`
	State       State        `json:"state"`
	FileName    string       `json:"file_name"`
	FileThere   bool         `json:"file_there"` // false: its time is over
	KeepUntil   clock.Millis `json:"keep_until"`
	Tables      []TableView  `json:"tables"`
	Fields      []FieldView  `json:"fields"`
	Counts      Counts       `json:"counts"`
	Written     int          `json:"written"` // of counts.ok + counts.warn
	People      int          `json:"people"`  // records made
	Background  bool         `json:"background"`
	Follows     int          `json:"follows"`  // proposals that wait for a decision
	Cases       int          `json:"cases"`    // handed to the desk of duplicates
	Problem     string       `json:"problem"`  // message key
	Blockers    []Blocker    `json:"blockers"` // after an undo that was refused
	CreatedAt   clock.Millis `json:"created_at"`
	CreatedName string       `json:"created_name"`
	CommittedAt clock.Millis `json:"committed_at"`
	ShownAt     clock.Millis `json:"shown_at"`
	UndoneAt    clock.Millis `json:"undone_at"`
	UndoneName  string       `json:"undone_name"`
	Reason      string       `json:"reason"`
}

// Counts are rows by outcome.
type Counts struct {
	OK        int `json:"ok"`
	Warn      int `json:"warn"`
	Duplicate int `json:"duplicate"`
	Refuse    int `json:"refuse"`
}

// TableView is one list of the file with what its columns were taken for.
type TableView struct {
	Sheet   string          `json:"sheet"`
	First   int             `json:"first"` // rows of the headings; 0: not recognised
	Last    int             `json:"last"`
	Columns []roster.Column `json:"columns"`
}

// FieldView is a field that a column can be.
type FieldView struct {
	Field roster.Field `json:"field"`
	Label string       `json:"label"`
}

// Find gives an import. Errors: NotFound, Forbidden.
func (s *Service) Find(ctx context.Context, intake id.ID) (View, error) {
	var i Intake
	var v View
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		if i, err = findFor(ctx, r, intake); err != nil {
			return err
		}
		list, err := s.views(ctx, r, []Intake{i})
		if err != nil {
			return err
		}
		v = list[0]
		if err := r.Get(ctx, db.To(&v.Follows), "SELECT count(*) FROM intake_follow WHERE intake = ? AND state = 'open'", i.ID); err != nil {
			return err
		}
		if err := r.Get(ctx, db.To(&v.Cases), "SELECT count(*) FROM intake_follow WHERE intake = ? AND kind IN ('case', 'match') AND state = 'done'", i.ID); err != nil {
			return err
		}
		if i.Problem == ProblemWorkedOn && i.State == Done {
			made, err := chunks(ctx, r, i.ID)
			if err != nil {
				return err
			}
			var records []id.ID
			for _, m := range made {
				for _, row := range m.Rows {
					records = append(records, row.Record)
				}
			}
			v.Blockers, err = s.blockers(ctx, r, i, records)
			return err
		}
		return nil
	})
	if err != nil {
		return View{}, err
	}
	if i.State != Draft || i.Subject == "" {
		return v, nil
	}
	read, err := s.load(ctx, i, false)
	if err != nil {
		return View{}, err
	}
	v.Problem, v.Tables = read.problem, []TableView{}
	if read.res == nil {
		v.Tables = append(v.Tables, TableView{Columns: read.raw})
	} else {
		for _, t := range read.res.Tables {
			v.Tables = append(v.Tables, TableView{t.Sheet, t.First, t.Last, t.Columns})
		}
		v.Counts = Counts{read.res.Count(roster.OK), read.res.Count(roster.Warn), read.res.Count(roster.Duplicate), read.res.Count(roster.Refuse)}
		v.Background = len(read.res.Rows) > s.Policies.On(civil.DateOf(s.DB.Clock().Now())).BackgroundAbove
	}
	for _, f := range roster.Fields() {
		v.Fields = append(v.Fields, FieldView{f, f.Label()})
	}
	return v, nil
}

func (s *Service) views(ctx context.Context, r db.Reader, list []Intake) ([]View, error) {
	var accounts []id.ID
	for _, i := range list {
		accounts = append(accounts, i.CreatedBy)
		if i.UndoneBy != "" {
			accounts = append(accounts, i.UndoneBy)
		}
	}
	names := map[id.ID]string{}
	if s.Names != nil && len(accounts) > 0 {
		var err error
		if names, err = s.Names(ctx, r, accounts...); err != nil {
			return nil, err
		}
	}
	out := make([]View, 0, len(list))
	for _, i := range list {
		v := View{ID: i.ID, Kind: i.Kind, State: i.State, FileThere: i.Subject != "", KeepUntil: i.KeepUntil, Tables: []TableView{}, Fields: []FieldView{},
			Blockers: []Blocker{}, Counts: Counts{i.OK, i.Warn, i.Duplicate, i.Refuse}, Written: i.Written, People: i.People, Problem: i.Problem,
			CreatedAt: i.CreatedAt, CreatedName: names[i.CreatedBy], CommittedAt: i.CommittedAt, ShownAt: i.ShownAt, UndoneAt: i.UndoneAt, UndoneName: names[i.UndoneBy]}
		var err error
		if v.FileName, err = s.Keys.Open(aadName(i.ID), i.FileName); err != nil {
			return nil, err
		}
		if i.Reason != "" {
			if v.Reason, err = s.Keys.Open(aadReason(i.ID), i.Reason); err != nil {
				return nil, err
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// Page is one page of the imports, newest first.
type Page struct {
	Items []View `json:"items"`
	Next  string `json:"next"`
}

// List gives the imports of the actor's areas. Errors: Forbidden.
func (s *Service) List(ctx context.Context, cursor string, limit int) (Page, error) {
	actor := access.From(ctx)
	if e := access.May(actor, "child.import"); e != nil {
		if e := access.May(actor, "device.write"); e != nil {
			return Page{}, e
		}
	}
	if limit <= 0 || limit > 100 {
		limit = 30
	}
	out := Page{Items: []View{}}
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		kids, a := access.Where("i.region", actor.Areas("child.import"))
		things, b := access.Where("i.region", actor.Areas("device.write"))
		rows, err := list(ctx, r, "((i.kind = 'children' AND "+kids+") OR (i.kind = 'devices' AND "+things+"))", append(a, b...), cursor, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			out.Next = string(rows[limit-1].ID)
		}
		out.Items, err = s.views(ctx, r, rows)
		return err
	})
	return out, err
}

// Correct tells what columns hold: by field the heading, with its groups, or
// the letter of the column. It replaces what was told before. Errors: Invalid
// on "map", NotFound, Conflict "intake.moved".
func (s *Service) Correct(ctx context.Context, intake id.ID, fixes map[roster.Field]string) (View, error) {
	clean := map[roster.Field]string{}
	for f, heading := range fixes {
		known, err := roster.ParseField(string(f))
		if err != nil {
			return View{}, err
		}
		if heading = strings.TrimSpace(heading); heading != "" {
			clean[known] = heading
		}
	}
	text, err := json.Marshal(clean)
	if err != nil {
		return View{}, errs.Internal(err)
	}
	var i Intake
	if err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		i, err = findFor(ctx, r, intake)
		return err
	}); err != nil {
		return View{}, err
	}
	if i.State != Draft {
		return View{}, errs.Conflict("intake.moved")
	}
	i.Corrections = string(text)
	if _, err := s.load(ctx, i, true); err != nil { // a heading that no table has
		return View{}, err
	}
	if err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE intake SET corrections = ? WHERE id = ? AND state = 'draft'", string(text), intake)
		if err == nil && n == 0 {
			return errs.Conflict("intake.moved")
		}
		return err
	}); err != nil {
		return View{}, err
	}
	return s.Find(ctx, intake)
}

// RowView is a row of the list; numbers are masked.
type RowView struct {
	N          int            `json:"n"`
	Sheet      string         `json:"sheet"`
	Row        int            `json:"row"` // as the spreadsheet counts
	Outcome    roster.Outcome `json:"outcome"`
	Reason     roster.Reason  `json:"reason"`
	Text       string         `json:"text"` // the reason in Chinese
	Notes      []string       `json:"notes"`
	Name       string         `json:"name"`
	IDMasked   string         `json:"id_masked"`
	Sex        string         `json:"sex"`
	Birth      civil.Date     `json:"birth_on"`
	Region     string         `json:"region"`
	RegionName string         `json:"region_name"`
	School     string         `json:"school"`
	Categories []child.Kind   `json:"categories"`
	Contacts   []string       `json:"contacts"`
	Device     *Thing         `json:"device"` // in lists of devices
	There      *There         `json:"there"`  // the record with this number, or one that may be the same child
}

// Thing is the device of a row, as it will be registered.
type Thing struct {
	Number    string     `json:"number"`
	Kind      string     `json:"kind"`
	Model     string     `json:"model"`
	Profile   string     `json:"profile"`
	SIMMasked string     `json:"sim_masked"`
	SIMUntil  civil.Date `json:"sim_until"`
}

// There is a record of the register that a row speaks of.
type There struct {
	ID         id.ID  `json:"id"` // empty: outside of the actor's areas
	Name       string `json:"name"`
	RegionName string `json:"region_name"`
	Why        string `json:"why"` // same_id, same_name_birth, same_name_village, wearer
}

// RowPage is one page of the preview, in the order of the file.
type RowPage struct {
	Items []RowView `json:"items"`
	Next  string    `json:"next"`
}

// Rows gives the preview, of one outcome or of all. Errors: NotFound (also
// "intake.file_gone"), Forbidden, Invalid.
func (s *Service) Rows(ctx context.Context, intake id.ID, outcome roster.Outcome, cursor string, limit int) (RowPage, error) {
	if limit <= 0 || limit > 500 {
		limit = 100
	}
	from := 0
	if cursor != "" {
		var err error
		if from, err = strconv.Atoi(cursor); err != nil || from < 0 {
			return RowPage{}, errs.Invalid("cursor", "list.cursor_wrong")
		}
	}
	i, read, err := s.open(ctx, intake)
	if err != nil {
		return RowPage{}, err
	}
	out := RowPage{Items: []RowView{}}
	if read.res == nil {
		return out, nil
	}
	err = s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		for n := from; n < len(read.res.Rows); n++ {
			row := read.res.Rows[n]
			if outcome != "" && row.Outcome != outcome {
				continue
			}
			if len(out.Items) == limit {
				out.Next = strconv.Itoa(n)
				break
			}
			v, err := s.rowView(ctx, r, i, areas, n, row, read.entries[n])
			if err != nil {
				return err
			}
			out.Items = append(out.Items, v)
		}
		return nil
	})
	if err != nil {
		return RowPage{}, err
	}
	shown := []audit.Shown{{Kind: "import", ID: i.ID, Fields: []string{"name", "id_masked", "region", "contacts"}}}
	for _, v := range out.Items {
		if v.There != nil && v.There.ID != "" {
			shown = append(shown, audit.Shown{Kind: "child", ID: v.There.ID, Fields: []string{"name", "region"}})
		}
	}
	audit.Show(ctx, action(i.Kind), string(i.ID), i.Region, shown...)
	return out, nil
}

func (s *Service) rowView(ctx context.Context, r db.Reader, i Intake, areas *region.Table, n int, row roster.Row, e entry) (RowView, error) {
	p := row.Person
	v := RowView{N: n, Sheet: row.Sheet, Row: row.Number, Outcome: row.Outcome, Reason: row.Reason, Text: row.Text(), Notes: append([]string{}, row.Notes...),
		Name: row.Name, IDMasked: civil.MaskID(row.ID), Sex: letter(p.Sex), Birth: p.Birth, Region: e.region, RegionName: areas.Label(region.Code(e.region)),
		School: strings.TrimSpace(p.School + " " + p.Grade + " " + p.Class), Categories: []child.Kind{}, Contacts: []string{}}
	for _, c := range e.child.Categories {
		v.Categories = append(v.Categories, c.Kind)
	}
	for _, g := range e.child.Guardians {
		text := g.Name
		for _, phone := range g.Phones {
			text += " " + civil.Phone(phone).Mask()
		}
		v.Contacts = append(v.Contacts, text)
	}
	if row.Device != nil {
		d := s.registration(row, e, i.ID)
		v.Device = &Thing{Number: d.DeviceID, Kind: d.Kind, Model: d.Model, Profile: d.Profile, SIMMasked: d.SIM.Mask(), SIMUntil: d.SIMUntil}
	}
	there := func(child id.ID, name, code, why string) {
		if access.From(ctx).Allowed("child.read", access.Target{Region: code}) {
			v.There = &There{child, name, areas.Label(region.Code(code)), why}
		} else {
			v.There = &There{"", civil.MaskName(name), areas.Label(region.Code(code).At(region.LevelTownship)), why}
		}
	}
	switch {
	case e.known.ID != "":
		there(e.known.ID, e.known.Name, e.known.Region, "same_id")
	case e.match != nil:
		there(e.match.ID, e.match.Name, e.match.Region, e.match.Why)
	case e.wearer != "":
		names, err := person.Names(ctx, r, e.wearer)
		if err != nil {
			return v, err
		}
		there(e.wearer, names[e.wearer], e.region, "wearer")
	}
	return v, nil
}

// open finds an import and reads its file.
func (s *Service) open(ctx context.Context, intake id.ID) (Intake, *reading, error) {
	var i Intake
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		i, err = findFor(ctx, r, intake)
		return err
	})
	if err != nil {
		return i, nil, err
	}
	read, err := s.load(ctx, i, false)
	return i, read, err
}

// Refused gives the workbook of the rows that were not taken, each with the
// reason beside it. Errors: NotFound, Forbidden.
func (s *Service) Refused(ctx context.Context, intake id.ID) ([]byte, error) {
	i, read, err := s.open(ctx, intake)
	if err != nil {
		return nil, err
	}
	if read.res == nil {
		return nil, errs.NotFound("record.not_found")
	}
	var b bytes.Buffer
	if err := roster.WriteRefused(&b, read.res); err != nil {
		return nil, err
	}
	audit.Show(ctx, action(i.Kind), string(i.ID), i.Region, audit.Shown{Kind: "import", ID: i.ID, Fields: []string{"refused_rows"}})
	return b.Bytes(), nil
}

// Result gives the whole list as judged, in full: for who stands at the
// machine. Errors: NotFound, Forbidden.
func (s *Service) Result(ctx context.Context, intake id.ID) (*roster.Result, error) {
	i, read, err := s.open(ctx, intake)
	if err != nil {
		return nil, err
	}
	if read.res == nil {
		return nil, errs.Invalid("file", read.problem)
	}
	audit.Show(ctx, action(i.Kind), string(i.ID), i.Region, audit.Shown{Kind: "import", ID: i.ID, Fields: []string{"rows"}})
	return read.res, nil
}

// FollowView is a proposal, a case or a match that an import led to.
type FollowView struct {
	N           int                 `json:"n"`
	Kind        string              `json:"kind"` // proposal, case, match, adopt
	State       string              `json:"state"`
	ChildID     id.ID               `json:"child_id"`
	Name        string              `json:"name"`
	RegionName  string              `json:"region_name"`
	Fields      []string            `json:"fields"`
	Differences []person.Difference `json:"differences"`
}

// Follows lists what an import led to, proposals that wait first. Errors:
// NotFound, Forbidden.
func (s *Service) Follows(ctx context.Context, intake id.ID) ([]FollowView, error) {
	out := []FollowView{}
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		i, err := findFor(ctx, r, intake)
		if err != nil {
			return err
		}
		rows, err := follows(ctx, r, i.ID, "", 500)
		if err != nil {
			return err
		}
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		for _, f := range rows {
			if f.Kind == followAdopt {
				continue
			}
			names, err := person.Names(ctx, r, f.Record)
			if err != nil {
				return err
			}
			v := FollowView{N: f.N, Kind: f.Kind, State: f.State, ChildID: f.Record, Name: names[f.Record], RegionName: areas.Label(region.Code(f.Region)),
				Fields: strings.FieldsFunc(f.Fields, func(c rune) bool { return c == ',' }), Differences: []person.Difference{}}
			if f.Kind == followProposal && f.State == open && names[f.Record] != "" {
				if v.Differences, err = s.Person.Differences(ctx, r, f.Record, f.Detail); err != nil {
					return err
				}
			}
			out = append(out, v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b FollowView) int {
		rank := func(f FollowView) int {
			if f.State == open {
				return 0
			}
			return 1
		}
		return rank(a) - rank(b)
	})
	var shown []audit.Shown
	for _, v := range out {
		shown = append(shown, audit.Shown{Kind: "child", ID: v.ChildID, Fields: append([]string{"name"}, v.Fields...)})
	}
	audit.Show(ctx, "child.import", string(intake), "", shown...)
	return out, nil
}

// Decide takes a proposal onto the record or leaves the record as it is.
// Errors: NotFound, Forbidden, Conflict "intake.decided", those of a change.
func (s *Service) Decide(ctx context.Context, intake id.ID, n int, accept bool) error {
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		i, err := findFor(ctx, tx, intake)
		if err != nil {
			return err
		}
		rows, err := follows(ctx, tx, i.ID, open, 1000)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(rows, func(f follow) bool { return f.N == n && f.Kind == followProposal })
		if at < 0 {
			return errs.Conflict("intake.decided")
		}
		f := rows[at]
		if !accept {
			if err := setFollow(ctx, tx, f, open, rejected); err != nil {
				return err
			}
			return audit.Write(ctx, tx, audit.Entry{Action: "child.import", SubjectKind: "child", Subject: f.Record, Purpose: string(i.ID), Result: rejected, Region: f.Region})
		}
		if err := s.Person.Accept(ctx, tx, f.Record, f.Detail, s.MoveReason); err != nil {
			return err
		}
		return setFollow(ctx, tx, f, open, accepted)
	})
}
