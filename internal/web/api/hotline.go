package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

// Line is the telephone line of this process.
type Line interface {
	On() bool
	Answer(ctx context.Context, call, account id.ID, offer string) (answer string, err error)
	HangUp(call, account id.ID) error
	Forward(ctx context.Context, call, account id.ID, to string) error
	Leave(call, account id.ID) error
	Registered(user string) bool
}

// board is the line at a glance, with the names that the page shows.
type board struct {
	hotline.Board
	On       bool             `json:"on"`
	Names    map[id.ID]string `json:"names"`    // of seats
	Children map[id.ID]string `json:"children"` // of callers that were recognised
}

// lineTelephone is a seat's telephone with whether it is there.
type lineTelephone struct {
	hotline.PhoneView
	There bool `json:"there"`
}

func (a *API) hotline() {
	call(a, http.MethodGet, "/hotline", "the line: who waits, who talks, who sits there", a.hotlineBoard)
	call(a, http.MethodGet, "/calls", "calls, newest first", func(ctx context.Context, in *callSearch) (page[hotline.Row], error) {
		rows, next, err := a.Hotline.List(ctx, in.query())
		return page[hotline.Row]{Items: orEmpty(rows), Next: string(next)}, err
	})
	call(a, http.MethodGet, "/calls/{id}", "one call with its course", func(ctx context.Context, in *ByID) (hotline.Sheet, error) {
		return a.Hotline.Find(ctx, in.ID)
	})
	call(a, http.MethodPost, "/hotline/ready", "sit at the line, or leave it", func(ctx context.Context, in *struct {
		Body struct {
			On bool `json:"on"`
		}
	}) (done, error) {
		return done{true}, a.Hotline.Ready(ctx, in.Body.On)
	})
	a.lineActs()
	a.chats()
	a.lineRecords()
	a.linePhones()
	a.lineCounts()
	a.triage()
}

func (a *API) hotlineBoard(ctx context.Context, _ *struct{}) (board, error) {
	b, err := a.Hotline.Board(ctx)
	if err != nil {
		return board{}, err
	}
	out := board{Board: b, On: a.Line.On(), Names: map[id.ID]string{}, Children: map[id.ID]string{}}
	var seats []id.ID
	for _, s := range b.Seats {
		seats = append(seats, s.Account)
	}
	var children []id.ID
	for _, rows := range [][]hotline.Row{b.Talking, b.Waiting, b.Unwrap} {
		for _, c := range rows {
			if c.Seat != "" {
				seats = append(seats, c.Seat)
			}
			if c.ChildID != "" && !slices.Contains(children, c.ChildID) {
				children = append(children, c.ChildID)
				audit.Show(ctx, "call.read", "", c.Region, audit.Shown{Kind: "child", ID: c.ChildID, Fields: []string{"name", "call"}})
			}
		}
	}
	err = a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		names, err := a.Seat.StaffNames(ctx, r, seats)
		for account, n := range names {
			out.Names[account] = n.Name
		}
		if err != nil || len(children) == 0 {
			return err
		}
		out.Children, err = person.Names(ctx, r, children...)
		return err
	})
	return out, err
}

// mine checks the right to speak on the line before it is asked.
func (a *API) mine(ctx context.Context) (id.ID, error) {
	actor := access.From(ctx)
	return actor.Account, access.Check(actor, "call.take", access.Target{Region: a.District})
}

func (a *API) lineActs() {
	call(a, http.MethodPost, "/calls/{id}/answer", "take a call in the browser: offer and answer of WebRTC", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			SDP string `json:"sdp" maxLength:"20000"`
		}
	}) (struct {
		SDP string `json:"sdp"`
	}, error) {
		var out struct {
			SDP string `json:"sdp"`
		}
		account, err := a.mine(ctx)
		if err != nil {
			return out, err
		}
		out.SDP, err = a.Line.Answer(ctx, in.ID, account, in.Body.SDP)
		return out, err
	})
	act := func(route, summary string, fn func(ctx context.Context, call, account id.ID) error) {
		call(a, http.MethodPost, route, summary, func(ctx context.Context, in *ByID) (done, error) {
			account, err := a.mine(ctx)
			if err != nil {
				return done{}, err
			}
			return done{true}, fn(ctx, in.ID, account)
		})
	}
	act("/calls/{id}/hang-up", "end a call that one has", func(_ context.Context, c, account id.ID) error { return a.Line.HangUp(c, account) })
	act("/calls/{id}/leave", "leave the caller with who is on the outside line", func(_ context.Context, c, account id.ID) error { return a.Line.Leave(c, account) })
	call(a, http.MethodPost, "/calls/{id}/forward", "bring 110 or another into the call", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			To string `json:"to" maxLength:"30"`
		}
	}) (done, error) {
		account, err := a.mine(ctx)
		if err != nil {
			return done{}, err
		}
		return done{true}, a.Line.Forward(ctx, in.ID, account, in.Body.To)
	})
}

