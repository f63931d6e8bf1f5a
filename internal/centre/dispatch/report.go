package dispatch

import (
	"encoding/json"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/clock"
)

// JobReport tells the city centre how its order stands: every stage of an
// order that it sent goes back up (任务指令从市级中心到镇街中心一贯下达). Who
// delivers it registers the effect; the payload holds ids and states only.
const JobReport = "order.report"

// CityReport is what the city is told. It names nobody.
type CityReport struct {
	Ref     string       `json:"ref"` // the city's number of the order
	OrderNo string       `json:"order_no"`
	Event   string       `json:"event"` // accepted, on_the_way …
	Stage   string       `json:"stage"`
	State   string       `json:"state"`
	Level   string       `json:"level"`
	Urgency string       `json:"urgency"`
	At      clock.Millis `json:"at"`
	DueAt   clock.Millis `json:"due_at"`
}

func reportPayload(o Order, m matter.Matter, kind string, now clock.Millis) string {
	text, err := json.Marshal(CityReport{Ref: o.ExternalRef, OrderNo: o.No, Event: kind, Stage: string(o.Stage), State: string(o.State),
		Level: o.Level, Urgency: string(m.Urgency), At: now, DueAt: o.DueAt})
	if err != nil {
		return "{}" // plain strings and numbers always marshal
	}
	return string(text)
}
