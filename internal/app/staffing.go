package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
	"zugou/internal/people/notify"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
)

// accounts answers what duty and notify ask of the accounts.
type accounts struct{ keys *crypto.Keyring }

// HoldersAt implements duty.Directory.
func (a accounts) HoldersAt(ctx context.Context, r db.Reader, regions []string, roles []access.Role) ([]duty.Holder, error) {
	found, err := staff.HoldersAt(ctx, r, regions, roles)
	return holders(found), err
}

// HoldersWithin implements duty.Directory.
func (a accounts) HoldersWithin(ctx context.Context, r db.Reader, area string, roles []access.Role) ([]duty.Holder, error) {
	found, err := staff.HoldersWithin(ctx, r, area, roles)
	return holders(found), err
}

func holders(found []staff.Holder) []duty.Holder {
	out := make([]duty.Holder, 0, len(found))
	for _, h := range found {
		out = append(out, duty.Holder{Account: h.Account, Role: h.Role, Region: h.Region})
	}
	return out
}

// People implements duty.Directory. A staff account is made active only after
// an administrator has checked its phone, so that an active account with a
// phone has a verified one.
func (a accounts) People(ctx context.Context, r db.Reader, ids []id.ID) ([]duty.Person, error) {
	found, err := staff.Presences(ctx, r, ids)
	out := make([]duty.Person, 0, len(found))
	for _, p := range found {
		out = append(out, duty.Person{Account: p.ID, Name: p.Name, PhoneMasked: p.PhoneMasked, Active: p.State == staff.Active,
			PhoneVerified: p.PhoneMasked != "", SeenAt: p.SeenAt})
	}
	return out, err
}

// Contact implements notify.Directory.
func (a accounts) Contact(ctx context.Context, r db.Reader, account id.ID) (notify.Contact, error) {
	phone, err := staff.Phone(ctx, r, a.keys, account)
	if err != nil {
		return notify.Contact{}, err
	}
	found, err := staff.Presences(ctx, r, []id.ID{account})
	if err != nil || len(found) == 0 {
		return notify.Contact{}, err
	}
	return notify.Contact{Phone: phone, PhoneVerified: phone != "", Active: found[0].State == staff.Active, Region: found[0].Region}, nil
}

// Names implements notify.Directory.
func (a accounts) Names(ctx context.Context, r db.Reader, ids []id.ID) (map[id.ID]string, error) {
	found, err := staff.Names(ctx, r, ids...)
	out := make(map[id.ID]string, len(found))
	for account, b := range found {
		out[account] = b.Name
	}
	return out, err
}

// pager sends the pages of orders.
type pager struct{}

// Page implements dispatch.Pager.
func (pager) Page(ctx context.Context, tx *db.Tx, p dispatch.Page) error {
	m := notify.Message{To: p.To, Policy: notify.Ordinary, Key: p.Key, Text: "order." + p.Kind, OrderNo: p.OrderNo, Drill: p.Drill, Ref: p.OrderID}
	if p.Kind == "confirm" {
		m.Text = "matter.confirm"
	}
	if p.Crisis {
		m.Policy = notify.Crisis
	}
	return notify.Send(ctx, tx, m)
}

// Cancel implements dispatch.Pager.
func (pager) Cancel(ctx context.Context, tx *db.Tx, orderID, keep id.ID) error {
	return notify.CancelRef(ctx, tx, orderID, keep)
}

// calendar counts office hours for matters and messages.
type calendar struct {
	read func(ctx context.Context, r db.Reader) (duty.Calendar, error)
}

// Add implements matter.Calendar.
func (c calendar) Add(ctx context.Context, r db.Reader, from clock.Millis, d time.Duration) (clock.Millis, error) {
	cal, err := c.read(ctx, r)
	if err != nil {
		return 0, err
	}
	return cal.AddOffice(from, d), nil
}

