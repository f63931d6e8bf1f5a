package downlink

import (
	"context"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/down"
)

type row struct {
	ID        id.ID        `bun:"id"`
	Device    id.ID        `bun:"device"`
	DeviceID  string       `bun:"device_id"`
	Region    string       `bun:"region"`
	ChildID   id.ID        `bun:"child_id"`
	Kind      down.Kind    `bun:"kind"`
	Content   string       `bun:"content"` // sealed; "" when it has ended
	Reason    string       `bun:"reason"`  // sealed
	State     State        `bun:"state"`
	Tries     int          `bun:"tries"`
	DueAt     clock.Millis `bun:"due_at"` // when something must happen if nothing did
	ExpiresAt clock.Millis `bun:"expires_at"`
	Gateway   string       `bun:"gateway"`
	Token     string       `bun:"token"`
	Result    string       `bun:"result"`
	IdemKey   string       `bun:"idem_key"`
	CreatedAt clock.Millis `bun:"created_at"`
	CreatedBy id.ID        `bun:"created_by"`
	SentAt    clock.Millis `bun:"sent_at"`
	EndedAt   clock.Millis `bun:"ended_at"`
}

const columns = `x.id, x.device, x.device_id, x.region, x.child_id, x.kind, x.content, x.reason, x.state, x.tries, x.due_at, x.expires_at, x.gateway,
	x.token, x.result, x.idem_key, x.created_at, x.created_by, x.sent_at, x.ended_at`

func contentCell(which id.ID) string { return "device_downlink.content:" + string(which) }
func reasonCell(which id.ID) string  { return "device_downlink.reason:" + string(which) }

