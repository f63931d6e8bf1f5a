package device

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// State says where a device stands.
type State string

// The states.
const (
	Unknown State = "unknown" // it spoke, nobody registered it
	Stock   State = "stock"   // registered, on nobody
	Active  State = "active"  // worn
	Retired State = "retired" // lost, broken, given back
)

// Device is a record of the register.
type Device struct {
	ID        id.ID        `bun:"id"`
	DeviceID  string       `bun:"device_id"` // what it calls itself on the wire
	Kind      string       `bun:"kind"`      // badge, watch …
	Model     string       `bun:"model"`
	Profile   string       `bun:"profile"` // how it speaks: see the gateways
	Label     string       `bun:"label"`   // what people call it
	SIM       string       `bun:"sim"`     // number of its card, sealed
	SIMIndex  string       `bun:"sim_index"`
	SIMUntil  string       `bun:"sim_until"` // civil date on which the card runs out
	Wearer    id.ID        `bun:"wearer"`
	Region    string       `bun:"region"`
	State     State        `bun:"state"`
	Batch     id.ID        `bun:"batch"`
	Version   int64        `bun:"version"`
	CreatedAt clock.Millis `bun:"created_at"`
	UpdatedAt clock.Millis `bun:"updated_at"`
}

const columns = `d.id, d.device_id, d.kind, d.model, d.profile, d.label, d.sim, d.sim_index, d.sim_until, d.wearer, d.region, d.state,
	d.batch, d.version, d.created_at, d.updated_at`

// shows: a device of an import that isn't whole yet does not show.
const shows = "(d.batch = '' OR d.batch IN (SELECT id FROM import_shown))"

type deviceRow struct {
	bun.BaseModel `bun:"table:device"`
	Device
}