// sound is a recording as the browser plays it.
type sound struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func (a *API) lineRecords() {
	call(a, http.MethodPost, "/calls/{id}/wrap", "say what the call was, and open the matter it asks for", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Class   string `json:"class"`
			Topic   string `json:"topic,omitempty"`
			Action  string `json:"action,omitempty"`
			AgeBand string `json:"age_band,omitempty"`
			Sex     string `json:"sex,omitempty"`
			Note    string `json:"note,omitempty"`
			ChildID id.ID  `json:"child_id,omitempty"`
			Kind    string `json:"kind,omitempty"`
			Urgency string `json:"urgency,omitempty"`
			Version int64  `json:"version,omitempty"`
		}
	}) (opened, error) {
		b := in.Body
		c, err := a.Hotline.Wrap(ctx, in.ID, hotline.Wrap{Class: b.Class, Topic: b.Topic, Action: b.Action, AgeBand: b.AgeBand, Sex: b.Sex, Note: b.Note, ChildID: b.ChildID,
			Kind: b.Kind, Urgency: b.Urgency, Version: b.Version})
		return opened{"", c.MatterID, c.ChildID}, err
	})
	call(a, http.MethodPost, "/calls/{id}/number", "the caller's number, for a call back", func(ctx context.Context, in *ByID) (number, error) {
		n, err := a.Hotline.Number(ctx, in.ID)
		return number{n}, err
	})
	huma.Register(a.huma, huma.Operation{OperationID: "postCallsIdRecording", Method: http.MethodPost, Path: "/api/calls/{id}/recording",
		Summary: "play a recording for a reason", DefaultStatus: http.StatusOK},
		func(ctx context.Context, in *struct {
			ByID
			Body struct {
				Kind   string `json:"kind" enum:"talk,message"`
				Reason string `json:"reason"`
			}
		}) (*sound, error) {
			kind := phone.Talk
			if in.Body.Kind == phone.Message {
				kind = phone.Message
			}
			wav, err := a.Hotline.Play(ctx, in.ID, kind, in.Body.Reason)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			return &sound{"audio/wav", "no-store", wav}, nil
		})
}

func (a *API) linePhones() {
	call(a, http.MethodGet, "/hotline/phones", "the seats' telephones", func(ctx context.Context, _ *struct{}) (page[lineTelephone], error) {
		list, err := a.Hotline.PhoneList(ctx)
		out := page[lineTelephone]{Items: []lineTelephone{}}
		for _, p := range list {
			out.Items = append(out.Items, lineTelephone{p, a.Line.Registered(p.User)})
		}
		return out, err
	})
	call(a, http.MethodPost, "/hotline/phones", "give a seat a telephone; its secret is shown once", func(ctx context.Context, in *struct {
		Body struct {
			User    string `json:"user" maxLength:"32"`
			Account id.ID  `json:"account"`
			Level   int    `json:"level"`
		}
	}) (struct {
		Secret string `json:"secret"`
	}, error) {
		secret, err := a.Hotline.AddPhone(ctx, in.Body.User, in.Body.Account, in.Body.Level)
		return struct {
			Secret string `json:"secret"`
		}{secret}, err
	})
	call(a, http.MethodPost, "/hotline/phones/{id}/remove", "take a telephone away", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Hotline.RemovePhone(ctx, string(in.ID))
	})
	call(a, http.MethodGet, "/hotline/rules", "the rules of the line that hold now and those that are to come", func(ctx context.Context, _ *struct{}) (page[hotline.Edition], error) {
		list, err := a.Hotline.Editions(ctx)
		return page[hotline.Edition]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodPost, "/hotline/rules", "publish rules of the line from a date", func(ctx context.Context, in *struct {
		Body struct {
			From clock.Millis `json:"from"`
			Body string       `json:"body" maxLength:"10000"`
		}
	}) (done, error) {
		return done{true}, a.Hotline.SetRules(ctx, in.Body.From, []byte(in.Body.Body))
	})
}
