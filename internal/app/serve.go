package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/people/duty"
	"zugou/internal/web/api"
	"zugou/internal/web/chassis"
)

func sub(files fs.FS, dir string) fs.FS {
	s, err := fs.Sub(files, dir)
	if err != nil {
		return files // the folder is embedded: it is always there
	}
	return s
}

// healthz says that the process lives.
func (a *App) healthz(rw http.ResponseWriter, _ *http.Request) {
	_, _ = rw.Write([]byte("ok\n")) // the asker is gone if this fails
}

// readyWithin bounds the proof that a commit works.
const readyWithin = 3 * time.Second

// readyz says whether a signal could be stored now.
func (a *App) readyz(rw http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	if err := a.DB.Check(ctx); err != nil {
		http.Error(rw, "storage unavailable", http.StatusServiceUnavailable)
		return
	}
	_, _ = rw.Write([]byte("ready\n")) // the asker is gone if this fails
}

// system is the state that every signed-in page shows.
func (a *App) system(ctx context.Context) api.System {
	s := api.System{Version: a.Version, ChannelsConfigured: a.Config.SMS.On() || a.Config.WeCom.On() || a.Config.DingTalk.On(), Demo: a.Config.Demo, Engine: string(a.DB.Engine()),
		Screens: a.Hub.Listeners(), Now: clock.Of(a.Clock.Now()), Listeners: []string{}}
	s.StorageFailingSince, _ = a.DB.Failing()
	for _, l := range a.Config.Listeners() {
		s.Listeners = append(s.Listeners, l.Name)
	}
	// Best effort: while the storage is away the rest of the state still shows.
	_ = a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var running int
		if err := r.Get(ctx, db.To(&running), "SELECT count(*) FROM drill WHERE ended_at = 0"); err != nil {
			return err
		}
		s.Drill = running > 0
		var err error
		s.GapCount, err = duty.GapCount(ctx, r, a.Config.District)
		return err
	})
	return s
}

// gauges registers the numbers that an operator of the machine watches.
func (a *App) gauges() {
	a.Metrics.Counter("zugou_db_commits_total", "Groups committed.", nil, func() float64 { g, _ := a.DB.Stats(); return float64(g) })
	waiting := "Changes that wait for the embedded engine's writer."
	a.Metrics.Gauge("zugou_db_waiting", waiting, map[string]string{"queue": "urgent"}, func() float64 { u, _ := a.DB.Waiting(); return float64(u) })
	a.Metrics.Gauge("zugou_db_waiting", waiting, map[string]string{"queue": "other"}, func() float64 { _, o := a.DB.Waiting(); return float64(o) })
	a.Metrics.Counter("zugou_db_changes_total", "Changes in committed groups.", nil, func() float64 { _, c := a.DB.Stats(); return float64(c) })
	a.Metrics.Gauge("zugou_db_failing", "1 while commits fail.", nil, func() float64 {
		if _, failing := a.DB.Failing(); failing {
			return 1
		}
		return 0
	})
	a.Metrics.Gauge("zugou_screens", "Screens connected to the stream.", nil, func() float64 { return float64(a.Hub.Listeners()) })
	a.Metrics.Gauge("zugou_unsaved_alarms", "Alarms that ring from memory.", nil, func() float64 { return float64(len(a.Unsaved.List())) })
	a.alarmGauges()
}

// stopWithin bounds the graceful stop.
const stopWithin = 15 * time.Second

// Serve listens on everything that is configured and runs until ctx ends. Then
// it stops taking connections, finishes what is under way, and returns. ready
// is called with the addresses once all listeners are open.
func (a *App) Serve(ctx context.Context, ready func(addrs map[string]string)) error {
	if len(a.Config.Listeners()) == 0 && !a.consumes() {
		return ErrNoListener
	}
	spareThread()
	open := map[string]net.Listener{}
	closeAll := func() {
		for _, l := range open {
			_ = l.Close()
		}
	}
	addrs := map[string]string{}
	for _, want := range a.Config.Listeners() {
		if want.Name == "sip" { // the one listener on UDP, see hotline.go
			continue
		}
		l, err := net.Listen("tcp", want.Addr)
		if err != nil {
			closeAll()
			return fmt.Errorf("listen for %s: %w", want.Name, err)
		}
		open[want.Name], addrs[want.Name] = l, l.Addr().String()
	}
	line, err := a.openLine(ctx, addrs)
	if err != nil {
		closeAll()
		return err
	}
	a.learnOnce(ctx)
	a.meetModels(ctx)
	a.openJournal()
	// The background outlives the listeners: what they took must be finished.
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	var behind sync.WaitGroup
	behind.Add(1)
	go func() { defer behind.Done(); a.Run(background) }()

	running, stop := context.WithCancel(ctx)
	defer stop()
	faults := make(chan error, len(open)+1)
	var wg sync.WaitGroup
	run := func(f func() error) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := f(); err != nil {
				faults <- err
				stop()
			}
		}()
	}
	for name, l := range open {
		serve, err := a.listener(name)
		if err != nil {
			closeAll()
			a.closeJournal(ctx)
			stopBackground()
			behind.Wait()
			return err
		}
		run(func() error { return serve(running, l) })
	}
	if line != nil {
		run(func() error { return line(running) })
	}
	if len(open) == 0 { // a consumer of an MQTT cluster, and nothing else
		run(func() error { <-running.Done(); return nil })
	}
	if ready != nil {
		ready(addrs)
	}
	wg.Wait()
	a.closeJournal(ctx)
	stopBackground()
	behind.Wait()
	close(faults)
	var all []error
	for err := range faults {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// listener gives what serves one kind of listener.
func (a *App) listener(name string) (func(ctx context.Context, l net.Listener) error, error) {
	switch name {
	case "http":
		return a.serveHTTP(a.Handler(), true)
	case "metrics":
		return a.serveHTTP(a.Metrics.Handler(), false)
	}
	if serve, ok, err := a.deviceDoor(name); ok || err != nil {
		return serve, err
	}
	return nil, fmt.Errorf("the listener %s is not built into this program", name)
}

func (a *App) serveHTTP(h http.Handler, secure bool) (func(ctx context.Context, l net.Listener) error, error) {
	var cert *tls.Config
	if secure && a.Config.TLS() {
		var err error
		if cert, err = a.certificate(); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, l net.Listener) error {
		s := chassis.Server(h, a.Log)
		// Streams never end by themselves: they end with the listener.
		s.BaseContext = func(net.Listener) context.Context { return ctx }
		stop := context.AfterFunc(ctx, func() {
			end, cancel := context.WithTimeout(context.Background(), stopWithin)
			defer cancel()
			if s.Shutdown(end) != nil {
				_ = s.Close()
			}
		})
		defer stop()
		var err error
		if cert != nil {
			s.TLSConfig = cert
			err = s.ServeTLS(l, "", "")
		} else {
			err = s.Serve(l)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	}, nil
}
