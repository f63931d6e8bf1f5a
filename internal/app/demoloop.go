package app

import (
	"context"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/loop/risk"
	"zugou/internal/loop/risk/level"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
	"zugou/internal/people/staff"
)

// seedLoop gives the demonstration a history: what schools and villages
// reported of children, colours that a clinician gave, cases on their way, a
// group that meets. Everything goes through the services, as people would do
// it; no questionnaire is signed and nobody is in danger, so that the seat is
// quiet until the first SOS.
func (a *App) seedLoop(ctx context.Context, accounts []staff.DemoAccount) error {
	var has int
	var page []person.Rolled
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := r.Get(ctx, db.To(&has), "SELECT count(*) FROM care_case"); err != nil || has > 0 {
			return err
		}
		var err error
		page, err = person.Walk(ctx, r, "", 200)
		return err
	})
	if err != nil || has > 0 {
		return err
	}
	h := history{a: a, today: civil.DateOf(a.Clock.Now()), who: map[access.Role]staff.DemoAccount{}}
	for _, x := range accounts {
		if _, known := h.who[x.Role]; !known {
			h.who[x.Role] = x
		}
	}
	for _, role := range []access.Role{access.Clinician, access.Supervisor, access.BureauSection, access.SocialWorker} {
		if h.who[role].ID == "" {
			return nil
		}
	}
	if len(page) < 200 { // the first wear the badges that ring
		return nil
	}
	for i, c := range page[60:140] {
		h.children = append(h.children, c.ID)
		h.report(ctx, i, c.ID)
	}
	h.colours()
	h.cases(ctx)
	h.group()
	return h.err
}

// history carries a seeding on until something fails.
type history struct {
	a        *App
	today    civil.Date
	who      map[access.Role]staff.DemoAccount
	children []id.ID
	err      error
}

func (h *history) as(role access.Role) context.Context {
	x := h.who[role]
	return access.With(context.Background(), access.Actor{Account: x.ID, Name: x.Name, Grants: []access.Grant{{Role: role, Region: x.Region, Department: x.Department}}})
}

func (h *history) do(fn func() error) {
	if h.err == nil {
		h.err = fn()
	}
}

// report enters what is known of a child: of every fourth one that somebody
// should look.
func (h *history) report(ctx context.Context, i int, child id.ID) {
	facts := []level.Report{
		{Field: "parents_away", Yes: i%3 != 0, On: h.today.AddDays(-40 - i%20)},
		{Field: "lives_alone", Yes: i%8 == 1, On: h.today.AddDays(-40 - i%20)},
		{Field: "carer_weak", Yes: i%8 == 5, On: h.today.AddDays(-12 - i%9)},
		{Field: "absent_days_30", Number: []int{0, 1, 0, 2, 0, 0, 5, 0}[i%8], On: h.today.AddDays(-3 - i%5)},
	}
	for j := range facts {
		facts[j].ChildID = child
	}
	h.do(func() error { return h.a.Screening.Levels.Enter(ctx, facts) })
}

// colours has a clinician assess some of the children.
func (h *history) colours() {
	for i, x := range []struct {
		colour risk.Colour
		reason string
	}{
		{risk.Yellow, "与孩子、祖母各谈一次：父母外出，夜间独处，情绪尚稳，村里每周看望"},
		{risk.Green, "与班主任核实：缺课因感冒，已返校，情绪和睡眠正常"},
		{risk.Yellow, "祖父腿脚不便，孩子承担家务较多，成绩下滑，愿意与人谈"},
		{risk.Green, "家访核实：姑姑同住照料，安全有保障"},
		{risk.Yellow, "近期与同学冲突两次，家中无人倾诉，已约定每月谈话"},
		{risk.Green, "电话和见面各一次，情况平稳"},
	} {
		child := h.children[1+4*i]
		h.do(func() error {
			_, err := h.a.Screening.Levels.Assess(h.as(access.Clinician), child, level.Judgement{Colour: x.colour, Reason: x.reason})
			return err
		})
	}
}

