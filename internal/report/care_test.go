package report_test

import (
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/report"
)

func TestTheFiguresOfCareOpenToTheirRows(t *testing.T) {
	each(t, func(h *house) {
		if err := h.figures.Register(report.Care()...); err != nil {
			t.Fatal(err)
		}
		h.clk.Advance(at(t, "2025-06-01 00:00").Time().Sub(h.clk.Now()))
		now := at(t, "2025-06-01 00:00")
		// The workforce: one left in June, one came in 2025.
		for _, p := range [][3]string{{"w1", "2020-01-01", ""}, {"w2", "2023-05-01", "2024-06-01"}, {"w3", "2025-02-01", ""}, {"w4", "2024-12-31", ""}} {
			h.exec("INSERT INTO workforce_person (id, name, kind, region, began_on, ended_on, made_at, made_by) VALUES (?, '', 'volunteer_carer', '500111113', ?, ?, 1, 'op')", p[0], p[1], p[2])
		}
		h.want(head, "D04", now, 2)
		// Group sessions: two themes, three held, one cancelled, one of another year.
		for i, e := range [][4]string{{"group", "情绪", "held", "2024-03-01 10:00"}, {"group", "情绪", "held", "2024-04-01 10:00"}, {"group", "交友", "held", "2024-05-01 10:00"},
			{"group", "安全", "cancelled", "2024-06-01 10:00"}, {"group", "安全", "held", "2023-06-01 10:00"}, {"publicity", "12355", "held", "2023-09-01 10:00"}, {"publicity", "阳光", "held", "2024-09-01 10:00"}} {
			h.exec("INSERT INTO care_event (id, kind, theme, region, held_at, leader, state, made_at, made_by) VALUES (?, ?, ?, '500111113', ?, 'l', ?, 1, 'op')", string(rune('a'+i)), e[0], e[1], at(t, e[3]), e[2])
		}
		h.want(head, "D07", now, 2)
		h.want(head, "D08", now, 3)
		h.want(head, "D19", now, 2)
		// Cases: one of a child twice, one closed before the year, one never accepted.
		for i, c := range [][5]string{{"lin", "school", "2024-02-01 10:00", "2024-05-01 10:00", "closed"}, {"lin", "self", "2024-08-01 10:00", "", "serving"}, {"wang", "screening", "2023-02-01 10:00", "2023-05-01 10:00", "closed"},
			{"zhou", "police", "", "", "referred"}, {"zhao", "hospital", "", "", "rejected"}} {
			accepted, closed := int64(0), int64(0)
			opened := at(t, "2024-01-15 10:00")
			if c[2] != "" {
				accepted, opened = int64(at(t, c[2])), at(t, c[2])
			}
			if c[3] != "" {
				closed = int64(at(t, c[3]))
			}
			x := string(rune('A' + i))
			h.exec("INSERT INTO care_case (id, no, child_id, region, state, source, reason, opened_at, opened_by, accepted_at, closed_at) VALUES (?, ?, ?, '500111113', ?, ?, '', ?, 'op', ?, ?)", x, "G"+x, c[0], c[4], c[1], opened, accepted, closed)
			if accepted > 0 {
				for n := range 2 {
					h.exec("INSERT INTO care_part (id, case_id, kind, edition, state, body, written_at, written_by) VALUES (?, ?, 'session', 1, 'signed', '', ?, 'op')", x+string(rune('0'+n)), x, accepted+int64(n))
				}
			}
		}
		h.want(head, "D11", now, 1)
		h.want(head, "D13", now, 2)
		h.want(head, "D15", now, 3)
		// Suicide events: two attempts, one of them by an SOS, one death; one of a child
		// in no category; who was only taken to hospital attempted nothing.
		for i, c := range [][3]string{{"attempt", "lin", "suicide"}, {"died", "wang", "suicide"}, {"died", "none", "suicide"}, {"crisis_defused", "lin", "suicide"}, {"to_hospital", "lin", "suicide"},
			{"attempt", "lin", "sos"}, {"died", "lin", "danger"}} {
			child := h.child(c[1]+string(rune('0'+i)), "2012-03-04")
			if c[1] != "none" {
				h.exec("INSERT INTO child_category (id, child_id, kind, began_on, ended_on, end_reason, region, set_by, set_at) VALUES (?, ?, 'left_behind', '2020-01-01', '', '', '500111113', 'op', 1)", "cat"+child, child)
			}
			h.closed(h.matter(c[2], "500111113203", child, false), "2024-03-01 10:00", c[0])
		}
		h.want(head, "D12", now, 3)
		h.want(head, "D12a", now, 2)
		h.want(head, "D12d", now, 1)
		// Consultations of the hotline; a prank is none.
		for i, class := range []string{"counselling", "prank", ""} {
			h.exec("INSERT INTO hotline_call (id, no, process, arrived_at, state, region, class, wrapped_at) VALUES (?, ?, '', ?, 'ended', '500111', ?, 5)", string(rune('a'+i)), "C"+string(rune('a'+i)), at(t, "2024-03-01 10:00"), class)
		}
		h.want(head, "D14", now, 1)
		if _, rows := h.value(head, "D13", civil.Date("2024-01-01"), civil.Date("2025-01-01"), now); len(rows) != 3 || rows[0].Kind != "case" {
			t.Errorf("rows %+v", rows)
		}
	})
}
