package downlink

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/device"
)

// Names gives the names of accounts; the caller wires it.
type Names func(ctx context.Context, r db.Reader, accounts ...id.ID) (map[id.ID]string, error)

// Parts is what service and router are made of.
type Parts struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Policies Policies
	Names    Names
	Protocol func(profile string) string // of a model's profile; "" if there is none
}

// Service does what people do with commands.
type Service struct {
	p     Parts
	nudge func() // the router of this process looks at once
}

// New makes the service. nudge may be nil.
func New(p Parts, nudge func()) *Service {
	if nudge == nil {
		nudge = func() {}
	}
	return &Service{p, nudge}
}

// shortestReason is how many characters a reason has at least.
const shortestReason = 4

// Send queues a command for the device. Errors: NotFound, Forbidden (also
// "device.command.listening"), Invalid with the field, Conflict
// "device.state_wrong" for a device out of use.
func (s *Service) Send(ctx context.Context, which id.ID, q Request) (Downlink, error) {
	actor := access.From(ctx)
	reason := strings.TrimSpace(q.Reason)
	var out Downlink
	var refused error // after the record of the attempt
	err := s.p.DB.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		refused = nil
		d, err := s.may(ctx, tx, which, "device.command")
		if err != nil {
			return err
		}
		c := q.command()
		if refused = c.Check(); errs.Is(refused, errs.KindForbidden) {
			return audit.Write(ctx, tx, audit.Entry{Action: "device.command", SubjectKind: "device", Subject: d.ID, Fields: []string{"listening"}, Result: "refused", Region: d.Region})
		}
		if refused != nil {
			return nil
		}
		if q.Key == "" {
			return errs.Invalid("key", "input.form")
		}
		if utf8.RuneCountInString(reason) < shortestReason {
			return errs.Invalid("reason", "reveal.reason_short")
		}
		if d.State == device.Retired {
			return errs.Conflict("device.state_wrong")
		}
		l, err := lineOf(ctx, tx, device.Key(d.DeviceID))
		if err != nil {
			return err
		}
		if err := gateway.Fits(s.source(d, l), c); err != nil {
			return err
		}
		content, err := json.Marshal(c)
		if err != nil {
			return err
		}
		p := s.p.Policies.On(civil.DateOf(tx.Now.Time()))
		r := row{ID: id.New(), Device: d.ID, DeviceID: device.Key(d.DeviceID), Region: d.Region, ChildID: d.Wearer, Kind: c.Kind, State: Waiting,
			ExpiresAt: tx.Now.Add(p.expiry(c.Kind)), IdemKey: string(actor.Account) + ":" + q.Key, CreatedAt: tx.Now, CreatedBy: actor.Account}
		r.DueAt = r.ExpiresAt
		r.Content, r.Reason = s.p.Keys.Seal(contentCell(r.ID), string(content)), s.p.Keys.Seal(reasonCell(r.ID), reason)
		added, err := r.insert(ctx, tx)
		if err != nil {
			return err
		}
		if !added { // asked twice: the earlier one
			if r, err = byKey(ctx, tx, r.IdemKey); err != nil {
				return err
			}
			if r.Device != d.ID {
				return errs.Conflict("document.key_used")
			}
			out, err = s.show(ctx, tx, r)
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "device.command", SubjectKind: "device", Subject: d.ID, Fields: []string{string(c.Kind)}, Purpose: string(r.ID), Region: d.Region}); err != nil {
			return err
		}
		if d.Wearer != "" {
			if err := child.Note(ctx, tx, child.Entry{ChildID: d.Wearer, Kind: "device", Title: "timeline.device_command", RefKind: "device", RefID: d.ID, Region: d.Region,
				Data: map[string]string{"kind": string(c.Kind)}}); err != nil {
				return err
			}
		}
		tx.AfterCommit(s.nudge)
		if err := told(ctx, tx, r); err != nil {
			return err
		}
		out, err = s.show(ctx, tx, r)
		return err
	})
	if err == nil {
		err = refused
	}
	return out, err
}

// told has who looks at the device fetch its commands again.
func told(ctx context.Context, tx *db.Tx, r row) error {
	return tx.Emit(ctx, db.Event{Topic: "device", Kind: "command", Region: r.Region, Ref: string(r.Device)})
}

// may finds the device and checks that the actor may do this with it.
func (s *Service) may(ctx context.Context, r db.Reader, which id.ID, action access.Action) (device.Device, error) {
	d, err := device.ByID(ctx, r, which)
	if err != nil {
		if e := access.May(access.From(ctx), action); e != nil {
			return d, e
		}
		return d, err
	}
	return d, access.Check(access.From(ctx), action, d.Target())
}

