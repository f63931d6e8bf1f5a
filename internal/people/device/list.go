package device

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
	"zugou/internal/people/sheet"
)

// Query narrows and orders the list; zero fields don't.
type Query struct {
	Q      string // part of the device's number or label from its beginning, or the wearer's name
	State  State
	Region string
	Sort   string // "", "seen", "battery" or "sim"
	Desc   bool
	Cursor string
	Limit  int // 50 if 0; at most 200
}

// Page is one page of the list.
type Page struct {
	Items []Row  `json:"items"`
	Next  string `json:"next"`
}

// order is a column that the list can be ordered by, as SQL. What is not known
// stands last, whichever way one looks: who sorts by charge looks for a number.
// A device that was never heard has been silent longest.
type order struct {
	up, down string
	text     bool
}

var orders = map[string]order{
	"seen":    {up: "COALESCE(l.seen_at, 0)", down: "COALESCE(l.seen_at, 0)"},
	"battery": {up: "CASE WHEN COALESCE(l.battery, -1) < 0 THEN 101 ELSE l.battery END", down: "COALESCE(l.battery, -1)"},
	"sim":     {up: "CASE WHEN d.sim_until = '' THEN '9999-12-31' ELSE d.sim_until END", down: "d.sim_until", text: true},
}

// ordering gives the expression and the condition of the page behind the
// cursor, which is the value of its last row and the row's id.
func (q Query) ordering() (expr, behind string, args []any, err error) {
	o, ok := orders[q.Sort]
	switch {
	case q.Sort == "":
		if q.Cursor != "" {
			behind, args = "d.id > ?", []any{q.Cursor}
		}
		return "d.id", behind, args, nil
	case !ok:
		return "", "", nil, errs.Invalid("sort", "list.sort_wrong")
	}
	expr, than := o.up, ">"
	if q.Desc {
		expr, than = o.down, "<"
	}
	if q.Cursor == "" {
		return expr, "", nil, nil
	}
	value, last, cut := strings.Cut(q.Cursor, "~")
	var v any = value
	if !o.text {
		if v, err = strconv.ParseInt(value, 10, 64); err != nil {
			cut = false
		}
	}
	if !cut {
		return "", "", nil, errs.Invalid("cursor", "list.cursor_wrong")
	}
	return expr, "(" + expr + " " + than + " ? OR (" + expr + " = ? AND d.id > ?))", []any{v, v, last}, nil
}

type orderedRow struct {
	Device `bun:",extend"`
	Key    string `bun:"sort_key"`
}

// search gives one page of what the query finds in the areas, and where the
// next one begins.
func (s *Service) search(ctx context.Context, r db.Reader, q Query, areas []string, limit int) ([]Device, string, error) {
	where, args := access.Where("d.region", areas)
	conds := []string{where, shows}
	add := func(cond string, a ...any) { conds, args = append(conds, cond), append(args, a...) }
	seen, not := access.From(ctx).Shown("d.wearer")
	add(seen, not...)
	if q.Region != "" {
		in, a := access.Where("d.region", []string{q.Region})
		add(in, a...)
	}
	if q.State != "" {
		add("d.state = ?", q.State)
	}
	expr, behind, from, err := q.ordering()
	if err != nil {
		return nil, "", err
	}
	if behind != "" {
		add(behind, from...)
	}
	if text := strings.TrimSpace(q.Q); text != "" {
		from, key := NormalID(text), Key(text)
		name := civil.NormalizeName(text)
		add(`((d.device_id >= ? AND d.device_id < ?) OR (d.device_id >= ? AND d.device_id < ?) OR d.label = ? OR d.wearer IN (SELECT p.id FROM person p WHERE p.child AND p.name >= ? AND p.name < ?))`,
			from, from+"\U0010FFFF", key, key+"\U0010FFFF", text, name, name+"\U0010FFFF")
	}
	way := ""
	if q.Sort != "" && q.Desc {
		way = " DESC"
	}
	var rows []orderedRow
	if err := r.List(ctx, &rows, "SELECT "+columns+", CAST("+expr+" AS TEXT) AS sort_key FROM device d LEFT JOIN device_last l ON l.device = d.id WHERE "+
		strings.Join(conds, " AND ")+" ORDER BY "+expr+way+", d.id LIMIT ?", append(args, limit+1)...); err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		if next = string(last.ID); q.Sort != "" {
			next = last.Key + "~" + next
		}
	}
	out := make([]Device, len(rows))
	for i, x := range rows {
		out[i] = x.Device
	}
	return out, next, nil
}

