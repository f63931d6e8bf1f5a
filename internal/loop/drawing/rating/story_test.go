package rating_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/rating"
	"zugou/internal/people/access"
	"zugou/test/photo"
)

// A class is printed, photographed by phone, by zip and by scanner, read, one
// mended by hand, and rated blind by two and a third.
func TestFromPrintToRated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := newWorld(t, d, clk, 5)
		numbers := w.numbers()
		b := w.newBatch()

		first := snap(numbers[0], 100, nil)
		if got := w.add(b, first); got.Photos != 1 {
			t.Fatalf("%+v", got)
		}
		if got := w.add(b, first); got.Photos != 0 || got.Known != 1 {
			t.Errorf("the same file again: %+v", got)
		}
		// A zip with junk beside the photo.
		var z bytes.Buffer
		zw := zip.NewWriter(&z)
		for name, data := range map[string][]byte{"班级/IMG_1.jpg": snap(numbers[1], 101, nil), "班级/说明.txt": []byte("text"), "__MACOSX/._IMG_1.jpg": {0, 1}} {
			f, err := zw.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		if err := zw.Close(); err != nil {
			t.Fatal(err)
		}
		if got := w.add(b, z.Bytes()); got.Photos != 1 || got.Refused != 1 {
			t.Errorf("zip: %+v", got)
		}
		// A scanner's PDF of two pages.
		pdf := fpdf.New("P", "mm", "A4", "")
		for i, n := range numbers[2:4] {
			pdf.AddPage()
			name := string(n)
			pdf.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "JPG"}, bytes.NewReader(snap(n, 102+uint64(i), nil)))
			pdf.ImageOptions(name, 0, 0, 210, 280, false, fpdf.ImageOptions{ImageType: "JPG"}, 0, "")
		}
		var scan bytes.Buffer
		if err := pdf.Output(&scan); err != nil {
			t.Fatal(err)
		}
		if got := w.add(b, scan.Bytes()); got.Photos != 2 {
			t.Errorf("pdf: %+v", got)
		}
		// A corner folded over, and no code: a person mends it.
		o := photo.Options{Seed: 9, Drawing: 104, W: 960, H: 1280, Fill: .97, Light: 1, Quality: 85, Fold: 3}
		folded := photo.Make(o)
		w.add(b, folded.JPEG)
		if w.holds(first[200:260]) {
			t.Error("a photo lies on disk in clear")
		}
		w.readAll()
		c := w.counts(b)
		if c.Drawings != 4 || c.Mend != 1 || c.Waiting != 0 {
			t.Fatalf("%+v", c)
		}

		page, err := w.batches.Mending(section(), b, "")
		if err != nil || len(page.Items) != 1 || !slices.Contains(page.Items[0].Faults, "no_marks") {
			t.Fatalf("%+v %v", page, err)
		}
		var corners []paper.Point
		for _, m := range folded.Marks {
			corners = append(corners, paper.Point{X: float64(m.X), Y: float64(m.Y)})
		}
		item := page.Items[0].Photo
		bad := []batch.Mended{{Corners: corners, Number: "AAA-AAA-AAA"}, {Corners: corners[:3], Number: string(numbers[4])},
			{Number: string(numbers[4])}, {Corners: []paper.Point{corners[1], corners[0], corners[2], corners[3]}, Number: string(numbers[4])}}
		for i, m := range bad {
			if err := w.batches.MendPhoto(section(), item, m); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("mending %d: %v", i, err)
			}
		}
		if err := w.batches.MendPhoto(as("mender", access.Counsellor, district), item, batch.Mended{Corners: corners, Number: numbers[4].String()}); err != nil {
			t.Fatal(err)
		}
		if c := w.counts(b); c.Drawings != 5 || c.Mend != 0 {
			t.Fatalf("after mending: %+v", c)
		}

		// Two raters; each drawing is decided by both, and they differ on one.
		for _, name := range []string{"a", "b"} {
			for n := 0; ; n++ {
				desk, err := w.ratings.Desk(rater(name))
				if err != nil {
					t.Fatal(err)
				}
				if desk.Task == nil {
					break
				}
				if desk.Task.AgeBand != "8-10" || desk.Task.Sex != "f" || !desk.Task.Colours || desk.Task.TimeLimit != 40 {
					t.Errorf("task %+v", desk.Task)
				}
				if img, err := w.ratings.Image(rater(name), desk.Task.ID); err != nil || !bytes.HasPrefix(img, []byte("\xFF\xD8")) {
					t.Fatalf("image: %v", err)
				}
				present := []string{"W06", "W07"}
				if name == "b" && n == 0 {
					present = []string{"W06", "W07", "W08", "W09", "H01"}
				}
				w.submit(name, desk.Task.ID, "", present...)
			}
		}
		results, _, err := w.ratings.Results(section(), rating.ResultsQuery{Batch: b})
		if err != nil || len(results) != 4 {
			t.Fatalf("%d decided, %v", len(results), err)
		}
		read, next, err := w.ratings.Results(section(), rating.ResultsQuery{Batch: b, Limit: 2})
		if err != nil || len(read) != 2 || next == "" {
			t.Fatalf("a page: %+v %q %v", read, next, err)
		}
		// The mender has seen whose it was and is given only what he didn't see.
		desk, err := w.ratings.Desk(rater("c"))
		if err != nil || desk.Task == nil || desk.Waiting != 1 {
			t.Fatalf("third: %+v %v", desk, err)
		}
		if _, err := w.ratings.Submit(rater("c"), desk.Task.ID, rating.Submission{Version: w.sheet.Version, Codes: w.codes("W06", "W07", "W08", "W09", "H01")}); err != nil {
			t.Fatal(err)
		}
		results, _, err = w.ratings.Results(section(), rating.ResultsQuery{Batch: b})
		if err != nil || len(results) != 5 || results[0].Sum != 5 || len(results[0].Why) == 0 || results[0].Name == "" {
			t.Errorf("%+v %v", results, err)
		}
		// It was decided between two pages: the second begins where the first ended.
		if rest, next, err := w.ratings.Results(section(), rating.ResultsQuery{Batch: b, Cursor: next, Limit: 2}); err != nil || len(rest) != 2 || rest[0].Drawing != results[3].Drawing || rest[1].Drawing != results[4].Drawing || next != "" {
			t.Errorf("the second page: %+v %q %v", rest, next, err)
		}
		if _, _, err := w.ratings.Results(section(), rating.ResultsQuery{Cursor: "4"}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a cursor of another list: %v", err)
		}
		report, err := w.ratings.ReportOf(super(), b)
		if err != nil || report.Decided != 5 || len(report.Raters) != 3 || report.Agreement.Features["W08"].OnlyA+report.Agreement.Features["W08"].OnlyB != 1 {
			t.Errorf("%+v %v", report, err)
		}
	})
}

