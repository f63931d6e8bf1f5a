package person_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
)

// probes call every method on one child; the answer says whether the actor got
// in, whatever else is wrong with the request.
func probes(w *world, child, other id.ID) map[string]func(ctx context.Context) error {
	grade := "四年级"
	nobody := person.Change{School: &person.School{Name: "邮亭中心小学", Grade: grade}}
	return map[string]func(ctx context.Context) error{
		"List": func(ctx context.Context) error {
			page, err := w.s.List(ctx, person.ListQuery{Q: "李小满"})
			if err == nil && len(page.Items) == 0 {
				return errs.NotFound("")
			}
			return err
		},
		"Pick": func(ctx context.Context) error {
			list, err := w.s.Pick(ctx, "李小满")
			if err == nil && len(list) == 0 {
				return errs.NotFound("")
			}
			return err
		},
		"Find":     func(ctx context.Context) error { _, err := w.s.Find(ctx, child); return err },
		"Timeline": func(ctx context.Context) error { _, err := w.s.Timeline(ctx, child, "", 1); return err },
		"Create": func(ctx context.Context) error {
			_, err := w.s.Create(ctx, person.NewChild{Name: "", Region: youyi}) // refused, but by the form
			return err
		},
		"Update": func(ctx context.Context) error { _, err := w.s.Update(ctx, child, nobody); return err },
		"Reveal": func(ctx context.Context) error {
			_, err := w.s.Reveal(ctx, child, person.RevealRequest{Fields: []string{"id_no"}, Reason: "测试查看"})
			return err
		},
		"Break":   func(ctx context.Context) error { _, err := w.s.Break(ctx, child, "测试破窗"); return err },
		"Glasses": func(ctx context.Context) error { _, err := w.s.Glasses(ctx, person.GlassQuery{}); return err },
		"Cases":   func(ctx context.Context) error { _, err := w.s.Cases(ctx); return err },
		"DecideCase": func(ctx context.Context) error {
			return w.s.DecideCase(ctx, "none", person.CaseDecision{Note: "测试决定"})
		},
		"Merge": func(ctx context.Context) error {
			_, err := w.s.Merge(ctx, child, other, "测试合并")
			return err
		},
		"Unmerge":  func(ctx context.Context) error { return w.s.Unmerge(ctx, "none", "测试拆分") },
		"AskErase": func(ctx context.Context) error { _, err := w.s.AskErase(ctx, child, "测试删除"); return err },
		"Erasures": func(ctx context.Context) error { _, err := w.s.Erasures(ctx); return err },
		"Erase":    func(ctx context.Context) error { return w.s.Erase(ctx, "none") },
		"ConfirmGlass": func(ctx context.Context) error {
			return w.s.ConfirmGlass(ctx, "none", person.GlassDecision{OK: true})
		},
	}
}

// The golden file is the matrix over every method × role × situation; a change
// of rights shows there as a diff to be read by a person. "in": the child lives
// in the actor's township; "out": elsewhere; "task": elsewhere, with an open
// order on it; "foe": in the township, but on the conflict list.
func TestMatrix(t *testing.T) {
	clk := clock.NewFake(dbtest.Start)
	w := newWorld(t, dbtest.Open(t, db.SQLite, clk), clk)
	child := w.create(li())
	adult := mother(t, w, child) // can't be merged with a child: Merge changes nothing
	areas := map[string]string{"in": youting, "out": yongxi, "task": yongxi, "foe": youting}
	var b strings.Builder
	all := probes(w, child, adult)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, r := range access.Roles() {
			var in []string
			for _, situation := range []string{"in", "out", "task", "foe"} {
				account := id.ID(name + "-" + string(r) + "-" + situation)
				w.tasks, w.foes = map[[2]id.ID]id.ID{}, map[[2]id.ID]bool{}
				if situation == "task" {
					w.tasks[[2]id.ID{account, child}] = "order"
				}
				w.foes[[2]id.ID{account, child}] = situation == "foe"
				err := all[name](w.as(string(account), role(r, areas[situation])))
				hidden := errs.Is(err, errs.KindForbidden) || errs.Is(err, errs.KindNotFound) && errs.KeyOf(err) != "" || errs.Is(err, errs.KindNotFound) && name == "List"
				if errs.Is(err, errs.KindNotFound) && (name == "DecideCase" || name == "Unmerge" || name == "Erase" || name == "ConfirmGlass") {
					hidden = false // let in, and the id is nobody's
				}
				if err != nil && errs.Is(err, errs.KindInternal) {
					t.Errorf("%s as %s, %s: %v", name, r, situation, err)
				}
				if !hidden {
					in = append(in, situation)
				}
			}
			if len(in) > 0 {
				b.WriteString(name + " " + string(r) + ": " + strings.Join(in, " ") + "\n")
			}
		}
	}
	golden := filepath.Join("testdata", "matrix.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("the rights differ from %s; run with UPDATE_GOLDEN=1 and read the diff:\n%s", golden, b.String())
	}
	for _, line := range strings.Split(b.String(), "\n") {
		method, rest, _ := strings.Cut(line, " ")
		switch method {
		case "List", "Find", "Timeline", "Update", "Reveal", "Break", "Merge": // they name a child
			if strings.Contains(rest, "foe") {
				t.Errorf("on the conflict list and yet let in: %s", line)
			}
		}
	}
}

// Everything that an answer shows is told to the audit, by name of the field.
func TestReadingsAreWrittenDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		child := w.create(li())
		ctx := w.as("op", role(access.SeatOperator, district))
		rows := w.trail(ctx, func(ctx context.Context) {
			if _, err := w.s.List(ctx, person.ListQuery{Q: "李"}); err != nil {
				t.Fatal(err)
			}
		})
		if rows[0].Action != "child.search" || rows[0].Subject != string(child) || !strings.Contains(rows[0].Shown, "carer_name") {
			t.Errorf("%+v", rows[0])
		}
		rows = w.trail(ctx, func(ctx context.Context) {
			if _, err := w.s.Find(ctx, child); err != nil {
				t.Fatal(err)
			}
		})
		if rows[0].Action != "child.read" || !strings.Contains(rows[0].Shown, "guardians") || !strings.Contains(rows[0].Shown, string(mother(t, w, child))) {
			t.Errorf("%+v", rows[0])
		}
		w.tasks[[2]id.ID{"grid", child}] = "order-1"
		grid := w.as("grid", role(access.GridWorker, yongxi))
		rows = w.trail(grid, func(ctx context.Context) {
			if _, err := w.s.Timeline(ctx, child, "", 0); err != nil {
				t.Fatal(err)
			}
		})
		if rows[0].Purpose != "order-1" || !strings.Contains(rows[0].Shown, "timeline") {
			t.Errorf("the task is not the purpose: %+v", rows[0])
		}
	})
}