// NormalID brings the number a device calls itself by to one form.
func NormalID(raw string) string {
	s := strings.ToUpper(strings.TrimSpace(raw))
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// Key is NormalID without the zeros before a decimal number: protocols fill
// numbers up to their own length (JT/T 808 to 12 or 20 digits), stickers and
// officers don't. Where lines and commands meet, devices go by it.
func Key(raw string) string {
	s := NormalID(raw)
	if !decimal(s) {
		return s
	}
	if t := strings.TrimLeft(s, "0"); t != "" {
		return t
	}
	return "0"
}

func decimal(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// forms lists as what a number may stand in the register: as it is, without
// the zeros before it, and filled up to the lengths that protocols write.
func forms(raw string) []any {
	s := NormalID(raw)
	out := []any{s}
	if !decimal(s) {
		return out
	}
	key := Key(s)
	for _, n := range []int{len(key), 10, 11, 12, 15, 16, 20} {
		if n < len(key) {
			continue
		}
		if f := strings.Repeat("0", n-len(key)) + key; f != s {
			out = append(out, f)
		}
	}
	return out
}

// Find gives the device that calls itself so, with or without zeros before its
// number; who is written exactly so comes first. Errors: NotFound.
func Find(ctx context.Context, r db.Reader, deviceID string) (Device, error) {
	d, err := one(ctx, r, "d.device_id = ?", NormalID(deviceID))
	if !errs.Is(err, errs.KindNotFound) {
		return d, err
	}
	others := forms(deviceID)[1:]
	if len(others) == 0 {
		return d, err
	}
	return one(ctx, r, "d.device_id IN ("+db.Marks(len(others))+")", others...)
}

// ByID gives the device of the record. Errors: NotFound.
func ByID(ctx context.Context, r db.Reader, device id.ID) (Device, error) {
	return one(ctx, r, "d.id = ?", device)
}

// BySIM gives the device whose card has the number. Errors: NotFound.
func BySIM(ctx context.Context, r db.Reader, kr *crypto.Keyring, number string) (Device, error) {
	return one(ctx, r, "d.sim_index = ?", kr.Index(indexSIM, number))
}

func one(ctx context.Context, r db.Reader, where string, args ...any) (Device, error) {
	var rows []Device
	if err := r.List(ctx, &rows, "SELECT "+columns+" FROM device d WHERE "+where+" AND "+shows+" ORDER BY d.device_id LIMIT 1", args...); err != nil {
		return Device{}, err
	}
	if len(rows) == 0 {
		return Device{}, errs.NotFound("device.not_found")
	}
	return rows[0], nil
}

const (
	indexSIM = "device.sim"
	aadSIM   = "device.sim:"
)

// Meet gives the device that calls itself so, and writes it down as unknown if
// nobody registered it. district is where it was heard.
func Meet(ctx context.Context, tx *db.Tx, deviceID, profile, district string) (Device, error) {
	d, err := Find(ctx, tx, deviceID)
	if err == nil || !errs.Is(err, errs.KindNotFound) {
		return d, err
	}
	// Exec, not Insert: the text comes from the wire.
	if _, err := tx.Exec(ctx, `INSERT INTO device (id, device_id, profile, region, state, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (device_id) DO NOTHING`, id.New(), NormalID(deviceID), profile, district, Unknown, tx.Now, tx.Now); err != nil {
		return Device{}, err
	}
	if err := tx.Emit(ctx, db.Event{Topic: "device", Kind: "unknown", Region: district, Ref: NormalID(deviceID)}); err != nil {
		return Device{}, err
	}
	if d, err = Find(ctx, tx, deviceID); errs.Is(err, errs.KindNotFound) {
		return hidden(ctx, tx, deviceID, district)
	}
	return d, err
}

// Seen is what a report told of a device.
type Seen struct {
	At      clock.Millis // when it was received
	Battery int          // percent; -1 = not told
	Where   *Position    // nil = not told
}

// Position is where a device was.
type Position struct {
	Lat       float64      `bun:"lat" json:"lat"` // degrees, WGS 84
	Lon       float64      `bun:"lon" json:"lon"`
	At        clock.Millis `bun:"position_at" json:"at"` // when it was measured
	Source    string       `bun:"source" json:"source"`  // gps, beidou, wifi, cell …
	AccuracyM float64      `bun:"accuracy_m" json:"accuracy_m"`
}

// What is told is newer than what is known.
const (
	batteryNewer = "excluded.battery_at > 0 AND l.battery_at <= excluded.battery_at"
	placeNewer   = "excluded.position_at > 0 AND l.position_at <= excluded.position_at"
)

func accuracyOf(p *Position) float64 {
	if p == nil {
		return -1 // not told
	}
	return p.AccuracyM
}

// Touch keeps what a report told: the newest of the device, and the position
// in its track. A late report does not set the newest back.
func Touch(ctx context.Context, tx *db.Tx, d Device, s Seen) error {
	var where Position // At 0: not told
	if s.Where != nil {
		where = *s.Where
	}
	batteryAt := s.At
	if s.Battery < 0 {
		batteryAt = 0
	}
	if _, err := tx.Exec(ctx, `INSERT INTO device_last AS l (device, seen_at, battery, battery_at, lat, lon, position_at, source, accuracy_m, signals)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (device) DO UPDATE SET signals = l.signals + 1,
		seen_at = CASE WHEN l.seen_at < excluded.seen_at THEN excluded.seen_at ELSE l.seen_at END,
		battery = CASE WHEN `+batteryNewer+` THEN excluded.battery ELSE l.battery END,
		battery_at = CASE WHEN `+batteryNewer+` THEN excluded.battery_at ELSE l.battery_at END,
		lat = CASE WHEN `+placeNewer+` THEN excluded.lat ELSE l.lat END, lon = CASE WHEN `+placeNewer+` THEN excluded.lon ELSE l.lon END,
		source = CASE WHEN `+placeNewer+` THEN excluded.source ELSE l.source END,
		accuracy_m = CASE WHEN `+placeNewer+` THEN excluded.accuracy_m ELSE l.accuracy_m END,
		position_at = CASE WHEN `+placeNewer+` THEN excluded.position_at ELSE l.position_at END`,
		d.ID, s.At, min(s.Battery, 100), batteryAt, where.Lat, where.Lon, where.At, where.Source, accuracyOf(s.Where)); err != nil {
		return err
	}
	if s.Where == nil {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_position (device, at, child_id, region, lat, lon, source, accuracy_m, received_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, d.ID, s.Where.At, d.Wearer, d.Region, s.Where.Lat, s.Where.Lon,
		s.Where.Source, s.Where.AccuracyM, s.At)
	return err
}

// Forget removes up to a page of positions received before the instant and
// tells how many; call it again while it returns a full page.
func Forget(ctx context.Context, tx *db.Tx, before clock.Millis) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM device_position WHERE (device, at) IN
		(SELECT device, at FROM device_position WHERE received_at < ? LIMIT 2000)`, before)
}

// Track gives the positions of a child within [from, to), oldest first, at
// most limit.
func Track(ctx context.Context, r db.Reader, childID id.ID, from, to clock.Millis, limit int) ([]Position, error) {
	out := []Position{}
	err := r.List(ctx, &out, `SELECT lat, lon, at AS position_at, source, accuracy_m FROM device_position
		WHERE child_id = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?`, childID, from, to, limit)
	return out, err
}

// Last is the newest known of a device.
type Last struct {
	Device    id.ID        `bun:"device"`
	SeenAt    clock.Millis `bun:"seen_at"` // 0 = never
	Battery   int          `bun:"battery"` // percent; -1 = unknown
	BatteryAt clock.Millis `bun:"battery_at"`
	Position  `bun:",extend"`
	Signals   int64 `bun:"signals"`
}

// Where gives the last position, nil if none was told.
func (l Last) Where() *Position {
	if l.Position.At == 0 {
		return nil
	}
	return &l.Position
}

// LastOf gives the newest known of devices; one that never spoke is left out.
func LastOf(ctx context.Context, r db.Reader, devices ...id.ID) (map[id.ID]Last, error) {
	out := map[id.ID]Last{}
	for part := range slices.Chunk(devices, 400) {
		var rows []Last
		if err := r.List(ctx, &rows, `SELECT device, seen_at, battery, battery_at, lat, lon, position_at, source, accuracy_m, signals
			FROM device_last WHERE device IN (`+db.Marks(len(part))+")", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, l := range rows {
			out[l.Device] = l
		}
	}
	return out, nil
}

// WornBy gives the devices that children wear now.
func WornBy(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID][]Device, error) {
	out := map[id.ID][]Device{}
	for part := range slices.Chunk(children, 400) {
		var rows []Device
		if err := r.List(ctx, &rows, "SELECT "+columns+" FROM device d WHERE d.wearer IN ("+db.Marks(len(part))+") AND d.wearer <> '' AND "+shows+
			" ORDER BY d.id", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, d := range rows {
			out[d.Wearer] = append(out[d.Wearer], d)
		}
	}
	return out, nil
}

// AllWorn gives every device that somebody wears, for the memory of who wears
// what.
func AllWorn(ctx context.Context, r db.Reader) ([]Device, error) {
	var rows []Device
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM device d WHERE d.wearer <> '' AND "+shows+" ORDER BY d.id")
	return rows, err
}

// WearerAt gives who wore the device at the instant, empty for nobody.
func WearerAt(ctx context.Context, r db.Reader, device id.ID, at clock.Millis) (id.ID, error) {
	var rows []id.ID
	err := r.List(ctx, &rows, `SELECT child_id FROM device_wearing WHERE device = ? AND from_at <= ? AND (to_at = 0 OR to_at > ?)
		ORDER BY from_at DESC LIMIT 1`, device, at, at)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0], nil
}

// wear gives the device to a child, or takes it off if child is empty; the
// history follows.
func wear(ctx context.Context, tx *db.Tx, d *Device, childID id.ID, regionCode, why string) error {
	if d.Wearer != "" {
		if _, err := tx.Exec(ctx, "UPDATE device_wearing SET to_at = ? WHERE device = ? AND to_at = 0", tx.Now, d.ID); err != nil {
			return err
		}
	}
	if d.Wearer != "" && d.Wearer != childID {
		if err := Cut(ctx, tx, *d, CutWearer); err != nil {
			return err
		}
	}
	d.Wearer = childID
	if childID == "" {
		return nil
	}
	d.Region = regionCode
	_, err := tx.Exec(ctx, "INSERT INTO device_wearing (id, device, child_id, from_at, by_account, why) VALUES (?, ?, ?, ?, ?, ?)",
		id.New(), d.ID, childID, tx.Now, access.From(ctx).Account, why)
	return err
}

// CameOff tells whether the device was taken off the child since the instant
// and is not worn by it again. A child that was merged into another is followed.
func CameOff(ctx context.Context, r db.Reader, device, childID id.ID, since clock.Millis) (bool, error) {
	if childID == "" {
		return false, nil
	}
	var n int
	err := r.Get(ctx, db.To(&n), `SELECT count(*) FROM device_wearing w JOIN device d ON d.id = w.device
		WHERE w.device = ? AND w.child_id = ? AND w.to_at >= ? AND d.wearer <> w.child_id`, device, childID, since)
	return n > 0, err
}

// Why a device's lines are cut; the kinds of the events.
const (
	CutToken   = "token_ended"   // MQTT and HTTP
	CutSecrets = "secrets_ended" // by whatever door it signed on
	CutWearer  = "worn_by_other" // its session was another's; its secrets hold
)

// Cut has every process end the device's line, as part of the change.
func Cut(ctx context.Context, tx *db.Tx, d Device, why string) error {
	return tx.Emit(ctx, db.Event{Topic: "device", Kind: why, Region: d.Region, Ref: string(d.ID)})
}

// save writes the record if it is still at the version that was read.
func (d *Device) save(ctx context.Context, tx *db.Tx) error {
	n, err := tx.Exec(ctx, `UPDATE device SET kind = ?, model = ?, profile = ?, label = ?, sim = ?, sim_index = ?, sim_until = ?, wearer = ?,
		region = ?, state = ?, version = version + 1, updated_at = ? WHERE id = ? AND version = ?`,
		d.Kind, d.Model, d.Profile, d.Label, d.SIM, d.SIMIndex, d.SIMUntil, d.Wearer, d.Region, d.State, tx.Now, d.ID, d.Version)
	if err == nil && n == 0 {
		return errs.Conflict("device.changed")
	}
	d.Version++
	return err
}

// Follow lets the devices of a child go with it: into another area, or onto
// the record that it was merged into (to differs from childID). things narrows
// it to some of them.
func Follow(ctx context.Context, tx *db.Tx, childID, to id.ID, regionCode string, things ...id.ID) error {
	only, args := "", []any{}
	if len(things) > 0 {
		only, args = " IN ("+db.Marks(len(things))+")", db.Anys(things)
	}
	narrow := func(column string) string {
		if only == "" {
			return ""
		}
		return " AND " + column + only
	}
	if childID != to {
		if _, err := tx.Exec(ctx, "UPDATE device_wearing SET child_id = ? WHERE child_id = ? AND to_at = 0"+narrow("device"),
			append([]any{to, childID}, args...)...); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "UPDATE device SET wearer = ?, region = ?, version = version + 1, updated_at = ? WHERE wearer = ?"+narrow("id"),
		append([]any{to, regionCode, tx.Now, childID}, args...)...)
	return err
}

// Erased takes off what an erased child wears and removes where it was; it is
// person's port of the name.
func Erased(ctx context.Context, tx *db.Tx, childID id.ID) error {
	for _, query := range []string{
		"UPDATE device SET wearer = '', state = 'stock', version = version + 1 WHERE wearer = ?",
		"DELETE FROM device_position WHERE child_id = ?",
		"DELETE FROM device_last WHERE device IN (SELECT device FROM device_wearing WHERE child_id = ? AND to_at = 0)",
	} {
		if _, err := tx.Exec(ctx, query, childID); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "UPDATE device_wearing SET to_at = ? WHERE child_id = ? AND to_at = 0", tx.Now, childID)
	return err
}
