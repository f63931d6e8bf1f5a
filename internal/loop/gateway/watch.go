package gateway

import (
	"strings"
	"sync"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
	"zugou/internal/people/device"
)

// Watch is the watch protocol. It has no sign-on: anyone who knows a number can
// speak in its name, and what comes is a hint until a person has called. Its
// bits are the protocol's own; a profile only says what to know beside them.
func Watch(profiles Profiles) Protocol {
	return Protocol{Source: signal.Watch, New: func() Codec { return &watchCodec{profiles: profiles.or(), headers: map[string]watch.Header{}} }}
}

type watchCodec struct {
	profiles Profiles
	framer   watch.Framer

	mu      sync.Mutex
	headers map[string]watch.Header // as the device writes its own
}

func (w *watchCodec) Feed(p []byte) { w.framer.Feed(p) }

func (w *watchCodec) Pending() bool { return w.framer.Pending() > 0 }

func (w *watchCodec) Next() (Frame, bool, error) {
	raw, ok, err := w.framer.Next()
	if !ok || err != nil {
		return Frame{}, false, err
	}
	return w.frame(raw), true, nil
}

func (w *watchCodec) Flush() (Frame, bool) {
	raw, ok := w.framer.Flush()
	if !ok {
		return Frame{}, false
	}
	return w.frame(raw), true
}

func (w *watchCodec) frame(raw []byte) Frame {
	f, err := watch.Parse(raw)
	if err != nil {
		return Frame{Err: err}
	}
	w.mu.Lock()
	if _, known := w.headers[device.Key(f.ID)]; known || len(w.headers) < mostDevices {
		w.headers[device.Key(f.ID)] = f.Header
	}
	w.mu.Unlock()
	m := f.Message()
	w.profiles(f.ID).Mark(&m)
	return Frame{Messages: []report.Message{m}, Content: append([]byte(f.Type+","), f.Args...)}
}

// Command is part of Commander. A device answers with the command's word.
func (w *watchCodec) Command(deviceID string, c down.Command) ([]byte, string, error) {
	w.mu.Lock()
	h, ok := w.headers[device.Key(deviceID)]
	w.mu.Unlock()
	if !ok {
		return nil, "", errs.Busy("device.command.line_broke", nil)
	}
	frame, err := watch.Command(h, c)
	if err != nil {
		return nil, "", err
	}
	return frame, device.Key(deviceID) + " " + strings.ToUpper(watch.Verb(c)), nil
}

// Answered is part of Commander.
func (w *watchCodec) Answered(m report.Message) (string, bool, string) {
	return device.Key(m.DeviceID) + " " + strings.ToUpper(m.Type), true, m.Text
}
