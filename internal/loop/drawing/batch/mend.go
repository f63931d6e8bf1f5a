package batch

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/sheet"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// ToMend is one item of the mending screen.
type ToMend struct {
	Photo   id.ID         `json:"photo"`
	Drawing id.ID         `json:"drawing"` // set for a comparison
	What    string        `json:"what"`    // mend, again, suspect, second
	Faults  []string      `json:"faults"`
	Number  string        `json:"number"` // as read, grouped; may be empty
	Child   string        `json:"child"`  // whose sheet that is
	School  string        `json:"school"`
	Class   string        `json:"class"`
	Width   int           `json:"width"`
	Height  int           `json:"height"`
	Corners []paper.Point `json:"corners"` // as found; empty if not
	AddedAt clock.Millis  `json:"added_at"`
	// For a comparison: the other drawing and whose it is.
	OtherDrawing id.ID  `json:"other_drawing"`
	OtherNumber  string `json:"other_number"`
	OtherChild   string `json:"other_child"`
}

// MendPage is the work of the mending screen, oldest first.
type MendPage struct {
	Items []ToMend `json:"items"`
	Next  id.ID    `json:"next"`
}

const mendPage = 60

// Mending lists what waits for a person in a batch. Errors: NotFound, Forbidden.
func (s *Service) Mending(ctx context.Context, batch, after id.ID) (MendPage, error) {
	out := MendPage{Items: []ToMend{}}
	var b Batch
	var shown []audit.Shown
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if b, err = s.open(ctx, r, "drawing.mend", batch); err != nil {
			return err
		}
		photos, err := photosOf(ctx, r, batch, []PhotoState{Mend, Again}, after, mendPage+1)
		if err != nil {
			return err
		}
		if len(photos) > mendPage {
			photos = photos[:mendPage]
			out.Next = photos[mendPage-1].ID
		}
		var compare []Drawing
		if after == "" {
			if compare, err = SelectDrawings(ctx, r, "batch_id = ? AND state IN ('suspect', 'second') ORDER BY created_at, id LIMIT 200", batch); err != nil {
				return err
			}
		}
		for _, p := range photos {
			item := ToMend{Photo: p.ID, What: string(p.State), Faults: splitFaults(p.Faults), Number: p.Number.String(), Width: p.Width, Height: p.Height,
				Corners: corners(p), AddedAt: p.AddedAt}
			if err := s.whose(ctx, r, b, p.Number, &item.Child, &item.School, &item.Class, &shown); err != nil {
				return err
			}
			out.Items = append(out.Items, item)
		}
		for _, d := range compare {
			other, err := FindDrawing(ctx, r, d.SameAs)
			if err != nil {
				return err
			}
			item := ToMend{Photo: d.PhotoID, Drawing: d.ID, What: string(d.State), Faults: []string{}, Number: d.Number.String(), Corners: []paper.Point{},
				AddedAt: d.CreatedAt, OtherDrawing: other.ID, OtherNumber: other.Number.String()}
			if err := s.whose(ctx, r, b, d.Number, &item.Child, &item.School, &item.Class, &shown); err != nil {
				return err
			}
			var school, class string
			if err := s.whose(ctx, r, b, other.Number, &item.OtherChild, &school, &class, &shown); err != nil {
				return err
			}
			out.Items = append(out.Items, item)
		}
		return nil
	})
	if err == nil {
		audit.Show(ctx, "drawing.mend", "", b.Region, shown...)
	}
	return out, err
}

func corners(p Photo) []paper.Point {
	var list []paper.Point
	if p.Corners == "" || json.Unmarshal([]byte(p.Corners), &list) != nil {
		return []paper.Point{}
	}
	return list
}

// whose tells whose sheet a number is.
func (s *Service) whose(ctx context.Context, r db.Reader, b Batch, n sheet.Number, name, school, class *string, shown *[]audit.Shown) error {
	if n == "" {
		return nil
	}
	known, err := findSheet(ctx, r, n)
	if errs.Is(err, errs.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// A number of another area may be photographed here; its name is not told.
	if !access.From(ctx).Allowed("drawing.mend", access.Target{Region: known.Region}) {
		return nil
	}
	briefs, err := s.Register.Briefs(ctx, r, b.DrawnOn, known.ChildID)
	if err != nil {
		return err
	}
	*name, *school, *class = briefs[known.ChildID].Name, known.School, known.Grade+known.Class
	*shown = append(*shown, audit.Shown{Kind: "child", ID: known.ChildID, Fields: []string{"name", "school", "drawing"}})
	return nil
}

// Photo opens a photo for the mending screen. Errors: NotFound, Forbidden.
func (s *Service) Photo(ctx context.Context, photo id.ID) ([]byte, error) {
	p, b, err := s.openPhoto(ctx, photo)
	if err != nil {
		return nil, err
	}
	data, err := s.photo(p)
	if err != nil {
		return nil, err
	}
	audit.Show(ctx, "drawing.mend", "", b.Region, audit.Shown{Kind: "drawing_photo", ID: p.ID, Fields: []string{"photo"}})
	return []byte(data), nil
}

func (s *Service) openPhoto(ctx context.Context, photo id.ID) (p Photo, b Batch, err error) {
	if err := access.May(access.From(ctx), "drawing.mend"); err != nil {
		return p, b, err
	}
	err = s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		if p, err = findPhoto(ctx, r, photo); err != nil {
			return err
		}
		if p.Subject == "" {
			return errs.NotFound("record.not_found")
		}
		b, err = s.open(ctx, r, "drawing.mend", p.BatchID)
		return err
	})
	return p, b, err
}

