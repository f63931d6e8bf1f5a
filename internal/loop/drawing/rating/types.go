package rating

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/coding"
)

// Task is what a rater is given. Its id is the only name a drawing has here.
type Task struct {
	ID        id.ID        `json:"id"`
	AgeBand   string       `json:"age_band"`
	Sex       string       `json:"sex"`        // m, f, empty
	Colours   bool         `json:"colours"`    // were colours offered
	TimeLimit int          `json:"time_limit"` // minutes, 0 none
	Suggested coding.Codes `json:"suggested"`  // measured first, for the rater to confirm
	Expires   clock.Millis `json:"expires"`
}

// Desk is a rater's page: what waits and how far he is. It counts his own work
// only.
type Desk struct {
	Task *Task `json:"task"` // null: nothing to rate now
	// Waiting is how many drawings wait for this rater.
	Waiting int `json:"waiting"`
	Done    int `json:"done"` // today
	// Trained is false until the training is passed: no task is given.
	Trained  bool `json:"trained"`
	Training int  `json:"training"` // reference drawings left to try
}

// Sheet is the coding sheet as a page shows it.
type Sheet struct {
	Version  string           `json:"version"`
	Title    string           `json:"title"`
	Warning  string           `json:"warning"`
	Status   string           `json:"status"`
	Features []coding.Feature `json:"features"`
}

// Submission is a filled sheet.
type Submission struct {
	Version string       `json:"version" maxLength:"20"`
	Codes   coding.Codes `json:"codes"`
	// Words is what is written in the drawing, as it stands there; asked when
	// W21 is present.
	Words string `json:"words,omitempty" maxLength:"500"`
}

// Submitted says what follows, and nothing on any other rater.
type Submitted struct {
	// Raised: a person looks at once.
	Raised bool `json:"raised"`
}

// Result is a decided drawing, for those who work with the child.
type Result struct {
	Drawing   id.ID        `json:"drawing"`
	Child     id.ID        `json:"child"`
	Name      string       `json:"name"`
	Region    string       `json:"region"`
	State     string       `json:"state"` // coding.State
	Sum       int          `json:"sum"`
	Present   []string     `json:"present"` // features in the final codes
	Urgent    []string     `json:"urgent"`
	Why       []string     `json:"why"` // of the third rater
	Age       int          `json:"age"`
	Colours   bool         `json:"colours"`
	TimeLimit int          `json:"time_limit"`
	Matter    id.ID        `json:"matter"`
	School    string       `json:"school"`     // with grade and class, as printed on the sheet
	MarkUntil clock.Millis `json:"mark_until"` // 建议谈话; 0 none
	MarkEnded clock.Millis `json:"mark_ended"` // when it ended by itself, without a talk; 0 not
	TalkedAt  clock.Millis `json:"talked_at"`
	DecidedAt clock.Millis `json:"decided_at"`
}

// Report is a batch's agreement and validity.
type Report struct {
	Agreement coding.Report   `json:"agreement"`
	Retrain   []string        `json:"retrain"` // features below the limit for kappa
	Raters    []RaterName     `json:"raters"`
	Validity  coding.Validity `json:"validity"`
	Drawings  int             `json:"drawings"`
	Decided   int             `json:"decided"`
	Marked    int             `json:"marked"`
	Warning   string          `json:"warning"`
	// Unreadable counts drawings whose child was erased.
	Unreadable int `json:"unreadable"`
}

// RaterName names a rater of the report.
type RaterName struct {
	ID    coding.RaterID `json:"id"`
	Name  string         `json:"name"`
	Rated int            `json:"rated"`
}

// Alarm is what a rater's sheet raises.
type Alarm struct {
	Drawing id.ID
	Child   id.ID
	Region  string
	Key     string // idempotency
	// Explicit: death, blood, a weapon, hanging; else words, ruin or nothing
	// drawn.
	Explicit bool
	Features []string // in Chinese
	Words    string   // as transcribed; sealed by the seat
}

// Ports are what this package asks of others; app supplies them.
type Ports interface {
	// Raise opens a matter at the seat as part of the change.
	Raise(ctx context.Context, tx *db.Tx, a Alarm) (matter id.ID, err error)
	// Marked tells the evidence of the four colours, as part of the change,
	// whether 建议谈话 stands for a child. It adds a talk and nothing else.
	Marked(ctx context.Context, tx *db.Tx, child id.ID, stands bool) error
	// Found tells what professionals found of children since an instant: true
	// for a child whose assessed colour is above green. Children nobody
	// assessed are left out.
	Found(ctx context.Context, r db.Reader, since clock.Millis, children ...id.ID) (map[id.ID]bool, error)
	// Names gives the names of accounts.
	Names(ctx context.Context, r db.Reader, accounts ...id.ID) (map[id.ID]string, error)
	// Children gives the names of children.
	Children(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]string, error)
}
