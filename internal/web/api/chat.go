package api

import (
	"context"
	"net/http"

	"zugou/internal/loop/hotline"
	"zugou/internal/web/chassis"
)

// chats are the child's side, open to strangers, and the seat's. The visitor's
// key travels in the body: addresses end up in histories and logs.
func (a *API) chats() {
	type Keyed struct {
		Key string `json:"key" maxLength:"100"`
	}
	call(a, http.MethodPost, "/chat", "begin to write with the line, without an account or a name; the same key is the same chat. Where many wait the page works something out first", func(ctx context.Context, in *struct {
		Body struct {
			Keyed
			Proof string `json:"proof,omitempty" maxLength:"20" doc:"of the work that was asked for"`
		}
	}) (hotline.Opened, error) {
		at := chassis.From(ctx).Place
		return a.Hotline.OpenChat(ctx, in.Body.Key, hotline.Visitor{Address: at.Address, Agent: at.Agent, Proof: in.Body.Proof})
	})
	call(a, http.MethodPost, "/chat/say", "the child's words; the same id is said once", func(ctx context.Context, in *struct {
		Body struct {
			Keyed
			Text string `json:"text" maxLength:"4000"`
			ID   string `json:"id" maxLength:"80"`
		}
	}) (done, error) {
		return done{true}, a.Hotline.SayChat(ctx, in.Body.Key, in.Body.Text, in.Body.ID)
	})
	call(a, http.MethodPost, "/chat/read", "what is new; the answer waits a while for it", func(ctx context.Context, in *struct {
		Body struct {
			Keyed
			After int           `json:"after"`
			State hotline.State `json:"state,omitempty" maxLength:"10"`
		}
	}) (hotline.Chat, error) {
		return a.Hotline.ReadChat(ctx, in.Body.Key, in.Body.After, in.Body.State)
	})
	call(a, http.MethodPost, "/chat/leave", "end the chat", func(ctx context.Context, in *struct{ Body Keyed }) (done, error) {
		return done{true}, a.Hotline.LeaveChat(ctx, in.Body.Key)
	})
	call(a, http.MethodPost, "/calls/{id}/take", "take a chat that waits", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Hotline.TakeChat(ctx, in.ID)
	})
	call(a, http.MethodPost, "/calls/{id}/say", "the seat's words in a chat that it has", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Text string `json:"text" maxLength:"4000"`
			ID   string `json:"id" maxLength:"80"`
		}
	}) (done, error) {
		return done{true}, a.Hotline.AnswerChat(ctx, in.ID, in.Body.Text, in.Body.ID)
	})
	call(a, http.MethodPost, "/calls/{id}/close", "end a chat that one has", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Hotline.CloseChat(ctx, in.ID)
	})
	call(a, http.MethodGet, "/calls/{id}/chat", "what is written in a chat that waits or that one has", func(ctx context.Context, in *ByID) (page[hotline.Line], error) {
		lines, err := a.Hotline.ChatLog(ctx, in.ID)
		return page[hotline.Line]{Items: orEmpty(lines)}, err
	})
	call(a, http.MethodPost, "/calls/{id}/chat", "open a chat of before, for a reason", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (page[hotline.Line], error) {
		lines, err := a.Hotline.ReadLog(ctx, in.ID, in.Body.Reason)
		return page[hotline.Line]{Items: orEmpty(lines)}, err
	})
}
