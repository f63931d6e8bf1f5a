package api

import (
	"context"
	"net/http"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// ByID is the input of calls that name one record. It is exported because only
// then its field is read where it is embedded.
type ByID struct {
	ID id.ID `path:"id" maxLength:"60"`
}

// matterState is what calls that change a matter answer.
type matterState struct {
	ID      id.ID          `json:"id"`
	State   matter.State   `json:"state"`
	Urgency policy.Urgency `json:"urgency"`
	Version int64          `json:"version"`
}

func stateOf(m matter.Matter, err error) (matterState, error) {
	return matterState{m.ID, m.State, m.Urgency, m.Version}, err
}

type opened struct {
	SignalID id.ID `json:"signal_id"`
	MatterID id.ID `json:"matter_id"`
	ChildID  id.ID `json:"child_id"`
}

// number is one telephone number in full.
type number struct {
	Phone string `json:"phone"`
}

func (a *API) seat() {
	call(a, http.MethodGet, "/queue", "the open matters, the most urgent first", func(ctx context.Context, _ *struct{}) (seat.Queue, error) {
		return view(ctx, a, a.Seat.Queue)
	})
	call(a, http.MethodGet, "/matters", "matters, newest first", a.listMatters)
	call(a, http.MethodGet, "/matters/{id}", "the card of a matter", func(ctx context.Context, in *ByID) (seat.Card, error) {
		return view(ctx, a, func(ctx context.Context, r db.Reader) (seat.Card, error) { return a.Seat.Card(ctx, r, in.ID) })
	})
	call(a, http.MethodGet, "/matters/{id}/help", "the conversation with who asked without a name", func(ctx context.Context, in *ByID) (page[seat.HelpMessage], error) {
		items, err := view(ctx, a, func(ctx context.Context, r db.Reader) ([]seat.HelpMessage, error) {
			return a.Seat.HelpOf(ctx, r, in.ID)
		})
		return page[seat.HelpMessage]{Items: orEmpty(items)}, err
	})
	a.matterActs()
	a.conflicts()
	a.signals()
	call(a, http.MethodDelete, "/unsaved", "an unsaved alarm was dealt with", func(ctx context.Context, in *struct {
		Key string `query:"key" required:"true"`
	}) (done, error) {
		if err := access.Check(access.From(ctx), "signal.match", access.Target{Region: a.District}); err != nil {
			return done{}, err
		}
		a.Seat.DealtUnsaved(ctx, in.Key)
		return done{true}, nil
	})
	call(a, http.MethodGet, "/kinds", "the kinds of matter as they hold now", func(ctx context.Context, _ *struct{}) (page[policy.Kind], error) {
		book, err := a.book(ctx)
		if err != nil {
			return page[policy.Kind]{}, err
		}
		return page[policy.Kind]{Items: book.Kinds()}, nil
	})
	call(a, http.MethodGet, "/outcomes", "the outcomes that fit a kind", func(ctx context.Context, in *struct {
		Kind  string `query:"kind"`
		Drill bool   `query:"drill"`
	}) (page[policy.Outcome], error) {
		book, err := a.book(ctx)
		if err != nil {
			return page[policy.Outcome]{}, err
		}
		return page[policy.Outcome]{Items: orEmpty(book.Outcomes(in.Kind, in.Drill))}, nil
	})
}

// book gives the rules to anybody who works with matters.
func (a *API) book(ctx context.Context) (*policy.Book, error) {
	if err := access.May(access.From(ctx), "matter.read"); err != nil {
		return nil, err
	}
	return view(ctx, a, func(ctx context.Context, r db.Reader) (*policy.Book, error) { return policy.At(ctx, r, r.At()) })
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type listMattersInput struct {
	State   string       `query:"state" enum:"open,closing,closed,"`
	Kind    string       `query:"kind"`
	Region  string       `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
	Urgency string       `query:"urgency"`
	Number  string       `query:"q"`
	Child   id.ID        `query:"child"`
	Drill   bool         `query:"drill"`
	Overdue bool         `query:"overdue"`
	From    clock.Millis `query:"from"`
	To      clock.Millis `query:"to"`
	Cursor  id.ID        `query:"cursor"`
	Limit   int          `query:"limit"`
}

func (in *listMattersInput) search() seat.Search {
	return seat.Search{State: in.State, Kind: in.Kind, Region: in.Region, Urgency: in.Urgency, Number: in.Number, Child: in.Child, Drill: in.Drill,
		Overdue: in.Overdue, From: in.From, To: in.To, Before: in.Cursor, Limit: in.Limit}
}

func (a *API) listMatters(ctx context.Context, in *listMattersInput) (page[seat.Row], error) {
	var out page[seat.Row]
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		items, next, err := a.Seat.Matters(ctx, r, in.search())
		out = page[seat.Row]{Items: orEmpty(items), Next: string(next)}
		return err
	})
	return out, err
}

func (a *API) matterActs() {
	call(a, http.MethodPost, "/matters/{id}/lock", "show colleagues who works on it", func(ctx context.Context, in *ByID) (matterState, error) {
		return stateOf(a.Matters.Lock(ctx, in.ID))
	})
	call(a, http.MethodDelete, "/matters/{id}/lock", "end one's own lock", func(ctx context.Context, in *ByID) (matterState, error) {
		return stateOf(a.Matters.Unlock(ctx, in.ID))
	})
	call(a, http.MethodPost, "/matters/{id}/note", "add a remark", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Text string `json:"text"`
		}
	}) (matterState, error) {
		return stateOf(a.Matters.Note(ctx, in.ID, in.Body.Text))
	})
	call(a, http.MethodPost, "/matters/{id}/urgency", "move the urgency; lowering needs a reason", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Urgency policy.Urgency `json:"urgency"`
			Reason  string         `json:"reason,omitempty"`
			Version int64          `json:"version,omitempty"`
		}
	}) (matterState, error) {
		return stateOf(a.Matters.SetUrgency(ctx, in.ID, in.Body.Urgency, in.Body.Reason, in.Body.Version))
	})
	call(a, http.MethodPost, "/matters/{id}/contact", "decide whether people near the child may be told", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Allow  bool   `json:"allow"`
			Reason string `json:"reason"`
		}
	}) (matterState, error) {
		return stateOf(a.Matters.AllowContact(ctx, in.ID, in.Body.Allow, in.Body.Reason))
	})
	call(a, http.MethodPost, "/matters/{id}/close", "close with an outcome; a crisis then waits for a second person", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Outcome string `json:"outcome"`
			Note    string `json:"note,omitempty"`
			Version int64  `json:"version,omitempty"`
		}
	}) (matterState, error) {
		return stateOf(a.Matters.Close(ctx, in.ID, in.Body.Outcome, in.Body.Note, in.Body.Version))
	})
	call(a, http.MethodPost, "/matters/{id}/confirm", "the second person's word", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			OK   bool   `json:"ok"`
			Note string `json:"note,omitempty"`
		}
	}) (matterState, error) {
		return stateOf(a.Matters.Confirm(ctx, in.ID, in.Body.OK, in.Body.Note))
	})
	call(a, http.MethodPost, "/matters/{id}/reopen", "take a closed matter up again", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason"`
		}
	}) (matterState, error) {
		return stateOf(a.Matters.Reopen(ctx, in.ID, in.Body.Reason))
	})
	call(a, http.MethodPost, "/matters/{id}/dispatch", "send an order: to those chosen, or to the nearest", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			To       []id.ID `json:"to,omitempty" maxItems:"20"`
			AsOfStep int     `json:"as_of_step"`
			Joint    string  `json:"joint,omitempty" enum:"police,"`
			Note     string  `json:"note,omitempty"`
			Key      string  `json:"key,omitempty"`
		}
	}) (orderState, error) {
		b := in.Body
		return orderOf(a.Orders.Dispatch(ctx, in.ID, dispatch.Sending{To: b.To, AsOfStep: b.AsOfStep, Joint: b.Joint, Note: b.Note, Key: b.Key}))
	})
	call(a, http.MethodPost, "/matters/{id}/reveal-phone", "one contact's number, for one call", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			PersonID id.ID `json:"person_id"`
		}
	}) (number, error) {
		phone, err := a.Seat.RevealPhone(ctx, in.ID, in.Body.PersonID)
		return number{phone}, err
	})
	call(a, http.MethodPost, "/matters/{id}/staff-phone", "a colleague's number, for one call about this matter", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Account id.ID `json:"account"`
		}
	}) (number, error) {
		phone, err := a.Seat.StaffPhone(ctx, in.ID, in.Body.Account)
		return number{phone}, err
	})
	call(a, http.MethodPost, "/matters/{id}/help-answer", "answer who asked without a name", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Text string `json:"text"`
			Key  string `json:"key"`
		}
	}) (done, error) {
		return done{true}, a.Seat.AnswerHelp(ctx, in.ID, in.Body.Text, in.Body.Key)
	})
}

