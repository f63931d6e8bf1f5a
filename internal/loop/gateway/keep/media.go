package keep

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
)

// Recording is a voice message or picture that a device sent, without its
// bytes.
type Recording struct {
	ID         id.ID        `bun:"id" json:"id"`
	Kind       string       `bun:"kind" json:"kind"`     // audio or image
	Format     string       `bun:"format" json:"format"` // amr, jpg …
	Parts      int          `bun:"parts" json:"parts"`   // in how many it came; 0 is whole
	Missing    int          `bun:"missing" json:"missing"`
	At         clock.Millis `bun:"at" json:"at"`
	ReceivedAt clock.Millis `bun:"received_at" json:"received_at"`
	HeardAt    clock.Millis `bun:"heard_at" json:"heard_at"` // 0: nobody has yet
	ChildID    id.ID        `bun:"child_id" json:"child_id"`
}

// media stores a voice message or a picture, sealed with a key of its own.
func (k *Keeper) media(ctx context.Context, tx *db.Tx, d device.Device, o Observed) error {
	m := o.Message.Media
	if m == nil || len(m.Data) == 0 {
		return nil
	}
	which := id.New()
	subject, wrapped := k.p.Keys.NewSubject()
	_, err := tx.Exec(ctx, `INSERT INTO device_media (id, device, child_id, region, kind, format, name, part, parts, at, received_at, data, subject)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, which, d.ID, o.Child, o.Region, m.Kind, m.Format, m.Name, m.Part, m.Parts, o.At, o.ReceivedAt,
		[]byte(subject.Seal(mediaCell(which), string(m.Data))), wrapped)
	if err != nil || m.Part > 1 {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "device", Kind: "recording", Region: o.Region, Ref: string(d.ID)})
}

func mediaCell(which id.ID) string { return "device_media.data:" + string(which) }

// Albums gives what devices sent, to those who may hear it.
type Albums struct {
	db   *db.DB
	keys *crypto.Keyring
}

// NewAlbums makes the service.
func NewAlbums(d *db.DB, keys *crypto.Keyring) *Albums {
	return &Albums{d, keys}
}

const mostRecordings = 100

// List gives the newest recordings of a device, newest first, at most 100. One
// that came in parts is one entry. Errors: NotFound, Forbidden.
func (a *Albums) List(ctx context.Context, which id.ID) ([]Recording, error) {
	out := []Recording{}
	err := a.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		d, err := a.may(ctx, r, which)
		if err != nil {
			return err
		}
		seen, not := access.From(ctx).Shown("child_id") // a device may have had another wearer before
		audit.Show(ctx, "media.read", "", d.Region, audit.Shown{Kind: "device", ID: d.ID, Fields: []string{"recordings"}})
		return r.List(ctx, &out, `SELECT min(id) AS id, kind, format, max(parts) AS parts,
			CASE WHEN max(parts) > count(DISTINCT part) THEN max(parts) - count(DISTINCT part) ELSE 0 END AS missing, min(at) AS at,
			min(received_at) AS received_at, max(heard_at) AS heard_at, max(child_id) AS child_id
			FROM device_media WHERE device = ? AND `+seen+` GROUP BY kind, format, CASE WHEN parts > 0 THEN name ELSE id END
			ORDER BY min(received_at) DESC LIMIT ?`, slices.Concat([]any{d.ID}, not, []any{mostRecordings})...)
	})
	return out, err
}

// may checks that the actor may hear what the device sent.
func (a *Albums) may(ctx context.Context, r db.Reader, which id.ID) (device.Device, error) {
	d, err := device.ByID(ctx, r, which)
	if err != nil {
		if e := access.May(access.From(ctx), "media.read"); e != nil {
			return d, e
		}
		return d, err
	}
	return d, access.Check(access.From(ctx), "media.read", d.Target())
}

// Open gives the bytes of a recording of the device, its parts put together,
// and notes that it was heard. Errors: NotFound, Forbidden.
func (a *Albums) Open(ctx context.Context, which, recording id.ID) (format string, content []byte, err error) {
	err = a.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := a.may(ctx, tx, which)
		if err != nil {
			return err
		}
		seen, not := access.From(ctx).Shown("child_id") // a device may have had another wearer before
		var first struct {
			Name  string `bun:"name"`
			Parts int    `bun:"parts"`
			Kind  string `bun:"kind"`
		}
		if err := tx.Get(ctx, db.To(&first), "SELECT name, parts, kind FROM device_media WHERE id = ? AND device = ? AND "+seen, append([]any{recording, d.ID}, not...)...); err != nil {
			return err
		}
		where, args := "id = ?", []any{recording}
		if first.Parts > 0 {
			where, args = "device = ? AND kind = ? AND name = ? AND parts > 0 AND "+seen, append([]any{d.ID, first.Kind, first.Name}, not...)
		}
		var rows []struct {
			ID      id.ID  `bun:"id"`
			Part    int    `bun:"part"`
			Format  string `bun:"format"`
			Data    []byte `bun:"data"`
			Subject string `bun:"subject"`
		}
		if err := tx.List(ctx, &rows, "SELECT id, part, format, data, subject FROM device_media WHERE "+where+" ORDER BY part, id", args...); err != nil {
			return err
		}
		var all strings.Builder
		before := -1
		for _, p := range rows {
			if p.Part == before && first.Parts > 0 { // said twice
				continue
			}
			before, format = p.Part, p.Format
			s, err := a.keys.Subject(p.Subject)
			if err != nil {
				return err
			}
			part, err := s.Open(mediaCell(p.ID), string(p.Data))
			if err != nil {
				return err
			}
			all.WriteString(part)
		}
		if all.Len() == 0 {
			return errs.NotFound("device.recording_gone")
		}
		content = []byte(all.String())
		fresh, err := tx.Exec(ctx, "UPDATE device_media SET heard_at = ? WHERE heard_at = 0 AND "+where, append([]any{tx.Now}, args...)...)
		if err != nil {
			return err
		}
		if fresh > 0 { // whoever else looks at the list sees it too
			if err := tx.Emit(ctx, db.Event{Topic: "device", Kind: "heard", Region: d.Region, Ref: string(d.ID)}); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "media.read", SubjectKind: "device", Subject: d.ID, Fields: []string{first.Kind}, Region: d.Region})
	})
	return format, content, err
}

// ForgetMedia removes up to a page of recordings received before the instant,
// keys and all, and tells how many; call it again while it returns a full page.
func ForgetMedia(ctx context.Context, tx *db.Tx, before clock.Millis) (int64, error) {
	return tx.Exec(ctx, "DELETE FROM device_media WHERE id IN (SELECT id FROM device_media WHERE received_at < ? LIMIT 500)", before)
}
