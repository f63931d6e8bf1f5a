package intake

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/roster"
	"zugou/internal/people/school"
	"zugou/internal/people/sheet"
)

const (
	pieceBytes  = 128 << 10 // of the file in one change
	readingKeep = 10 * time.Minute
	readingMost = 3
	mostRows    = 100_000
)

func aadFile(intake id.ID) string { return "intake.file:" + string(intake) }
func aadName(intake id.ID) string { return "intake.file_name:" + string(intake) }

// Upload stores a list, sealed, and reads it. A list whose headings are not
// recognised is kept too, so that they can be told. Errors: Forbidden, Invalid
// on "file" (what can't be read at all), on "kind".
func (s *Service) Upload(ctx context.Context, kind roster.Kind, name string, content []byte) (View, error) {
	actor := access.From(ctx)
	if kind != roster.Children && kind != roster.Devices {
		return View{}, errs.Invalid("kind", "intake.kind")
	}
	if err := access.May(actor, action(kind)); err != nil {
		return View{}, err
	}
	if _, err := sheet.Read(content); err != nil {
		return View{}, err
	}
	area := s.District
	if areas := actor.Areas(action(kind)); len(areas) > 0 && len(areas[0]) > len(area) {
		area = areas[0]
	}
	key, wrapped := s.Keys.NewSubject()
	now := clock.Of(s.DB.Clock().Now())
	i := Intake{ID: id.New(), Kind: kind, State: Draft, Region: area, Subject: wrapped, FileBytes: int64(len(content)), Corrections: "{}",
		CreatedBy: actor.Account, KeepUntil: now.Add(time.Duration(s.Policies.On(civil.DateOf(now.Time())).DraftHours) * time.Hour)}
	i.FileName = s.Keys.Seal(aadName(i.ID), cut(fileName(name), 200))
	// Pieces first: a row never names a file that is not there. Pieces without a
	// row are swept.
	for part := range slices.Chunk(content, pieceBytes) {
		p := pieceRow{Intake: i.ID, N: i.Pieces, Body: key.Seal(aadFile(i.ID), string(part))}
		if err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Insert(ctx, &p) }); err != nil {
			return View{}, err
		}
		i.Pieces++
	}
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		i.CreatedAt = tx.Now
		if err := tx.Insert(ctx, &intakeRow{Intake: i}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: action(kind), SubjectKind: "import", Subject: i.ID, Result: "uploaded", Region: area})
	})
	if err != nil {
		return View{}, err
	}
	return s.Find(ctx, i.ID)
}

