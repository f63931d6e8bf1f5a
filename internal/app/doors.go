package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/badge"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/loop/gateway/downlink"
	"zugou/internal/loop/gateway/journal"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/locate"
	"zugou/internal/loop/gateway/model"
	"zugou/internal/loop/gateway/mqtt"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/people/device"
	"zugou/internal/people/staff"
	"zugou/policy/devices"
	rules "zugou/policy/downlink"
)

// doors are what devices come in by.
type doors struct {
	hub     *gateway.Hub
	secrets *credential.Store
	models  *model.Models
	keeper  *keep.Keeper
	albums  *keep.Albums
	journal atomic.Pointer[journal.Journal]
	broker  *mqtt.Broker
	badges  *badge.HTTP
	router  *downlink.Router
	downs   *downlink.Service
}

// openDoors wires the gateway, before the seat, which takes what comes in.
func (a *App) openDoors() error {
	shipped, err := profile.Read(devices.Files)
	if err != nil {
		return err
	}
	d := &a.doors
	d.hub = gateway.NewHub(a.Log)
	d.secrets = credential.New(a.DB)
	if d.models, err = model.New(a.DB, shipped, a.Log); err != nil {
		return err
	}
	parts := keep.Parts{DB: a.DB, Keys: a.Keys, District: a.Config.District, Watcher: a.Guard, Jobs: a.Jobs}
	if l := a.Config.Locate; l.On() {
		parts.Locator = locate.New(locate.Config{URL: l.URL, Key: l.Key, Form: l.Form})
	}
	d.keeper = keep.New(parts)
	d.albums = keep.NewAlbums(a.DB, a.Keys)
	editions, err := dated.Read[downlink.Policy](rules.Files)
	if err != nil {
		return err
	}
	names := func(ctx context.Context, r db.Reader, accounts ...id.ID) (map[id.ID]string, error) {
		out, err := accountNames(ctx, r, accounts...)
		if err == nil {
			out[""] = a.fill("actor.guard", nil) // what the program itself asked for
		}
		return out, err
	}
	commands := downlink.Parts{DB: a.DB, Keys: a.Keys, Policies: editions, Names: names, Protocol: d.models.Protocol}
	d.router = downlink.NewRouter(commands, d.hub, a.gatewayID, a.consumes, a.Log)
	d.downs = downlink.New(commands, d.router.Nudge)
	a.Metrics.Counter("zugou_gateway_takeovers_total", "Lines of devices that a newer one took over.", nil, func() float64 { return float64(d.hub.Takeovers() + d.router.Takeovers()) })
	a.journalGauges()
	a.Jobs.Every("device.forget", time.Hour, a.forgetDevices)
	return nil
}

// onDevice keeps what a device told: last seen, battery, place, recordings.
func (a *App) onDevice() seat.OnDevice { return a.doors.keeper.OnDevice() }

// forgetDevices removes what was kept of devices for as long as the settings say.
func (a *App) forgetDevices(ctx context.Context, _ job.Job) error {
	before := clock.Of(a.Clock.Now().AddDate(0, 0, -a.Config.KeepPositions))
	for _, forget := range []func(context.Context, *db.Tx, clock.Millis) (int64, error){device.Forget, keep.ForgetMedia, downlink.Forget, downlink.ForgetTakeovers, keep.ForgetLocated} {
		for {
			var n int64
			err := a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = forget(ctx, tx, before)
				return err
			})
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
	}
	return nil
}

// accountNames gives names of accounts, also of those who left.
func accountNames(ctx context.Context, r db.Reader, accounts ...id.ID) (map[id.ID]string, error) {
	briefs, err := staff.Names(ctx, r, accounts...)
	out := map[id.ID]string{}
	for k, b := range briefs {
		out[k] = b.Name
	}
	return out, err
}

// meetModels reads what models mean before the first device is let in: a call
// for help must not be read by an older version. Without storage the doors
// open by what came with the program.
func (a *App) meetModels(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := a.doors.models.Learn(within); err != nil {
		a.Log.Error("the models of devices were not read before the doors opened", "error", err)
	}
}

// knowDevices keeps in memory what must be known while the storage is away:
// secrets and models.
func (a *App) knowDevices(ctx context.Context) {
	if err := a.doors.secrets.Learn(ctx); err != nil && ctx.Err() == nil {
		a.Log.Error("secrets of devices were not read", "error", err)
	}
	a.doors.models.Run(ctx)
}