// source tells what the device speaks: by its line, else by the register.
func (s *Service) source(d device.Device, l *lineRow) signal.Source {
	if l != nil {
		return l.Source
	}
	if p := s.p.Protocol(d.Profile); p != "" {
		return signal.Source(p)
	}
	return signal.Source(d.Profile)
}

// How many commands and take-overs the desk shows.
const (
	mostShown     = 50
	mostTakeovers = 10
)

// Desk gives what the panel of a device shows. Errors: NotFound, Forbidden.
func (s *Service) Desk(ctx context.Context, which id.ID) (Desk, error) {
	out := Desk{Items: []Downlink{}, Kinds: []down.Kind{}, Takeovers: []Takeover{}}
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		d, err := s.may(ctx, r, which, "device.read")
		if err != nil {
			return err
		}
		l, err := lineOf(ctx, r, device.Key(d.DeviceID))
		if err != nil {
			return err
		}
		if l != nil {
			out.Online, out.Since = true, l.Since
		}
		source := s.source(d, l)
		out.Source = string(source)
		if access.Check(access.From(ctx), "device.command", access.Target{Region: d.Region}) == nil {
			out.Kinds = append(out.Kinds, gateway.Commands(source)...)
			out.Weekdays = gateway.Fits(source, down.Command{Kind: down.SilentHours, Periods: []down.Period{{To: 1, Days: 1}}}) == nil
		}
		if out.Takeovers, err = takeoversOf(ctx, r, d.DeviceID, mostTakeovers); err != nil {
			return err
		}
		rows, err := ofDevice(ctx, r, d.ID, mostShown)
		if err != nil {
			return err
		}
		audit.Show(ctx, "device.read", "", d.Region, audit.Shown{Kind: "device", ID: d.ID, Fields: []string{"commands"}})
		for _, x := range rows {
			if !access.From(ctx).Finds(x.ChildID) { // it had another wearer then
				continue
			}
			shown, err := s.show(ctx, r, x)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, shown)
		}
		return nil
	})
	return out, err
}

func (s *Service) show(ctx context.Context, r db.Reader, x row) (Downlink, error) {
	names, err := s.p.Names(ctx, r, x.CreatedBy)
	if err != nil {
		return Downlink{}, err
	}
	reason, err := s.p.Keys.Open(reasonCell(x.ID), x.Reason)
	if err != nil {
		return Downlink{}, err
	}
	return Downlink{ID: x.ID, Kind: x.Kind, State: x.State, Tries: x.Tries, Result: x.Result, Reason: reason, ByName: names[x.CreatedBy], CreatedAt: x.CreatedAt,
		SentAt: x.SentAt, EndedAt: x.EndedAt, ExpiresAt: x.ExpiresAt}, nil
}

// Cancel ends a command that was not sent yet. Errors: NotFound, Forbidden,
// Conflict "device.command.gone" when it is under way or has ended.
func (s *Service) Cancel(ctx context.Context, which, command id.ID) (Downlink, error) {
	var out Downlink
	err := s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := s.may(ctx, tx, which, "device.command")
		if err != nil {
			return err
		}
		x, err := byID(ctx, tx, command)
		if err != nil {
			return err
		}
		if x.Device != d.ID {
			return errs.NotFound("record.not_found")
		}
		if ok, err := x.end(ctx, tx, Cancelled, "", Waiting); err != nil || !ok {
			if err == nil {
				err = errs.Conflict("device.command.gone")
			}
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "device.command", SubjectKind: "device", Subject: d.ID, Fields: []string{"cancelled"}, Purpose: string(x.ID), Region: d.Region}); err != nil {
			return err
		}
		if x, err = byID(ctx, tx, command); err != nil {
			return err
		}
		out, err = s.show(ctx, tx, x)
		return err
	})
	return out, err
}

// Forget removes up to a page of commands that ended before the instant and
// tells how many; call it again while it returns any.
func Forget(ctx context.Context, tx *db.Tx, before clock.Millis) (int64, error) {
	return tx.Exec(ctx, "DELETE FROM device_downlink WHERE id IN (SELECT id FROM device_downlink WHERE ended_at > 0 AND ended_at < ? LIMIT 1000)", before)
}

// stale is how long a process may be silent before its lines are nobody's.
const stale = time.Minute
