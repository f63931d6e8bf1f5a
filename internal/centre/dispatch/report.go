package dispatch

import (
	"context"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// CityReport is what the city centre is told of its order: every stage goes
// back up (任务指令从市级中心到镇街中心一贯下达). It names nobody.
type CityReport struct {
	Ref     string       `json:"ref"` // the city's number of the order
	OrderNo string       `json:"order_no"`
	Event   string       `json:"event"` // offered, accepted, on_the_way, escalated, cancelled …
	Stage   string       `json:"stage"`
	State   string       `json:"state"`
	Level   string       `json:"level"`
	Urgency string       `json:"urgency"`
	At      clock.Millis `json:"at"`
	DueAt   clock.Millis `json:"due_at"`
}

// OnReport is told of every stage of an order that the city sent, in the
// change itself; by is the account that sent the order.
type OnReport func(ctx context.Context, tx *db.Tx, by, orderID id.ID, r CityReport) error

// Report has f told of the city's orders. Call it while wiring.
func (s *Service) Report(f OnReport) { s.onReport = f }

// tellCity tells of a stage of an order, if the city sent it.
func (s *Service) tellCity(ctx context.Context, tx *db.Tx, m matter.Matter, o Order, kind string) error {
	if s.onReport == nil || o.Source != "city" || o.ExternalRef == "" {
		return nil
	}
	return s.onReport(ctx, tx, o.CreatedBy, o.ID, ReportOf(o, m, kind, tx.Now))
}

// ReportOf gives the report on an order as it stands.
func ReportOf(o Order, m matter.Matter, kind string, now clock.Millis) CityReport {
	return CityReport{Ref: o.ExternalRef, OrderNo: o.No, Event: kind, Stage: string(o.Stage), State: string(o.State),
		Level: o.Level, Urgency: string(m.Urgency), At: now, DueAt: o.DueAt}
}

// ByRef gives the order that the account sent under a number of its own.
func ByRef(ctx context.Context, r db.Reader, by id.ID, ref string) (Order, error) {
	var key []id.ID
	if err := r.List(ctx, &key, "SELECT id FROM dispatch_order WHERE created_by = ? AND external_ref = ? ORDER BY created_at, id LIMIT 1", by, ref); err != nil {
		return Order{}, err
	}
	if len(key) == 0 {
		key = []id.ID{""}
	}
	return Get(ctx, r, key[0])
}
