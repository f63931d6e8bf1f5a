package level

import (
	"context"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

// Entry is a child in a list for work.
type Entry struct {
	ChildID    id.ID        `json:"child_id"`
	Name       string       `json:"name"`
	Age        int          `json:"age"`
	Region     string       `json:"region"`
	RegionName string       `json:"region_name"`
	School     string       `json:"school"`
	Colour     risk.Colour  `json:"colour"`
	ColourAt   clock.Millis `json:"colour_at"`
	Urgency    risk.Colour  `json:"urgency"`
	Since      clock.Millis `json:"since"`  // of the waiting
	DueAt      clock.Millis `json:"due_at"` // of the next thing
	Rules      []string     `json:"rules"`
	Why        []string     `json:"why"`   // titles of the rules, in Chinese
	Cause      string       `json:"cause"` // of a contact: "urgency", or the assessment that obliges it
	Who        string       `json:"who"`   // of a contact: who is to make it
	What       string       `json:"what"`  // of a move, or the kind of a contact
	Was        risk.Colour  `json:"was"`
	Became     risk.Colour  `json:"became"`
	At         clock.Millis `json:"at"`
	ByName     string       `json:"by_name"`
	Ref        id.ID        `json:"ref"` // contact or assessment
	Late       bool         `json:"late"`
	Tries      int          `json:"tries"`
}

// Query narrows a list.
type Query struct {
	Area     string
	School   string // text in the name of the school
	SchoolID id.ID  // one school
	Limit    int
}

// The most rows of a list on the page, and of one that is taken out as a file.
const (
	MostShown = 1000
	MostTaken = 50_000
)

func (q Query) limit() int {
	if q.Limit <= 0 {
		return 200
	}
	return min(q.Limit, MostTaken)
}

// school narrows a list to one school, or to schools whose name has the text in
// it; child is the column of the child.
func (q Query) school(child, column, where string, args []any) (string, []any) {
	if q.SchoolID != "" {
		return where + " AND " + child + " IN (SELECT id FROM person WHERE school_id = ?)", append(args, q.SchoolID)
	}
	text := strings.TrimSpace(q.School)
	if text == "" {
		return where, args
	}
	return where + " AND " + column + ` LIKE ? ESCAPE '!'`, append(args, "%"+db.Escape(text)+"%")
}

// areas gives the predicate of an area column for an actor's list.
func (q Query) areas(ctx context.Context, action access.Action, column string) (string, []any, error) {
	actor := access.From(ctx)
	if err := access.May(actor, action); err != nil {
		return "", nil, err
	}
	where, args := access.Where(column, actor.Areas(action))
	if q.Area != "" {
		where, args = where+" AND "+column+" >= ? AND "+column+" < ?", append(args, q.Area, access.After(q.Area))
	}
	return where, args, nil
}

// Overview is the counts that the page of colours opens with.
type Overview struct {
	Waiting   int                 `json:"waiting"`
	Oldest    clock.Millis        `json:"oldest"` // since when the longest waits
	Red       int                 `json:"red"`    // urgencies that wait, by colour
	Orange    int                 `json:"orange"`
	Yellow    int                 `json:"yellow"`
	Late      int                 `json:"late"`      // contacts missed
	Overdue   int                 `json:"overdue"`   // re-assessments
	Agree     int                 `json:"agree"`     // lower colours that wait for a second person
	Overrides int                 `json:"overrides"` // not seen by supervision
	Changes   int                 `json:"changes"`   // this week
	Children  int                 `json:"children"`
	Screened  int                 `json:"screened"` // within a year
	Colours   map[risk.Colour]int `json:"colours"`  // assessed
}

const week = 7 * 24 * time.Hour

// Overview counts for the actor's areas. Errors: Forbidden.
func (s *Service) Overview(ctx context.Context, q Query) (Overview, error) {
	out := Overview{Colours: map[risk.Colour]int{}}
	where, args, err := q.areas(ctx, "level.list", "region")
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var by []struct {
			Colour risk.Colour  `bun:"colour"`
			N      int          `bun:"n"`
			Oldest clock.Millis `bun:"oldest"`
		}
		if err := r.List(ctx, &by, "SELECT urgency AS colour, count(*) AS n, min(urgency_since) AS oldest FROM level WHERE urgency_rank > 0 AND "+where+" GROUP BY urgency", args...); err != nil {
			return err
		}
		for _, b := range by {
			out.Waiting += b.N
			if out.Oldest == 0 || b.Oldest < out.Oldest {
				out.Oldest = b.Oldest
			}
			switch b.Colour {
			case risk.Red:
				out.Red = b.N
			case risk.Orange:
				out.Orange = b.N
			case risk.Yellow:
				out.Yellow = b.N
			}
		}
		if err := r.List(ctx, &by, "SELECT colour, count(*) AS n, 0 AS oldest FROM level WHERE colour_rank > 0 AND "+where+" GROUP BY colour", args...); err != nil {
			return err
		}
		for _, b := range by {
			if b.N > 0 && b.Colour != "" {
				out.Colours[b.Colour] = b.N
			}
		}
		now := r.At()
		for dest, query := range map[*int]string{
			&out.Late:      "SELECT count(*) FROM level_contact WHERE state = 'late' AND kind <> 'reassess' AND " + where,
			&out.Overdue:   "SELECT count(DISTINCT child_id) FROM level_contact WHERE state IN ('open', 'late') AND kind = 'reassess' AND due_at < " + num(now) + " AND " + where,
			&out.Agree:     "SELECT count(*) FROM level_assessment WHERE state = 'waits' AND " + where,
			&out.Overrides: "SELECT count(*) FROM level_assessment WHERE overrides AND supervised_at = 0 AND " + where,
			&out.Changes:   "SELECT count(*) FROM level_move WHERE at >= " + num(now.Add(-week)) + " AND " + where,
			&out.Children:  "SELECT count(*) FROM person WHERE child AND state = 'active' AND batch = '' AND " + where,
			&out.Screened:  "SELECT count(*) FROM level WHERE screened_at >= " + num(now.Add(-365*24*time.Hour)) + " AND " + where,
		} {
			if err := r.Get(ctx, db.To(dest), query, args...); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Waiting lists who waits for a professional's assessment, the gravest first,
// then the longest waiting. Errors: Forbidden.
func (s *Service) Waiting(ctx context.Context, q Query) ([]Entry, error) {
	where, args, err := q.areas(ctx, "level.list", "region")
	if err != nil {
		return nil, err
	}
	where, args = q.school("child_id", "school", where, args)
	return s.items(ctx, "level.list", func(ctx context.Context, r db.Reader) ([]Entry, error) {
		rows, err := listRows(ctx, r, "urgency_rank > 0 AND "+where+" ORDER BY urgency_rank DESC, urgency_since, child_id LIMIT ?", append(args, q.limit())...)
		if err != nil {
			return nil, err
		}
		due, err := dueOf(ctx, r, "cause = 'urgency' AND state IN ('open', 'late')")
		if err != nil {
			return nil, err
		}
		out := make([]Entry, 0, len(rows))
		for _, row := range rows {
			i := row.item()
			i.DueAt = due[row.ChildID]
			i.Late = i.DueAt != 0 && i.DueAt < r.At()
			out = append(out, i)
		}
		return out, nil
	})
}

func listRows(ctx context.Context, r db.Reader, where string, args ...any) ([]Row, error) {
	var rows []Row
	err := r.List(ctx, &rows, "SELECT "+rowColumns+" FROM level WHERE "+where, args...)
	return rows, err
}

func (row Row) item() Entry {
	return Entry{ChildID: row.ChildID, Region: row.Region, School: row.School, Colour: row.Colour, ColourAt: row.ColourAt, Urgency: row.Urgency, Since: row.Since, Rules: orEmpty(split(row.Rules))}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func dueOf(ctx context.Context, r db.Reader, where string) (map[id.ID]clock.Millis, error) {
	var rows []struct {
		Child id.ID        `bun:"child_id"`
		Due   clock.Millis `bun:"due"`
	}
	err := r.List(ctx, &rows, "SELECT child_id, min(due_at) AS due FROM level_contact WHERE "+where+" GROUP BY child_id")
	out := make(map[id.ID]clock.Millis, len(rows))
	for _, x := range rows {
		out[x.Child] = x.Due
	}
	return out, err
}

// items runs a list and adds names and places, and tells the audit.
func (s *Service) items(ctx context.Context, action access.Action, list func(ctx context.Context, r db.Reader) ([]Entry, error)) ([]Entry, error) {
	out := []Entry{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		found, err := list(ctx, r)
		if err != nil {
			return err
		}
		ids := make([]id.ID, len(found))
		var people []id.ID
		for i, x := range found {
			ids[i] = x.ChildID
			people = append(people, id.ID(x.ByName))
		}
		briefs, err := person.Briefs(ctx, r, ids...)
		if err != nil {
			return err
		}
		names, err := s.ports.Names(ctx, r, people)
		if err != nil {
			return err
		}
		rules, err := s.rulesOn(ctx, r, civil.DateOf(r.At().Time()))
		if err != nil {
			return err
		}
		for _, x := range found {
			b, ok := briefs[x.ChildID]
			if !ok || !access.From(ctx).Finds(x.ChildID) {
				continue
			}
			x.Name, x.Age, x.ByName = b.Name, b.Age, names[id.ID(x.ByName)]
			if x.RegionName, err = s.ports.Place(ctx, r, x.Region); err != nil {
				return err
			}
			if x.Rules == nil {
				x.Rules = []string{}
			}
			x.Why = make([]string, len(x.Rules))
			for i, code := range x.Rules {
				x.Why[i] = rules.TitleOf(code)
			}
			out = append(out, x)
		}
		return nil
	})
	shown := make([]audit.Shown, len(out))
	for i, x := range out {
		shown[i] = audit.Shown{Kind: "child", ID: x.ChildID, Fields: []string{"name", "level"}}
	}
	if err == nil {
		audit.Show(ctx, action, "", s.district, shown...)
	}
	return out, err
}

// Standing is one township or school in the list of suspected risk.
type Standing struct {
	Region     string `bun:"area" json:"region"`
	RegionName string `bun:"-" json:"region_name"`
	School     string `bun:"school" json:"school"`
	SchoolID   id.ID  `bun:"school_id" json:"school_id,omitempty"` // absent while it is asked which school a name means
	Children   int    `bun:"children" json:"children"`
	Screened   int    `bun:"screened" json:"screened"` // within a year
	Red        int    `bun:"red" json:"red"`           // urgencies that wait
	Orange     int    `bun:"orange" json:"orange"`
	Yellow     int    `bun:"yellow" json:"yellow"`
	Suspected  int    `bun:"suspected" json:"suspected"`
}

// Places counts suspected risk and coverage by township, or by school.
// Errors: Forbidden.
func (s *Service) Places(ctx context.Context, q Query, bySchool bool) ([]Standing, error) {
	where, args, err := q.areas(ctx, "level.list", "p.region")
	if err != nil {
		return nil, err
	}
	group, pick := "substr(p.region, 1, 9)", "substr(p.region, 1, 9) AS area, '' AS school"
	if bySchool {
		group, pick = "p.school_id, p.school", "min(substr(p.region, 1, 9)) AS area, p.school AS school, p.school_id AS school_id"
		where += " AND p.school <> ''"
	}
	out := []Standing{}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		year := num(r.At().Add(-365 * 24 * time.Hour))
		err := r.List(ctx, &out, "SELECT "+pick+`, count(*) AS children, sum(CASE WHEN l.screened_at >= `+year+` THEN 1 ELSE 0 END) AS screened,
			sum(CASE WHEN l.urgency_rank = 4 THEN 1 ELSE 0 END) AS red, sum(CASE WHEN l.urgency_rank = 3 THEN 1 ELSE 0 END) AS orange,
			sum(CASE WHEN l.urgency_rank = 2 THEN 1 ELSE 0 END) AS yellow, sum(CASE WHEN l.urgency_rank > 1 THEN 1 ELSE 0 END) AS suspected
			FROM person p LEFT JOIN level l ON l.child_id = p.id WHERE p.child AND p.state = 'active' AND p.batch = '' AND `+where+`
			GROUP BY `+group+` ORDER BY suspected DESC, area LIMIT 500`, args...)
		if err != nil {
			return err
		}
		for i := range out {
			if out[i].RegionName, err = s.ports.Place(ctx, r, out[i].Region); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Never lists children who were not screened within a year. Errors: Forbidden.
func (s *Service) Never(ctx context.Context, q Query) ([]Entry, error) {
	where, args, err := q.areas(ctx, "level.list", "p.region")
	if err != nil {
		return nil, err
	}
	where, args = q.school("p.id", "p.school", where, args)
	return s.items(ctx, "level.list", func(ctx context.Context, r db.Reader) ([]Entry, error) {
		var rows []struct {
			Child  id.ID        `bun:"child_id"`
			Region string       `bun:"region"`
			School string       `bun:"school"`
			Colour risk.Colour  `bun:"colour"`
			At     clock.Millis `bun:"screened_at"`
		}
		err := r.List(ctx, &rows, `SELECT p.id AS child_id, p.region, p.school, COALESCE(l.colour, '') AS colour, COALESCE(l.screened_at, 0) AS screened_at
			FROM person p LEFT JOIN level l ON l.child_id = p.id
			WHERE p.child AND p.state = 'active' AND p.batch = '' AND COALESCE(l.screened_at, 0) < `+num(r.At().Add(-365*24*time.Hour))+` AND `+where+`
			ORDER BY p.region, p.name, p.id LIMIT ?`, append(args, q.limit())...)
		out := make([]Entry, 0, len(rows))
		for _, x := range rows {
			out = append(out, Entry{ChildID: x.Child, Region: x.Region, School: x.School, Colour: x.Colour, At: x.At})
		}
		return out, err
	})
}

// Changes lists the moves of a week, the newest first. Errors: Forbidden.
func (s *Service) Changes(ctx context.Context, q Query) ([]Entry, error) {
	where, args, err := q.areas(ctx, "level.list", "region")
	if err != nil {
		return nil, err
	}
	return s.items(ctx, "level.list", func(ctx context.Context, r db.Reader) ([]Entry, error) {
		var rows []Move
		err := r.List(ctx, &rows, "SELECT "+moveColumns+" FROM level_move WHERE at >= ? AND "+where+" ORDER BY at DESC, id DESC LIMIT ?", append(append([]any{r.At().Add(-week)}, args...), q.limit())...)
		out := make([]Entry, 0, len(rows))
		for _, m := range rows {
			out = append(out, Entry{ChildID: m.ChildID, Region: m.Region, What: m.What, Was: m.Was, Became: m.Became, At: m.At, ByName: string(m.By), Rules: split(m.Rules)})
		}
		return out, err
	})
}

// Contacts lists contacts and re-assessments that are due: late ones first,
// then by the clock. which is "late", "today", "reassess" or "" for all.
// Errors: Forbidden.
func (s *Service) Contacts(ctx context.Context, q Query, which string) ([]Entry, error) {
	actor := access.From(ctx)
	action := access.Action("level.list")
	if access.May(actor, action) != nil {
		action = "level.contact"
	}
	where, args, err := q.areas(ctx, action, "region")
	if err != nil {
		return nil, err
	}
	return s.items(ctx, action, func(ctx context.Context, r db.Reader) ([]Entry, error) {
		tonight := clock.Of(civil.DateOf(r.At().Time()).AddDays(1).Start())
		switch which {
		case "late":
			where += " AND state = 'late' AND kind <> 'reassess'"
		case "reassess":
			where += " AND kind = 'reassess' AND due_at < " + num(r.At())
		case "today":
			where += " AND kind <> 'reassess' AND due_at < " + num(tonight)
		}
		list, err := contactsOf(ctx, r, "state IN ('open', 'late') AND "+where+" ORDER BY CASE state WHEN 'late' THEN 0 ELSE 1 END, due_at, id LIMIT ?", append(args, q.limit())...)
		if err != nil {
			return nil, err
		}
		ids := make([]id.ID, len(list))
		for i, c := range list {
			ids[i] = c.ChildID
		}
		marks, err := MarksOf(ctx, r, ids)
		out := make([]Entry, 0, len(list))
		for _, c := range list {
			m := marks[c.ChildID]
			out = append(out, Entry{ChildID: c.ChildID, Region: c.Region, Colour: m.Colour, Urgency: m.Urgency, What: c.Kind, DueAt: c.DueAt, Ref: c.ID, Late: c.State == "late", Tries: c.Tries, Cause: c.Cause, Who: c.Who})
		}
		return out, err
	})
}

// Taken keeps on record that a list was taken out as a file, and why.
// Errors: Forbidden, Invalid.
func (s *Service) Taken(ctx context.Context, list, reason string, rows []Entry) error {
	if err := access.May(access.From(ctx), "child.export"); err != nil {
		return err
	}
	if len([]rune(strings.TrimSpace(reason))) < 4 {
		return errs.Invalid("reason", "reason.missing")
	}
	shown := make([]audit.Shown, len(rows))
	for i, x := range rows {
		shown[i] = audit.Shown{Kind: "child", ID: x.ChildID, Fields: []string{"name", "level"}}
	}
	// In parts: a change must not hold up an SOS, however long the list is.
	for part := range slices.Chunk(shown, 250) {
		if err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			return audit.WriteMany(ctx, tx, audit.Entry{Action: "child.export", SubjectKind: "export", Subject: id.ID("levels:" + list), Region: s.district}, part)
		}); err != nil {
			return err
		}
	}
	return nil
}

// ToAgree lists lower colours that wait for a second clinician.
// Errors: Forbidden.
func (s *Service) ToAgree(ctx context.Context, q Query) ([]Entry, error) {
	return s.assessments(ctx, q, "level.list", "state = 'waits'")
}

// Overrides lists colours set below the machine's urgency, for supervision.
// Errors: Forbidden.
func (s *Service) Overrides(ctx context.Context, q Query) ([]Entry, error) {
	return s.assessments(ctx, q, "level.override", "overrides")
}

func (s *Service) assessments(ctx context.Context, q Query, action access.Action, which string) ([]Entry, error) {
	where, args, err := q.areas(ctx, action, "region")
	if err != nil {
		return nil, err
	}
	return s.items(ctx, action, func(ctx context.Context, r db.Reader) ([]Entry, error) {
		list, err := assessmentsOf(ctx, r, q.limit(), which+" AND "+where, args...)
		out := make([]Entry, 0, len(list))
		for _, a := range list {
			out = append(out, Entry{ChildID: a.ChildID, Region: a.Region, Was: a.Was, Became: a.Colour, Urgency: a.Machine, At: a.At, ByName: string(a.By), Ref: a.ID, What: a.State, Late: a.SupervisedAt == 0})
		}
		return out, err
	})
}