// keepAway takes accounts off all that they do for the child of a matter.
func (a *API) keepAway(ctx context.Context, tx *db.Tx, m matter.Matter, accounts []id.ID) error {
	if err := a.Orders.Withdraw(ctx, tx, m, accounts); err != nil {
		return err
	}
	if m.Drill {
		return nil
	}
	if err := a.Visits.KeepAway(ctx, tx, m.ChildID, accounts); err != nil {
		return err
	}
	return a.Care.KeepAway(ctx, tx, m.ChildID, accounts)
}

func (a *API) conflicts() {
	call(a, http.MethodPost, "/matters/{id}/conflicts", "put somebody on the list of who must not be told", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			PersonID id.ID  `json:"person_id,omitempty"`
			Account  id.ID  `json:"account_id,omitempty" maxLength:"60" doc:"a colleague, as the card lists helpers"`
			Name     string `json:"name,omitempty" maxLength:"50"`
			Phone    string `json:"phone,omitempty" maxLength:"30"`
			Relation string `json:"relation,omitempty" maxLength:"30"`
			Reason   string `json:"reason"`
		}
	}) (matterState, error) {
		b := in.Body
		return stateOf(a.Matters.AddConflict(ctx, in.ID, matter.Who{Person: b.PersonID, Account: b.Account, Name: b.Name, Phone: b.Phone, Relation: b.Relation, Reason: b.Reason}, a.keepAway))
	})
	call(a, http.MethodPost, "/matters/{id}/conflicts/{conflict}/remove", "take an entry off the list, with a reason", func(ctx context.Context, in *struct {
		ByID
		Conflict id.ID `path:"conflict"`
		Body     struct {
			Reason string `json:"reason"`
		}
	}) (matterState, error) {
		return stateOf(a.Matters.RemoveConflict(ctx, in.ID, in.Conflict, in.Body.Reason))
	})
}

