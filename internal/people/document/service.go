package document

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Service keeps files.
type Service struct {
	db       *db.DB
	keys     *crypto.Keyring
	vault    Vault
	policies Policies
	records  map[string]Record
	drawing  chan struct{} // a decoded picture takes up to 160 MB: few at once
}

// Parts are what the service is made of.
type Parts struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Folder   string
	Policies Policies
	Records  map[string]Record // by kind: order, matter, case …
}

// drawnAtOnce bounds how many pictures are decoded at the same time.
const drawnAtOnce = 2

// New makes the service.
func New(p Parts) *Service {
	return &Service{db: p.DB, keys: p.Keys, vault: Vault{p.Folder}, policies: p.Policies, records: p.Records, drawing: make(chan struct{}, drawnAtOnce)}
}

// Put keeps a file of a record. The same key of the same account gives the
// same document. Errors: Invalid (key, file: "document.empty",
// "document.kind", "document.too_large", "document.broken",
// "document.too_many_pixels"; record_kind), NotFound, Forbidden, Conflict
// "document.too_many" and "document.key_used", Busy while the disk or the
// database is away.
func (s *Service) Put(ctx context.Context, u Upload) (Document, error) {
	rec, ok := s.records[u.RecordKind]
	if !ok {
		return Document{}, errs.Invalid("record_kind", "document.record_kind")
	}
	return s.put(ctx, u, rec, func(ctx context.Context, r db.Reader) (Held, error) {
		h, err := rec.Held(ctx, r, u.RecordID)
		if err != nil {
			return h, err
		}
		return h, h.mayAdd(ctx)
	})
}

// PutChecked is Put for a caller who has checked by rules of its own, such as
// the code of who asked without a name: rights are not asked again.
func (s *Service) PutChecked(ctx context.Context, u Upload) (Document, error) {
	rec, ok := s.records[u.RecordKind]
	if !ok {
		return Document{}, errs.Invalid("record_kind", "document.record_kind")
	}
	return s.put(ctx, u, rec, func(ctx context.Context, r db.Reader) (Held, error) { return rec.Held(ctx, r, u.RecordID) })
}

func (s *Service) put(ctx context.Context, u Upload, rec Record, held func(ctx context.Context, r db.Reader) (Held, error)) (Document, error) {
	if err := u.check(); err != nil {
		return Document{}, err
	}
	account := access.From(ctx).Account
	var was Document
	// Rights before work: a stranger's bytes are not decoded.
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		if was, err = byKey(ctx, r, account, u.Key); err == nil || !errs.Is(err, errs.KindNotFound) {
			return err
		}
		_, err = held(ctx, r)
		return err
	})
	if err != nil {
		return Document{}, err
	}
	if was.ID != "" {
		return sameFile(was, u)
	}
	d, full, small, err := s.prepare(ctx, u)
	if err != nil {
		return Document{}, err
	}
	if err := s.vault.Write(d.ID, partFull, full); err != nil {
		return Document{}, err
	}
	if small != "" {
		if err := s.vault.Write(d.ID, partThumb, small); err != nil {
			return Document{}, errors.Join(err, s.vault.Remove(d.ID, partFull, partThumb))
		}
	}
	added := false
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := held(ctx, tx)
		if err != nil {
			return err
		}
		p := s.policies.On(civil.DateOf(tx.Now.Time()))
		n, err := CountOf(ctx, tx, u.RecordKind, u.RecordID)
		if err != nil {
			return err
		}
		if n >= p.MostPerRecord {
			return errs.Conflict("document.too_many")
		}
		d.ChildID, d.Region, d.CreatedAt, d.CreatedBy = h.Child, h.Region, tx.Now, account
		d.KeepUntil = h.KeepUntil
		if d.KeepUntil == 0 {
			d.KeepUntil = tx.Now.Add(time.Duration(p.keepDays(u.RecordKind)) * 24 * time.Hour)
		}
		if added, err = insert(ctx, tx, d); err != nil {
			return err
		}
		if !added { // the phone sent twice at the same time
			was, err = byKey(ctx, tx, account, u.Key)
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: h.Write, SubjectKind: "document", Subject: d.ID, Fields: []string{string(d.Kind)},
			Purpose: string(u.RecordID), Region: h.Region}); err != nil {
			return err
		}
		return rec.Attached(ctx, tx, h, d)
	})
	if err != nil || !added {
		err = errors.Join(err, s.vault.Remove(d.ID, partFull, partThumb))
		if err != nil {
			return Document{}, err
		}
		return sameFile(was, u)
	}
	return d, nil
}

