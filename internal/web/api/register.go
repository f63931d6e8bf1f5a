package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/people/child"
	"zugou/internal/people/device"
	"zugou/internal/people/notify"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
)

func (a *API) register() {
	call(a, http.MethodGet, "/regions", "all areas, with coordinates where they are known", func(ctx context.Context, _ *struct{}) (page[region.Item], error) {
		items, err := a.Regions.List(ctx)
		return page[region.Item]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/regions/grids", "make a grid in a village", func(ctx context.Context, in *struct{ Body region.GridRequest }) (region.Item, error) {
		return a.Regions.MakeGrid(ctx, in.Body)
	})
	a.children()
	a.glasses()
	a.devices()
	a.messages()
}

func (a *API) children() {
	call(a, http.MethodGet, "/children", "children of the actor's areas: by name, pinyin, code, last digits", func(ctx context.Context, in *struct {
		Q        string `query:"q" maxLength:"50"`
		Region   string `query:"region" maxLength:"15"`
		Category string `query:"category"`
		School   id.ID  `query:"school" maxLength:"36"`
		Level    string `query:"level" enum:"green,yellow,orange,red,none,waiting,"`
		Cursor   string `query:"cursor"`
		Limit    int    `query:"limit"`
	}) (person.Page, error) {
		return a.Person.List(ctx, person.ListQuery{Q: in.Q, Region: in.Region, Category: child.Kind(in.Category), School: in.School, Level: in.Level, Cursor: in.Cursor, Limit: in.Limit})
	})
	call(a, http.MethodGet, "/children/pick", "children that one may choose who searches no register: own pupils, own cases, the area granted; by name or pinyin", func(ctx context.Context, in *struct {
		Q string `query:"q" maxLength:"50"`
	}) (page[person.Picked], error) {
		list, err := a.Person.Pick(ctx, in.Q)
		return page[person.Picked]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodPost, "/children", "register a child", func(ctx context.Context, in *struct{ Body person.NewChild }) (person.Created, error) {
		return a.Person.Create(ctx, in.Body)
	})
	call(a, http.MethodGet, "/children/{id}", "a child's page", func(ctx context.Context, in *ByID) (person.Child, error) {
		return a.Person.Find(ctx, in.ID)
	})
	call(a, http.MethodPatch, "/children/{id}", "change a child's record", func(ctx context.Context, in *struct {
		ByID
		Body person.Change
	}) (person.Child, error) {
		return a.Person.Update(ctx, in.ID, in.Body)
	})
	call(a, http.MethodGet, "/children/{id}/timeline", "all that happened to a child, newest first", func(ctx context.Context, in *struct {
		ByID
		Cursor string `query:"cursor"`
		Limit  int    `query:"limit"`
	}) (person.TimelinePage, error) {
		out, err := a.Person.Timeline(ctx, in.ID, in.Cursor, in.Limit)
		if err != nil {
			return out, err
		}
		return a.inWords(ctx, out)
	})
	call(a, http.MethodPost, "/children/{id}/reveal", "show masked fields in full, with a reason", func(ctx context.Context, in *struct {
		ByID
		Body person.RevealRequest
	}) (person.Revealed, error) {
		return a.Person.Reveal(ctx, in.ID, in.Body)
	})
}

// why is the body of calls that only need a reason.
type why struct {
	Reason string `json:"reason" maxLength:"500"`
}

func (a *API) glasses() {
	call(a, http.MethodPost, "/children/{id}/glass", "break the glass: 15 minutes, the leader is told", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (person.Opened, error) {
		return a.Person.Break(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodGet, "/glass", "who broke the glass, newest first", func(ctx context.Context, in *struct {
		State  string       `query:"state"`
		From   clock.Millis `query:"from"`
		To     clock.Millis `query:"to"`
		Cursor string       `query:"cursor"`
		Limit  int          `query:"limit"`
	}) (person.GlassPage, error) {
		return a.Person.Glasses(ctx, person.GlassQuery{State: in.State, From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.Limit})
	})
	call(a, http.MethodPost, "/glass/{id}/confirm", "confirm or object, by another person", func(ctx context.Context, in *struct {
		ByID
		Body person.GlassDecision
	}) (done, error) {
		return done{true}, a.Person.ConfirmGlass(ctx, in.ID, in.Body)
	})
}

// DeviceQuery is how a list of devices is asked for.
type DeviceQuery struct {
	Q      string       `query:"q" maxLength:"50"`
	State  device.State `query:"state" maxLength:"20"`
	Region string       `query:"region" maxLength:"15"`
	Sort   string       `query:"sort" enum:"seen,battery,sim,"`
	Order  string       `query:"order" enum:"ascend,descend,"`
}

func (q DeviceQuery) query() device.Query {
	return device.Query{Q: q.Q, State: q.State, Region: q.Region, Sort: q.Sort, Desc: q.Order == "descend"}
}

func (a *API) devices() {
	call(a, http.MethodGet, "/devices", "badges and watches, unknown ones too", func(ctx context.Context, in *struct {
		DeviceQuery
		Cursor string `query:"cursor" maxLength:"120"`
		Limit  int    `query:"limit"`
	}) (device.Page, error) {
		q := in.query()
		q.Cursor, q.Limit = in.Cursor, in.Limit
		return a.Device.List(ctx, q)
	})
	call(a, http.MethodGet, "/devices/counts", "devices of the actor's areas by state", func(ctx context.Context, in *struct {
		Region string `query:"region" maxLength:"15"`
	}) (device.Counts, error) {
		return a.Device.Count(ctx, in.Region)
	})
	workbook(a, "/devices/export", "the list as a workbook, on record", "devices.xlsx", func(ctx context.Context, in *struct {
		DeviceQuery
		Reason string `query:"reason" maxLength:"300"`
	}) ([]byte, error) {
		return a.Device.Export(ctx, in.query(), in.Reason, a.Words.Text)
	})
	call(a, http.MethodPost, "/devices", "register one device into the stock", func(ctx context.Context, in *struct{ Body device.Entry }) (device.Row, error) {
		return a.Device.Enter(ctx, in.Body)
	})
	call(a, http.MethodPost, "/devices/{id}/adopt", "register a device that spoke unasked", func(ctx context.Context, in *struct {
		ByID
		Body device.Adoption
	}) (device.Row, error) {
		return a.Device.Adopt(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPatch, "/devices/{id}", "change a device, hand it out, take it back", func(ctx context.Context, in *struct {
		ByID
		Body device.Change
	}) (device.Row, error) {
		return a.Device.Update(ctx, in.ID, in.Body)
	})
}

func (a *API) messages() {
	call(a, http.MethodGet, "/outbox", "messages that left or wait", func(ctx context.Context, in *struct {
		State  string `query:"state"`
		Cursor string `query:"cursor"`
		Limit  int    `query:"limit"`
	}) (notify.OutboxPage, error) {
		return a.Notify.Outbox(ctx, notify.OutboxQuery{State: in.State, Cursor: in.Cursor, Limit: in.Limit})
	})
	call(a, http.MethodGet, "/channels", "which channels are configured and work", func(ctx context.Context, _ *struct{}) (notify.ChannelsPage, error) {
		return a.Notify.Channels(ctx)
	})
	call(a, http.MethodPost, "/channels/test", "send the actor a message over every channel that reaches them", func(ctx context.Context, _ *struct{}) (done, error) {
		return done{true}, a.Notify.Test(ctx)
	})
	call(a, http.MethodGet, "/notices", "the actor's own notices", func(ctx context.Context, in *struct {
		Cursor string `query:"cursor"`
	}) (notify.NoticesPage, error) {
		return a.Notify.Notices(ctx, in.Cursor)
	})
	call(a, http.MethodPost, "/notices/{id}/read", "a notice was read", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Notify.Read(ctx, id.ID(in.ID))
	})
	call(a, http.MethodGet, "/push/key", "the key that a browser subscribes with", func(ctx context.Context, _ *struct{}) (notify.PushKeyAnswer, error) {
		return a.Notify.PushKey(ctx)
	})
	call(a, http.MethodPost, "/push/subscribe", "have this browser told", func(ctx context.Context, in *struct{ Body notify.Subscription }) (done, error) {
		return done{true}, a.Notify.Subscribe(ctx, in.Body)
	})
}
