package api

import (
	"context"
	"io"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"zugou/internal/kernel/errs"
	"zugou/internal/people/intake"
	"zugou/internal/people/roster"
)

// listForm is a department's list.
type listForm struct {
	File huma.FormFile `form:"file" required:"true"`
	Kind roster.Kind   `form:"kind" required:"true" maxLength:"20"`
}

// xlsxMedia is the media type of a workbook.
const xlsxMedia = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func (a *API) intakes() {
	call(a, http.MethodPost, "/imports", "read a department's list of children or devices; nothing is registered yet", func(ctx context.Context, in *struct {
		RawBody huma.MultipartFormFiles[listForm]
	}) (intake.View, error) {
		f := in.RawBody.Data()
		if !f.File.IsSet {
			return intake.View{}, errs.Invalid("file", "document.empty")
		}
		defer func() { _ = f.File.Close() }()
		body, err := io.ReadAll(f.File)
		if err != nil {
			return intake.View{}, errs.Invalid("file", "input.too_large")
		}
		return a.Intake.Upload(ctx, f.Kind, f.File.Filename, body)
	})
	call(a, http.MethodGet, "/imports", "imports, newest first", func(ctx context.Context, in *struct {
		Cursor string `query:"cursor" maxLength:"60"`
		Limit  int    `query:"limit"`
	}) (intake.Page, error) {
		return a.Intake.List(ctx, in.Cursor, in.Limit)
	})
	call(a, http.MethodGet, "/imports/{id}", "an import: headings, counts, progress", func(ctx context.Context, in *ByID) (intake.View, error) {
		return a.Intake.Find(ctx, in.ID)
	})
	call(a, http.MethodPut, "/imports/{id}/headings", "say what columns hold: field to heading or letter", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Map map[string]string `json:"map"`
		}
	}) (intake.View, error) {
		fixes := map[roster.Field]string{}
		for k, v := range in.Body.Map {
			fixes[roster.Field(k)] = v
		}
		return a.Intake.Correct(ctx, in.ID, fixes)
	})
	call(a, http.MethodGet, "/imports/{id}/rows", "the preview, row by row", func(ctx context.Context, in *struct {
		ByID
		Outcome roster.Outcome `query:"outcome" maxLength:"20"`
		Cursor  string         `query:"cursor" maxLength:"20"`
		Limit   int            `query:"limit"`
	}) (intake.RowPage, error) {
		return a.Intake.Rows(ctx, in.ID, in.Outcome, in.Cursor, in.Limit)
	})
	call(a, http.MethodPost, "/imports/{id}/commit", "register the rows, all or nothing", func(ctx context.Context, in *ByID) (intake.View, error) {
		return a.Intake.Commit(ctx, in.ID)
	})
	call(a, http.MethodPost, "/imports/{id}/cancel", "drop a list, or stop one that is being written", func(ctx context.Context, in *ByID) (intake.View, error) {
		return a.Intake.Cancel(ctx, in.ID)
	})
	call(a, http.MethodPost, "/imports/{id}/undo", "take a whole import away again", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (intake.View, error) {
		return a.Intake.Undo(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodGet, "/imports/{id}/follows", "what an import led to: proposed changes, cases", func(ctx context.Context, in *ByID) (page[intake.FollowView], error) {
		items, err := a.Intake.Follows(ctx, in.ID)
		return page[intake.FollowView]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/imports/{id}/follows/{n}", "take a proposed change, or leave the record as it is", func(ctx context.Context, in *struct {
		ByID
		N    int `path:"n"`
		Body struct {
			Accept bool `json:"accept"`
		}
	}) (done, error) {
		return done{true}, a.Intake.Decide(ctx, in.ID, in.N, in.Body.Accept)
	})
	workbook(a, "/imports/{id}/refused", "the rows that were not taken, with the reason beside each", "refused.xlsx", func(ctx context.Context, in *ByID) ([]byte, error) {
		return a.Intake.Refused(ctx, in.ID)
	})
}

// workbook registers a call that answers with an Excel file.
func workbook[In any](a *API, route, summary, name string, fn func(ctx context.Context, in *In) ([]byte, error)) {
	huma.Register(a.huma, huma.Operation{OperationID: operationID(http.MethodGet, route), Method: http.MethodGet, Path: "/api" + route, Summary: summary, DefaultStatus: http.StatusOK},
		func(ctx context.Context, in *In) (*file, error) {
			body, err := fn(ctx, in)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			return &file{ContentType: xlsxMedia, ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": name}),
				Policy: "default-src 'none'; sandbox", Body: body}, nil
		})
}
