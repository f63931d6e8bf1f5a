package batch

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/sheet"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/document"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
)

// Parts are what the service is made of.
type Parts struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Log      *slog.Logger
	Folder   string // of the sealed pictures
	Limits   paper.LimitsBook
	Register Register
	// Areas names areas.
	Areas func(ctx context.Context, r db.Reader) (*region.Table, error)
}

// Service is what people do with sheets, photos and batches.
type Service struct {
	Parts
	vault vault
	mu    sync.Mutex
	seen  []looks // of drawings that a new one is compared with
	fresh time.Time
	pace  time.Duration // of one photo, lately
}

// New makes the service.
func New(p Parts) *Service {
	return &Service{Parts: p, vault: vault{document.Vault{Dir: p.Folder}}, pace: 300 * time.Millisecond}
}

// limits gives the figures that hold now.
func (s *Service) limits(at clock.Millis) paper.Limits {
	return s.Limits.On(string(civil.DateOf(at.Time())))
}

// within narrows an area that was asked for to the actor's; "" is all of them.
func within(a access.Actor, action access.Action, code string) ([]string, error) {
	areas := a.Areas(action)
	if code == "" {
		if len(areas) == 0 {
			return nil, errs.Forbidden("access.forbidden")
		}
		return areas, nil
	}
	if err := access.Check(a, action, access.Target{Region: code}); err == nil {
		return []string{code}, nil
	}
	var out []string
	for _, own := range areas { // a wider area holds the actor's own
		if strings.HasPrefix(own, code) {
			out = append(out, own)
		}
	}
	if len(out) == 0 {
		return nil, errs.Forbidden("access.forbidden")
	}
	return out, nil
}

// Classes lists the classes whose sheets the actor may print.
func (s *Service) Classes(ctx context.Context, code string) ([]Class, error) {
	areas, err := within(access.From(ctx), "drawing.print", code)
	if err != nil {
		return nil, err
	}
	out := []Class{}
	err = s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		pupils, err := s.Register.Pupils(ctx, r, Roll{Areas: areas})
		if err != nil {
			return err
		}
		for _, p := range pupils {
			if p.SchoolID == "" {
				continue // nobody knows yet at which school to hand them out
			}
			if n := len(out) - 1; n >= 0 && out[n].SchoolID == p.SchoolID && out[n].Grade == p.Grade && out[n].Class == p.Class {
				out[n].Children++
			} else {
				out = append(out, Class{SchoolID: p.SchoolID, School: p.School, Grade: p.Grade, Class: p.Class, Children: 1})
			}
		}
		return s.places(ctx, r, out)
	})
	return out, err
}

// places names where the schools of classes lie.
func (s *Service) places(ctx context.Context, r db.Reader, list []Class) error {
	ids := make([]id.ID, 0, len(list))
	for _, c := range list {
		ids = append(ids, c.SchoolID)
	}
	lies, err := school.Regions(ctx, r, slices.Compact(ids)...)
	if err != nil {
		return err
	}
	table, err := s.Areas(ctx, r)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Place = table.Label(region.Code(lies[list[i].SchoolID]))
	}
	return nil
}

// PrintRequest asks for sheets: of a class, of a school, or of named children.
type PrintRequest struct {
	Region   string  `json:"region,omitempty" maxLength:"15"`
	School   id.ID   `json:"school,omitempty" maxLength:"36"`
	Grade    string  `json:"grade,omitempty" maxLength:"20"`
	Class    string  `json:"class,omitempty" maxLength:"20"`
	Children []id.ID `json:"children,omitempty" maxItems:"500"`
	// BlankMissing prints an empty box for a character without a shape.
	BlankMissing bool `json:"blank_missing,omitempty"`
}

// mostSheets bounds one PDF: a large school.
const mostSheets = 3000

