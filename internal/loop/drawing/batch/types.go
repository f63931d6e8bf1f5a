package batch

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/sheet"
)

// PhotoState is what became of a photo.
type PhotoState string

// The states.
const (
	Waiting PhotoState = "waiting" // to be read
	Read    PhotoState = "read"    // a drawing came of it
	Mend    PhotoState = "mend"    // a person has to show the corners or type the number
	Again   PhotoState = "again"   // read, but poor: to be taken again, or accepted as it is
	Dropped PhotoState = "dropped" // by a person, with a reason
)

// State is where a drawing stands before the raters.
type State string

// The states.
const (
	Rating  State = "rating"  // raters see it, or have decided it
	Suspect State = "suspect" // looks like another one: a person compares
	Second  State = "second"  // its number has a drawing already: a person chooses
	Out     State = "out"     // dropped, or another took its place
)

// Batch is a pile of drawings made under the same conditions.
type Batch struct {
	ID        id.ID        `bun:"id" json:"id"`
	Title     string       `bun:"title" json:"title"`
	Region    string       `bun:"region" json:"region"`
	DrawnOn   string       `bun:"drawn_on" json:"drawn_on"`
	Colours   bool         `bun:"colours" json:"colours"`       // were colours offered
	TimeLimit int          `bun:"time_limit" json:"time_limit"` // minutes, 0 none
	Material  string       `bun:"material" json:"material"`
	Seed      string       `bun:"seed" json:"-"` // of the hidden repeats
	CreatedBy id.ID        `bun:"created_by" json:"created_by"`
	CreatedAt clock.Millis `bun:"created_at" json:"created_at"`
	ClosedAt  clock.Millis `bun:"closed_at" json:"closed_at"`
}

// Photo is one picture that was handed in.
type Photo struct {
	ID        id.ID        `bun:"id" json:"id"`
	BatchID   id.ID        `bun:"batch_id" json:"batch_id"`
	State     PhotoState   `bun:"state" json:"state"`
	Content   string       `bun:"content_index" json:"-"` // keyed hash of the bytes
	Subject   string       `bun:"subject" json:"-"`       // the photo's own key, wrapped
	Bytes     int64        `bun:"bytes" json:"bytes"`
	Width     int          `bun:"width" json:"width"`
	Height    int          `bun:"height" json:"height"`
	Number    sheet.Number `bun:"number" json:"number"`
	Faults    string       `bun:"faults" json:"-"`  // comma separated
	Corners   string       `bun:"corners" json:"-"` // JSON of four points, empty if not found
	DrawingID id.ID        `bun:"drawing_id" json:"drawing_id"`
	Tries     int          `bun:"tries" json:"-"`
	Leased    clock.Millis `bun:"leased_until" json:"-"`
	AddedBy   id.ID        `bun:"added_by" json:"-"`
	AddedAt   clock.Millis `bun:"added_at" json:"added_at"`
	ReadAt    clock.Millis `bun:"read_at" json:"read_at"`
	MendedBy  id.ID        `bun:"mended_by" json:"-"`
	MendedAt  clock.Millis `bun:"mended_at" json:"mended_at"`
	Reason    string       `bun:"reason" json:"-"` // sealed by the photo's key
	KeepUntil clock.Millis `bun:"keep_until" json:"keep_until"`
	ErasedAt  clock.Millis `bun:"erased_at" json:"-"`
}