// behind gives the drawing behind a task, which only a test can ask for.
func behind(t *testing.T, w *world, task id.ID) (drawing id.ID) {
	t.Helper()
	w.view(func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&drawing), "SELECT drawing_id FROM drawing_task WHERE id = ?", task)
	})
	return drawing
}

// collected makes a world whose class has n drawings waiting for raters.
func collected(t *testing.T, d *db.DB, clk *clock.Fake, n int) (*world, id.ID) {
	t.Helper()
	w := newWorld(t, d, clk, n)
	b := w.newBatch()
	for i, number := range w.numbers() {
		w.add(b, snap(number, 200+uint64(i), nil))
	}
	w.readAll()
	if c := w.counts(b); c.Drawings != n {
		t.Fatalf("%+v", c)
	}
	return w, b
}

func (w *world) task(name string) *rating.Task {
	w.t.Helper()
	desk, err := w.ratings.Desk(rater(name))
	if err != nil || desk.Task == nil {
		w.t.Fatalf("%s has no task: %+v %v", name, desk, err)
	}
	return desk.Task
}

func (w *world) submit(name string, task id.ID, words string, present ...string) rating.Submitted {
	w.t.Helper()
	out, err := w.ratings.Submit(rater(name), task, rating.Submission{Version: w.sheet.Version, Codes: w.codes(present...), Words: words})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// What one rater sees goes to a person in the same change, and waits for no
// second; if the seat can't take it, the sheet isn't stored either.
func TestExplicitContentGoesToAPersonAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w, _ := collected(t, d, clk, 2)
		task := w.task("a")
		w.broken = true
		if _, err := w.ratings.Submit(rater("a"), task.ID, rating.Submission{Version: w.sheet.Version, Codes: w.codes("W20")}); err == nil {
			t.Fatal("stored though nobody was told")
		}
		w.broken = false
		if out := w.submit("a", task.ID, "", "W20"); !out.Raised || len(w.alarms) != 1 || !w.alarms[0].Explicit {
			t.Fatalf("%+v %+v", out, w.alarms)
		}
		next := w.task("a")
		if _, err := w.ratings.Submit(rater("a"), next.ID, rating.Submission{Version: w.sheet.Version, Codes: w.codes("W21")}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("words that are not transcribed: %v", err)
		}
		if out := w.submit("a", next.ID, "我想回家", "W21"); !out.Raised || w.alarms[1].Explicit || w.alarms[1].Words != "我想回家" {
			t.Errorf("%+v", w.alarms)
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			var words string
			err := r.Get(ctx, db.To(&words), "SELECT words FROM drawing_rating WHERE words <> '' LIMIT 1")
			if strings.Contains(words, "回家") {
				t.Error("words are stored in clear")
			}
			return err
		})
	})
}

