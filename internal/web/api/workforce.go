package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/booking"
	"zugou/internal/loop/workforce"
	"zugou/internal/people/access"
)

// workerForm is a worker as entered.
type workerForm struct {
	Account   id.ID      `json:"account,omitempty" maxLength:"60"`
	Name      string     `json:"name" maxLength:"100"`
	Kind      string     `json:"kind"`
	Region    string     `json:"region" maxLength:"15"`
	Sex       string     `json:"sex,omitempty"`
	Languages []string   `json:"languages,omitempty"`
	Needs     []string   `json:"needs,omitempty"`
	Capacity  int        `json:"capacity,omitempty"`
	BeganOn   civil.Date `json:"began_on"`
	Version   int64      `json:"version,omitempty"`

	Classes []workforce.Class `json:"classes,omitempty" maxItems:"20"`
}

func (f workerForm) into() workforce.NewPerson {
	return workforce.NewPerson{Account: f.Account, Name: f.Name, Kind: f.Kind, Region: f.Region, Sex: f.Sex, Languages: f.Languages, Needs: f.Needs, Capacity: f.Capacity, BeganOn: f.BeganOn, Classes: f.Classes}
}

func (a *API) workforce() {
	call(a, http.MethodGet, "/workforce", "who works with the children, with papers and load", func(ctx context.Context, in *struct {
		Kind  string `query:"kind" maxLength:"40"`
		State string `query:"state" enum:"blocked,expiring,ended,"`
		Text  string `query:"text" maxLength:"50"`
	}) (page[workforce.Row], error) {
		list, err := a.Workforce.List(ctx, workforce.Query{Kind: in.Kind, State: in.State, Text: in.Text})
		return page[workforce.Row]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodGet, "/workforce/choices", "the choices of the workforce", func(ctx context.Context, _ *struct{}) (workforce.Choices, error) {
		return a.Workforce.Choices(ctx)
	})
	call(a, http.MethodGet, "/workforce/match", "who could take a case or be paired with a child, with the reasons", func(ctx context.Context, in *struct {
		Child    id.ID  `query:"child" maxLength:"60"`
		Region   string `query:"region" maxLength:"15"`
		For      string `query:"for" enum:"case,pairing" required:"true"`
		Need     string `query:"need" maxLength:"40"`
		Language string `query:"language" maxLength:"40"`
		Sex      string `query:"sex" enum:"m,f,"`
	}) (page[workforce.Match], error) {
		list, err := a.Workforce.Match(ctx, workforce.Wanted{Child: in.Child, Region: in.Region, For: in.For, Need: in.Need, Language: in.Language, Sex: in.Sex})
		return page[workforce.Match]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodGet, "/workforce/duties", "what each department does for each kind of matter, as of a day", func(ctx context.Context, in *struct {
		On civil.Date `query:"on" maxLength:"10"`
	}) (workforce.Duties, error) {
		return a.Workforce.DutyTable(ctx, in.On)
	})
	call(a, http.MethodGet, "/workforce/{id}", "one worker with all papers", func(ctx context.Context, in *ByID) (workforce.Sheet, error) {
		return a.Workforce.Find(ctx, in.ID)
	})
	call(a, http.MethodPost, "/workforce", "enter a worker", func(ctx context.Context, in *struct{ Body workerForm }) (workforce.Person, error) {
		return a.Workforce.Add(ctx, in.Body.into())
	})
	call(a, http.MethodPost, "/workforce/{id}", "correct a worker's entry", func(ctx context.Context, in *struct {
		ByID
		Body workerForm
	}) (workforce.Person, error) {
		return a.Workforce.Change(ctx, in.ID, in.Body.into(), in.Body.Version)
	})
	call(a, http.MethodPost, "/workforce/{id}/end", "somebody works here no longer", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			On      civil.Date `json:"on"`
			Reason  string     `json:"reason"`
			Version int64      `json:"version,omitempty"`
		}
	}) (workforce.Person, error) {
		return a.Workforce.End(ctx, in.ID, in.Body.On, in.Body.Reason, in.Body.Version)
	})
	call(a, http.MethodPost, "/workforce/{id}/papers", "record a records check, a qualification, a training, a supervision", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Kind      string     `json:"kind"`
			Title     string     `json:"title,omitempty"`
			Number    string     `json:"number,omitempty"`
			Issuer    string     `json:"issuer,omitempty"`
			Result    string     `json:"result,omitempty"`
			GotOn     civil.Date `json:"got_on"`
			ExpiresOn civil.Date `json:"expires_on,omitempty"`
			Hours     int        `json:"hours,omitempty"`
			Note      string     `json:"note,omitempty"`
		}
	}) (workforce.Paper, error) {
		b := in.Body
		return a.Workforce.AddPaper(ctx, in.ID, workforce.NewPaper{Kind: b.Kind, Title: b.Title, Number: b.Number, Issuer: b.Issuer, Result: b.Result, GotOn: b.GotOn, ExpiresOn: b.ExpiresOn,
			Hours: b.Hours, Note: b.Note})
	})
}

