package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/platform"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/booking"
	"zugou/internal/loop/care"
	"zugou/internal/loop/gateway/badge"
	"zugou/internal/loop/guard"
	"zugou/internal/loop/guard/guardian"
	"zugou/internal/loop/hotline"
	"zugou/internal/loop/visit"
	"zugou/internal/loop/workforce"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
	"zugou/internal/people/document"
	"zugou/internal/people/duty"
	"zugou/internal/people/intake"
	"zugou/internal/people/notify"
	"zugou/internal/people/person"
	"zugou/internal/people/place"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
	"zugou/internal/people/staff"
	"zugou/internal/report"
	"zugou/internal/web/api"
	"zugou/internal/web/chassis"
	"zugou/internal/web/stream"
	"zugou/locale"
	"zugou/policy/holidays"
	"zugou/web"
)

// App is the wired program.
type App struct {
	Config    config.Config
	Clock     clock.Clock
	Log       *slog.Logger
	DB        *db.DB
	Keys      *crypto.Keyring
	Words     chassis.Locale
	Jobs      *job.Engine
	Staff     *staff.Service
	Person    *person.Service
	Device    *device.Service
	Guard     *guard.Service
	Duty      *duty.Finder
	Notify    *notify.Service
	Matters   *matter.Service
	Orders    *dispatch.Service
	Seat      *seat.Service
	Unsaved   *seat.Unsaved
	Hub       *stream.Hub
	Metrics   *chassis.Metrics
	Hotline   *hotline.Service
	Care      *care.Service
	Workforce *workforce.Service
	Bookings  *booking.Service
	Visits    *visit.Service
	line      lineBox
	Atlas     *region.Atlas
	Version   string

	Documents *document.Service
	Intake    *intake.Service
	Schools   *school.Service
	Drawings  Drawings
	Figures   *report.Service
	Platforms *platform.Service

	doors     doors
	gatewayID string // this process among those that have doors for devices
	// Screening is questionnaires, campaigns, sheets and the four colours.
	Screening api.Screening
	Guardian  *guardian.Service

	ringers   ringers
	vitals    vitals
	digests   digests
	startedAt clock.Millis
	life      context.Context // ends with the program: what runs behind an answer
	endLife   context.CancelFunc
	behind    sync.WaitGroup
	registers *registers
	chassis   *chassis.Chassis
	mux       *http.ServeMux
	opened    chan struct{} // closed when the first page is asked for
	openOnce  sync.Once
}

// Options are what the process gives.
type Options struct {
	Config  config.Config
	Clock   clock.Clock // System if nil
	Log     *slog.Logger
	Version string
}

// Open opens the storage and the keys, migrates, and wires the services. An
// empty folder is prepared: keys, schema, areas.
func Open(ctx context.Context, o Options) (*App, error) {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	a := &App{Config: o.Config, Clock: o.Clock, Log: o.Log, Version: o.Version, Atlas: &region.Atlas{}, Metrics: chassis.NewMetrics(),
		opened: make(chan struct{}), gatewayID: o.Config.GatewayID}
	if a.gatewayID == "" {
		a.gatewayID = "g-" + string(id.New())
	}
	a.life, a.endLife = context.WithCancel(context.WithoutCancel(ctx))
	a.startedAt = clock.Of(a.Clock.Now())
	if err := a.openStorage(ctx); err != nil {
		return nil, err
	}
	a.digests = digests{dir: a.Config.AuditDigests(), house: a.Keys.ID(), db: a.DB}
	if err := a.wire(ctx); err != nil {
		_ = a.DB.Close()
		return nil, err
	}
	return a, nil
}

// witness is the setting that proves that a keyring belongs to the database.
const witness = "keys.witness"

func (a *App) openStorage(ctx context.Context) error {
	if a.Config.DataDir != "" {
		if err := os.MkdirAll(a.Config.DataDir, 0o700); err != nil {
			return err
		}
	}
	if !a.Config.Postgres() {
		if err := os.MkdirAll(filepath.Dir(a.Config.Database()), 0o700); err != nil {
			return err
		}
	}
	var err error
	if a.DB, err = db.Open(ctx, a.Config.Database(), a.Clock); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if _, err := a.DB.Migrate(ctx); err != nil {
		_ = a.DB.Close()
		return err
	}
	if err := a.openKeys(ctx); err != nil {
		_ = a.DB.Close()
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

// openKeys opens the keyring, or makes one for an empty database. A database
// with another ring's cells is refused: writing on would lose both halves.
func (a *App) openKeys(ctx context.Context) error {
	var stored string
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&stored), "SELECT value FROM setting WHERE name = ?", witness)
	})
	fresh := errs.Is(err, errs.KindNotFound)
	if err != nil && !fresh {
		return err
	}
	a.Keys, err = crypto.Open(a.Config.Keys(), a.Config.Cipher)
	if fresh && errs.Is(err, errs.KindNotFound) {
		a.Keys, err = crypto.Create(a.Config.Keys(), a.Config.Cipher, a.Clock.Now())
	}
	if err != nil {
		return err
	}
	if !fresh {
		return a.Keys.CheckWitness(stored)
	}
	return a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", witness, a.Keys.Witness()); err != nil {
			return err
		}
		if err := region.Seed(ctx, tx, region.Code(a.Config.District)); err != nil {
			return err
		}
		return nil
	})
}

