package batch

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/sheet"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
)

const (
	lease = 30 * time.Second // after this a photo of a killed process is read again
	// mostTries: a photo that kills its reader goes to a person, not round and
	// round.
	mostTries = 3
	idle      = 2 * time.Second
	// lookBack is how long a drawing is compared with earlier ones: a school
	// year.
	lookBack = 400 * 24 * time.Hour
	renew    = time.Minute
)

// Run reads what waits until ctx ends. It is a loop of its own, not a job: a
// batch must not hold up the clocks of orders. It uses half the cores.
func (s *Service) Run(ctx context.Context) {
	done := make(chan struct{})
	n := max(1, runtime.NumCPU()/2)
	for range n {
		go func() {
			defer func() { done <- struct{}{} }()
			for ctx.Err() == nil {
				read, err := s.RunOnce(ctx)
				if err != nil && ctx.Err() == nil {
					s.Log.Error("drawing not read", "error", err)
				}
				if read && err == nil {
					continue
				}
				select {
				case <-ctx.Done():
				case <-time.After(idle):
				}
			}
		}()
	}
	for range n {
		<-done
	}
}

// RunOnce reads the photo that waits longest; false if none waits.
func (s *Service) RunOnce(ctx context.Context) (bool, error) {
	ctx = access.With(ctx, access.System("drawing"))
	var p Photo
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = nextWaiting(ctx, tx, tx.Now.Add(lease))
		return err
	})
	if errs.Is(err, errs.KindNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	began := time.Duration(s.DB.Clock().Now().UnixNano())
	if p.Tries > mostTries {
		err = s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			p.State, p.Faults, p.ReadAt = Mend, string(paper.NoMarks), tx.Now
			_, err := savePhoto(ctx, tx, p, Waiting)
			return err
		})
		return true, err
	}
	data, err := s.photo(p)
	if err != nil {
		return false, err
	}
	var got paper.Result
	picture, err := paper.Decode([]byte(data))
	if err == nil {
		got = picture.Read(s.limits(clock.Of(s.DB.Clock().Now())))
	} else if errs.Is(err, errs.KindInvalid) {
		got.Faults = []paper.Fault{"broken"}
	} else {
		return false, err
	}
	picture = nil // 12 megapixels are let go before the frame is encoded
	if err := s.settle(ctx, p, Waiting, got, settling{}); err != nil {
		return false, err
	}
	s.mu.Lock()
	took := time.Duration(s.DB.Clock().Now().UnixNano()) - began
	s.pace = (s.pace*7 + took) / 8
	s.mu.Unlock()
	return true, nil
}

// photo opens a photo's bytes.
func (s *Service) photo(p Photo) (string, error) {
	subject, err := s.Keys.Subject(p.Subject)
	if err != nil {
		return "", err
	}
	sealed, err := s.vault.Read(p.ID, partPhoto)
	if err != nil {
		return "", err
	}
	return subject.Open(photoAAD(p.ID), sealed)
}

// settling is what a person added to a reading; empty for the machine's own.
type settling struct {
	by     id.ID
	accept bool         // poor as it is
	number sheet.Number // typed
}

// settle stores what a photo has become, and the drawing if it is one: its
// frame on disk first, then all rows in one change.
func (s *Service) settle(ctx context.Context, p Photo, was PhotoState, got paper.Result, how settling) error {
	p.Width, p.Height, p.Corners = got.W, got.H, ""
	if got.Found() {
		text, err := json.Marshal(got.Corners)
		if err != nil {
			return errs.Internal(err)
		}
		p.Corners = string(text)
	}
	p.Number = got.Number
	faults := got.Faults
	if how.number != "" {
		p.Number = how.number
		faults = without(faults, paper.NoCode)
	}
	usable := got.Frame != nil && p.Number != "" && (how.accept || len(faults) == 0)
	p.Faults = joinFaults(faults)
	var known sheetRow
	if p.Number != "" {
		err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
			known, err = findSheet(ctx, r, p.Number)
			return err
		})
		if errs.Is(err, errs.KindNotFound) {
			if how.by != "" {
				return errs.Invalid("number", "drawing.number_unknown")
			}
			usable = false
			p.Faults = joinFaults(append(faults, "unknown_number"))
		} else if err != nil {
			return err
		}
	}
	if !usable {
		if how.by != "" {
			return errs.Invalid("corners", "drawing.not_usable")
		}
		p.State = Mend
		// A number and a frame are there, only the photo is poor: to be taken
		// again, or accepted by a person.
		if known.Number != "" && got.Frame != nil {
			p.State = Again
		}
		return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			b, err := FindBatch(ctx, tx, p.BatchID)
			if err != nil {
				return err
			}
			p.ReadAt = tx.Now
			if _, err := savePhoto(ctx, tx, p, was); err != nil {
				return err
			}
			return tx.Emit(ctx, db.Event{Topic: "drawing", Kind: "read", Region: b.Region, Ref: string(b.ID)})
		})
	}
	return s.draw(ctx, p, was, got, known, how)
}