// List gives the devices in the actor's areas, without those of children that
// the actor may not find. Errors: Forbidden, Invalid.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "device.read"); err != nil {
		return Page{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	out := Page{Items: []Row{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, next, err := s.search(ctx, r, q, actor.Areas("device.read"), min(limit, 200))
		if err != nil {
			return err
		}
		out.Next = next
		out.Items, err = s.rows(ctx, r, list)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	for _, row := range out.Items {
		showRow(ctx, row)
	}
	return out, nil
}

// Counts are devices by state.
type Counts map[State]int

// Count gives the devices of the actor's areas by state. Errors: Forbidden.
func (s *Service) Count(ctx context.Context, area string) (Counts, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "device.read"); err != nil {
		return nil, err
	}
	where, args := access.Where("d.region", actor.Areas("device.read"))
	if area != "" {
		in, a := access.Where("d.region", []string{area})
		where, args = where+" AND "+in, append(args, a...)
	}
	out := Counts{Unknown: 0, Stock: 0, Active: 0, Retired: 0}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var rows []struct {
			State State `bun:"state"`
			N     int   `bun:"n"`
		}
		seen, not := access.From(ctx).Shown("d.wearer")
		err := r.List(ctx, &rows, "SELECT d.state, count(*) AS n FROM device d WHERE "+where+" AND "+seen+" AND "+shows+" GROUP BY d.state", slices.Concat(args, not)...)
		for _, x := range rows {
			out[x.State] = x.N
		}
		return err
	})
	return out, err
}

// exportMost bounds one workbook: more is a copy of the register, not a list.
const exportMost = 20_000

// Export gives the list as a workbook, numbers of cards masked as on the page.
// Who took it out and why stands in it; the audit names every device and
// wearer. word gives the text of a message key. Errors: Forbidden, Invalid.
func (s *Service) Export(ctx context.Context, q Query, reason string, word func(string) (string, bool)) ([]byte, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "device.export"); err != nil {
		return nil, err
	}
	if reason = strings.TrimSpace(reason); utf8.RuneCountInString(reason) < 4 || utf8.RuneCountInString(reason) > 500 {
		return nil, errs.Invalid("reason", "reveal.reason_short")
	}
	text := func(key string) string {
		t, _ := word(key)
		return t
	}
	var list []Row
	var areas *region.Table
	q.Cursor = ""
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		if areas, err = region.Load(ctx, r); err != nil {
			return err
		}
		for {
			found, next, err := s.search(ctx, r, q, actor.Areas("device.export"), 400)
			if err != nil {
				return err
			}
			rows, err := s.rows(ctx, r, found)
			if err != nil {
				return err
			}
			if list = append(list, rows...); len(list) > exportMost {
				return errs.Invalid("q", "export.too_many")
			}
			if q.Cursor = next; next == "" {
				return nil
			}
		}
	})
	if err != nil {
		return nil, err
	}
	body, err := s.workbook(list, areas, []any{text("export.by"), actor.Name, reason}, text)
	if err != nil {
		return nil, errs.Internal(err)
	}
	var shown []audit.Shown
	for _, row := range list {
		shown = append(shown, audit.Shown{Kind: "device", ID: row.ID, Fields: []string{"device_id", "state", "battery", "last_seen_at"}})
		if row.Wearer != nil {
			shown = append(shown, audit.Shown{Kind: "child", ID: row.Wearer.ID, Fields: []string{"name", "device"}})
		}
	}
	export := id.New()
	return body, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := audit.Write(ctx, tx, audit.Entry{Action: "device.export", SubjectKind: "export", Subject: export, Purpose: s.keys.Seal("export.reason:"+string(export), reason), Region: q.Region}); err != nil {
			return err
		}
		return audit.WriteMany(ctx, tx, audit.Entry{Action: "device.export", Purpose: string(export), Region: q.Region}, shown)
	})
}

func (s *Service) workbook(list []Row, areas *region.Table, by []any, text func(string) string) ([]byte, error) {
	var head []any
	for _, k := range []string{"label", "number", "kind", "model", "protocol", "wearer", "area", "state", "seen", "battery", "sim", "sim_until"} {
		head = append(head, text("export.devices."+k))
	}
	lines := [][]any{head}
	for _, d := range list {
		wearer, seen, kind := "", "", ""
		var battery any = ""
		if d.Wearer != nil {
			wearer = d.Wearer.Name
		}
		if d.LastSeenAt != 0 {
			seen = d.LastSeenAt.Time().In(clock.Zone).Format("2006-01-02 15:04")
		}
		if d.Battery >= 0 {
			battery = d.Battery
		}
		if d.Kind != "" {
			kind = text("thing." + d.Kind)
		}
		protocol := text("export.devices.protocol." + d.Profile)
		if protocol == "" {
			protocol = cmp.Or(s.titled(d.Profile), d.Profile)
		}
		lines = append(lines, []any{d.Label, d.DeviceID, kind, d.Model, protocol, wearer, areas.Label(region.Code(d.Region)),
			text("export.devices.state." + string(d.State)), seen, battery, d.SIMMasked, d.SIMUntil})
	}
	return sheet.Write(text("export.devices"), []float64{14, 20, 10, 22, 16, 12, 28, 10, 18, 8, 16, 14}, append(lines, nil, by))
}
