package api

import (
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/font"
	"zugou/internal/people/staff"
	"zugou/internal/web/chassis"
)

// grantPaper prints the approval of a right: who asked, who approved, for
// whom, for what, how far and until when. It is the approval that the law asks
// for access to minors' data (未成年人网络保护条例 art. 36), to be filed.
func grantPaper(w chassis.Words, g staff.Grant, now time.Time) ([]byte, error) {
	p, err := font.New(font.Portrait)
	if err != nil {
		return nil, err
	}
	say := func(key string) string {
		text, ok := w.Text(key)
		if !ok {
			return key
		}
		return text
	}
	day := func(at clock.Millis, none string) string {
		if at == 0 {
			return say(none)
		}
		return at.Time().In(clock.Zone).Format("2006-01-02 15:04")
	}
	p.AddPage()
	p.SetSize(18)
	p.Heavy(true)
	p.TextCentre(105, 28, say("paper.title"))
	p.Heavy(false)
	p.SetSize(11)
	p.TextRight(195, 38, say("paper.no")+" "+orDash(g.DocumentNo))
	rows := [][2]string{
		{"paper.account", g.AccountName}, {"paper.role", say("role." + string(g.Role))},
		{"paper.region", g.RegionName + " (" + g.Region + ")"}, {"paper.department", say("department." + string(g.Department))},
		{"paper.reason", g.Reason}, {"paper.from", day(g.FromAt, "paper.at_once")}, {"paper.to", day(g.ToAt, "paper.no_end")},
		{"paper.proposed", g.ProposedByName + " " + day(g.ProposedAt, "paper.none")},
		{"paper.approved", g.ApprovedByName + " " + day(g.ApprovedAt, "paper.none")}, {"paper.note", g.DecisionNote},
		{"paper.state", say("grantstate." + string(g.State))},
	}
	if g.RevokedAt != 0 {
		rows = append(rows, [2]string{"paper.revoked", day(g.RevokedAt, "paper.none") + " " + g.RevokeNote})
	}
	y := 46.0
	for _, row := range rows {
		lines := p.Wrap(orDash(row[1]), 128)
		h := 4 + 6*float64(len(lines))
		p.Rect(15, y, 180, h, "D")
		p.Line(60, y, 60, y+h)
		p.Text(18, y+7, say(row[0]))
		for i, line := range lines {
			p.Text(63, y+7+6*float64(i), line)
		}
		y += h
	}
	p.SetSize(9)
	for i, line := range p.Wrap(say("paper.law"), 180) {
		p.Text(15, y+9+5*float64(i), line)
	}
	p.SetSize(11)
	p.Text(15, y+34, say("paper.sign_proposer"))
	p.Text(110, y+34, say("paper.sign_approver"))
	p.SetSize(9)
	p.TextRight(195, y+50, say("paper.printed")+" "+now.In(clock.Zone).Format("2006-01-02 15:04"))
	return p.Bytes()
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