// openFrom is notify.OfficeHours.
func (c calendar) openFrom(ctx context.Context, r db.Reader, at clock.Millis) (clock.Millis, error) {
	cal, err := c.read(ctx, r)
	if err != nil {
		return 0, err
	}
	return cal.OpenFrom(at), nil
}

// smsCodes sends registration codes.
type smsCodes struct{ notify *notify.Service }

// SendCode implements staff.Sender.
func (s smsCodes) SendCode(ctx context.Context, tx *db.Tx, phone civil.Phone, code string) error {
	return s.notify.SendCode(ctx, tx, string(phone), code)
}

// channels makes the channels that are configured. One that can't be made is
// an error: a district that believes it has SMS must have it.
func channels(ctx context.Context, c config.Config, d *db.DB, keys *crypto.Keyring, clk clock.Clock, log *slog.Logger) ([]notify.Channel, error) {
	var out []notify.Channel
	outside := notify.Outside{Allow: c.Outside.Networks}
	if c.Outside.CA != "" {
		var err error
		if outside.Roots, err = os.ReadFile(c.Outside.CA); err != nil {
			return nil, fmt.Errorf("setting channel-ca: %w", err)
		}
	}
	client, err := outside.Client()
	if err != nil {
		return nil, fmt.Errorf("setting channel-ca: %w", err)
	}
	if c.SMS.On() {
		gateway, err := smsGateway(c)
		if err != nil {
			return nil, err
		}
		ch, err := notify.NewSMS(gateway, client, clk)
		if err != nil {
			return nil, fmt.Errorf("short message gateway: %w", err)
		}
		out = append(out, ch)
	}
	for name, robot := range map[notify.ChannelName]config.Robot{notify.WeCom: c.WeCom, notify.DingTalk: c.DingTalk} {
		if !robot.On() {
			continue
		}
		ch, err := notify.NewRobots(name, []notify.Room{{Name: string(name), Region: c.District, URL: robot.URL, Secret: robot.Secret}}, client, clk)
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
	}
	if c.WebPush {
		public, private, err := notify.PushKeys(ctx, d, keys)
		if err != nil {
			return nil, err
		}
		ch, err := notify.NewPush(public, private, subscriber(c), client)
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
	}
	log.Info("channels configured", "count", len(out))
	return out, nil
}

// areas gives duty the map of the district.
func areas(atlas *region.Atlas) duty.Areas {
	return func(ctx context.Context, r db.Reader) (duty.Map, error) { return atlas.Table(ctx, r) }
}

// smsGateway gives the gateway as the settings, or the file that they name,
// describe it.
func smsGateway(c config.Config) (notify.SMSGateway, error) {
	g := notify.SMSGateway{Method: c.SMS.Method, URL: marks(c.SMS.URL), Headers: c.SMS.Headers, Body: marks(c.SMS.Body), SignOf: "{{.Secret}}"}
	if c.SMS.File != "" {
		text, err := os.ReadFile(c.SMS.File)
		if err != nil {
			return g, fmt.Errorf("setting sms-gateway: %w", err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		g = notify.SMSGateway{}
		if err := d.Decode(&g); err != nil {
			return g, fmt.Errorf("setting sms-gateway: %s: %w", c.SMS.File, err)
		}
	}
	if g.Secret == "" {
		g.Secret = c.SMS.Secret
	}
	g.Plain = len(c.Outside.Networks) > 0
	return g, nil
}

// marks turns the settings' {phone} into the gateway's {{.Phone}}.
func marks(text string) string {
	return strings.NewReplacer("{phone}", "{{.Phone}}", "{text}", "{{.Text}}", "{secret}", "{{.Secret}}").Replace(text)
}

// subscriber is the address that a push service may turn to (RFC 8292); a
// house without a public name has none that works.
func subscriber(c config.Config) string {
	if strings.HasPrefix(c.BaseURL, "https://") {
		return c.BaseURL
	}
	return "mailto:postmaster@zugou.invalid"
}
