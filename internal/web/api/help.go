package api

import (
	"context"
	"net/http"

	"zugou/internal/centre/seat"
	"zugou/internal/kernel/clock"
)

// helpNumber is a number to call, with what to know of it.
type helpNumber struct {
	Number string `json:"number"`
	Label  string `json:"label"`
	Note   string `json:"note"`
}

// line is one line of a conversation by code.
type line struct {
	At   clock.Millis `json:"at"`
	Text string       `json:"text"`
}

// conversation is what a one-time code opens.
type conversation struct {
	State   string `json:"state"`
	Asked   []line `json:"asked"`
	Answers []line `json:"answers"`
}

func (a *API) help() {
	call(a, http.MethodPost, "/help", "ask for help without an account or a name", func(ctx context.Context, in *struct {
		Body struct {
			Choice string `json:"choice"`
			Text   string `json:"text,omitempty"`
			Name   string `json:"name,omitempty"`
			Phone  string `json:"phone,omitempty"`
			Place  string `json:"place,omitempty"`
			Key    string `json:"key"`
		}
	}) (seat.Helped, error) {
		b := in.Body
		return a.Seat.Ask(ctx, seat.Asking{Choice: b.Choice, Text: b.Text, Name: b.Name, Phone: b.Phone, Place: b.Place, Key: b.Key})
	})
	// The code travels in the body: addresses end up in histories and logs.
	call(a, http.MethodPost, "/help/read", "read the answer by the one-time code", func(ctx context.Context, in *struct {
		Body struct {
			Code string `json:"code" maxLength:"60"`
		}
	}) (conversation, error) {
		out := conversation{Asked: []line{}, Answers: []line{}}
		th, err := a.Seat.ReadHelp(ctx, in.Body.Code)
		if err != nil {
			return out, err
		}
		out.State = string(th.State)
		for _, m := range th.Messages {
			if m.FromChild {
				out.Asked = append(out.Asked, line{m.At, m.Text})
			} else {
				out.Answers = append(out.Answers, line{m.At, m.Text})
			}
		}
		return out, nil
	})
	call(a, http.MethodPost, "/help/more", "add words to what was asked", func(ctx context.Context, in *struct {
		Body struct {
			Code string `json:"code" maxLength:"60"`
			Text string `json:"text"`
			Key  string `json:"key"`
		}
	}) (done, error) {
		return done{true}, a.Seat.MoreHelp(ctx, in.Body.Code, in.Body.Text, in.Body.Key)
	})
	call(a, http.MethodGet, "/help/numbers", "the numbers to call", func(context.Context, *struct{}) (page[helpNumber], error) {
		var out page[helpNumber]
		for _, n := range []string{"110", "120", "12355", "12356"} {
			label, _ := a.Words.Text("number." + n)
			note, _ := a.Words.Text("number." + n + ".note")
			out.Items = append(out.Items, helpNumber{n, label, note})
		}
		return out, nil
	})
}