func (a *API) bookings() {
	type choices struct {
		Kinds    []string `json:"kinds"`
		Purposes []string `json:"purposes"`
	}
	call(a, http.MethodGet, "/venues", "shared places", func(ctx context.Context, _ *struct{}) (page[booking.Venue], error) {
		list, err := a.Bookings.Venues(ctx)
		return page[booking.Venue]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodGet, "/venues/choices", "the choices of places and bookings", func(ctx context.Context, _ *struct{}) (choices, error) {
		return choices{booking.Kinds(), booking.Purposes()}, access.May(access.From(ctx), "venue.read")
	})
	call(a, http.MethodPost, "/venues", "enter a shared place, or change one", func(ctx context.Context, in *struct {
		Body struct {
			ID      id.ID  `json:"id,omitempty" maxLength:"60"`
			Name    string `json:"name" maxLength:"200"`
			Kind    string `json:"kind"`
			Region  string `json:"region" maxLength:"15"`
			Seats   int    `json:"seats,omitempty"`
			Opens   int    `json:"opens"`
			Closes  int    `json:"closes"`
			Note    string `json:"note,omitempty"`
			Ended   bool   `json:"ended,omitempty"`
			Version int64  `json:"version,omitempty"`
		}
	}) (booking.Venue, error) {
		b := in.Body
		v := booking.Venue{ID: b.ID, Name: b.Name, Kind: b.Kind, Region: b.Region, Seats: b.Seats, Opens: b.Opens, Closes: b.Closes, Note: b.Note, Version: b.Version}
		if b.Ended {
			v.EndedAt = 1
		}
		return a.Bookings.Save(ctx, v)
	})
	call(a, http.MethodGet, "/bookings", "the calendar of the shared places", func(ctx context.Context, in *struct {
		Venue id.ID        `query:"venue" maxLength:"60"`
		From  clock.Millis `query:"from" required:"true"`
		To    clock.Millis `query:"to" required:"true"`
	}) (page[booking.Booking], error) {
		list, err := a.Bookings.Calendar(ctx, in.Venue, in.From, in.To)
		return page[booking.Booking]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodPost, "/bookings", "book a place; the same key is the same booking", func(ctx context.Context, in *struct {
		Body struct {
			VenueID  id.ID        `json:"venue_id" maxLength:"60"`
			BeginsAt clock.Millis `json:"begins_at"`
			EndsAt   clock.Millis `json:"ends_at"`
			Purpose  string       `json:"purpose"`
			Note     string       `json:"note,omitempty"`
			Key      string       `json:"key"`
		}
	}) (booking.Booking, error) {
		b := in.Body
		return a.Bookings.Book(ctx, booking.Request{VenueID: b.VenueID, BeginsAt: b.BeginsAt, EndsAt: b.EndsAt, Purpose: b.Purpose, Note: b.Note, Key: b.Key})
	})
	call(a, http.MethodPost, "/bookings/{id}/cancel", "free a place", func(ctx context.Context, in *ByID) (booking.Booking, error) {
		return a.Bookings.Cancel(ctx, in.ID)
	})
}
