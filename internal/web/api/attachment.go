package api

import (
	"context"
	"io"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/document"
)

// attachmentForm is a file with what the phone knows of it. OrderID is short
// for record_kind order.
type attachmentForm struct {
	File       huma.FormFile `form:"file" required:"true"`
	RecordKind string        `form:"record_kind" required:"false" maxLength:"30"`
	RecordID   id.ID         `form:"record_id" required:"false" maxLength:"60"`
	OrderID    id.ID         `form:"order_id" required:"false" maxLength:"60"`
	Key        string        `form:"key" maxLength:"100"`
	At         clock.Millis  `form:"at" required:"false"`
	Lat        float64       `form:"lat" required:"false"`
	Lon        float64       `form:"lon" required:"false"`
}

// file is an answer that is no JSON.
type file struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Policy             string `header:"Content-Security-Policy"`
	Body               []byte
}

func (a *API) attachments() {
	call(a, http.MethodPost, "/attachments", "keep a photo, a recording or a PDF of a record; the same key is the same file", func(ctx context.Context, in *struct {
		RawBody huma.MultipartFormFiles[attachmentForm]
	}) (document.Document, error) {
		f := in.RawBody.Data()
		if !f.File.IsSet {
			return document.Document{}, errs.Invalid("file", "document.empty")
		}
		defer func() { _ = f.File.Close() }()
		body, err := io.ReadAll(f.File)
		if err != nil {
			return document.Document{}, errs.Invalid("file", "input.too_large")
		}
		u := document.Upload{RecordKind: f.RecordKind, RecordID: f.RecordID, Key: f.Key, Content: body, TakenAt: f.At, Lat: f.Lat, Lon: f.Lon}
		if f.OrderID != "" {
			u.RecordKind, u.RecordID = "order", f.OrderID
		}
		return a.Documents.Put(ctx, u)
	})
	call(a, http.MethodGet, "/attachments", "the files of a record, oldest first", func(ctx context.Context, in *struct {
		RecordKind string `query:"record_kind" required:"true" maxLength:"30"`
		RecordID   id.ID  `query:"record_id" required:"true" maxLength:"60"`
	}) (page[document.Document], error) {
		items, err := view(ctx, a, func(ctx context.Context, r db.Reader) ([]document.Document, error) {
			return a.Documents.List(ctx, r, in.RecordKind, in.RecordID)
		})
		return page[document.Document]{Items: orEmpty(items)}, err
	})
	huma.Register(a.huma, huma.Operation{OperationID: "getAttachment", Method: http.MethodGet, Path: "/api/attachments/{id}",
		Summary: "a file's bytes; size=thumb gives the small copy of a picture", DefaultStatus: http.StatusOK,
		Responses: map[string]*huma.Response{"200": {Description: "the file", Content: map[string]*huma.MediaType{
			"image/*": {}, "audio/*": {}, "application/pdf": {}}}}},
		func(ctx context.Context, in *struct {
			ByID
			Size string `query:"size" enum:"full,thumb,"`
		}) (*file, error) {
			c, err := a.Documents.Open(ctx, in.ID, in.Size == "thumb")
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			// A PDF may hold script: it is saved, not shown within our pages.
			how := "inline"
			if c.Kind == document.PDF {
				how = "attachment"
			}
			name := string(c.ID)
			if ext, err := mime.ExtensionsByType(c.Media); err == nil && len(ext) > 0 {
				name += ext[0]
			}
			return &file{ContentType: c.Media, ContentDisposition: mime.FormatMediaType(how, map[string]string{"filename": name}),
				Policy: "default-src 'none'; sandbox", Body: c.Body}, nil
		})
}