// Print makes sheets and their PDF. Each has a new number; sheets printed
// before stay good.
//
// Errors: Forbidden, Invalid (school, children, pupils; print.no_glyph).
func (s *Service) Print(ctx context.Context, q PrintRequest) ([]byte, error) {
	actor := access.From(ctx)
	areas, err := within(actor, "drawing.print", q.Region)
	if err != nil {
		return nil, err
	}
	if q.School == "" && len(q.Children) == 0 {
		return nil, errs.Invalid("school", "drawing.nobody")
	}
	var pupils []Pupil
	err = s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		pupils, err = s.Register.Pupils(ctx, r, Roll{areas, q.School, q.Grade, q.Class, q.Children})
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(pupils) > mostSheets {
		return nil, errs.Invalid("school", "drawing.too_many")
	}
	list := make([]sheet.Pupil, len(pupils))
	rows := make([]sheetRow, len(pupils))
	for i, p := range pupils {
		n := sheet.NewNumber()
		list[i] = sheet.Pupil{Number: n, Name: p.Name, Class: p.Grade + p.Class, School: p.School}
		rows[i] = sheetRow{Number: n, ChildID: p.Child, Region: p.Region, School: p.School, SchoolID: p.SchoolID, Grade: p.Grade, Class: p.Class, PrintedBy: actor.Account}
	}
	title := ""
	if q.School != "" && len(pupils) > 0 {
		title = strings.TrimSpace(pupils[0].School + " " + q.Grade + q.Class)
	}
	pdf, err := sheet.Print(list, title, q.BlankMissing)
	if err != nil {
		return nil, err
	}
	// The rows first, then the paper: a sheet in a child's hand is known.
	return pdf, s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i := range rows {
			rows[i].PrintedAt = tx.Now
		}
		for from := 0; from < len(rows); from += 500 {
			part := rows[from:min(from+500, len(rows))]
			if err := tx.Insert(ctx, &part); err != nil {
				return err
			}
		}
		shown := make([]audit.Shown, len(rows))
		for i, row := range rows {
			shown[i] = audit.Shown{Kind: "child", ID: row.ChildID, Fields: []string{"name", "school"}}
		}
		return audit.WriteMany(ctx, tx, audit.Entry{Action: "drawing.print", SubjectKind: "drawing_sheet", Region: areas[0]}, shown)
	})
}

// NewBatch says under which conditions a pile was drawn: age, skill, time and
// material confound what drawings seem to say, so they are recorded.
type NewBatch struct {
	Title     string `json:"title" maxLength:"60"`
	Region    string `json:"region" maxLength:"15"`
	DrawnOn   string `json:"drawn_on" maxLength:"10"`
	Colours   bool   `json:"colours"`
	TimeLimit int    `json:"time_limit"` // minutes, 0 none
	Material  string `json:"material" maxLength:"60"`
}

// Create opens a batch. Errors: Forbidden, Invalid.
func (s *Service) Create(ctx context.Context, n NewBatch) (Batch, error) {
	actor := access.From(ctx)
	if own := actor.Areas("drawing.upload"); n.Region == "" && len(own) > 0 {
		n.Region = own[0]
	}
	if err := access.Check(actor, "drawing.upload", access.Target{Region: n.Region}); err != nil {
		return Batch{}, err
	}
	var bad []errs.Field
	n.Title = strings.TrimSpace(n.Title)
	if n.Title == "" {
		bad = append(bad, errs.Field{Name: "title", Key: "drawing.title"})
	}
	on, ok := civil.ParseDate(n.DrawnOn)
	if !ok || on > civil.DateOf(s.DB.Clock().Now()) {
		bad = append(bad, errs.Field{Name: "drawn_on", Key: "drawing.drawn_on"})
	}
	if n.TimeLimit < 0 || n.TimeLimit > 240 {
		bad = append(bad, errs.Field{Name: "time_limit", Key: "drawing.time_limit"})
	}
	if err := errs.InvalidFields(bad); err != nil {
		return Batch{}, err
	}
	b := Batch{ID: id.New(), Title: n.Title, Region: n.Region, DrawnOn: string(on), Colours: n.Colours, TimeLimit: n.TimeLimit, Material: n.Material,
		Seed: crypto.Token(16), CreatedBy: actor.Account}
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		b.CreatedAt = tx.Now
		if err := tx.Insert(ctx, &batchRow{Batch: b}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.upload", SubjectKind: "drawing_batch", Subject: b.ID, Region: b.Region})
	})
	return b, err
}

// around are the actions that somebody of a part of the batch's area may do:
// handing in, and seeing how far it is. Neither tells anything of a child.
var around = []access.Action{"drawing.upload", "drawing.read"}

