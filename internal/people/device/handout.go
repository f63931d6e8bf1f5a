package device

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
	"zugou/internal/people/staff"
)

// Signature is what somebody drew on a screen: strokes of points, 0 to 1000 in
// both directions.
type Signature [][][2]int

// Bounds of a signature. A single dot is none.
const (
	strokesMost = 60
	pointsMost  = 4000
	pointsLeast = 8
)

func (s Signature) check() error {
	n := 0
	for _, stroke := range s {
		n += len(stroke)
		for _, p := range stroke {
			if p[0] < 0 || p[0] > 1000 || p[1] < 0 || p[1] > 1000 {
				return errs.Invalid("signature", "device.signature_wrong")
			}
		}
	}
	if n < pointsLeast || n > pointsMost || len(s) > strokesMost {
		return errs.Invalid("signature", "device.signature_wrong")
	}
	return nil
}

// Hand is a hand-out or a return, as an officer enters it.
type Hand struct {
	ChildID   id.ID     `json:"child_id,omitempty"` // of a hand-out
	Signer    string    `json:"signer"`             // who received or gave back, by name
	Relation  string    `json:"relation,omitempty"` // to the child
	Signature Signature `json:"signature"`
	Condition string    `json:"condition,omitempty"` // good, worn, broken, lost; of a return
	Note      string    `json:"note,omitempty"`
}

func (h *Hand) check() error {
	h.Signer = civil.NormalizeName(h.Signer)
	if h.Signer == "" || len(h.Signer) > 120 {
		return errs.Invalid("signer", "device.signer_missing")
	}
	if len([]rune(h.Note)) > 300 || len(h.Relation) > 60 {
		return errs.Invalid("note", "text.too_long")
	}
	return h.Signature.check()
}

// HandOut gives a device of the stock to a child, against a signature. Errors:
// NotFound, Forbidden, Invalid, Conflict "device.not_in_stock".
func (s *Service) HandOut(ctx context.Context, device id.ID, h Hand) (Row, error) {
	if err := h.check(); err != nil {
		return Row{}, err
	}
	return s.hand(ctx, device, func(ctx context.Context, tx *db.Tx, d *Device) error {
		if d.State != Stock {
			return errs.Conflict("device.not_in_stock")
		}
		card, err := person.CardOf(ctx, tx, s.keys, h.ChildID)
		if err != nil {
			return err
		}
		t := access.Target{Region: card.Region, Child: card.ID}
		if err := access.Check(access.From(ctx), "device.hand", t); err != nil {
			return err
		}
		if err := wear(ctx, tx, d, card.ID, card.Region, "handed_out"); err != nil {
			return err
		}
		d.State = Active
		if err := s.paper(ctx, tx, *d, card.ID, "out", h); err != nil {
			return err
		}
		return child.Note(ctx, tx, child.Entry{ChildID: card.ID, Kind: "device", Title: "timeline.device_given", RefKind: "device", RefID: d.ID, Region: d.Region, Data: map[string]string{"kind": d.Kind}})
	})
}

// TakeBack takes a device off a child, against a signature: into stock, or out
// of use if it is broken or lost. Errors: NotFound, Forbidden, Invalid,
// Conflict "device.not_worn".
func (s *Service) TakeBack(ctx context.Context, device id.ID, h Hand) (Row, error) {
	if !slices.Contains([]string{"good", "worn", "broken", "lost"}, h.Condition) {
		return Row{}, errs.Invalid("condition", "device.condition_missing")
	}
	if err := h.check(); err != nil {
		return Row{}, err
	}
	return s.hand(ctx, device, func(ctx context.Context, tx *db.Tx, d *Device) error {
		if d.Wearer == "" {
			return errs.Conflict("device.not_worn")
		}
		before := d.Wearer
		if err := wear(ctx, tx, d, "", "", "returned"); err != nil {
			return err
		}
		d.State = Stock
		if h.Condition == "broken" || h.Condition == "lost" {
			d.State = Retired
			if err := s.ended(ctx, tx, *d); err != nil {
				return err
			}
		}
		if err := s.paper(ctx, tx, *d, before, "back", h); err != nil {
			return err
		}
		return child.Note(ctx, tx, child.Entry{ChildID: before, Kind: "device", Title: "timeline.device_returned", RefKind: "device", RefID: d.ID, Region: d.Region,
			Data: map[string]string{"kind": d.Kind, "condition": h.Condition}})
	})
}