// cutLines ends the line of a device whose secret ended, or that changed hands,
// whichever process changed it.
func (a *App) cutLines(ctx context.Context, e db.Event) {
	if e.Topic != "device" {
		return
	}
	sources := []signal.Source{signal.MQTT}
	switch e.Kind {
	case device.CutToken, device.CutWearer:
	case device.CutSecrets:
		sources = append(sources, signal.JT808)
	default:
		return
	}
	cut := func() (done bool) {
		d, err := a.doors.secrets.Relearn(ctx, id.ID(e.Ref))
		if err != nil {
			return errs.Is(err, errs.KindNotFound) // an import that was undone took it away
		}
		if p, ok := a.doors.hub.Line(d.DeviceID).(gateway.Prover); ok && e.Kind != device.CutWearer {
			if holds, err := p.Proven(); holds || err != nil { // it came with the new token already
				return err == nil
			}
		}
		a.doors.hub.Cut(d.DeviceID, sources...)
		return true
	}
	if cut() {
		return
	}
	a.Log.Error("the secrets of a device were not read again, its line is cut when they are")
	a.behind.Go(func() { // the screens wait for the same events
		for pause(ctx, time.Second); ctx.Err() == nil && !cut(); pause(ctx, time.Second) {
		}
	})
}

// mqttParts is what both doors of MQTT are made of.
func (a *App) mqttParts() mqtt.Parts {
	return mqtt.Parts{Intake: reports{a}, Secrets: a.doors.secrets, Hub: a.doors.hub, Clock: clock.System(), Log: a.Log}
}

// deviceDoor gives what serves one door of devices; ok is false for other
// listeners.
func (a *App) deviceDoor(name string) (serve func(ctx context.Context, l net.Listener) error, ok bool, err error) {
	d := &a.doors
	switch name {
	case "watch":
		return a.tcp(name, gateway.Watch(d.models.Of(name))), true, nil
	case "jt808":
		return a.tcp(name, gateway.JT808(d.secrets, d.models.Of(name), a.Clock)), true, nil
	case "gt06":
		return a.tcp(name, gateway.GT06(d.models.Of(name), a.Clock)), true, nil
	case "mqtt", "mqtts":
		if d.broker == nil {
			d.broker = mqtt.NewBroker(a.mqttParts())
			a.doorGauges("mqtt", func() gateway.Counts { return mqttCounts(d.broker.Counts()) })
		}
		if name == "mqtt" {
			return d.broker.Serve, true, nil
		}
		cert, err := a.certificate()
		if err != nil {
			return nil, true, err
		}
		return func(ctx context.Context, l net.Listener) error { return d.broker.Serve(ctx, tls.NewListener(l, cert)) }, true, nil
	case "badge-http":
		serve, err := a.serveHTTP(d.badges.Handler(), true)
		return serve, true, err
	}
	return nil, false, nil
}

// certificate reads the program's own.
func (a *App) certificate() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(a.Config.TLSCert, a.Config.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// consume takes what comes through somebody else's cluster, if there is one,
// until ctx ends.
func (a *App) consume(ctx context.Context) {
	b := a.Config.Broker
	if !b.On() {
		return
	}
	at := mqtt.Cluster{URL: b.URL, User: b.User, Password: b.Password, ClientID: "zugou-" + a.gatewayID}
	if b.CA != "" {
		pem, err := os.ReadFile(b.CA)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			a.Log.Error("the certificates of the MQTT cluster can't be read, it is not used", "error", err)
			return
		}
		at.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c, err := mqtt.NewConsumer(a.mqttParts(), at)
	if err != nil {
		a.Log.Error("the MQTT cluster is not used", "error", err)
		return
	}
	a.doorGauges("mqtt-external", func() gateway.Counts { return mqttCounts(c.Counts()) })
	c.Run(ctx)
}

// consumes tells whether an MQTT cluster is to be consumed.
func (a *App) consumes() bool { return a.Config.Broker.On() }

func mqttCounts(c mqtt.Counts) gateway.Counts {
	return gateway.Counts{Connections: c.Connections, Frames: c.Messages, Bad: c.Bad, Dropped: c.Dropped, Refused: c.Refused, Unanswered: c.Unanswered}
}

// tcp serves one device protocol.
func (a *App) tcp(name string, p gateway.Protocol) func(ctx context.Context, l net.Listener) error {
	s := gateway.NewServer(p, reports{a}, clock.System(), a.Log).Join(a.doors.hub)
	if name != "jt808" { // which asks for its own proof
		s.Unless(a.doors.secrets.Proves)
	}
	a.doorGauges(name, s.Counts)
	return s.Serve
}

func (a *App) doorGauges(name string, counts func() gateway.Counts) {
	labels := map[string]string{"protocol": name}
	a.Metrics.Gauge("zugou_gateway_connections", "Live device connections.", labels, func() float64 { return float64(counts().Connections) })
	a.Metrics.Counter("zugou_gateway_frames_total", "Frames received.", labels, func() float64 { return float64(counts().Frames) })
	a.Metrics.Counter("zugou_gateway_bad_total", "Frames and streams that could not be read.", labels, func() float64 { return float64(counts().Bad) })
	a.Metrics.Counter("zugou_gateway_dropped_total", "Messages without an alarm that a flood cost.", labels, func() float64 { return float64(counts().Dropped) })
	a.Metrics.Counter("zugou_gateway_refused_total", "Sign-ons refused.", labels, func() float64 { return float64(counts().Refused) })
	a.Metrics.Counter("zugou_gateway_unanswered_total", "Messages that could not be stored.", labels, func() float64 { return float64(counts().Unanswered) })
}