// open gives a batch that the actor may do the action on.
func (s *Service) open(ctx context.Context, r db.Reader, action access.Action, batch id.ID) (Batch, error) {
	b, err := FindBatch(ctx, r, batch)
	if err != nil {
		if may := access.May(access.From(ctx), action); may != nil {
			return Batch{}, may
		}
		return Batch{}, err
	}
	if slices.Contains(around, action) && slices.ContainsFunc(access.From(ctx).Areas(action), func(own string) bool { return strings.HasPrefix(own, b.Region) }) {
		return b, nil
	}
	return b, access.Check(access.From(ctx), action, access.Target{Region: b.Region})
}

// List gives the batches of the actor's areas with their counts, newest first.
// Counts tell nobody anything of a child.
func (s *Service) List(ctx context.Context) ([]Row, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "drawing.read"); err != nil {
		return nil, err
	}
	out := []Row{}
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, err := listBatches(ctx, r, actor.Areas("drawing.read"), 100)
		if err != nil {
			return err
		}
		out, err = s.rows(ctx, r, list)
		return err
	})
	return out, err
}

// Find gives one batch with its counts. Errors: NotFound, Forbidden.
func (s *Service) Find(ctx context.Context, batch id.ID) (Row, error) {
	var out Row
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		b, err := s.open(ctx, r, "drawing.read", batch)
		if err != nil {
			return err
		}
		rows, err := s.rows(ctx, r, []Batch{b})
		if err == nil {
			out = rows[0]
		}
		return err
	})
	return out, err
}

func (s *Service) rows(ctx context.Context, r db.Reader, list []Batch) ([]Row, error) {
	ids := make([]id.ID, len(list))
	for i, b := range list {
		ids[i] = b.ID
	}
	counts, err := countsOf(ctx, r, ids...)
	if err != nil {
		return nil, err
	}
	table, err := s.Areas(ctx, r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	pace := s.pace
	s.mu.Unlock()
	out := make([]Row, len(list))
	for i, b := range list {
		c := counts[b.ID]
		c.SecondsLeft = int64((time.Duration(c.Waiting)*pace + time.Second - 1) / time.Second)
		out[i] = Row{b, table.Name(region.Code(b.Region)), *c}
	}
	return out, nil
}

// content is the keyed hash of a file: the same file is known again, and the
// index alone tells nobody which file it is.
func (s *Service) content(data []byte) string {
	sum := sha256.Sum256(data)
	return s.Keys.Index("drawing.photo", base64.RawStdEncoding.EncodeToString(sum[:]))
}

// JobSweep takes away pictures whose time is over.
const JobSweep = "drawing.sweep"

// Schedule registers what runs in the background by the clock.
func (s *Service) Schedule(e *job.Engine) {
	e.Every(JobSweep, time.Hour, func(ctx context.Context, _ job.Job) error { return s.Sweep(ctx) })
}

// Sweep erases photos whose time is over: key first, then the file. The
// rectified frame stays with the drawing. It is bounded; the next run goes on.
func (s *Service) Sweep(ctx context.Context) error {
	ctx = access.With(ctx, access.System("drawing"))
	var due []Photo
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &due, "SELECT "+photoColumns+" FROM drawing_photo WHERE keep_until > 0 AND keep_until <= ? AND erased_at = 0 ORDER BY keep_until LIMIT 500", r.At())
	})
	if err != nil {
		return err
	}
	for _, p := range due {
		err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE drawing_photo SET subject = '', erased_at = ? WHERE id = ?", tx.Now, p.ID); err != nil {
				return err
			}
			return audit.Write(ctx, tx, audit.Entry{Action: "drawing.expire", SubjectKind: "drawing_photo", Subject: p.ID})
		})
		if err != nil {
			return err
		}
		s.Keys.Forget(p.Subject)
		if err := s.vault.Remove(p.ID, partPhoto); err != nil {
			return errs.Busy("storage.unavailable", err)
		}
	}
	// Frames of drawings whose key is destroyed.
	var gone []id.ID
	err = s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &gone, "SELECT id FROM drawing WHERE subject = '' ORDER BY id LIMIT 500")
	})
	for _, d := range gone {
		if rerr := s.vault.Remove(d, partFrame); rerr != nil {
			return errs.Busy("storage.unavailable", rerr)
		}
	}
	return err
}
