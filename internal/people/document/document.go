package document

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Document is one kept file.
type Document struct {
	ID         id.ID        `bun:"id" json:"id"`
	RecordKind string       `bun:"record_kind" json:"record_kind"`
	RecordID   id.ID        `bun:"record_id" json:"record_id"`
	ChildID    id.ID        `bun:"child_id" json:"-"`
	Region     string       `bun:"region" json:"-"`
	Kind       Kind         `bun:"kind" json:"kind"`
	Media      string       `bun:"media" json:"media"`
	Bytes      int64        `bun:"bytes" json:"bytes"`
	Width      int          `bun:"width" json:"width"`
	Height     int          `bun:"height" json:"height"`
	Thumb      bool         `bun:"thumb" json:"thumb"` // a small copy can be had
	Subject    string       `bun:"subject" json:"-"`   // the file's own key, wrapped; empty once erased
	Meta       string       `bun:"meta" json:"-"`      // sealed
	Key        string       `bun:"idem_key" json:"-"`
	CreatedAt  clock.Millis `bun:"created_at" json:"created_at"`
	CreatedBy  id.ID        `bun:"created_by" json:"created_by"`
	KeepUntil  clock.Millis `bun:"keep_until" json:"keep_until"`
	ErasedAt   clock.Millis `bun:"erased_at" json:"-"`
	Said       *Meta        `bun:"-" json:"said,omitempty"` // time and place, from the camera or the phone
}

// Upload is a file as it comes in.
type Upload struct {
	RecordKind string
	RecordID   id.ID
	Key        string // of the sender; the same key of the same account is the same file
	Content    []byte
	TakenAt    clock.Millis // as the phone says; 0 if it doesn't
	Lat, Lon   float64      // likewise; 0, 0: unknown
}

func (u Upload) check() error {
	var bad []errs.Field
	if len(u.Key) < 8 || len(u.Key) > 100 {
		bad = append(bad, errs.Field{Name: "key", Key: "signal.key"})
	}
	if len(u.Content) == 0 {
		bad = append(bad, errs.Field{Name: "file", Key: "document.empty"})
	}
	if u.Lat < -90 || u.Lat > 90 || u.Lon < -180 || u.Lon > 180 {
		bad = append(bad, errs.Field{Name: "lat", Key: "position.range"})
	}
	return errs.InvalidFields(bad)
}

// Held is a record that files hang on, as its room answers for the actor of
// the context.
type Held struct {
	Target    access.Target // the record as a question to the table of rights
	Read      access.Action // that opens its files
	Write     access.Action // that may add one
	Child     id.ID         // whose erasure erases the files; empty if nobody's
	Region    string
	KeepUntil clock.Millis // 0: as the policy says
}

// mayRead asks for the right to the record's files.
func (h Held) mayRead(ctx context.Context) error {
	t := h.Target
	t.Child = h.Child
	return access.Check(access.From(ctx), h.Read, t)
}

// mayAdd asks for the right to add one. A phone sends what it took when there
// is a signal again: if its owner must be kept away from the child by now, the
// picture is taken all the same, and never shown to it.
func (h Held) mayAdd(ctx context.Context) error {
	t := h.Target
	t.Child = ""
	return access.Check(access.From(ctx), h.Write, t)
}

// Record answers for one kind of record. Held gives NotFound for a record that
// is not there; rights are checked here, by what it gave.
type Record interface {
	Held(ctx context.Context, r db.Reader, record id.ID) (Held, error)
	// Attached is told of a new file in its change: a timeline, a screen.
	Attached(ctx context.Context, tx *db.Tx, h Held, d Document) error
}

// Content is a file's bytes.
type Content struct {
	Document
	Body []byte
}

// Attachable tells whether a document may be named by a report on the record:
// one that hangs on it and is not erased.
func (d Document) Attachable(kind string, record id.ID) bool {
	return d.RecordKind == kind && d.RecordID == record && d.ErasedAt == 0
}