// sameFile answers a repeated key: the earlier file, if it hangs on the same record.
func sameFile(was Document, u Upload) (Document, error) {
	if was.RecordKind != u.RecordKind || was.RecordID != u.RecordID {
		return Document{}, errs.Conflict("document.key_used")
	}
	return was, nil
}

// prepare makes the row and the sealed parts of an upload.
func (s *Service) prepare(ctx context.Context, u Upload) (d Document, full, small string, err error) {
	p := s.policies.On(civil.DateOf(s.db.Clock().Now()))
	what, ok := Sniff(u.Content)
	if !ok {
		return d, "", "", errs.Invalid("file", "document.kind")
	}
	if int64(len(u.Content)) > p.Limits[what.Kind].Bytes {
		return d, "", "", errs.Invalid("file", "document.too_large")
	}
	d = Document{ID: id.New(), RecordKind: u.RecordKind, RecordID: u.RecordID, Kind: what.Kind, Media: what.Media, Key: u.Key}
	body, meta := u.Content, Meta{}
	subject, wrapped := s.keys.NewSubject()
	d.Subject = wrapped
	switch what.Kind {
	case Image:
		select {
		case s.drawing <- struct{}{}:
		case <-ctx.Done():
			return d, "", "", errs.Busy("storage.busy", ctx.Err())
		}
		pic, err := Prepare(u.Content, what.Media, p)
		<-s.drawing
		if err != nil {
			return d, "", "", err
		}
		body, meta = pic.Bytes, pic.Meta
		d.Media, d.Width, d.Height, d.Thumb = pic.Media, pic.Width, pic.Height, true
		small = subject.Seal(aad(d.ID, partThumb), string(pic.Thumb))
	case Audio:
		body = withoutMediaTags(what.Media, u.Content)
	}
	// What the phone says beside the file counts before the camera's own word:
	// the phone knows the server's time.
	if u.TakenAt != 0 {
		meta.TakenAt = u.TakenAt
	}
	if u.Lat != 0 || u.Lon != 0 {
		meta.Lat, meta.Lon, meta.Source = u.Lat, u.Lon, "phone"
	}
	if meta != (Meta{Orientation: meta.Orientation}) {
		text, err := json.Marshal(meta)
		if err != nil {
			return d, "", "", err
		}
		d.Meta, d.Said = subject.Seal(aad(d.ID, "meta"), string(text)), &meta
	}
	d.Bytes = int64(len(body))
	return d, subject.Seal(aad(d.ID, partFull), string(body)), small, nil
}

// aad binds a sealed part to its document.
func aad(document id.ID, part string) string { return "document." + part + ":" + string(document) }

// List gives the files of a record, oldest first, with what they say of time
// and place. Errors: Invalid, NotFound, Forbidden.
func (s *Service) List(ctx context.Context, r db.Reader, kind string, record id.ID) ([]Document, error) {
	rec, ok := s.records[kind]
	if !ok {
		return nil, errs.Invalid("record_kind", "document.record_kind")
	}
	h, err := rec.Held(ctx, r, record)
	if err != nil {
		return nil, err
	}
	if err := h.mayRead(ctx); err != nil {
		return nil, err
	}
	list, err := Of(ctx, r, kind, record)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Said, err = s.said(list[i]); err != nil {
			return nil, err
		}
		if list[i].Said != nil {
			audit.Show(ctx, h.Read, string(h.Target.Task), h.Region, audit.Shown{Kind: "document", ID: list[i].ID, Fields: []string{"taken_at", "place"}})
		}
	}
	return list, nil
}

func (s *Service) said(d Document) (*Meta, error) {
	if d.Meta == "" {
		return nil, nil //nolint:nilnil // most files say nothing
	}
	subject, err := s.keys.Subject(d.Subject)
	if err != nil {
		return nil, err
	}
	text, err := subject.Open(aad(d.ID, "meta"), d.Meta)
	if err != nil {
		return nil, err
	}
	var m Meta
	return &m, json.Unmarshal([]byte(text), &m)
}

