package api

import (
	"context"
	"net/http"

	"zugou/internal/centre/seat"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
)

// System is what every signed-in page shows of the state of the program.
type System struct {
	Version             string       `json:"version"`
	StorageFailingSince clock.Millis `json:"storage_failing_since"`
	ChannelsConfigured  bool         `json:"channels_configured"`
	Demo                bool         `json:"demo"`
	Drill               bool         `json:"drill"`
	GapCount            int          `json:"gap_count"`
	Listeners           []string     `json:"listeners"`
	Engine              string       `json:"engine"`
	Screens             int          `json:"screens"`
	Now                 clock.Millis `json:"now"`
}

func (a *API) system() {
	call(a, http.MethodGet, "/system", "the state of the program", func(ctx context.Context, _ *struct{}) (System, error) {
		if len(access.From(ctx).Grants) == 0 {
			return System{}, errs.Unauthenticated("session.none")
		}
		return a.System(ctx), nil
	})
}

func (a *API) drills() {
	call(a, http.MethodGet, "/drills", "the exercises, newest first", func(ctx context.Context, _ *struct{}) (page[seat.Drill], error) {
		items, err := view(ctx, a, a.Seat.Drills)
		return page[seat.Drill]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/drills", "begin an exercise", func(ctx context.Context, in *struct {
		Body struct {
			Kind   string `json:"kind"`
			Region string `json:"region" pattern:"^[0-9]+$" maxLength:"15"`
			Note   string `json:"note,omitempty" maxLength:"500"`
		}
	}) (seat.Drill, error) {
		return a.Seat.StartDrill(ctx, in.Body.Kind, in.Body.Region, in.Body.Note)
	})
	call(a, http.MethodPost, "/drills/{id}/end", "end an exercise", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Seat.EndDrill(ctx, in.ID)
	})
	call(a, http.MethodGet, "/drills/{id}/report", "where the seconds were lost", func(ctx context.Context, in *ByID) (seat.DrillReport, error) {
		return view(ctx, a, func(ctx context.Context, r db.Reader) (seat.DrillReport, error) { return a.Seat.Report(ctx, r, in.ID) })
	})
}

// AuditMAC is the keyed hash of the audit chain.
func (a *API) AuditMAC(data []byte) []byte { return a.Keys.MAC("audit", data) }
