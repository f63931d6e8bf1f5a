package care_test

import (
	"context"
	"testing"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/people/access"
)

func of(account string, role access.Role, dept access.Department) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(account), Grants: []access.Grant{{Role: role, Region: district, Department: dept}}})
}

func TestWhatASchoolSentTheBureauReceived(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		school, teacher := of("school", access.Counsellor, access.Education), of("teacher", access.Teacher, access.Education)
		police := of("police", access.PoliceLiaison, access.Police)
		see := func(who context.Context) map[id.ID]care.ReportView {
			t.Helper()
			list, _, err := h.s.Reports(who, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			out := map[id.ID]care.ReportView{}
			for _, r := range list {
				out[r.ID] = r
			}
			return out
		}
		report := func(who context.Context, direction, organ string) care.Report {
			t.Helper()
			rep, err := h.s.Report(who, care.NewReport{Direction: direction, ChildID: lin, Situation: 6, Facts: "长期无人照料", ToOrgan: organ})
			if err != nil {
				t.Fatal(err)
			}
			h.matters = nil
			return rep
		}
		ours, theirs := report(school, "sent", "civil_affairs"), report(school, "sent", "police")
		own, heard := report(section, "sent", "education"), report(section, "received", "")

		for _, x := range []struct {
			name string
			who  context.Context
			rep  care.Report
			want string
		}{
			{"the school, to the bureau", school, ours, care.Sent}, {"the bureau, from the school", section, ours, care.Received}, {"the police, of a report to the bureau", police, ours, care.Passed},
			{"the school, to the police", school, theirs, care.Sent}, {"the bureau, from the school to the police", section, theirs, care.Passed}, {"the police, from the school", police, theirs, care.Received},
			{"the bureau, to education", section, own, care.Sent}, {"the bureau, of what it heard", section, heard, care.Received}, {"the police, of what the bureau heard", police, heard, care.Passed},
		} {
			if got := see(x.who)[x.rep.ID]; got.Direction != x.want {
				t.Errorf("%s: %q, want %q", x.name, got.Direction, x.want)
			}
		}
		if got := see(section)[ours.ID]; got.From != "education" || !got.InHouse || got.SentAt == 0 || got.ReceivedAt == 0 || got.ReceiptNo != ours.No {
			t.Errorf("not delivered by being made: %+v", got)
		}
		// Who only reports reads the own reports, no others.
		if got := see(school); len(got) != 2 || !got[ours.ID].Mine {
			t.Errorf("the school reads %+v", got)
		}
		if got := see(teacher); len(got) != 0 {
			t.Errorf("a teacher reads %+v", got)
		}
		if _, _, err := h.s.Reports(admin, "", 0); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("an administrator: %v", err)
		}

		// No sending and no receipt to write down: the result, and who reported is told.
		if _, err := h.s.Advance(section, ours.ID, care.Step{Sent: true, Proof: "公函〔2024〕3号"}); errs.KeyOf(err) != "report.not_ours" {
			t.Errorf("sent what was received: %v", err)
		}
		for _, st := range []care.Step{{Outcome: "temporary_guardianship"}, {Told: true}} {
			if _, err := h.s.Advance(section, ours.ID, st); err != nil {
				t.Fatalf("%+v: %v", st, err)
			}
		}
		h.tell("school:report.told")
		if got := see(school)[ours.ID]; got.Outcome != "temporary_guardianship" || got.ToldAt == 0 {
			t.Errorf("the school reads %+v", got)
		}
	})
}
