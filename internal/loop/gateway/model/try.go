package model

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/decode"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/people/access"
)

// Bounds of what is tried at once.
const (
	MostFrames     = 200
	MostFrameBytes = 256 << 10
)

// Trial is what a draft would change.
type Trial struct {
	Wrong  error            `json:"-"`   // what is wrong with it (problem.List); nil: it can be handed in
	Was    *profile.Profile `json:"was"` // in force, over its base; of a new model its base; null: the protocol as it stands
	New    bool             `json:"new"`
	Will   *profile.Profile `json:"will"`  // the draft over its base; null where it can't be read
	Frames []TriedFrame     `json:"lines"` // the frames that were pasted
}

// TriedFrame is one line read both ways, by the reader of `zugou decode`.
type TriedFrame struct {
	N    int             `json:"n"`
	Was  json.RawMessage `json:"was"`  // list of objects as `zugou decode` prints them, with hints
	Will json.RawMessage `json:"will"` // null where the draft can't be read
	Same bool            `json:"same"`
}

// reading is a line with what is shown beside its alarms.
type reading struct {
	decode.Line
	Hints []report.Hint `json:"hints,omitempty"`
}

// Try reads frames by a draft and by what is in force, and changes nothing. The
// frames are not kept. A new model is held against its protocol as it stands.
// Errors: Invalid "frames", Forbidden.
func (m *Models) Try(ctx context.Context, body, frames string) (Trial, error) {
	if err := access.May(access.From(ctx), "model.read"); err != nil {
		return Trial{}, err
	}
	lines := strings.Split(strings.TrimPrefix(frames, "\ufeff"), "\n")
	if len(frames) > MostFrameBytes || len(lines) > MostFrames {
		return Trial{}, errs.Invalid("frames", "model.too_many_frames")
	}
	var set profile.Set
	if err := m.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		set, err = m.written(ctx, r)
		return err
	}); err != nil {
		return Trial{}, err
	}
	means, err := set.Resolve()
	if err != nil {
		return Trial{}, errs.Internal(err)
	}
	out := Trial{Frames: []TriedFrame{}}
	draft, err := profile.Parse([]byte(body))
	if err != nil {
		out.Wrong = err
		return out, nil
	}
	out.Was = means[draft.Name]
	if out.New = out.Was == nil; out.New {
		// Until it is published its devices are read so.
		if out.Was = means[draft.Base]; out.Was == nil && draft.Protocol == means[standard].Protocol {
			out.Was = means[standard]
		}
	}
	next, err := set.With(draft)
	out.Wrong = err
	if next != nil {
		if resolved, err := next.Resolve(); err == nil {
			out.Will = resolved[draft.Name]
		}
	}
	if out.Will == nil {
		return out, nil
	}
	before, err := decode.New(draft.Protocol, out.Was, m.db.Clock())
	if err != nil {
		return Trial{}, errs.Internal(err)
	}
	after, err := decode.New(draft.Protocol, out.Will, m.db.Clock())
	if err != nil {
		return Trial{}, errs.Internal(err)
	}
	for i, line := range lines {
		a, b := readings(before, i+1, line), readings(after, i+1, line)
		if len(a) == 0 && len(b) == 0 {
			continue
		}
		t := TriedFrame{N: i + 1, Same: reflect.DeepEqual(a, b)}
		if t.Was, err = json.Marshal(a); err == nil {
			t.Will, err = json.Marshal(b)
		}
		if err != nil {
			return Trial{}, errs.Internal(err)
		}
		out.Frames = append(out.Frames, t)
	}
	return out, nil
}

func readings(d *decode.Decoder, n int, line string) []reading {
	var out []reading
	for _, l := range d.Line(n, []byte(line)) {
		hints := l.Hints
		l.Model, l.Edition, l.Hints = "", 0, nil // else every alarm differs
		out = append(out, reading{l, hints})
	}
	return out
}
