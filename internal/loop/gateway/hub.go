package gateway

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"zugou/internal/centre/signal"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/people/device"
)

// Line is a live connection of a device, whatever it speaks.
type Line interface {
	Source() signal.Source
	// From is the address of the other end, for the log.
	From() string
	// Send writes a command. The token names it until the device answers
	// (Hub.OnAnswer); "" if the protocol answers to nothing. Errors: those of
	// down.Command.Check, kind invalid where the protocol lacks the command,
	// kind busy if the line broke.
	Send(ctx context.Context, deviceID string, c down.Command) (token string, err error)
	// Drop ends the connection: a newer one took its place.
	Drop()
}

// Ender is a Line with a session that would outlive its connection.
type Ender interface {
	// End ends the connection and what was kept for it.
	End()
}

// Prover is a Line that can tell whether what it signed on by still holds; an
// error means that it can't be told now.
type Prover interface {
	Proven() (bool, error)
}

// Answer is what a device said to a command.
type Answer struct {
	DeviceID string
	Token    string
	OK       bool
	Text     string
}

// Hub knows the live line of each device of this process, over all protocols.
// A device has one: the newest. Devices go by device.Key.
type Hub struct {
	log       *slog.Logger
	mu        sync.Mutex
	lines     map[string]Line
	takeovers int64
	cuts      int64
	cut       map[string]int64 // the last of each device
	onLine    func(deviceID string)
	onAnswer  func(Answer)
	onMove    func(deviceID string, l Line, here bool)
	onTaken   func(deviceID string, before, now Line)
}

// NewHub makes an empty one.
func NewHub(log *slog.Logger) *Hub {
	return &Hub{log: log, lines: map[string]Line{}, cut: map[string]int64{}}
}

// Notice sets who is told that a device came on line, and what it answered.
// Both are called from the connections and must not block. Set it before the
// first connection.
func (h *Hub) Notice(online func(deviceID string), answer func(Answer)) {
	h.onLine, h.onAnswer = online, answer
}

// Attend sets who is told of each line that comes and goes. It is called from
// the connections and must not block. Set it before the first connection.
func (h *Hub) Attend(move func(deviceID string, l Line, here bool)) { h.onMove = move }

// Record sets who is told of each line that a newer one took over. It is
// called from the connections and must not block. Set it before the first
// connection.
func (h *Hub) Record(taken func(deviceID string, before, now Line)) { h.onTaken = taken }

// Hold makes the line the device's only one.
func (h *Hub) Hold(deviceID string, l Line) {
	deviceID = device.Key(deviceID)
	h.mu.Lock()
	old := h.lines[deviceID]
	h.lines[deviceID] = l
	taken := old != nil && old != l
	if taken {
		h.takeovers++
	}
	h.mu.Unlock()
	if taken {
		h.log.Warn("device connection taken over", "protocol", l.Source(), "before", old.Source(), "from", old.From(), "to", l.From())
		if h.onTaken != nil {
			h.onTaken(deviceID, old, l)
		}
		old.Drop()
	}
	if old == l {
		return
	}
	if h.onMove != nil {
		h.onMove(deviceID, l, true)
	}
	if h.onLine != nil {
		h.onLine(deviceID)
	}
}

// Leave forgets the line unless a newer one took its place.
func (h *Hub) Leave(deviceID string, l Line) {
	deviceID = device.Key(deviceID)
	h.mu.Lock()
	held := h.lines[deviceID] == l
	if held {
		delete(h.lines, deviceID)
	}
	h.mu.Unlock()
	if held && h.onMove != nil {
		h.onMove(deviceID, l, false)
	}
}

// Cut ends the device's line if it speaks one of the protocols: what it signed
// on by holds no more. A sign-on under way at this moment is for its door to
// see: it asks CutSince, or its secret again, once the line is held.
func (h *Hub) Cut(deviceID string, sources ...signal.Source) {
	deviceID = device.Key(deviceID)
	h.mu.Lock()
	h.cuts++
	h.cut[deviceID] = h.cuts
	l := h.lines[deviceID]
	h.mu.Unlock()
	if l == nil || !slices.Contains(sources, l.Source()) {
		return
	}
	h.log.Info("device connection cut", "protocol", l.Source(), "from", l.From())
	if e, ok := l.(Ender); ok {
		e.End()
		return
	}
	l.Drop()
}

// Cuts gives the place of now among the cuts, for CutSince.
func (h *Hub) Cuts() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cuts
}

// CutSince tells whether the device was cut after the place.
func (h *Hub) CutSince(deviceID string, place int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cut[device.Key(deviceID)] > place
}

// Line gives the device's live line, nil if there is none.
func (h *Hub) Line(deviceID string) Line {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines[device.Key(deviceID)]
}

// Online tells whether the device has a live connection.
func (h *Hub) Online(deviceID string) bool { return h.Line(deviceID) != nil }

// Takeovers counts how often a newer connection took a device over.
func (h *Hub) Takeovers() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.takeovers
}

// Answered passes on what a device said to a command.
func (h *Hub) Answered(a Answer) {
	a.DeviceID = device.Key(a.DeviceID)
	if h.onAnswer != nil {
		h.onAnswer(a)
	}
}