// cases are four: one that waits to be taken on, one to be assessed, one with
// a plan that waits for its approval, one under way.
func (h *history) cases(ctx context.Context) {
	clinic, super := h.who[access.Clinician].ID, h.who[access.Supervisor].ID
	for i, x := range []struct{ source, need, reason string }{
		{"school", "behaviour", "课堂上常发呆，近一个月两次与同学推搡，班主任请求专业帮助"},
		{"township", "family", "父母外出，祖母住院期间由邻居照看，孩子少言、食欲差"},
		{"guardian", "school", "开学后不愿上学，早晨常说肚子疼，医院检查无异常"},
		{"hotline", "family", "孩子来电说想念父母、夜里睡不着，同意与老师见面"},
	} {
		child := h.children[5+4*i]
		var c care.Case
		h.do(func() (err error) {
			c, err = h.a.Care.Refer(h.as(access.BureauSection), care.Referral{ChildID: child, Source: x.source, Need: x.need, Reason: x.reason})
			return err
		})
		if i == 0 {
			continue
		}
		h.do(func() error {
			_, err := h.a.Care.Accept(h.as(access.BureauSection), c.ID, clinic, super, 0)
			return err
		})
		if i == 1 {
			continue
		}
		h.write(c.ID, care.Writing{Kind: care.Assessment, Body: map[string]string{"concern": x.reason, "family": "父母在外务工，祖辈照料", "strengths": "愿意交谈，喜欢画画", "risk": "low", "opinion": "个别会谈为主，家校同步"}})
		plan := h.write(c.ID, care.Writing{Kind: care.Plan, Goals: []care.NewGoal{
			{Text: "六周内每周会谈一次", Service: "counselling", Who: h.who[access.Clinician].Name, ByOn: string(h.today.AddDays(42))},
			{Text: "父母每周固定两次视频通话", Service: "family", Who: h.who[access.SocialWorker].Name, ByOn: string(h.today.AddDays(28))},
		}})
		if i == 2 {
			continue
		}
		h.do(func() error {
			_, err := h.a.Care.DecidePlan(h.as(access.Supervisor), c.ID, plan.ID, true, "")
			return err
		})
		h.write(c.ID, care.Writing{Kind: care.Session, HeldOn: string(h.today), Form: "individual", Minutes: 45, Key: "demo-1", Body: map[string]string{"theme": "认识彼此", "summary": "谈了家里和学校，约定下次时间"}})
	}
}

func (h *history) write(n id.ID, w care.Writing) (part care.Part) {
	h.do(func() (err error) {
		part, err = h.a.Care.Write(h.as(access.Clinician), n, w)
		return err
	})
	return part
}

// group plans a group for next week and notes a lecture of last week.
func (h *history) group() {
	afternoon := func(days int) clock.Millis { return clock.Of(h.today.AddDays(days).Start().Add(15 * time.Hour)) }
	h.do(func() error {
		_, err := h.a.Care.PlanEvent(h.as(access.SocialWorker), care.NewEvent{Kind: care.Group, Theme: "情绪小课堂（第一期）", Region: h.who[access.SocialWorker].Region, Place: "社区儿童之家",
			HeldAt: afternoon(7), Minutes: 60, Members: h.children[20:28]})
		return err
	})
	h.do(func() error {
		talk, err := h.a.Care.PlanEvent(h.as(access.SocialWorker), care.NewEvent{Kind: care.Publicity, Theme: "强制报告制度进村社", Region: h.who[access.SocialWorker].Region, Place: "村委会院坝",
			HeldAt: afternoon(-6), Minutes: 90})
		if err != nil {
			return err
		}
		_, err = h.a.Care.HoldEvent(h.as(access.SocialWorker), talk.ID, care.Held{State: "held", People: 126, Materials: 200, Version: talk.Version})
		return err
	})
}
