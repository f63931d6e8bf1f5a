package api

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/rating"
)

// pile is a body that is streamed: a photo, a zip of photos, a PDF of scans.
type pile struct {
	ByID
	body io.Reader
}

// Resolve implements huma.Resolver; it keeps the body to be read by the
// service, whatever its size.
func (p *pile) Resolve(ctx huma.Context) []error {
	p.body = ctx.BodyReader()
	return nil
}

func (a *API) drawings() {
	call(a, http.MethodGet, "/drawings/classes", "classes whose drawing sheets may be printed", func(ctx context.Context, in *struct {
		Region string `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
	}) (page[batch.Class], error) {
		items, err := a.Drawings.Classes(ctx, in.Region)
		return page[batch.Class]{Items: orEmpty(items)}, err
	})
	bytesCall(a, http.MethodPost, "/drawings/sheets", "print drawing sheets of a class: a PDF, one page a child", "application/pdf", func(ctx context.Context, in *struct{ Body batch.PrintRequest }) ([]byte, error) {
		return a.Drawings.Print(ctx, in.Body)
	})
	call(a, http.MethodGet, "/drawings/sheets", "printed sheets of a school, for a number that can't be read", func(ctx context.Context, in *struct {
		School id.ID `query:"school" maxLength:"36"`
	}) (page[batch.Printed], error) {
		items, err := a.Drawings.Sheets(ctx, in.School)
		return page[batch.Printed]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/drawings/batches", "batches of drawings with their counts, newest first", func(ctx context.Context, _ *struct{}) (page[batch.Row], error) {
		items, err := a.Drawings.List(ctx)
		return page[batch.Row]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/drawings/batches", "open a batch, with the conditions of drawing", func(ctx context.Context, in *struct{ Body batch.NewBatch }) (batch.Batch, error) {
		return a.Drawings.Create(ctx, in.Body)
	})
	call(a, http.MethodGet, "/drawings/batches/{id}", "one batch with its counts", func(ctx context.Context, in *ByID) (batch.Row, error) {
		return a.Drawings.Find(ctx, in.ID)
	})
	call(a, http.MethodPost, "/drawings/batches/{id}/pile", "hand in a photo, a zip of photos or a PDF of scans as the body; the same file again is the same photo", func(ctx context.Context, in *pile) (batch.Taken, error) {
		return a.Drawings.Add(ctx, in.ID, in.body)
	})
	a.mending()
	a.ratings()
}

func (a *API) mending() {
	call(a, http.MethodGet, "/drawings/batches/{id}/mending", "what of a batch waits for a person", func(ctx context.Context, in *struct {
		ByID
		Cursor id.ID `query:"cursor" maxLength:"60"`
	}) (batch.MendPage, error) {
		return a.Drawings.Mending(ctx, in.ID, in.Cursor)
	})
	bytesCall(a, http.MethodGet, "/drawings/photos/{id}", "a photo that waits to be mended", "image/*", func(ctx context.Context, in *ByID) ([]byte, error) {
		return a.Drawings.Photo(ctx, in.ID)
	})
	call(a, http.MethodPost, "/drawings/photos/{id}/mend", "make a drawing of a photo by corners and number as a person sees them", func(ctx context.Context, in *struct {
		ByID
		Body batch.Mended
	}) (done, error) {
		return done{true}, a.Drawings.MendPhoto(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/drawings/photos/{id}/drop", "put a photo aside, with a reason", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (done, error) {
		return done{true}, a.Drawings.DropPhoto(ctx, in.ID, in.Body.Reason)
	})
	bytesCall(a, http.MethodGet, "/drawing/{id}/frame", "the rectified picture of a drawing, for who compares two", "image/jpeg", func(ctx context.Context, in *ByID) ([]byte, error) {
		return a.Drawings.FrameOf(ctx, in.ID)
	})
	call(a, http.MethodPost, "/drawing/{id}/choose", "decide between two drawings that may be one", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Choice batch.Choice `json:"choice" maxLength:"10"`
		}
	}) (done, error) {
		return done{true}, a.Drawings.Choose(ctx, in.ID, in.Body.Choice)
	})
}

func (a *API) ratings() {
	call(a, http.MethodGet, "/rating/sheet", "the coding sheet", func(ctx context.Context, _ *struct{}) (rating.Sheet, error) {
		return a.Ratings.CodingSheet(ctx)
	})
	call(a, http.MethodPost, "/rating/desk", "the rater's next drawing, held for him, and how far he is", func(ctx context.Context, _ *struct{}) (rating.Desk, error) {
		return a.Ratings.Desk(ctx)
	})
	bytesCall(a, http.MethodGet, "/rating/tasks/{id}/image", "the picture of a task: nothing that names the child", "image/jpeg", func(ctx context.Context, in *ByID) ([]byte, error) {
		return a.Ratings.Image(ctx, in.ID)
	})
	call(a, http.MethodPost, "/rating/tasks/{id}", "hand in the codes of a task", func(ctx context.Context, in *struct {
		ByID
		Body rating.Submission
	}) (rating.Submitted, error) {
		return a.Ratings.Submit(ctx, in.ID, in.Body)
	})
	call(a, http.MethodGet, "/rating/training", "the trainee's next reference and how he did so far", func(ctx context.Context, _ *struct{}) (rating.Training, error) {
		return a.Ratings.TrainingPage(ctx)
	})
	bytesCall(a, http.MethodGet, "/rating/training/{id}/image", "the picture of a reference", "image/jpeg", func(ctx context.Context, in *ByID) ([]byte, error) {
		return a.Ratings.TrialImage(ctx, in.ID)
	})
	call(a, http.MethodPost, "/rating/training/{id}", "hand in a practice sheet, answered with the reference", func(ctx context.Context, in *struct {
		ByID
		Body rating.Submission
	}) (rating.Answered, error) {
		return a.Ratings.SubmitTrial(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/rating/references", "make a decided drawing one to train on", func(ctx context.Context, in *struct{ Body rating.NewReference }) (done, error) {
		return done{true}, a.Ratings.AddReference(ctx, in.Body)
	})
	call(a, http.MethodDelete, "/rating/references/{id}", "take a drawing out of the training", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Ratings.EndReference(ctx, in.ID)
	})
	call(a, http.MethodGet, "/rating/repeats", "how each rater's hidden repeats agree with the own first sheets", func(ctx context.Context, _ *struct{}) (page[rating.Steadiness], error) {
		items, err := a.Ratings.Repeats(ctx)
		return page[rating.Steadiness]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/rating/trainings", "the references, and who practised on them", func(ctx context.Context, _ *struct{}) (rating.TrainingDesk, error) {
		return a.Ratings.Trainings(ctx)
	})
	call(a, http.MethodPost, "/rating/trainings/{id}/again", "have a trainee practise anew", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Ratings.TrainAgain(ctx, in.ID)
	})
	call(a, http.MethodGet, "/drawings/results", "decided drawings with their children", func(ctx context.Context, in *struct {
		Batch  id.ID  `query:"batch" maxLength:"60"`
		Child  id.ID  `query:"child" maxLength:"60"`
		Due    bool   `query:"due" doc:"only those with whom a talk is advised now"`
		Marked bool   `query:"marked" doc:"only those with whom a talk was ever advised"`
		Cursor string `query:"cursor" maxLength:"60"`
		Limit  int    `query:"limit" minimum:"0" maximum:"200"`
	}) (page[rating.Result], error) {
		items, next, err := a.Ratings.Results(ctx, rating.ResultsQuery{Batch: in.Batch, Child: in.Child, Due: in.Due, Marked: in.Marked, Cursor: in.Cursor, Limit: in.Limit})
		return page[rating.Result]{orEmpty(items), next}, err
	})
	bytesCall(a, http.MethodGet, "/drawing/{id}/image", "the picture of a decided drawing, for who works with the child", "image/jpeg", func(ctx context.Context, in *ByID) ([]byte, error) {
		return a.Ratings.ResultImage(ctx, in.ID)
	})
	call(a, http.MethodPost, "/drawing/{id}/talked", "somebody has talked with the child", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Ratings.Talked(ctx, in.ID)
	})
	call(a, http.MethodGet, "/drawings/batches/{id}/report", "agreement by feature and rater, and local validity", func(ctx context.Context, in *ByID) (rating.Report, error) {
		return a.Ratings.ReportOf(ctx, in.ID)
	})
}

// bytesCall registers a call whose answer is a picture or a PDF.
func bytesCall[In any](a *API, method, route, summary, media string, fn func(ctx context.Context, in *In) ([]byte, error)) {
	huma.Register(a.huma, huma.Operation{OperationID: operationID(method, route), Method: method, Path: "/api" + route, Summary: summary, DefaultStatus: http.StatusOK,
		Responses: map[string]*huma.Response{"200": {Description: "the file", Content: map[string]*huma.MediaType{media: {}}}}},
		func(ctx context.Context, in *In) (*file, error) {
			body, err := fn(ctx, in)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			return &file{ContentType: http.DetectContentType(body), ContentDisposition: "inline", Policy: "default-src 'none'; sandbox", Body: body}, nil
		})
}