func (a *API) signals() {
	call(a, http.MethodGet, "/signals", "what came in, newest first", func(ctx context.Context, in *struct {
		State  string `query:"state" enum:"unknown,matched,all,"`
		Cursor id.ID  `query:"cursor"`
		Limit  int    `query:"limit"`
	}) (page[seat.SignalRow], error) {
		var out page[seat.SignalRow]
		err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
			state := in.State
			if state == "all" {
				state = ""
			}
			items, next, err := a.Seat.Signals(ctx, r, state, in.Cursor, in.Limit)
			out = page[seat.SignalRow]{Items: orEmpty(items), Next: string(next)}
			return err
		})
		return out, err
	})
	call(a, http.MethodPost, "/signals", "type in a call, a visit, a police incident, a report", func(ctx context.Context, in *struct {
		Body struct {
			Source      signal.Source  `json:"source"`
			Kind        string         `json:"kind"`
			Urgency     policy.Urgency `json:"urgency,omitempty"`
			Text        string         `json:"text,omitempty" maxLength:"4000"`
			CallerPhone string         `json:"caller_phone,omitempty" maxLength:"30"`
			CallerName  string         `json:"caller_name,omitempty" maxLength:"50"`
			ChildID     id.ID          `json:"child_id,omitempty"`
			ChildName   string         `json:"child_name,omitempty" maxLength:"50"`
			Region      string         `json:"region,omitempty" maxLength:"15"`
			Key         string         `json:"key"`
		}
	}) (opened, error) {
		b := in.Body
		if b.Key == "" {
			return opened{}, errs.Invalid("key", "signal.key")
		}
		rec, err := a.Seat.Enter(ctx, seat.Entry{Source: b.Source, Kind: b.Kind, Urgency: b.Urgency, Text: b.Text, CallerPhone: b.CallerPhone, CallerName: b.CallerName,
			ChildID: b.ChildID, ChildName: b.ChildName, Region: b.Region, Key: b.Key})
		return opened{rec.Signal, rec.Matter, rec.Child}, err
	})
	call(a, http.MethodPost, "/signals/{id}/match", "say whose an unknown signal is", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			ChildID id.ID `json:"child_id"`
		}
	}) (opened, error) {
		rec, err := a.Seat.Assign(ctx, in.ID, in.Body.ChildID)
		return opened{rec.Signal, rec.Matter, rec.Child}, err
	})
}