// The mark ends by itself and is all that a drawing can set.
func TestMarkEndsByItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w, b := collected(t, d, clk, 1)
		many := []string{"W05", "W06", "W07", "W08", "W09", "H01", "H02", "T01", "T02", "P02"}
		for _, name := range []string{"a", "b"} {
			w.submit(name, w.task(name).ID, "", many...)
		}
		results, _, err := w.ratings.Results(section(), rating.ResultsQuery{Batch: b, Due: true})
		if err != nil || len(results) != 1 || results[0].MarkUntil == 0 || results[0].MarkEnded != 0 || results[0].School == "" {
			t.Fatalf("%+v %v", results, err)
		}
		until := func() clock.Millis {
			var out map[id.ID]clock.Millis
			w.view(func(ctx context.Context, r db.Reader) (err error) {
				out, err = rating.MarkUntil(ctx, r, w.pupils[0].Child)
				return err
			})
			return out[w.pupils[0].Child]
		}
		if until() == 0 || !w.marked[w.pupils[0].Child] {
			t.Error("no mark, or the four colours were not told")
		}
		w.found[w.pupils[0].Child] = true
		report, err := w.ratings.ReportOf(super(), b)
		if err != nil || report.Validity.PPV.Count != 1 || report.Validity.PPV.Of != 1 || report.Marked != 1 {
			t.Errorf("%+v %v", report.Validity, err)
		}
		clk.Advance(61 * 24 * time.Hour)
		if until() != 0 {
			t.Error("the mark did not end")
		}
		results, _, err = w.ratings.Results(section(), rating.ResultsQuery{Batch: b})
		if err != nil || results[0].MarkUntil != 0 || results[0].MarkEnded == 0 {
			t.Errorf("%+v %v", results, err)
		}
		for _, q := range []struct {
			rating.ResultsQuery
			want int
		}{{rating.ResultsQuery{Due: true}, 0}, {rating.ResultsQuery{Marked: true}, 1}} {
			if results, _, err = w.ratings.Results(section(), q.ResultsQuery); err != nil || len(results) != q.want {
				t.Errorf("%+v: %d %v", q.ResultsQuery, len(results), err)
			}
		}
	})
}