// fileName keeps the last part of what a browser calls the file.
func fileName(raw string) string {
	if n := strings.LastIndexAny(raw, `/\`); n >= 0 {
		raw = raw[n+1:]
	}
	return civil.TrimBlank(strings.ToValidUTF8(raw, ""))
}

// entry is a row with what the registers say to it.
type entry struct {
	child  person.NewChild // of lists of children that can be taken
	known  person.Known    // who has the number already
	match  *person.Lookalike
	wearer id.ID // of lists of devices
	region string
	device *device.Device // that is there already
}

// reading is a file read and held against the registers.
type reading struct {
	intake      id.ID
	corrections string
	state       State
	at          time.Time
	res         *roster.Result // nil: the headings are not recognised
	entries     []entry        // beside res.Rows
	problem     string         // message key, if res is nil
	raw         []roster.Column
}

// names implements roster.Register and keeps what it found.
type names struct {
	r     db.Reader
	s     *Service
	skip  map[id.ID]bool // records that this import made
	found map[civil.ResidentID]person.Known
}

// Names implements roster.Register.
func (n *names) Names(ctx context.Context, ids []civil.ResidentID) (map[civil.ResidentID]string, error) {
	var err error
	if n.found, err = person.KnownByID(ctx, n.r, n.s.Keys, ids); err != nil {
		return nil, err
	}
	out := make(map[civil.ResidentID]string, len(n.found))
	for k, v := range n.found {
		if n.skip[v.ID] {
			delete(n.found, k)
			continue
		}
		out[k] = v.Name
	}
	return out, nil
}

// load gives the file read; what was read lately is not read again. fresh asks
// the registers anew.
func (s *Service) load(ctx context.Context, i Intake, fresh bool) (*reading, error) {
	now := s.DB.Clock().Now()
	s.mu.Lock()
	s.read = slices.DeleteFunc(s.read, func(r *reading) bool {
		return now.Sub(r.at) > readingKeep || fresh && r.intake == i.ID
	})
	for _, r := range s.read {
		if r.intake == i.ID && r.corrections == i.Corrections && r.state == i.State {
			s.mu.Unlock()
			return r, nil
		}
	}
	s.mu.Unlock()
	content, err := s.content(ctx, i)
	if err != nil {
		return nil, err
	}
	name, err := s.Keys.Open(aadName(i.ID), i.FileName)
	if err != nil {
		return nil, err
	}
	var fixes map[roster.Field]string
	if err := json.Unmarshal([]byte(i.Corrections), &fixes); err != nil {
		return nil, errs.Internal(err)
	}
	book, err := sheet.Read(content)
	if err != nil {
		return nil, err
	}
	r := &reading{intake: i.ID, corrections: i.Corrections, state: i.State, at: now}
	err = s.DB.View(ctx, func(ctx context.Context, v db.Reader) error { return s.judge(ctx, v, i, r, book, name, fixes) })
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = slices.DeleteFunc(s.read, func(o *reading) bool { return o.intake == i.ID })
	s.read = slices.Insert(s.read, 0, r)
	s.read = s.read[:min(len(s.read), readingMost)]
	return r, nil
}

func (s *Service) content(ctx context.Context, i Intake) ([]byte, error) {
	if i.Subject == "" {
		return nil, errs.NotFound("intake.file_gone")
	}
	key, err := s.Keys.Subject(i.Subject)
	if err != nil {
		return nil, err
	}
	var content []byte
	for n := range i.Pieces {
		err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
			body, err := piece(ctx, r, i.ID, n)
			if err != nil {
				return err
			}
			part, err := key.Open(aadFile(i.ID), body)
			content = append(content, part...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return content, nil
}

// judge reads the book and asks the registers about its rows.
func (s *Service) judge(ctx context.Context, v db.Reader, i Intake, r *reading, book *sheet.Book, name string, fixes map[roster.Field]string) error {
	tab, err := s.atlas.Table(ctx, v)
	if err != nil {
		return err
	}
	reg := &names{r: v, s: s, skip: map[id.ID]bool{}}
	if i.State != Draft {
		list, err := chunks(ctx, v, i.ID)
		if err != nil {
			return err
		}
		for _, m := range list {
			for _, row := range m.Rows {
				reg.skip[row.Record] = true
			}
		}
	}
	res, err := roster.Read(ctx, book, roster.Options{Kind: i.Kind, File: name, Regions: tab, Home: region.Code(s.District), Map: fixes, Register: reg})
	var e *errs.Error
	if errors.As(err, &e) && e.Kind == errs.KindInvalid && len(e.Fields) > 0 && e.Fields[0].Key == "roster.no_heading" {
		r.problem, r.raw = e.Fields[0].Key, firstRow(book)
		return nil
	}
	if err != nil {
		return err
	}
	if len(res.Rows) > mostRows {
		return errs.Invalid("file", "intake.too_many_rows")
	}
	r.res, r.entries = res, make([]entry, len(res.Rows))
	if i.Kind == roster.Devices {
		return s.judgeDevices(ctx, v, i, r, reg)
	}
	return s.judgeChildren(ctx, v, i, r, reg)
}

// firstRow gives the first row of a table whose headings are not recognised,
// to be named by hand.
func firstRow(book *sheet.Book) []roster.Column {
	for _, sh := range book.Sheets {
		if sh.Hidden {
			continue
		}
		for _, row := range sh.Rows {
			var out []roster.Column
			for i, c := range row.Cells {
				if c.Text != "" && !c.Merged {
					out = append(out, roster.Column{Letter: letterOf(i), Heading: cut(c.Text, 60)})
				}
			}
			if len(out) >= 2 {
				return out
			}
		}
	}
	return nil
}

func letterOf(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

// refuse changes the outcome of a row that package roster would take.
func refuse(row *roster.Row, why roster.Reason) {
	row.Outcome, row.Reason = roster.Refuse, why
}

func taken(o roster.Outcome) bool { return o == roster.OK || o == roster.Warn }

func (s *Service) judgeChildren(ctx context.Context, v db.Reader, i Intake, r *reading, reg *names) error {
	day, areas := civil.DateOf(v.At().Time()), s.areasOf(ctx, i)
	asked := make([]person.Asked, len(r.res.Rows))
	for n := range r.res.Rows {
		row, e := &r.res.Rows[n], &r.entries[n]
		e.child = childOf(row.Person, s.District)
		e.region = e.child.Region
		if row.Reason == roster.InRegister || row.Reason == roster.SameIDOtherName && row.Other == 0 {
			e.known = reg.found[row.Person.ID]
		}
		if !taken(row.Outcome) {
			continue
		}
		if !covers(areas, e.region) {
			refuse(row, OutsideArea)
			continue
		}
		if err := person.Fits(e.child, day); err != nil {
			// A day of birth that can't be is left open, like one that is missing.
			e.child.BirthOn = ""
			if person.Fits(e.child, day) != nil {
				refuse(row, Unfit)
				continue
			}
		}
		asked[n] = person.Asked{Name: row.Name, Birth: row.Person.Birth, Region: e.region, HasID: row.Person.ID != ""}
	}
	like, err := person.Lookalikes(ctx, v, asked)
	if err != nil {
		return err
	}
	for n, l := range like {
		if !reg.skip[l.ID] {
			r.entries[n].match = &l
			r.res.Rows[n].Notes = append(r.res.Rows[n].Notes, NotePossibleMatch)
		}
	}
	if err := s.judgeSchools(ctx, v, r); err != nil {
		return err
	}
	for n := range r.entries {
		if e := &r.entries[n]; e.known.Child && township(e.known.Region) != township(e.region) && len(e.region) >= 9 {
			r.res.Rows[n].Notes = append(r.res.Rows[n].Notes, NoteOtherTownship)
		}
	}
	return nil
}

// judgeSchools says of rows that nobody knows which school they name: they are
// taken, and the name is asked about.
func (s *Service) judgeSchools(ctx context.Context, v db.Reader, r *reading) error {
	asked := make([]school.Named, len(r.entries))
	for n, e := range r.entries {
		asked[n] = school.Named{Name: e.child.School.Name, Area: e.child.Region}
	}
	found, err := school.Look(ctx, v, asked)
	if err != nil {
		return err
	}
	for n := range r.entries {
		if row := &r.res.Rows[n]; taken(row.Outcome) && len(found[asked[n]].Choices) > 0 {
			row.Notes = append(row.Notes, NoteSchoolAsked)
		}
	}
	return nil
}

func township(code string) string { return code[:min(len(code), 9)] }

// areasOf gives the areas in which the import may write: those of who asks, or
// of the import itself for the program.
func (s *Service) areasOf(ctx context.Context, i Intake) []string {
	if actor := access.From(ctx); !actor.System {
		return actor.Areas(action(i.Kind))
	}
	return []string{i.Region}
}