// Drawing is what a child drew, ready for raters.
type Drawing struct {
	ID        id.ID        `bun:"id"`
	BatchID   id.ID        `bun:"batch_id"`
	PhotoID   id.ID        `bun:"photo_id"`
	Number    sheet.Number `bun:"number"`
	ChildID   id.ID        `bun:"child_id"`
	Region    string       `bun:"region"`
	State     State        `bun:"state"`
	SameAs    id.ID        `bun:"same_as"` // the other one of a suspect or a second
	Subject   string       `bun:"subject"` // the drawing's own key, wrapped
	Measures  string       `bun:"measures"`
	Suggested string       `bun:"suggested"` // codes measured first, JSON
	HashD     int64        `bun:"hash_d"`
	HashP     int64        `bun:"hash_p"`
	Age       int          `bun:"age"` // full years on the day of drawing; -1 unknown
	AgeBand   string       `bun:"age_band"`
	Sex       string       `bun:"sex"`
	Colours   bool         `bun:"colours"`
	TimeLimit int          `bun:"time_limit"`
	Rating    string       `bun:"rating"` // coding.State
	Why       string       `bun:"why"`    // why a third rater, comma separated
	Sum       int          `bun:"sum"`
	Final     string       `bun:"final"` // final codes, sealed by Subject
	Sheet     string       `bun:"sheet_version"`
	MatterID  id.ID        `bun:"matter_id"`
	CreatedAt clock.Millis `bun:"created_at"`
	DecidedAt clock.Millis `bun:"decided_at"`
}

func (d Drawing) hashes() paper.Hashes { return paper.Hashes{D: uint64(d.HashD), P: uint64(d.HashP)} }

// Pupil is a child of a class list.
type Pupil struct {
	Child  id.ID  `json:"child"`
	Name   string `json:"name"`
	Region string `json:"region"`
	// SchoolID is empty with a name while it is asked which school is meant.
	SchoolID id.ID  `json:"school_id"`
	School   string `json:"school"`
	Grade    string `json:"grade"`
	Class    string `json:"class"`
}

// Roll asks for a class list: who lives in the areas, who learns at a school of
// them that is asked for, and the actor's own pupils. Empty fields don't narrow.
type Roll struct {
	Areas    []string
	School   id.ID
	Grade    string
	Class    string
	Children []id.ID
}

// Brief is what is known of a child when its drawing is read.
type Brief struct {
	Name   string
	Sex    string // m, f, empty
	Age    int    // full years on the day; -1 unknown
	Region string
}

// Register is the register of children, as app supplies it.
type Register interface {
	// Pupils lists the children of a roll by school, class and name.
	Pupils(ctx context.Context, r db.Reader, q Roll) ([]Pupil, error)
	// Briefs gives children in brief on a civil date; who doesn't show is left out.
	Briefs(ctx context.Context, r db.Reader, on string, children ...id.ID) (map[id.ID]Brief, error)
}

// Class is a class in the print dialog.
type Class struct {
	SchoolID id.ID  `json:"school_id"`
	School   string `json:"school"`
	// Place is where the school lies, to tell schools of one name apart.
	Place    string `json:"place"`
	Grade    string `json:"grade"`
	Class    string `json:"class"`
	Children int    `json:"children"`
}

// Counts is how far a batch is.
type Counts struct {
	Photos   int `json:"photos"`
	Waiting  int `json:"waiting"`
	Read     int `json:"read"`
	Mend     int `json:"mend"`
	Again    int `json:"again"`
	Dropped  int `json:"dropped"`
	Compare  int `json:"compare"` // suspects and seconds
	Drawings int `json:"drawings"`
	Rated    int `json:"rated"`  // decided by raters
	Marked   int `json:"marked"` // 建议谈话
	// SecondsLeft is about how long reading the rest takes; 0 if nothing waits.
	SecondsLeft int64 `json:"seconds_left"`
}

// Row is a batch in the list.
type Row struct {
	Batch
	RegionName string `json:"region_name"`
	Counts     Counts `json:"counts"`
}

// ageBands are what raters are told of an age.
var ageBands = []struct {
	from, to int
	name     string
}{{0, 5, "≤5"}, {6, 7, "6-7"}, {8, 10, "8-10"}, {11, 13, "11-13"}, {14, 17, "14-17"}}

// AgeBand names the band of an age; empty if unknown.
func AgeBand(age int) string {
	for _, b := range ageBands {
		if age >= b.from && age <= b.to {
			return b.name
		}
	}
	if age > 17 {
		return "≥18"
	}
	return ""
}