// A talk answers the mark, and the evidence of the four colours is told.
func TestATalkAnswersTheMark(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w, b := collected(t, d, clk, 1)
		for _, name := range []string{"a", "b"} {
			w.submit(name, w.task(name).ID, "", "W05", "W06", "W07", "W08", "W09", "H01", "H02", "T01", "T02", "P02")
		}
		results, _, err := w.ratings.Results(section(), rating.ResultsQuery{Batch: b, Marked: true})
		if err != nil || len(results) != 1 || !w.marked[w.pupils[0].Child] {
			t.Fatalf("%+v %v %v", results, err, w.marked)
		}
		if err := w.ratings.Talked(section(), results[0].Drawing); err != nil {
			t.Fatal(err)
		}
		if w.marked[w.pupils[0].Child] {
			t.Error("the mark stands after the talk")
		}
		if results, _, err = w.ratings.Results(section(), rating.ResultsQuery{Batch: b, Due: true}); err != nil || len(results) != 0 {
			t.Errorf("a talk is still due: %+v %v", results, err)
		}
	})
}

// Blindness, tried at every door: what a rater is answered has nothing of the
// child or of another rater, and other doors don't open to him.
func TestBlindAtEveryDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w, b := collected(t, d, clk, 3)
		task := w.task("a")
		w.submit("a", task.ID, "", "W06")
		for name, v := range map[string]func() (any, error){
			"desk":     func() (any, error) { return w.ratings.Desk(rater("b")) },
			"sheet":    func() (any, error) { return w.ratings.CodingSheet(rater("b")) },
			"batch":    func() (any, error) { return w.batches.Find(rater("b"), b) },
			"list":     func() (any, error) { return w.batches.List(rater("b")) },
			"training": func() (any, error) { return w.ratings.TrainingPage(rater("b")) },
			"results": func() (any, error) {
				list, _, err := w.ratings.Results(rater("b"), rating.ResultsQuery{})
				return list, err
			},
		} {
			got, err := v()
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range w.pupils {
				for _, secret := range []string{p.Name, string(p.Child), p.School, p.Region} {
					if strings.Contains(string(text), secret) {
						t.Errorf("%s tells %q: %s", name, secret, text)
					}
				}
			}
		}
		var drawings []batch.Drawing
		w.view(func(ctx context.Context, r db.Reader) (err error) {
			drawings, err = batch.SelectDrawings(ctx, r, "1 = 1")
			return err
		})
		other := w.task("b").ID
		ofTown, err := w.batches.Create(as("y", access.TownshipOfficer, town), batch.NewBatch{Title: "一镇", Region: town, DrawnOn: "2024-05-20"})
		if err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"another's task":       second(w.ratings.Image(rater("a"), other)),
			"a drawing's own id":   second(w.ratings.Image(rater("a"), drawings[0].ID)),
			"submit for another":   second(w.ratings.Submit(rater("a"), other, rating.Submission{Version: w.sheet.Version, Codes: w.codes()})),
			"submit twice":         second(w.ratings.Submit(rater("a"), task.ID, rating.Submission{Version: w.sheet.Version, Codes: w.codes()})),
			"undecided picture":    second(w.ratings.ResultImage(rater("a"), drawings[0].ID)),
			"photo":                second(w.batches.Photo(rater("a"), drawings[0].PhotoID)),
			"frame":                second(w.batches.FrameOf(rater("a"), drawings[0].ID)),
			"mending":              second(w.batches.Mending(rater("a"), b, "")),
			"report":               second(w.ratings.ReportOf(rater("a"), b)),
			"print":                second(w.batches.Print(rater("a"), batch.PrintRequest{School: "s1"})),
			"classes":              second(w.batches.Classes(rater("a"), "")),
			"teacher rates":        second(w.ratings.Desk(teacher())),
			"teacher's results":    third(w.ratings.Results(teacher(), rating.ResultsQuery{})),
			"teacher's mending":    second(w.batches.Mending(teacher(), b, "")),
			"another town's batch": second(w.batches.Find(as("x", access.TownshipOfficer, "500111100"), ofTown.ID)),
			"photos for it":        second(w.batches.Add(as("x", access.TownshipOfficer, "500111100"), ofTown.ID, bytes.NewReader(nil))),
		} {
			if err == nil || errs.Is(err, errs.KindInternal) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// A view has no field for more, whoever adds one must come by here.
		text, _ := json.Marshal(rating.Task{Suggested: coding.Codes{}})
		if got := string(text); got != `{"id":"","age_band":"","sex":"","colours":false,"time_limit":0,"suggested":{},"expires":0}` {
			t.Errorf("a task shows %s", got)
		}
		// Whoever is in a part of the batch's area hands in and sees how far it is,
		// and no more.
		here := teacher()
		if list, err := w.batches.List(here); err != nil || !slices.ContainsFunc(list, func(r batch.Row) bool { return r.ID == b }) {
			t.Errorf("a teacher is not shown the district's batch: %v %v", list, err)
		}
		if _, err := w.batches.Add(here, b, bytes.NewReader(snap(w.numbers()[1], 70, nil))); err != nil {
			t.Errorf("a teacher's photo: %v", err)
		}
		if _, err := w.batches.Mending(here, b, ""); err == nil {
			t.Error("a teacher mends the district's batch")
		}
		// A school's counsellor who handed in the photos rates none of them.
		photographer := as("photographer", access.Counsellor, district)
		o := w.newBatch()
		if _, err := w.batches.Add(photographer, o, bytes.NewReader(snap(w.numbers()[0], 900, nil))); err != nil {
			t.Fatal(err)
		}
		w.readAll()
		for range 5 {
			desk, err := w.ratings.Desk(photographer)
			if err != nil {
				t.Fatal(err)
			}
			if desk.Task == nil {
				break
			}
			if d, _ := w.drawing(desk.Task.ID); d.BatchID == o {
				t.Fatal("given what he photographed")
			}
			if _, err := w.ratings.Submit(photographer, desk.Task.ID, rating.Submission{Version: w.sheet.Version, Codes: w.codes()}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func (w *world) drawing(task id.ID) (d batch.Drawing, err error) {
	w.view(func(ctx context.Context, r db.Reader) error {
		d, err = batch.FindDrawing(ctx, r, behind(w.t, w, task))
		return err
	})
	return d, err
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }

// Two photos of one number, and two pictures alike, wait for a person; the
// older is never replaced once it is rated.
func TestDuplicatesWaitForAPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w, b := collected(t, d, clk, 2)
		var numbers []batch.Drawing
		w.view(func(ctx context.Context, r db.Reader) (err error) {
			numbers, err = batch.SelectDrawings(ctx, r, "1 = 1 ORDER BY created_at, id")
			return err
		})
		w.add(b, snap(numbers[0].Number, 777, nil))                                             // another drawing under the same number
		w.add(b, snap(w.numbers()[1], 201, func(o *photo.Options) { o.TiltX, o.Seed = .1, 5 })) // the same picture under a new number
		w.readAll()
		page, err := w.batches.Mending(section(), b, "")
		if err != nil || len(page.Items) != 2 {
			t.Fatalf("%+v %v", page, err)
		}
		for _, item := range page.Items {
			if item.OtherDrawing == "" || item.Child == "" {
				t.Errorf("%+v", item)
			}
			switch item.What {
			case "second":
				if err := w.batches.Choose(section(), item.Drawing, batch.KeepBoth); !errs.Is(err, errs.KindInvalid) {
					t.Errorf("two drawings of one number: %v", err)
				}
				if err := w.batches.Choose(section(), item.Drawing, batch.KeepThis); err != nil {
					t.Error(err)
				}
			case "suspect":
				if err := w.batches.Choose(section(), item.Drawing, batch.KeepBoth); err != nil {
					t.Error(err)
				}
			default:
				t.Errorf("%s", item.What)
			}
		}
		if c := w.counts(b); c.Drawings != 3 || c.Compare != 0 {
			t.Errorf("%+v", c)
		}
		// Rated by one: it stays.
		task := w.task("a")
		w.submit("a", task.ID, "")
		rated, err := w.drawing(task.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.add(b, snap(rated.Number, 778, nil))
		w.readAll()
		page, err = w.batches.Mending(section(), b, "")
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%+v %v", page, err)
		}
		if err := w.batches.Choose(section(), page.Items[0].Drawing, batch.KeepThis); !errs.Is(err, errs.KindConflict) {
			t.Errorf("a rated drawing was replaced: %v", err)
		}
		if err := w.batches.Choose(section(), page.Items[0].Drawing, batch.KeepOther); err != nil {
			t.Error(err)
		}
	})
}

