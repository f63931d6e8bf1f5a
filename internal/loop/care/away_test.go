package care_test

import (
	"context"
	"strings"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/people/access"
)

// foe is an account from which Lin is hidden.
func foe(ctx context.Context) context.Context { return access.Hide(ctx, lin) }

func TestAWorkerWhoMustBeKeptAwayFindsTheCaseNoMoreAndItIsHandedOver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		h.away = []id.ID{"counsel", "other"}
		if err := h.d.Update(op, func(ctx context.Context, tx *db.Tx) error { return h.s.KeepAway(ctx, tx, lin, h.away) }); err != nil {
			t.Fatal(err)
		}
		h.tell("super:case.recused")

		for name, ctx := range map[string]context.Context{"its worker": foe(counsel), "a section": foe(section), "a supervisor": foe(super)} {
			if _, err := h.s.Find(ctx, c.ID); !errs.Is(err, errs.KindNotFound) {
				t.Errorf("%s reads the case: %v", name, err)
			}
			if rows, _, err := h.s.List(ctx, care.Query{}); err != nil || len(rows) != 0 {
				t.Errorf("%s lists %v %v", name, rows, err)
			}
			if found, err := h.s.Of(ctx, lin); err != nil || len(found) != 0 {
				t.Errorf("%s learns of %v %v", name, found, err)
			}
			if _, err := h.s.Secret(ctx, c.ID, "any"); err == nil {
				t.Errorf("%s reads the confidential part", name)
			}
			if _, err := h.s.Write(ctx, c.ID, session); err == nil {
				t.Errorf("%s writes a session", name)
			}
		}
		desk, err := h.s.Desk(foe(super))
		for _, f := range desk.Figures {
			if len(f.Cases) != 0 {
				t.Errorf("the desk's %s: %v", f.Key, f.Cases)
			}
		}
		if err != nil {
			t.Error(err)
		}
		if _, err := h.s.ResultRows(foe(super), "open", civil.Date("2024-01-01"), civil.Date("2025-01-01")); err != nil && !errs.Is(err, errs.KindNotFound) {
			t.Error(err)
		}

		// It goes to somebody else, who is not to be kept away; the worker's other
		// cases may stay.
		over := care.Over{From: "counsel", To: map[id.ID]id.ID{c.ID: "other"}, Reason: "承办人须回避"}
		if _, err := h.s.HandOver(super, over); !errs.Is(err, errs.KindInvalid) || !strings.Contains(err.Error(), "case.not_this_child") {
			t.Errorf("given to another who must be kept away: %v", err)
		}
		over.To[c.ID] = "counsel"
		if moved, err := h.s.HandOver(super, over); err != nil || moved != 0 {
			t.Errorf("%d moved: %v", moved, err)
		}
		plan, err := h.s.Handing(super, "counsel", []id.ID{"other", "third"})
		if err != nil || len(plan.Cases) != 1 || plan.Cases[0].To == "other" || len(plan.Cases[0].Away) != 2 {
			t.Errorf("%+v %v", plan.Cases, err)
		}
		over.To[c.ID] = "third"
		if moved, err := h.s.HandOver(super, over); err != nil || moved != 1 {
			t.Errorf("%d moved: %v", moved, err)
		}
		h.tell("third:case.given")
	})
}

func TestAReportOfAChildIsHiddenWithTheChild(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r, err := h.s.Report(section, care.NewReport{Direction: care.Received, ChildID: lin, Situation: 6, Facts: "孩子身上有多处旧伤", Reporter: "某老师", ReporterUnit: "某小学"})
		if err != nil {
			t.Fatal(err)
		}
		h.matters = nil
		for ctx, want := range map[context.Context]int{section: 1, foe(section): 0} {
			rows, _, err := h.s.Reports(ctx, "", 0)
			if err != nil || len(rows) != want {
				t.Errorf("%d rows, want %d (%v)", len(rows), want, err)
			}
		}
		if _, err := h.s.Advance(foe(section), r.ID, care.Step{ReceiptNo: "1"}); err == nil {
			t.Error("moved on by an account that it is hidden from")
		}
	})
}
