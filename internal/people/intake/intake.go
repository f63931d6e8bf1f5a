package intake

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/roster"
)

// State says how far an import is.
type State string

// The states.
const (
	Draft     State = "draft"
	Writing   State = "writing"   // in the registers, nothing of it shows
	Finishing State = "finishing" // it shows; marks are taken off, what follows is done
	Done      State = "done"
	Undoing   State = "undoing"  // marks are put on again; it shows still
	Removing  State = "removing" // it does not show any more
	Undone    State = "undone"
	Dropped   State = "dropped" // never committed
)

// underWay: the states in which an import writes.
const underWay = "('writing', 'finishing', 'undoing', 'removing')"

// Outcomes and reasons beside those of package roster.
const (
	OutsideArea      roster.Reason = "outside_area"       // the row's area is not the actor's
	Unfit            roster.Reason = "row_unfit"          // the register can't hold it
	DeviceInRegister roster.Reason = "device_in_register" // the same child has it already
	DeviceWorn       roster.Reason = "device_worn"        // another child wears it
)

// Notes beside those of package roster.
const (
	NotePossibleMatch = "possible_match"
	NoteWearerUnknown = "wearer_unknown"
	NoteWearerByName  = "wearer_by_name"
	NoteIntoStock     = "into_stock"
	NoteOtherTownship = "other_township"
	NoteSchoolAsked   = "school_asked"
	NoteProtocol      = "protocol_unknown"
	NoteSIMUntil      = "sim_until_unreadable"
)

// Intake is one import.
type Intake struct {
	ID          id.ID        `bun:"id"`
	Kind        roster.Kind  `bun:"kind"`
	State       State        `bun:"state"`
	Region      string       `bun:"region"`  // the district, or the area of who brought it
	Subject     string       `bun:"subject"` // the file's wrapped key; empty = the file is gone
	FileName    string       `bun:"file_name"`
	FileBytes   int64        `bun:"file_bytes"`
	Pieces      int          `bun:"pieces"`
	Corrections string       `bun:"corrections"`
	OK          int          `bun:"rows_ok"`
	Warn        int          `bun:"rows_warn"`
	Duplicate   int          `bun:"rows_duplicate"`
	Refuse      int          `bun:"rows_refuse"`
	Written     int          `bun:"written"` // rows
	People      int          `bun:"people"`  // records made, guardians too
	Problem     string       `bun:"problem"` // message key of why an act did not go through
	Reason      string       `bun:"reason"`  // of the undo, sealed
	CreatedAt   clock.Millis `bun:"created_at"`
	CreatedBy   id.ID        `bun:"created_by"`
	CommittedAt clock.Millis `bun:"committed_at"`
	ShownAt     clock.Millis `bun:"shown_at"`
	UndoneAt    clock.Millis `bun:"undone_at"`
	UndoneBy    id.ID        `bun:"undone_by"`
	KeepUntil   clock.Millis `bun:"keep_until"`
}

// action is the right that an import of the kind needs.
func action(k roster.Kind) access.Action {
	if k == roster.Devices {
		return "device.write"
	}
	return "child.import"
}

// Parts are what the service is made of.
type Parts struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Person   *person.Service
	Jobs     *job.Engine // nil: nothing runs in the background (the command line)
	Log      *slog.Logger
	Policies Policies
	District string
	// MoveReason is the reason, in words, of a move that a list told.
	MoveReason string
	// Names gives the names of accounts; nil gives none.
	Names func(ctx context.Context, r db.Reader, accounts ...id.ID) (map[id.ID]string, error)
	// Model gives the profile of a model that one of the words names, of the
	// protocol unless that is empty; "" for none. nil knows none.
	Model func(protocol string, said ...string) string
}

// Service does what people do with imports. Each method checks the right of
// the actor in the context and writes the audit.
type Service struct {
	Parts
	atlas *region.Atlas
	mu    sync.Mutex
	read  []*reading // files read lately, newest first
	chunk int        // rows of the next change
}

// JobRun continues an import; JobSweep erases files whose time is over.
const (
	JobRun   = "intake.run"
	JobSweep = "intake.sweep"
)

// New makes the service and registers its jobs.
func New(p Parts) *Service {
	s := &Service{Parts: p, atlas: &region.Atlas{}, chunk: chunkFirst}
	if p.Jobs != nil {
		p.Jobs.Effect(JobRun, s.runJob)
		p.Jobs.Every(JobSweep, sweepEvery, func(ctx context.Context, _ job.Job) error { return s.Sweep(ctx) })
	}
	return s
}

// covers tells whether the area lies in the actor's areas for the action.
func covers(areas []string, code string) bool {
	for _, a := range areas {
		if strings.HasPrefix(code, a) {
			return true
		}
	}
	return false
}
