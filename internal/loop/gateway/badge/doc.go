// Package badge takes what badges of our own contract say (see contract) to the
// seat, and is their door by HTTP. It answers after the commit: 200, never
// "accepted, will be stored".
package badge

import (
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/contract"
	"zugou/internal/loop/gateway/report"
)

// Signal makes the seat's signal of a message.
func Signal(source signal.Source, s contract.Said, clk clock.Clock) signal.New {
	now := clk.Now()
	frame := gateway.Frame{Messages: []report.Message{s.Message}, Content: s.Message.Raw}
	n := gateway.Signal(source, frame, 0, now)
	if s.Mid != "" {
		n.Key = gateway.MidKey(s.Message.DeviceID, s.Mid)
	}
	return n
}