// Hidden repeats come later, under another name, and change nothing but the
// rater's own figures. Training stands before the first task.
func TestRepeatsAndTraining(t *testing.T) {
	clk := clock.NewFake(dbtest.Start)
	d := dbtest.Open(t, db.SQLite, clk)
	w, b := collected(t, d, clk, 28)
	seen, repeats := map[id.ID]int{}, 0
	for {
		desk, err := w.ratings.Desk(rater("a"))
		if err != nil {
			t.Fatal(err)
		}
		if desk.Task == nil {
			break
		}
		x, err := w.drawing(desk.Task.ID)
		if err != nil {
			t.Fatal(err)
		}
		if seen[x.ID]++; seen[x.ID] == 2 {
			repeats++
		}
		present := []string{"W06"}
		if seen[x.ID] == 2 {
			present = append(present, "T02") // he sees a thing more the second time
		}
		w.submit("a", desk.Task.ID, "", present...)
		clk.Advance(time.Minute)
	}
	if repeats < 1 || repeats > 2 {
		t.Fatalf("%d repeats of two blocks", repeats)
	}
	if _, err := w.ratings.Repeats(rater("a")); errs.KindOf(err) != errs.KindForbidden {
		t.Fatalf("a rater reads the own repeats: %v", err)
	}
	steady, err := w.ratings.Repeats(super())
	if err != nil || len(steady) != 1 || steady[0].Rated != 28 || len(steady[0].Repeats) != repeats || !slices.Equal(steady[0].Weak, []string{"T02"}) {
		t.Fatalf("%+v %v", steady, err)
	}
	if x := steady[0]; x.Agreement.OnlyB != repeats || x.Agreement.Both != repeats || x.Repeats[0].Again <= x.Repeats[0].First || x.Repeats[0].Apart[0].Code != "T02" {
		t.Fatalf("%+v", x)
	}
	if len(seen) != 28 {
		t.Fatalf("%d drawings seen", len(seen))
	}
	if c := w.counts(b); c.Rated != 0 {
		t.Errorf("repeats decided a drawing: %+v", c)
	}
	for range 32 {
		if desk, _ := w.ratings.Desk(rater("b")); desk.Task != nil {
			w.submit("b", desk.Task.ID, "", "W06")
			clk.Advance(time.Minute)
		}
	}
	report, err := w.ratings.ReportOf(super(), b)
	if err != nil || report.Decided != 28 {
		t.Fatalf("%+v %v", report, err)
	}
	if g := report.Agreement.Repeats["a"]; repeats > 0 && g.Both != repeats {
		t.Errorf("%d repeats, %+v", repeats, g)
	}
	// A supervisor makes two references; a newcomer must pass them.
	done, _, err := w.ratings.Results(super(), rating.ResultsQuery{Batch: b})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range done[:2] {
		if err := w.ratings.AddReference(super(), rating.NewReference{Drawing: r.Drawing, Codes: w.codes("W06", "T02")}); err != nil {
			t.Fatal(err)
		}
	}
	practise := func(present ...string) {
		t.Helper()
		for left := 2; left > 0; left-- {
			desk, err := w.ratings.Desk(rater("new"))
			if err != nil || desk.Trained || desk.Task != nil || desk.Training != left {
				t.Fatalf("%+v %v", desk, err)
			}
			page, err := w.ratings.TrainingPage(rater("new"))
			if err != nil || page.Trial == nil {
				t.Fatalf("%+v %v", page, err)
			}
			if _, err := w.ratings.TrialImage(rater("new"), page.Trial.ID); err != nil {
				t.Error(err)
			}
			if _, err := w.ratings.SubmitTrial(rater("new"), page.Trial.ID, rating.Submission{Version: w.sheet.Version, Codes: w.codes(present...)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	trainee := func(passed bool) rating.TrainingDesk {
		t.Helper()
		desk, err := w.ratings.Trainings(super())
		if err != nil || len(desk.References) != 2 || !slices.Equal(desk.References[0].Present, []string{"W06", "T02"}) || desk.References[0].Tried != 1 ||
			len(desk.Trainees) != 1 || desk.Trainees[0].Done != 2 || desk.Trainees[0].Passed != passed || (len(desk.Trainees[0].Weak) == 0) != passed {
			t.Errorf("%+v %v", desk, err)
		}
		return desk
	}
	// The first time he overlooks one of them; he may not rate, and can't mend it
	// by himself.
	practise("W06")
	if page, err := w.ratings.TrainingPage(rater("new")); err != nil || page.Passed || page.Done != 2 {
		t.Errorf("%+v %v", page, err)
	}
	if desk, err := w.ratings.Desk(rater("new")); err != nil || desk.Trained || desk.Task != nil {
		t.Errorf("%+v %v", desk, err)
	}
	who := trainee(false).Trainees[0].Account
	if err := w.ratings.TrainAgain(rater("new"), who); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("a trainee clears his own practice: %v", err)
	}
	if err := w.ratings.TrainAgain(as("elsewhere", access.Supervisor, "500112"), who); !errs.Is(err, errs.KindNotFound) {
		t.Errorf("another district's supervisor clears his practice: %v", err)
	}
	// His supervisor goes through it with him and lets him try again.
	if err := w.ratings.TrainAgain(super(), who); err != nil {
		t.Fatal(err)
	}
	if err := w.ratings.TrainAgain(super(), who); !errs.Is(err, errs.KindNotFound) {
		t.Errorf("nothing tried, and cleared again: %v", err)
	}
	practise("W06", "T02")
	desk := trainee(true)
	if page, err := w.ratings.TrainingPage(rater("new")); err != nil || !page.Passed || page.Done != 2 {
		t.Errorf("%+v %v", page, err)
	}
	if err := w.ratings.EndReference(rater("new"), desk.References[0].ID); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("a trainee ends a reference: %v", err)
	}
	if err := w.ratings.EndReference(super(), desk.References[0].ID); err != nil {
		t.Fatal(err)
	}
	if page, err := w.ratings.TrainingPage(rater("other")); err != nil || page.Of != 1 {
		t.Errorf("%+v %v", page, err)
	}
	if desk, err := w.ratings.Desk(rater("new")); err != nil || !desk.Trained {
		t.Errorf("%+v %v", desk, err)
	}
}

// A child's erasure destroys pictures and codes; old photos go by their date.
func TestErasedAndExpired(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w, b := collected(t, d, clk, 2)
		w.submit("a", w.task("a").ID, "", "W06")
		err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error { return batch.EraseOf(ctx, tx, w.pupils[0].Child) })
		if err != nil {
			t.Fatal(err)
		}
		clk.Advance(time.Minute)
		if err := w.batches.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n, m := w.files("frame"), w.files("photo"); n != 1 || m != 1 {
			t.Errorf("%d frames and %d photos are left", n, m)
		}
		if c := w.counts(b); c.Drawings != 1 {
			t.Errorf("%+v", c)
		}
		clk.Advance(181 * 24 * time.Hour)
		if err := w.batches.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n, m := w.files("frame"), w.files("photo"); n != 1 || m != 0 {
			t.Errorf("%d frames and %d photos are left", n, m)
		}
		if _, err := w.ratings.ReportOf(super(), b); err != nil {
			t.Error(err)
		}
	})
}