// Open gives a file's bytes, or those of its small copy. Errors: NotFound (also
// for who may not know of the record), Forbidden, Busy.
func (s *Service) Open(ctx context.Context, document id.ID, small bool) (Content, error) {
	var out Content
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		d, err := find(ctx, r, document)
		if err != nil {
			return err
		}
		rec, ok := s.records[d.RecordKind]
		if !ok {
			return errs.NotFound("record.not_found")
		}
		h, err := rec.Held(ctx, r, d.RecordID)
		if err != nil {
			return err
		}
		if err := h.mayRead(ctx); err != nil {
			return err
		}
		out.Document = d
		audit.Show(ctx, h.Read, string(h.Target.Task), h.Region, audit.Shown{Kind: "document", ID: d.ID, Fields: []string{"content"}})
		return nil
	})
	if err != nil {
		return Content{}, err
	}
	part := partFull
	if small && out.Thumb {
		part, out.Media = partThumb, "image/jpeg"
	}
	sealed, err := s.vault.Read(document, part)
	if err != nil {
		return Content{}, err
	}
	subject, err := s.keys.Subject(out.Subject)
	if err != nil {
		return Content{}, err
	}
	body, err := subject.Open(aad(document, part), sealed)
	out.Body = []byte(body)
	return out, err
}

// EraseOf destroys the keys of all files of an erased person, as part of the
// change; the bytes go with the next sweep.
func EraseOf(ctx context.Context, tx *db.Tx, child id.ID) error {
	return erase(ctx, tx, "child_id = ?", child)
}

// Jobs.
const (
	JobSweep  = "document.sweep"
	JobRewrap = "document.rewrap"
)

// Bounds of the background.
const (
	sweepEvery  = 6 * time.Hour
	sweepPage   = 200
	orphanAfter = 24 * time.Hour
	erasedKeep  = 14 * 24 * time.Hour // how long a sweep looks for the bytes of erased files
)

// Schedule has the engine run what files need in the background.
func (s *Service) Schedule(e *job.Engine) {
	e.Every(JobSweep, sweepEvery, func(ctx context.Context, _ job.Job) error { return s.Sweep(ctx) })
	e.Every(JobRewrap, 24*time.Hour, func(ctx context.Context, _ job.Job) error { return s.Rewrap(ctx) })
}

// Sweep erases files whose time is over and takes away bytes that no row names.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		n := 0
		err := s.db.Update(access.With(ctx, access.System("document")), func(ctx context.Context, tx *db.Tx) error {
			over, err := expired(ctx, tx, tx.Now, sweepPage)
			n = len(over)
			if err != nil {
				return err
			}
			for _, d := range over {
				if err := erase(ctx, tx, "id = ?", d.ID); err != nil {
					return err
				}
				if err := audit.Write(ctx, tx, audit.Entry{Action: "document.expire", SubjectKind: "document", Subject: d.ID, Region: d.Region}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if n < sweepPage {
			break
		}
	}
	now := s.db.Clock().Now()
	old, err := s.vault.olderThan(now.Add(-orphanAfter))
	if err != nil {
		return err
	}
	var gone []id.ID
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if gone, err = erasedSince(ctx, r, clock.Of(now.Add(-erasedKeep))); err != nil {
			return err
		}
		for len(old) > 0 {
			part := old[:min(len(old), sweepPage)]
			old = old[len(part):]
			have, err := known(ctx, r, part)
			if err != nil {
				return err
			}
			for _, x := range part {
				if !have[x] {
					gone = append(gone, x)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, x := range gone {
		if err := s.vault.Remove(x, partFull, partThumb); err != nil {
			return err
		}
	}
	return nil
}

// Rewrap seals the files' keys under the ring's current key after a rotation;
// the bytes stay as they are.
func (s *Service) Rewrap(ctx context.Context) error {
	var after id.ID
	for {
		var page []Document
		err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			var err error
			if page, err = wrappedKeys(ctx, tx, after, sweepPage); err != nil {
				return err
			}
			for _, d := range page {
				again, changed, err := s.keys.Rewrap(d.Subject)
				if err != nil {
					return err
				}
				if changed {
					if err := setSubject(ctx, tx, d.ID, d.Subject, again); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil || len(page) < sweepPage {
			return err
		}
		after = page[len(page)-1].ID
	}
}