// draw makes the drawing of a photo.
func (s *Service) draw(ctx context.Context, p Photo, was PhotoState, got paper.Result, known sheetRow, how settling) error {
	limit := s.limits(clock.Of(s.DB.Clock().Now()))
	d := Drawing{ID: id.New(), BatchID: p.BatchID, PhotoID: p.ID, Number: p.Number, ChildID: known.ChildID, Region: known.Region, State: Rating,
		HashD: int64(got.Hashes.D), HashP: int64(got.Hashes.P), Rating: string(coding.WaitsFirst)}
	subject, wrapped := s.Keys.NewSubject()
	d.Subject = wrapped
	jpeg, err := got.JPEG()
	if err != nil {
		return errs.Internal(err)
	}
	if err := s.vault.Write(d.ID, partFrame, subject.Seal(frameAAD(d.ID), string(jpeg))); err != nil {
		return err
	}
	if d.Measures, err = text(got.Measures); err != nil {
		return err
	}
	stored := false
	err = s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := FindBatch(ctx, tx, p.BatchID)
		if err != nil {
			return err
		}
		d.Colours, d.TimeLimit, d.CreatedAt = b.Colours, b.TimeLimit, tx.Now
		codes := got.Measures.Suggested(limit)
		if !b.Colours {
			delete(codes, "W12") // asked only where colours were offered
		}
		if d.Suggested, err = text(codes); err != nil {
			return err
		}
		briefs, err := s.Register.Briefs(ctx, tx, b.DrawnOn, d.ChildID)
		if err != nil {
			return err
		}
		who, shows := briefs[d.ChildID]
		d.Age = -1
		if shows {
			d.Age, d.AgeBand, d.Sex, d.Region = who.Age, AgeBand(who.Age), who.Sex, who.Region
		}
		// One drawing a number: what comes later waits beside it.
		if err := tx.Lock(ctx, "drawing.number:"+string(d.Number)); err != nil {
			return err
		}
		earlier, err := SelectDrawings(ctx, tx, "number = ? AND state <> 'out' ORDER BY created_at, id LIMIT 1", d.Number)
		if err != nil {
			return err
		}
		if len(earlier) > 0 {
			d.State, d.SameAs = Second, earlier[0].ID
		} else if d.SameAs, err = s.alike(ctx, tx, d, limit.SameDistance); err != nil {
			return err
		} else if d.SameAs != "" {
			d.State = Suspect
		}
		p.State, p.DrawingID, p.ReadAt = Read, d.ID, tx.Now
		p.KeepUntil = tx.Now.Add(time.Duration(limit.KeepPhotoDays) * 24 * time.Hour)
		if how.by != "" {
			p.MendedBy, p.MendedAt = how.by, tx.Now
		}
		if stored, err = savePhoto(ctx, tx, p, was); err != nil || !stored {
			return err
		}
		if err := tx.Insert(ctx, &drawingRow{Drawing: d}); err != nil {
			return err
		}
		if shows {
			if err := child.Note(ctx, tx, child.Entry{ChildID: d.ChildID, Kind: "screening", Title: "timeline.drawing", RefKind: "drawing", RefID: d.ID, Region: d.Region}); err != nil {
				return err
			}
		}
		return tx.Emit(ctx, db.Event{Topic: "drawing", Kind: "read", Region: b.Region, Ref: string(b.ID)})
	})
	if err == nil && !stored { // another process was faster
		if rerr := s.vault.Remove(d.ID, partFrame); rerr != nil {
			s.Log.Error("frame not removed", "error", rerr)
		}
		return errs.Conflict("record.changed")
	}
	if err == nil {
		s.mu.Lock()
		s.seen = append(s.seen, looks{d.ID, d.HashD, d.HashP})
		s.mu.Unlock()
	}
	return err
}

// alike gives the earliest drawing that looks the same. The hashes of a school
// year are kept in memory, 32 bytes each, and read again each minute for what
// other processes added.
func (s *Service) alike(ctx context.Context, tx *db.Tx, d Drawing, distance int) (id.ID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := tx.Now.Time(); now.Sub(s.fresh) > renew || now.Before(s.fresh) {
		list, err := allLooks(ctx, tx, tx.Now.Add(-lookBack))
		if err != nil {
			return "", err
		}
		s.seen, s.fresh = list, now
	}
	for _, o := range s.seen {
		if d.hashes().Same(paper.Hashes{D: uint64(o.HashD), P: uint64(o.HashP)}, distance) {
			return o.ID, nil
		}
	}
	return "", nil
}

func text(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", errs.Internal(err)
	}
	return string(b), nil
}

func joinFaults(list []paper.Fault) string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = string(f)
	}
	return strings.Join(out, ",")
}

func splitFaults(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}

func without(list []paper.Fault, f paper.Fault) []paper.Fault {
	var out []paper.Fault
	for _, x := range list {
		if x != f {
			out = append(out, x)
		}
	}
	return out
}

// Frame opens the picture that raters see. Whoever calls it has checked the
// right.
func (s *Service) Frame(d Drawing) ([]byte, error) {
	subject, err := s.Keys.Subject(d.Subject)
	if err != nil {
		return nil, err
	}
	return s.frame(d.ID, subject)
}

func (s *Service) frame(d id.ID, subject crypto.Subject) ([]byte, error) {
	sealed, err := s.vault.Read(d, partFrame)
	if err != nil {
		return nil, err
	}
	out, err := subject.Open(frameAAD(d), sealed)
	return []byte(out), err
}

// today gives the civil date of an instant.
func today(at clock.Millis) string { return string(civil.DateOf(at.Time())) }