// FrameOf opens a drawing's frame for who compares two. Errors: NotFound,
// Forbidden.
func (s *Service) FrameOf(ctx context.Context, drawing id.ID) ([]byte, error) {
	if err := access.May(access.From(ctx), "drawing.mend"); err != nil {
		return nil, err
	}
	var d Drawing
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if d, err = FindDrawing(ctx, r, drawing); err != nil {
			return err
		}
		_, err = s.open(ctx, r, "drawing.mend", d.BatchID)
		return err
	})
	if err != nil {
		return nil, err
	}
	audit.Show(ctx, "drawing.mend", "", d.Region, audit.Shown{Kind: "drawing", ID: d.ID, Fields: []string{"frame"}})
	return s.Frame(d)
}

// Mending of a photo by hand: the corners as dragged on the shown photo, the
// number as typed from the paper. Either may be left as it was read.
type Mended struct {
	Corners []paper.Point `json:"corners,omitempty" maxItems:"4"`
	Number  string        `json:"number,omitempty" maxLength:"20"`
	// Accept takes a poor photo as it is.
	Accept bool `json:"accept,omitempty"`
}

// MendPhoto makes a drawing of a photo by what a person sees. A code that can
// be read contradicts a typed number: then nothing is stored.
//
// Errors: NotFound, Forbidden, Conflict (record.changed), Invalid (number,
// corners).
func (s *Service) MendPhoto(ctx context.Context, photo id.ID, m Mended) error {
	p, b, err := s.openPhoto(ctx, photo)
	if err != nil {
		return err
	}
	if p.State != Mend && p.State != Again {
		return errs.Conflict("record.changed")
	}
	how := settling{by: access.From(ctx).Account, accept: m.Accept}
	if strings.TrimSpace(m.Number) != "" {
		if how.number, err = sheet.ParseNumber(m.Number); err != nil {
			return err
		}
	} else if p.Number != "" {
		how.number = p.Number
	}
	data, err := s.photo(p)
	if err != nil {
		return err
	}
	picture, err := paper.Decode([]byte(data))
	if err != nil {
		return err
	}
	limit := s.limits(clock.Of(s.DB.Clock().Now()))
	var got paper.Result
	if len(m.Corners) == 4 {
		if got, err = picture.ReadAt([4]paper.Point(m.Corners), limit); err != nil {
			return err
		}
	} else if len(m.Corners) == 0 {
		got = picture.Read(limit)
	} else {
		return errs.Invalid("corners", "drawing.corners")
	}
	if got.Number != "" && how.number != "" && got.Number != how.number {
		return errs.Invalid("number", "drawing.number_other")
	}
	if how.number == "" {
		if how.number = got.Number; how.number == "" {
			return errs.Invalid("number", "drawing.number_form")
		}
	}
	// Who mends has looked: blur and light are his to judge once corners and
	// number are given by hand.
	how.accept = how.accept || len(m.Corners) == 4
	if err := s.settle(ctx, p, p.State, got, how); err != nil {
		return err
	}
	return s.written(ctx, b, "drawing_photo", p.ID)
}

func (s *Service) written(ctx context.Context, b Batch, kind string, subject id.ID) error {
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.mend", SubjectKind: kind, Subject: subject, Region: b.Region})
	})
}