func (a *App) wire(ctx context.Context) error {
	var err error
	if a.Words, err = chassis.LoadWords(locale.Files, "zh-CN"); err != nil {
		return err
	}
	years, err := duty.ReadYears(holidays.Files)
	if err != nil {
		return err
	}
	a.Jobs = job.NewEngine(a.DB, a.Log)
	calendars := duty.Calendars(years)
	accounts := accounts{a.Keys}
	a.Duty = &duty.Finder{Directory: accounts, Areas: areas(a.Atlas), Calendars: calendars}
	a.registers = &registers{keys: a.Keys, atlas: a.Atlas, finder: a.Duty, words: a.Words, district: a.Config.District}
	chans, err := channels(ctx, a.Config, a.DB, a.Keys, a.Clock, a.Log)
	if err != nil {
		return err
	}
	hours := calendar{calendars}
	if a.Notify, err = notify.New(notify.Options{DB: a.DB, Directory: accounts, Sealer: a.Keys, Hours: hours.openFrom, Channels: chans, Log: a.Log, ShowCodes: a.Config.Demo}); err != nil {
		return err
	}
	a.Notify.Register(a.Jobs)
	accountsOf, err := a.staffOptions()
	if err != nil {
		return err
	}
	a.Staff = staff.New(a.DB, a.Keys, crypto.NewPasswords(0), accountsOf)
	a.Device = device.New(a.DB, a.Keys, device.Ports{Speaks: func(p string) bool { return a.doors.models.Knows(p) },
		Titled: func(p string) string { return a.doors.models.Title(p) },
		Ended:  func(ctx context.Context, tx *db.Tx, d device.Device) error { return a.doors.secrets.End(ctx, tx, d) }})
	a.Person = person.New(a.DB, a.Keys, a.personPorts())
	a.Matters = matter.NewService(a.DB, a.Keys, hours, a.registers)
	a.Orders = dispatch.NewService(a.DB, a.Keys, a.Matters, a.registers, pager{}, a.Jobs)
	a.Hub = stream.New(a.DB, a.Log)
	a.Hub.Overhear(a.cutLines)
	a.ringFromMemory()
	if err := a.watching(calendars); err != nil {
		return err
	}
	if err := a.openDoors(); err != nil {
		return err
	}
	a.Seat = seat.New(seat.Parts{DB: a.DB, Keys: a.Keys, Dir: a.registers, People: a.registers, Matters: a.Matters, Orders: a.Orders, Unsaved: a.Unsaved,
		District: a.Config.District, Log: a.Log, OnDevice: a.onDevice(), Jobs: a.Jobs})
	a.doors.badges = badge.NewHTTP(reports{a}, a.doors.secrets, clock.System(), a.Log)
	if err := a.filing(); err != nil {
		return err
	}
	if err := a.drawings(); err != nil {
		return err
	}
	if err := a.wireWorkforce(); err != nil {
		return err
	}
	if err := a.wireVisits(); err != nil {
		return err
	}
	casework, err := a.careOptions()
	if err != nil {
		return err
	}
	a.Care = care.New(casework)
	if a.Hotline, err = hotline.New(a.hotlineOptions()); err != nil {
		return err
	}
	a.platforms()
	if err := a.reporting(); err != nil {
		return err
	}
	if err := a.wireScreening(); err != nil {
		return err
	}
	a.registerJobs()
	a.chassis = chassis.New(chassis.Options{DB: a.DB, Staff: a.Staff, Clock: a.Clock, Words: a.Words, Log: a.Log, Secure: a.Config.TLS() || strings.HasPrefix(a.Config.BaseURL, "https://"),
		Proxies: a.Config.TrustedProxies, Metrics: a.Metrics})
	a.mux = http.NewServeMux()
	a.routes()
	a.gauges()
	return nil
}

// keepEvents is how long a browser may be away and still be given what it missed.
const keepEvents = 24 * time.Hour

// registerJobs registers what no service registers by itself.
func (a *App) registerJobs() {
	a.Jobs.Every("event.forget", time.Hour, func(ctx context.Context, _ job.Job) error {
		return a.DB.ForgetEvents(ctx, clock.Of(a.Clock.Now().Add(-keepEvents)))
	})
	a.Staff.Schedule(a.Jobs)
	a.Jobs.Every("audit.digest", digestLook, a.digests.keep)
	duty.NewGuard(a.DB, a.Duty, gapPager{}, a.Config.District, a.Jobs)
}

// Mac is the keyed hash of the audit chain.
func (a *App) Mac(data []byte) []byte { return a.Keys.MAC("audit", data) }

// Handler serves pages and API.
func (a *App) Handler() http.Handler { return a.mux }

