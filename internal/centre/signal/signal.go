// Package signal keeps what came in: badge frames, help requests, calls typed
// in by an operator, reports of other platforms.
//
// A signal is stored before anything is done about it and never changes,
// except for where it led (child, matter, state). It has an idempotency key:
// the same frame or form sent twice is one signal.
//
//	received ──► matched (a child is known) ──► in a matter, or only recorded
//	        └──► unknown (nobody fits): stays in the seat's list until a person
//	             assigns it; it is never dropped
package signal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Source says by which door a signal came in.
type Source string

// The sources.
const (
	Watch     Source = "watch"
	JT808     Source = "jt808"
	GT06      Source = "gt06"
	MQTT      Source = "mqtt"
	DeviceAPI Source = "device_http"
	Help      Source = "help"      // the public help page
	Call      Source = "call"      // an operator's entry of a call
	WalkIn    Source = "walk_in"   // 来访
	Police    Source = "police"    // 警情
	School    Source = "school"    //
	Neighbour Source = "neighbour" //
	Platform  Source = "platform"  // another system by the API
	Program   Source = "program"   // a screening answer, a silent device
	Drill     Source = "drill"
)

// Device tells whether the source is a badge or watch.
func (s Source) Device() bool {
	return slices.Contains([]Source{Watch, JT808, GT06, MQTT, DeviceAPI}, s)
}

// Entered lists what an operator may enter.
func Entered() []Source { return []Source{Call, WalkIn, Police, School, Neighbour} }

// States of a signal.
const (
	Matched = "matched" // belongs to a child
	Unknown = "unknown" // nobody fits yet
)

// Alarms that are acted on at once, whatever else the frame says: class A of
// the device reference, no filter and no debounce.
var classA = []string{"sos", "fall", "removed", "voice_help", "accident", "general"}

// New is a signal as a door hands it in.
type New struct {
	Source   Source
	Kind     string // sos, position, link, help …; for device frames the first alarm
	Key      string // idempotency key; see FrameKey
	DeviceID string
	DeviceAt clock.Millis
	History  bool // replayed from a blind spot: never moves "last known"
	Event    bool // an alarm frame of its own, not a state bit in a position
	Alarms   []string
	Body     any     // decoded, without personal data; stored as JSON
	Lat, Lon float64 // where the device was, WGS 84, of a valid fix; 0, 0: not told
	Raw      []byte
	Note     string // free text, sealed
	Phone    string // caller, sealed
	ChildID  id.ID  // if the door already knows
	Name     string // whom the caller names, for matching; not stored in clear
	Region   string // if the door knows
	Kinds    string // the kind of matter, if a person chose it
	Urgency  string // likewise
	Drill    bool
}

// Alarm gives the alarms of class A.
func (n New) Alarm() []string {
	var out []string
	for _, a := range n.Alarms {
		if slices.Contains(classA, a) {
			out = append(out, a)
		}
	}
	return out
}

// Check refuses what no door may hand in.
func (n New) Check() error {
	var bad []errs.Field
	if n.Key == "" || len(n.Key) > 200 {
		bad = append(bad, errs.Field{Name: "key", Key: "signal.key"})
	}
	if n.Source == "" || n.Kind == "" {
		bad = append(bad, errs.Field{Name: "kind", Key: "signal.kind"})
	}
	if len([]rune(n.Note)) > 4000 {
		bad = append(bad, errs.Field{Name: "text", Key: "text.too_long"})
	}
	return errs.InvalidFields(bad)
}