// DropPhoto puts a photo aside, with a reason: no sheet on it, taken again.
// Errors: NotFound, Forbidden, Conflict, Invalid (reason).
func (s *Service) DropPhoto(ctx context.Context, photo id.ID, reason string) error {
	p, b, err := s.openPhoto(ctx, photo)
	if err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return errs.Invalid("reason", "reason.needed")
	}
	if p.State != Mend && p.State != Again {
		return errs.Conflict("record.changed")
	}
	subject, err := s.Keys.Subject(p.Subject)
	if err != nil {
		return err
	}
	was := p.State
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		p.State, p.MendedBy, p.MendedAt = Dropped, access.From(ctx).Account, tx.Now
		p.Reason = subject.Seal("drawing_photo.reason:"+string(p.ID), reason)
		p.KeepUntil = tx.Now.Add(time.Duration(s.limits(tx.Now).KeepRejectedDays) * 24 * time.Hour)
		saved, err := savePhoto(ctx, tx, p, was)
		if err != nil {
			return err
		}
		if !saved {
			return errs.Conflict("record.changed")
		}
		if err := tx.Emit(ctx, db.Event{Topic: "drawing", Kind: "read", Region: b.Region, Ref: string(b.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.mend", SubjectKind: "drawing_photo", Subject: p.ID, Fields: []string{"dropped"}, Region: b.Region})
	})
}

// Choice is what a person decides of two drawings that may be one.
type Choice string

// The choices.
const (
	KeepBoth  Choice = "both"  // two children drew alike; not for two of one number
	KeepThis  Choice = "this"  // the newer one takes the place of the older
	KeepOther Choice = "other" // the newer one goes
)

// Choose settles a comparison. The newer drawing can't take the place of one
// that was rated already: codes are never thrown away.
//
// Errors: NotFound, Forbidden, Conflict, Invalid (choice).
func (s *Service) Choose(ctx context.Context, drawing id.ID, choice Choice) error {
	if err := access.May(access.From(ctx), "drawing.mend"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := FindDrawing(ctx, tx, drawing)
		if err != nil {
			return err
		}
		b, err := s.open(ctx, tx, "drawing.mend", d.BatchID)
		if err != nil {
			return err
		}
		if d.State != Suspect && d.State != Second {
			return errs.Conflict("record.changed")
		}
		switch {
		case choice == KeepOther:
			err = setState(ctx, tx, d.ID, d.State, Out)
		case choice == KeepBoth && d.State == Suspect:
			err = setState(ctx, tx, d.ID, d.State, Rating)
		case choice == KeepThis:
			other, ferr := FindDrawing(ctx, tx, d.SameAs)
			if ferr != nil {
				return ferr
			}
			if other.State == Rating && other.Rating != "waits_first" {
				return errs.Conflict("drawing.rated_already")
			}
			if other.State != Out {
				if err := setState(ctx, tx, other.ID, other.State, Out); err != nil {
					return err
				}
			}
			err = setState(ctx, tx, d.ID, d.State, Rating)
		default:
			return errs.Invalid("choice", "drawing.choice")
		}
		if err != nil {
			return err
		}
		// Who compared has seen both names and rates neither.
		if _, err := tx.Exec(ctx, "UPDATE drawing_photo SET mended_by = ?, mended_at = ? WHERE id = ?", access.From(ctx).Account, tx.Now, d.PhotoID); err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "drawing", Kind: "read", Region: b.Region, Ref: string(b.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.mend", SubjectKind: "drawing", Subject: d.ID, Fields: []string{string(choice)}, Region: b.Region})
	})
}

// Printed is a sheet as it was printed: for a torn corner whose number can't
// be read while the name beside it can.
type Printed struct {
	Number    string       `json:"number"`
	Name      string       `json:"name"`
	Class     string       `json:"class"`
	PrintedAt clock.Millis `json:"printed_at"`
}

// Sheets lists the printed sheets of a school, the newest first. Errors:
// Forbidden, Invalid (school).
func (s *Service) Sheets(ctx context.Context, school id.ID) ([]Printed, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.mend"); err != nil {
		return nil, err
	}
	if school == "" {
		return nil, errs.Invalid("school", "drawing.nobody")
	}
	out := []Printed{}
	var shown []audit.Shown
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		in, args := a.Lists("drawing.mend", "region", "child_id")
		var rows []sheetRow
		if err := r.List(ctx, &rows, "SELECT number, child_id, region, school, school_id, grade, class, printed_at, printed_by FROM drawing_sheet WHERE school_id = ? AND "+in+
			" ORDER BY printed_at DESC, grade, class, number LIMIT 2000", append([]any{school}, args...)...); err != nil {
			return err
		}
		children := make([]id.ID, len(rows))
		for i, row := range rows {
			children[i] = row.ChildID
		}
		names, err := s.Register.Briefs(ctx, r, today(r.At()), children...)
		for _, row := range rows {
			out = append(out, Printed{row.Number.String(), names[row.ChildID].Name, row.Grade + row.Class, row.PrintedAt})
			shown = append(shown, audit.Shown{Kind: "child", ID: row.ChildID, Fields: []string{"name", "school"}})
		}
		return err
	})
	if err == nil {
		audit.Show(ctx, "drawing.mend", "", "", shown...)
	}
	return out, err
}
