package rating_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/rating"
	"zugou/internal/loop/drawing/sheet"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
	policy "zugou/policy/drawing"
	"zugou/test/photo"
)

const (
	district = "500111"
	town     = "500111116"
)

// world is a class whose drawings are collected and rated.
type world struct {
	t       *testing.T
	db      *db.DB
	clk     *clock.Fake
	dir     string
	batches *batch.Service
	ratings *rating.Service
	sheet   coding.Sheet
	pupils  []batch.Pupil
	alarms  []rating.Alarm
	found   map[id.ID]bool
	marked  map[id.ID]bool // 建议谈话 stands
	broken  bool           // the seat refuses
}

func newWorld(t *testing.T, d *db.DB, clk *clock.Fake, children int) *world {
	t.Helper()
	w := &world{t: t, db: d, clk: clk, dir: t.TempDir(), found: map[id.ID]bool{}, marked: map[id.ID]bool{}}
	for i := range children {
		w.pupils = append(w.pupils, batch.Pupil{Child: id.New(), Name: fmt.Sprintf("孩子%c", '甲'+rune(i)), Region: town + "206", SchoolID: "s1", School: "邮亭中心小学", Grade: "三年级", Class: "2班"})
	}
	limits, err := paper.ReadLimits(policy.Files)
	if err != nil {
		t.Fatal(err)
	}
	if w.sheet, err = coding.Shipped(); err != nil {
		t.Fatal(err)
	}
	keys := crypto.Ephemeral(crypto.AES)
	w.batches = batch.New(batch.Parts{DB: d, Keys: keys, Log: slog.New(slog.DiscardHandler), Folder: w.dir, Limits: limits, Register: w,
		Areas: func(context.Context, db.Reader) (*region.Table, error) { return region.Builtin(), nil }})
	w.ratings = rating.New(rating.Parts{DB: d, Keys: keys, Batches: w.batches, Ports: w, Sheet: w.sheet})
	return w
}

// Pupils implements batch.Register.
func (w *world) Pupils(_ context.Context, _ db.Reader, q batch.Roll) ([]batch.Pupil, error) {
	var out []batch.Pupil
	for _, p := range w.pupils {
		for _, a := range q.Areas {
			if len(p.Region) >= len(a) && p.Region[:len(a)] == a && (q.School == "" || q.School == p.SchoolID) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// Briefs implements batch.Register.
func (w *world) Briefs(_ context.Context, _ db.Reader, _ string, children ...id.ID) (map[id.ID]batch.Brief, error) {
	out := map[id.ID]batch.Brief{}
	for _, p := range w.pupils {
		for _, c := range children {
			if c == p.Child {
				out[c] = batch.Brief{Name: p.Name, Sex: "f", Age: 9, Region: p.Region}
			}
		}
	}
	return out, nil
}

// Raise implements rating.Ports.
func (w *world) Raise(_ context.Context, tx *db.Tx, a rating.Alarm) (id.ID, error) {
	if w.broken {
		return "", fmt.Errorf("the seat is away")
	}
	tx.AfterCommit(func() { w.alarms = append(w.alarms, a) })
	return "matter-1", nil
}

// Marked implements rating.Ports.
func (w *world) Marked(_ context.Context, tx *db.Tx, child id.ID, stands bool) error {
	tx.AfterCommit(func() { w.marked[child] = stands })
	return nil
}

// Found implements rating.Ports.
func (w *world) Found(context.Context, db.Reader, clock.Millis, ...id.ID) (map[id.ID]bool, error) {
	return w.found, nil
}

// Names implements rating.Ports.
func (w *world) Names(_ context.Context, _ db.Reader, accounts ...id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, a := range accounts {
		out[a] = "评定员" + string(a)
	}
	return out, nil
}

// Children implements rating.Ports.
func (w *world) Children(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]string, error) {
	briefs, err := w.Briefs(ctx, r, "", children...)
	out := map[id.ID]string{}
	for c, b := range briefs {
		out[c] = b.Name
	}
	return out, err
}

func as(account string, r access.Role, area string) context.Context {
	ctx, _ := audit.With(context.Background(), "request")
	return access.With(ctx, access.Actor{Account: id.ID(account), Name: account, Grants: []access.Grant{{Role: r, Region: area, Department: access.CivilAffairs}}})
}

var (
	section = func() context.Context { return as("section", access.BureauSection, district) }
	teacher = func() context.Context { return as("teacher", access.Teacher, town) }
	super   = func() context.Context { return as("super", access.Supervisor, district) }
)

func rater(name string) context.Context { return as(name, access.Clinician, district) }

// numbers prints a class and reads the numbers back from the rows.
func (w *world) numbers() []sheet.Number {
	w.t.Helper()
	w.clk.Advance(time.Second) // so that the newest sheet is known
	pdf, err := w.batches.Print(section(), batch.PrintRequest{School: "s1"})
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
		w.t.Fatal(err)
	}
	var out []sheet.Number
	w.view(func(ctx context.Context, r db.Reader) error {
		for _, p := range w.pupils {
			var n []sheet.Number
			if err := r.List(ctx, &n, "SELECT number FROM drawing_sheet WHERE child_id = ? ORDER BY printed_at DESC LIMIT 1", p.Child); err != nil {
				return err
			}
			out = append(out, n[0])
		}
		return nil
	})
	return out
}

func (w *world) view(fn func(ctx context.Context, r db.Reader) error) {
	w.t.Helper()
	if err := w.db.View(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newBatch() id.ID {
	w.t.Helper()
	b, err := w.batches.Create(section(), batch.NewBatch{Title: "春季", Region: district, DrawnOn: "2024-05-20", Colours: true, TimeLimit: 40, Material: "彩笔"})
	if err != nil {
		w.t.Fatal(err)
	}
	return b.ID
}

// snap takes a quick photo of a child's sheet: small, so that a story is short.
func snap(n sheet.Number, drawing uint64, change func(*photo.Options)) []byte {
	o := photo.Options{Seed: drawing + 1, Drawing: drawing, W: 720, H: 960, Fill: .97, Light: 1, Quality: 85, Noise: 2, Code: n.Code(sheet.Current())}
	if change != nil {
		change(&o)
	}
	return photo.Make(o).JPEG
}

func (w *world) add(b id.ID, data []byte) batch.Taken {
	w.t.Helper()
	taken, err := w.batches.Add(section(), b, bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	return taken
}

// readAll steps the reader until nothing waits.
func (w *world) readAll() {
	w.t.Helper()
	for {
		more, err := w.batches.RunOnce(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func (w *world) counts(b id.ID) batch.Counts {
	w.t.Helper()
	row, err := w.batches.Find(section(), b)
	if err != nil {
		w.t.Fatal(err)
	}
	return row.Counts
}

func (w *world) codes(present ...string) coding.Codes {
	c := coding.Codes{}
	for _, f := range w.sheet.Features {
		c[f.Code] = coding.Absent
	}
	for _, p := range present {
		c[p] = coding.Present
	}
	return c
}

// files counts the files of a part in the vault.
func (w *world) files(part string) int {
	list, err := filepath.Glob(filepath.Join(w.dir, "*", "*."+part))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// holds tells whether any file on disk has the bytes in clear.
func (w *world) holds(text []byte) bool {
	found := false
	err := filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, text)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}