// FrameKey makes the idempotency key of a device frame: the same bytes of the
// same device are the same signal. The caller leaves the frame's own sequence
// number out, since a resend carries a new one.
func FrameKey(source Source, deviceID string, frame []byte) string {
	h := sha256.New()
	h.Write([]byte(string(source) + "\x00" + deviceID + "\x00"))
	h.Write(frame)
	return "f:" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// Signal is a stored signal. Note and Phone are sealed.
type Signal struct {
	ID         id.ID        `bun:"id"`
	Source     Source       `bun:"source"`
	Kind       string       `bun:"kind"`
	DeviceID   string       `bun:"device_id"`
	ReceivedAt clock.Millis `bun:"received_at"`
	DeviceAt   clock.Millis `bun:"device_at"`
	History    bool         `bun:"history"`
	Alarms     string       `bun:"alarms"` // comma-separated
	Body       string       `bun:"body"`
	Note       string       `bun:"note"`
	ChildID    id.ID        `bun:"child_id"`
	MatterID   id.ID        `bun:"matter_id"`
	Region     string       `bun:"region"`
	State      string       `bun:"state"`
	Why        string       `bun:"why"`
	Again      bool         `bun:"again"`
	Drill      bool         `bun:"drill"`
}

// AlarmList splits Alarms.
func (s Signal) AlarmList() []string {
	if s.Alarms == "" {
		return nil
	}
	return strings.Split(s.Alarms, ",")
}

// Late gives how long the signal was under way, in seconds, if the device says
// when it was made; 0 below a minute.
func (s Signal) Late() int64 {
	if s.DeviceAt == 0 || !s.History {
		return 0
	}
	if late := int64(s.ReceivedAt-s.DeviceAt) / 1000; late >= 60 {
		return late
	}
	return 0
}

const columns = "id, source, kind, device_id, received_at, device_at, history, alarms, body, note, child_id, matter_id, region, state, why, again, drill"

// NoteAAD binds a sealed note to its row.
func NoteAAD(signalID id.ID) string { return "signal.note:" + string(signalID) }

// PhoneAAD binds a sealed caller's number to its row.
func PhoneAAD(signalID id.ID) string { return "signal.phone:" + string(signalID) }

// Insert stores n. If its key is there already, stored is false and the id is
// that of the earlier one.
func Insert(ctx context.Context, tx *db.Tx, kr *crypto.Keyring, n New, actor id.ID) (signalID id.ID, stored bool, err error) {
	return insert(ctx, tx, kr, n, actor, Unknown, "")
}

// InsertLed is Insert of a signal of which it is known already where it leads:
// to a child or to nobody, and to no matter.
func InsertLed(ctx context.Context, tx *db.Tx, kr *crypto.Keyring, n New, actor, child id.ID, region, why string) (signalID id.ID, stored bool, err error) {
	state := Matched
	if child == "" {
		state = Unknown
	}
	n.ChildID, n.Region = child, region
	return insert(ctx, tx, kr, n, actor, state, why)
}

func insert(ctx context.Context, tx *db.Tx, kr *crypto.Keyring, n New, actor id.ID, state, why string) (signalID id.ID, stored bool, err error) {
	if err := n.Check(); err != nil {
		return "", false, err
	}
	body := []byte("{}")
	if n.Body != nil {
		if body, err = json.Marshal(n.Body); err != nil {
			return "", false, err
		}
	}
	signalID = id.New()
	var note, phone, phoneIndex string
	if n.Note != "" {
		note = kr.Seal(NoteAAD(signalID), n.Note)
	}
	if n.Phone != "" {
		phone, phoneIndex = kr.Seal(PhoneAAD(signalID), n.Phone), kr.Index("phone", n.Phone)
	}
	if n.Raw == nil {
		n.Raw = []byte{}
	}
	changed, err := tx.Exec(ctx, `INSERT INTO signal (id, source, kind, idem_key, device_id, received_at, device_at, history, alarms, body, raw,
		note, phone, phone_index, child_id, region, state, why, drill, taken_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (idem_key) DO NOTHING`,
		signalID, n.Source, n.Kind, n.Key, n.DeviceID, tx.Now, n.DeviceAt, n.History, strings.Join(n.Alarms, ","), string(body), n.Raw,
		note, phone, phoneIndex, n.ChildID, n.Region, state, why, n.Drill, actor)
	if err != nil {
		return "", false, err
	}
	if changed == 1 {
		return signalID, true, nil
	}
	err = tx.Get(ctx, db.To(&signalID), "SELECT id FROM signal WHERE idem_key = ?", n.Key)
	return signalID, false, err
}

// Led writes where the signal led.
func Led(ctx context.Context, tx *db.Tx, signalID, child, matter id.ID, region, why string, again bool) error {
	state := Matched
	if child == "" {
		state = Unknown
	}
	_, err := tx.Exec(ctx, "UPDATE signal SET child_id = ?, matter_id = ?, region = ?, state = ?, why = ?, again = ? WHERE id = ?",
		child, matter, region, state, why, again, signalID)
	return err
}

// Find gives a signal.
func Find(ctx context.Context, r db.Reader, signalID id.ID) (Signal, error) {
	var rows []Signal
	if err := r.List(ctx, &rows, "SELECT "+columns+" FROM signal WHERE id = ?", signalID); err != nil {
		return Signal{}, err
	}
	if len(rows) == 0 {
		return Signal{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// OfMatter lists the newest signals of a matter, newest first.
func OfMatter(ctx context.Context, r db.Reader, matter id.ID, limit int) ([]Signal, error) {
	var rows []Signal
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM signal WHERE matter_id = ? ORDER BY received_at DESC, id DESC LIMIT ?", matter, limit)
	return rows, err
}

// AlarmsBefore gives the alarms in the device's frame before this one: a state
// bit that was up already is no news.
func AlarmsBefore(ctx context.Context, r db.Reader, deviceID string, signalID id.ID) ([]string, error) {
	var rows []Signal
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM signal WHERE device_id = ? AND id < ? AND kind <> 'link' AND history = ? ORDER BY received_at DESC, id DESC LIMIT 1",
		deviceID, signalID, false)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].AlarmList(), nil
}

// Filter narrows a list.
type Filter struct {
	State    string
	AreaSQL  string // predicate on region with AreaArgs
	AreaArgs []any
	Before   id.ID
	Limit    int
}

// List gives signals, newest first.
func List(ctx context.Context, r db.Reader, f Filter) ([]Signal, error) {
	where, args := []string{"1 = 1"}, []any{}
	if f.State != "" {
		where, args = append(where, "state = ?"), append(args, f.State)
	}
	if f.AreaSQL != "" {
		where, args = append(where, f.AreaSQL), append(args, f.AreaArgs...)
	}
	if f.Before != "" {
		where, args = append(where, "id < ?"), append(args, f.Before)
	}
	var rows []Signal
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM signal WHERE "+strings.Join(where, " AND ")+" ORDER BY id DESC LIMIT ?", append(args, f.Limit)...)
	return rows, err
}

// Each calls fn with every signal in the order of receipt, for export.
func Each(ctx context.Context, d *db.DB, fn func(Signal) error) error {
	var last id.ID
	for {
		var rows []Signal
		err := d.View(ctx, func(ctx context.Context, r db.Reader) error {
			return r.List(ctx, &rows, "SELECT "+columns+" FROM signal WHERE id > ? ORDER BY id LIMIT 1000", last)
		})
		if err != nil {
			return err
		}
		for _, s := range rows {
			if err := fn(s); err != nil {
				return err
			}
			last = s.ID
		}
		if len(rows) < 1000 {
			return nil
		}
	}
}