func (a *App) routes() {
	calls := http.NewServeMux()
	var p api.Parts
	p.DB = a.DB
	p.Keys = a.Keys
	p.Clock = a.Clock
	p.Log = a.Log
	p.Words = a.Words
	p.Staff = a.Staff
	p.Seat = a.Seat
	p.Matters = a.Matters
	p.Orders = a.Orders
	p.Person = a.Person
	p.Device = a.Device
	p.Guard = a.Guard
	p.Notify = a.Notify
	p.Duty = duty.NewService(a.DB, a.Duty, a.Keys, a.openMatters)
	p.Regions = region.NewService(a.DB)
	p.Hub = a.Hub
	p.Hotline = a.Hotline
	p.Line = &a.line
	p.Documents = a.Documents
	p.Intake = a.Intake
	p.Policies = policy.NewService(a.DB)
	p.Places = place.NewService(a.DB)
	p.Schools = a.Schools
	p.Drawings = a.Drawings.Batches
	p.Ratings = a.Drawings.Ratings
	p.Figures = a.Figures
	p.Screening = a.Screening
	p.System = a.system
	p.District = a.Config.District
	p.Version = a.Version
	p.Care = a.Care
	p.Workforce = a.Workforce
	p.Bookings = a.Bookings
	p.Visits = a.Visits
	p.TaskOnChild = taskOnChild
	p.Albums, p.Models = a.doors.albums, a.doors.models
	p.Secrets = a.doors.secrets
	p.Downlinks = a.doors.downs
	p.Door = a.platformDoor()
	p.Guardian = a.Guardian
	p.Report = a.report
	p.Walk = a.walk
	p.Digests = a.digests
	rooms := api.New(calls, p)
	a.mux.Handle("POST /api/device/", a.doors.badges.Handler())
	a.mux.Handle("/api/", a.chassis.API(rooms.External(calls)))
	a.mux.Handle("GET /api/stream", a.chassis.Stream(http.HandlerFunc(a.serveStream)))
	a.mux.Handle("GET /api/guardian/children/{id}/live", a.chassis.Stream(http.HandlerFunc(a.guardianLive)))
	a.mux.Handle("GET /healthz", http.HandlerFunc(a.healthz))
	a.mux.Handle("GET /readyz", http.HandlerFunc(a.readyz))
	a.mux.Handle("POST /help/send", a.chassis.Pages(api.HelpForm(a.Seat.Ask, a.Words)))
	pages := a.chassis.Pages(chassis.Pages(sub(web.Dist, "dist")))
	a.mux.Handle("/", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		a.openOnce.Do(func() { close(a.opened) })
		pages.ServeHTTP(rw, r)
	}))
}

// Run runs the background of the program until ctx ends: jobs, the audit's
// sealer, the stream, the memory for the time without storage.
func (a *App) Run(ctx context.Context) {
	if err := a.Guard.Woke(ctx); err != nil { // the storage is away: the guard's beat does it later
		a.Log.Error("guard not woken", "error", err)
	}
	var wg sync.WaitGroup
	for _, f := range []func(context.Context){a.Jobs.Run, a.Hub.Run, a.seal, a.learn, a.Drawings.Batches.Run, a.knowDevices, a.consume, a.doors.router.Run, a.feel} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f(ctx)
		}()
	}
	wg.Wait()
	a.Notify.Close(context.WithoutCancel(ctx))
}

// Close closes the storage.
func (a *App) Close() error {
	a.endLife()
	a.behind.Wait()
	return a.DB.Close()
}

// sealEvery is how far the audit's chain may lag behind its rows.
const sealEvery = time.Second

func (a *App) seal(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := audit.Seal(ctx, a.DB, a.Mac)
		if err != nil && ctx.Err() == nil {
			a.Log.Error("audit not sealed", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		pause(ctx, sealEvery)
	}
}

// learnEvery is how old memory's picture of who wears what may be.
const learnEvery = time.Minute

// learn keeps in memory who wears which device, for alarms that come while the
// storage is away.
func (a *App) learn(ctx context.Context) {
	for pause(ctx, learnEvery); ctx.Err() == nil; pause(ctx, learnEvery) {
		a.learnOnce(ctx)
	}
}

func (a *App) learnOnce(ctx context.Context) {
	known := map[string]seat.Known{}
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		worn, err := device.AllWorn(ctx, r)
		if err != nil {
			return err
		}
		children := make([]id.ID, 0, len(worn))
		for _, w := range worn {
			children = append(children, w.Wearer)
		}
		names, err := person.Names(ctx, r, children...)
		for _, w := range worn {
			k := seat.Known{Child: w.Wearer, Name: names[w.Wearer], Region: w.Region}
			known[w.DeviceID], known[device.Key(w.DeviceID)] = k, k // as the register or the wire writes it
		}
		return err
	})
	if err == nil {
		a.Unsaved.Learn(known)
	}
	if err := a.Keys.Refresh(); err != nil {
		a.Log.Error("keys not read again", "error", err)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// ErrNoListener says that nothing was asked to listen.
var ErrNoListener = errors.New("no listener is on: give at least --http ADDR")