// hand runs one of both. What is in stock lies in the district's store: whoever
// may hand out in the child's area takes it from there.
func (s *Service) hand(ctx context.Context, device id.ID, fn func(ctx context.Context, tx *db.Tx, d *Device) error) (Row, error) {
	return s.alter(ctx, device, "device.hand", func(d Device, t access.Target) error {
		if d.State == Stock {
			return access.May(access.From(ctx), "device.hand")
		}
		return access.Check(access.From(ctx), "device.hand", t)
	}, func(ctx context.Context, tx *db.Tx, d *Device) ([]string, error) {
		return []string{"wearer", "signature"}, fn(ctx, tx, d)
	})
}

func (s *Service) paper(ctx context.Context, tx *db.Tx, d Device, childID id.ID, kind string, h Hand) error {
	text, err := json.Marshal(h.Signature)
	if err != nil {
		return errs.Internal(err)
	}
	rowID := id.New()
	_, err = tx.Exec(ctx, `INSERT INTO device_hand (id, device, child_id, kind, at, by_account, region, signer, relation, signature, condition, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		rowID, d.ID, childID, kind, tx.Now, access.From(ctx).Account, d.Region, s.keys.Seal("device_hand.signer:"+string(rowID), h.Signer), h.Relation,
		s.keys.Seal("device_hand.signature:"+string(rowID), string(text)), h.Condition, s.keys.Seal("device_hand.note:"+string(rowID), strings.TrimSpace(h.Note)))
	return err
}

// Paper is one hand-out or return.
type Paper struct {
	ID        id.ID        `json:"id"`
	Kind      string       `json:"kind"` // out, back
	At        clock.Millis `json:"at"`
	By        string       `json:"by"`
	ChildName string       `json:"child_name"`
	Signer    string       `json:"signer"`
	Relation  string       `json:"relation"`
	Signature Signature    `json:"signature"`
	Condition string       `json:"condition"`
	Note      string       `json:"note"`
}

// WornSpan is one span of who wore a device.
type WornSpan struct {
	ChildID   id.ID        `json:"child_id"`
	ChildName string       `json:"child_name"`
	From      clock.Millis `json:"from"`
	To        clock.Millis `json:"to"` // 0: still
	Why       string       `json:"why"`
}

// Detail is all of a device.
type Detail struct {
	Row
	Firmware string     `json:"firmware"`
	BoughtOn string     `json:"bought_on"`
	Place    string     `json:"place"`
	ICCID    string     `json:"iccid"` // last four
	Worn     []WornSpan `json:"worn"`
	Papers   []Paper    `json:"papers"`
}

// Detail gives all of a device. Errors: NotFound, Forbidden.
func (s *Service) Detail(ctx context.Context, device id.ID) (Detail, error) {
	var out Detail
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		d, err := ByID(ctx, r, device)
		if err != nil {
			if e := access.May(access.From(ctx), "device.read"); e != nil {
				return e
			}
			return err
		}
		t := d.Target()
		if err := access.Check(access.From(ctx), "device.read", t); err != nil {
			return err
		}
		rows, err := s.rows(ctx, r, []Device{d})
		if err != nil {
			return err
		}
		out = Detail{Row: rows[0], Worn: []WornSpan{}, Papers: []Paper{}}
		var stock []struct {
			Firmware string `bun:"firmware"`
			BoughtOn string `bun:"bought_on"`
			Place    string `bun:"place"`
		}
		if err := r.List(ctx, &stock, "SELECT firmware, bought_on, place FROM device_stock WHERE device = ?", d.ID); err != nil {
			return err
		}
		if len(stock) > 0 {
			out.Firmware, out.BoughtOn, out.Place = stock[0].Firmware, stock[0].BoughtOn, stock[0].Place
		}
		var card []string
		if err := r.List(ctx, &card, "SELECT iccid FROM device_trait WHERE device = ?", d.ID); err != nil {
			return err
		}
		if len(card) > 0 {
			out.ICCID = card[0][max(0, len(card[0])-4):]
		}
		return s.past(ctx, r, d.ID, &out)
	})
	if err == nil {
		showRow(ctx, out.Row)
	}
	return out, err
}

// past reads who wore it and the papers, without those of children that the
// actor may not find.
func (s *Service) past(ctx context.Context, r db.Reader, device id.ID, out *Detail) error {
	seen, args := access.From(ctx).Shown("child_id")
	args = append([]any{device}, args...)
	var spans []wearingRow
	if err := r.List(ctx, &spans, "SELECT id, device, child_id, from_at, to_at, by_account, why FROM device_wearing WHERE device = ? AND "+seen+" ORDER BY from_at DESC LIMIT 50", args...); err != nil {
		return err
	}
	var papers []struct {
		ID        id.ID        `bun:"id"`
		ChildID   id.ID        `bun:"child_id"`
		Kind      string       `bun:"kind"`
		At        clock.Millis `bun:"at"`
		By        id.ID        `bun:"by_account"`
		Signer    string       `bun:"signer"`
		Relation  string       `bun:"relation"`
		Signature string       `bun:"signature"`
		Condition string       `bun:"condition"`
		Note      string       `bun:"note"`
	}
	if err := r.List(ctx, &papers, "SELECT id, child_id, kind, at, by_account, signer, relation, signature, condition, note FROM device_hand WHERE device = ? AND "+seen+" ORDER BY at DESC, id DESC LIMIT 50", args...); err != nil {
		return err
	}
	var children, accounts []id.ID
	for _, x := range spans {
		children = append(children, x.ChildID)
	}
	for _, p := range papers {
		children, accounts = append(children, p.ChildID), append(accounts, p.By)
	}
	names, err := person.Names(ctx, r, children...)
	if err != nil {
		return err
	}
	by, err := staff.Names(ctx, r, accounts...)
	if err != nil {
		return err
	}
	for _, x := range spans {
		out.Worn = append(out.Worn, WornSpan{x.ChildID, names[x.ChildID], x.FromAt, x.ToAt, x.Why})
	}
	for _, p := range papers {
		q := Paper{ID: p.ID, Kind: p.Kind, At: p.At, By: by[p.By].Name, ChildName: names[p.ChildID], Relation: p.Relation, Condition: p.Condition}
		if q.Signer, err = s.keys.Open("device_hand.signer:"+string(p.ID), p.Signer); err != nil {
			return err
		}
		if q.Note, err = s.keys.Open("device_hand.note:"+string(p.ID), p.Note); err != nil {
			return err
		}
		text, err := s.keys.Open("device_hand.signature:"+string(p.ID), p.Signature)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &q.Signature); err != nil {
			return errs.Internal(err)
		}
		out.Papers = append(out.Papers, q)
	}
	return nil
}

// StockNote is what the store-room enters.
type StockNote struct {
	Firmware string     `json:"firmware,omitempty"`
	BoughtOn civil.Date `json:"bought_on,omitempty"`
	Place    string     `json:"place,omitempty"`
}

// SetStock keeps what the store-room knows. Errors: NotFound, Forbidden,
// Invalid.
func (s *Service) SetStock(ctx context.Context, device id.ID, n StockNote) (Row, error) {
	if n.BoughtOn != "" && !n.BoughtOn.Valid() || len(n.Firmware) > 80 || len(n.Place) > 200 {
		return Row{}, errs.Invalid("bought_on", "device.date_wrong")
	}
	return s.change(ctx, device, func(ctx context.Context, tx *db.Tx, d *Device) ([]string, error) {
		_, err := tx.Exec(ctx, `INSERT INTO device_stock (device, firmware, bought_on, place) VALUES (?, ?, ?, ?)
			ON CONFLICT (device) DO UPDATE SET firmware = excluded.firmware, bought_on = excluded.bought_on, place = excluded.place`, d.ID, n.Firmware, n.BoughtOn, n.Place)
		return []string{"firmware", "bought_on", "place"}, err
	})
}