func (r row) insert(ctx context.Context, tx *db.Tx) (added bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO device_downlink (id, device, device_id, region, child_id, kind, content, reason, state, due_at, expires_at, idem_key, created_at, created_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idem_key) DO NOTHING`,
		r.ID, r.Device, r.DeviceID, r.Region, r.ChildID, r.Kind, r.Content, r.Reason, r.State, r.DueAt, r.ExpiresAt, r.IdemKey, r.CreatedAt, r.CreatedBy)
	return n > 0, err
}

func byKey(ctx context.Context, r db.Reader, key string) (row, error) {
	return one(ctx, r, "x.idem_key = ?", key)
}

func byID(ctx context.Context, r db.Reader, which id.ID) (row, error) {
	return one(ctx, r, "x.id = ?", which)
}

func one(ctx context.Context, r db.Reader, where string, arg any) (row, error) {
	var rows []row
	if err := r.List(ctx, &rows, "SELECT "+columns+" FROM device_downlink x WHERE "+where, arg); err != nil {
		return row{}, err
	}
	if len(rows) == 0 {
		return row{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

func ofDevice(ctx context.Context, r db.Reader, device id.ID, limit int) ([]row, error) {
	var rows []row
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM device_downlink x WHERE x.device = ? ORDER BY x.id DESC LIMIT ?", device, limit)
	return rows, err
}

// toSend gives what waits for devices whose line one of the gateways holds, at
// most one a device. What presses goes first and waits for no answer of a
// setting: a watch that never answers to one must not keep a seat from asking
// where the child is. Otherwise a device has one command under way, and never
// two of a kind, whose answers nobody could tell apart.
func toSend(ctx context.Context, r db.Reader, gateways []string, limit int) ([]row, error) {
	pressing := db.Anys(down.Pressing())
	marks := db.Marks(len(pressing))
	args := append([]any{r.At()}, db.Anys(gateways)...)
	for range 5 {
		args = append(args, pressing...)
	}
	var rows []row
	err := r.List(ctx, &rows, "SELECT "+columns+` FROM device_downlink x JOIN device_line l ON l.device_id = x.device_id
		WHERE x.ended_at = 0 AND x.state = 'waiting' AND x.expires_at > ? AND l.gateway IN (`+db.Marks(len(gateways))+`)
		AND NOT EXISTS (SELECT 1 FROM device_downlink o WHERE o.device_id = x.device_id AND o.ended_at = 0 AND (o.state = 'sending'
			OR o.state = 'sent' AND (o.kind = x.kind OR o.kind IN (`+marks+`) OR x.kind NOT IN (`+marks+`))
			OR o.state = 'waiting' AND o.id <> x.id AND CASE WHEN x.kind IN (`+marks+`) THEN o.kind IN (`+marks+`) AND o.id < x.id ELSE o.kind IN (`+marks+`) OR o.id < x.id END))
		ORDER BY x.id LIMIT ?`, append(args, limit)...)
	return rows, err
}

// due gives what must be looked at because nothing happened.
func due(ctx context.Context, r db.Reader, limit int) ([]row, error) {
	var rows []row
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM device_downlink x WHERE x.ended_at = 0 AND x.due_at <= ? ORDER BY x.due_at LIMIT ?", r.At(), limit)
	return rows, err
}

// claim takes a waiting command for this gateway; ok is false if another was
// faster.
func (r row) claim(ctx context.Context, tx *db.Tx, gateway string, until clock.Millis) (ok bool, err error) {
	n, err := tx.Exec(ctx, "UPDATE device_downlink SET state = 'sending', gateway = ?, due_at = ? WHERE id = ? AND state = 'waiting' AND ended_at = 0", gateway, until, r.ID)
	return n > 0, err
}

// back lets it wait again.
func (r row) back(ctx context.Context, tx *db.Tx, from State) error {
	_, err := tx.Exec(ctx, "UPDATE device_downlink SET state = 'waiting', gateway = '', token = '', due_at = expires_at WHERE id = ? AND state = ?", r.ID, from)
	return err
}

func (r row) sent(ctx context.Context, tx *db.Tx, token string, answerBy clock.Millis) error {
	_, err := tx.Exec(ctx, "UPDATE device_downlink SET state = 'sent', token = ?, tries = tries + 1, due_at = ?, sent_at = ? WHERE id = ? AND state = 'sending'",
		token, answerBy, tx.Now, r.ID)
	return err
}

// end ends it if it stands in one of the states, and removes its content.
func (r row) end(ctx context.Context, tx *db.Tx, to State, result string, from ...State) (ok bool, err error) {
	args := append([]any{to, result, tx.Now, r.ID}, db.Anys(from)...)
	n, err := tx.Exec(ctx, "UPDATE device_downlink SET state = ?, result = ?, content = '', ended_at = ? WHERE id = ? AND ended_at = 0 AND state IN ("+db.Marks(len(from))+")", args...)
	if err != nil || n == 0 {
		return false, err
	}
	return true, told(ctx, tx, r)
}

// lineRow is which process holds the line of a device.
type lineRow struct {
	DeviceID  string        `bun:"device_id"`
	Gateway   string        `bun:"gateway"`
	Line      string        `bun:"line"`
	Source    signal.Source `bun:"source"`
	Since     clock.Millis  `bun:"since"`
	ChangedAt clock.Millis  `bun:"changed_at"`
}

const lineColumns = "l.device_id, l.gateway, l.line, l.source, l.since, l.changed_at"

// lineOf gives the device's line, nil if no living process holds one.
func lineOf(ctx context.Context, r db.Reader, deviceID string) (*lineRow, error) {
	var rows []lineRow
	err := r.List(ctx, &rows, "SELECT "+lineColumns+` FROM device_line l WHERE l.device_id = ?
		AND (l.gateway = ? OR l.gateway IN (SELECT id FROM gateway_process WHERE seen_at > ?))`, deviceID, cluster, r.At().Add(-stale))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func linesOf(ctx context.Context, r db.Reader, deviceIDs []any) (map[string]lineRow, error) {
	var rows []lineRow
	out := map[string]lineRow{}
	err := r.List(ctx, &rows, "SELECT "+lineColumns+" FROM device_line l WHERE l.device_id IN ("+db.Marks(len(deviceIDs))+")", deviceIDs...)
	for _, l := range rows {
		out[l.DeviceID] = l
	}
	return out, err
}

func (l lineRow) save(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO device_line (device_id, gateway, line, source, since, changed_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (device_id) DO UPDATE SET gateway = excluded.gateway, line = excluded.line, source = excluded.source, since = excluded.since, changed_at = excluded.changed_at`,
		l.DeviceID, l.Gateway, l.Line, l.Source, l.Since, tx.Now)
	return err
}

// origin is from where a device comes.
type origin struct {
	DeviceID string `bun:"device_id"`
	FirstNet string `bun:"first_net"`
	Net      string `bun:"net"`
	Changes  int    `bun:"changes"`
}

func originsOf(ctx context.Context, r db.Reader, deviceIDs []any) (map[string]origin, error) {
	var rows []origin
	out := map[string]origin{}
	err := r.List(ctx, &rows, "SELECT device_id, first_net, net, changes FROM device_origin WHERE device_id IN ("+db.Marks(len(deviceIDs))+")", deviceIDs...)
	for _, o := range rows {
		out[o.DeviceID] = o
	}
	return out, err
}

func (o origin) save(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO device_origin (device_id, first_net, net, changes, changed_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (device_id) DO UPDATE SET net = excluded.net, changes = excluded.changes, changed_at = excluded.changed_at`,
		o.DeviceID, o.FirstNet, o.Net, o.Changes, tx.Now)
	return err
}
