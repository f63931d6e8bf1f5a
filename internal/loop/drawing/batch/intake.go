package batch

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Bounds of what one sending may hold.
const (
	mostPile    = 8 << 30   // bytes of a zip
	mostPDF     = 256 << 20 // bytes of a PDF
	mostPhoto   = 40 << 20  // bytes of one photo
	mostEntries = 10_000    // photos of a zip or pages of a PDF
	mostRatio   = 200       // unpacked to packed: photos don't shrink, bombs do
)

// Taken is what became of a sending.
type Taken struct {
	Photos  int `json:"photos"`  // new ones, to be read
	Known   int `json:"known"`   // the same file was there
	Refused int `json:"refused"` // no photo, or too large
}

// Add takes what a person hands in: a photo, a zip of photos, a PDF of scans.
// It returns when all of it is on disk; reading comes after. The same file
// sent twice is one photo, so that an interrupted sending is simply repeated.
//
// Errors: NotFound, Forbidden, Conflict drawing.closed, Invalid (file).
func (s *Service) Add(ctx context.Context, batch id.ID, body io.Reader) (Taken, error) {
	var b Batch
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		b, err = s.open(ctx, r, "drawing.upload", batch)
		return err
	})
	if err != nil {
		return Taken{}, err
	}
	if b.ClosedAt != 0 {
		return Taken{}, errs.Conflict("drawing.closed")
	}
	head := make([]byte, 8)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Taken{}, errs.Invalid("file", "drawing.photo_form")
	}
	whole := io.MultiReader(bytes.NewReader(head[:n]), body)
	var out Taken
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		sp, err := s.vault.spool(whole, mostPile)
		if err != nil {
			return Taken{}, err
		}
		defer func() { _ = sp.Close() }()
		err = s.unzip(ctx, b, sp, &out)
		return out, s.told(ctx, b, out, err)
	case bytes.HasPrefix(head, []byte("%PDF-")):
		sp, err := s.vault.spool(whole, mostPDF)
		if err != nil {
			return Taken{}, err
		}
		defer func() { _ = sp.Close() }()
		err = s.unbind(ctx, b, sp, &out)
		return out, s.told(ctx, b, out, err)
	}
	data, err := io.ReadAll(io.LimitReader(whole, mostPhoto+1))
	if err != nil {
		return Taken{}, errs.Invalid("file", "input.too_large")
	}
	if len(data) > mostPhoto {
		return Taken{}, errs.Invalid("file", "drawing.photo_large")
	}
	if !picture(data) {
		if len(data) > 12 && string(data[4:8]) == "ftyp" {
			return Taken{}, errs.Invalid("file", "drawing.photo_heic")
		}
		return Taken{}, errs.Invalid("file", "drawing.photo_form")
	}
	err = s.keep(ctx, b, data, &out)
	return out, s.told(ctx, b, out, err)
}

// told writes down who handed in how much; a sending that failed half-way has
// given what it has.
func (s *Service) told(ctx context.Context, b Batch, out Taken, err error) error {
	if out.Photos == 0 {
		return err
	}
	return errors.Join(err, s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Emit(ctx, db.Event{Topic: "drawing", Kind: "added", Region: b.Region, Ref: string(b.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.upload", SubjectKind: "drawing_batch", Subject: b.ID, Region: b.Region})
	}))
}

// picture tells a JPEG or PNG by its first bytes.
func picture(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xFF\xD8\xFF")) || bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n"))
}

// keep seals one photo: the file first, then its row.
func (s *Service) keep(ctx context.Context, b Batch, data []byte, out *Taken) error {
	p := Photo{ID: id.New(), BatchID: b.ID, State: Waiting, Content: s.content(data), Bytes: int64(len(data)), AddedBy: access.From(ctx).Account}
	known := false
	if err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		known, err = hasContent(ctx, r, b.ID, p.Content)
		return err
	}); err != nil {
		return err
	}
	if known {
		out.Known++
		return nil
	}
	subject, wrapped := s.Keys.NewSubject()
	p.Subject = wrapped
	if err := s.vault.Write(p.ID, partPhoto, subject.Seal(photoAAD(p.ID), string(data))); err != nil {
		return err
	}
	var n int64
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		p.AddedAt = tx.Now
		n, err = tx.InsertIfNew(ctx, &photoRow{Photo: p})
		return err
	})
	if err != nil || n == 0 { // sent twice at the same time
		if rerr := s.vault.Remove(p.ID, partPhoto); rerr != nil {
			s.Log.Error("photo not removed", "error", rerr)
		}
		if err == nil {
			out.Known++
		}
		return err
	}
	out.Photos++
	return nil
}

func photoAAD(p id.ID) string { return "drawing_photo:" + string(p) }
func frameAAD(d id.ID) string { return "drawing.frame:" + string(d) }

// unzip takes the photos of a zip one by one. File names are not kept: they
// often hold names of children.
func (s *Service) unzip(ctx context.Context, b Batch, sp *spool, out *Taken) error {
	z, err := zip.NewReader(sp, sp.size)
	if err != nil {
		return errs.Invalid("file", "drawing.zip_broken")
	}
	if len(z.File) > mostEntries {
		return errs.Invalid("file", "drawing.too_many")
	}
	for _, f := range z.File {
		base := path.Base(strings.ReplaceAll(f.Name, `\`, "/"))
		if f.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.Contains(f.Name, "__MACOSX") {
			continue
		}
		if f.UncompressedSize64 > mostPhoto || f.UncompressedSize64 > mostRatio*(f.CompressedSize64+1024) {
			out.Refused++
			continue
		}
		data, err := entry(f)
		if err != nil || !picture(data) {
			out.Refused++
			continue
		}
		if err := s.keep(ctx, b, data, out); err != nil {
			return err
		}
	}
	if out.Photos+out.Known == 0 {
		return errs.Invalid("file", "drawing.zip_empty")
	}
	return nil
}

// entry unpacks one file, never more than it says or a photo may be.
func entry(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, mostPhoto+1))
	if err == nil && len(data) > mostPhoto {
		err = errs.Invalid("file", "drawing.photo_large")
	}
	return data, err
}

// unbind takes the scanned pages of a PDF: of each page its largest picture.
func (s *Service) unbind(ctx context.Context, b Batch, sp *spool, out *Taken) error {
	err := scans(io.NewSectionReader(sp, 0, sp.size), func(data []byte) error {
		if !picture(data) {
			out.Refused++
			return nil
		}
		return s.keep(ctx, b, data, out)
	}, func() { out.Refused++ })
	if err == nil && out.Photos+out.Known == 0 {
		return errs.Invalid("file", "drawing.pdf_empty")
	}
	return err
}

// scans calls fn with the largest picture of each page, and missed for a page
// with none that is understood. The library is given hostile files here: what
// it panics on is a broken file.
func scans(rs io.ReadSeeker, fn func(data []byte) error, missed func()) (err error) {
	defer func() {
		if recover() != nil {
			err = errs.Invalid("file", "drawing.pdf_broken")
		}
	}()
	api.DisableConfigDir()
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationRelaxed
	conf.Offline = true
	doc, err := api.ReadValidateAndOptimize(rs, conf)
	if err != nil {
		return errs.Invalid("file", "drawing.pdf_broken")
	}
	if doc.PageCount > mostEntries {
		return errs.Invalid("file", "drawing.too_many")
	}
	for page := 1; page <= doc.PageCount; page++ {
		data, ok := scan(doc, page)
		if !ok {
			missed()
			continue
		}
		if err := fn(data); err != nil {
			return err
		}
	}
	return nil
}
