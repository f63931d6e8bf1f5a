package level

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk"
	"zugou/internal/people/access"
	"zugou/internal/people/school"
)

const rowColumns = "child_id, region, school, evidence, screened_at, urgency, urgency_rank, urgency_since, rose_at, rules, rules_version, words, cleared_at, cleared_by, colour, colour_rank, colour_at, colour_by, colour_second, colour_reason, talk_until, updated_at"

func find(ctx context.Context, r db.Reader, child id.ID) (Row, bool, error) {
	var row Row
	err := r.Get(ctx, db.To(&row), "SELECT "+rowColumns+" FROM level WHERE child_id = ?", child)
	if errs.Is(err, errs.KindNotFound) {
		return Row{ChildID: child}, false, nil
	}
	return row, err == nil, err
}

func save(ctx context.Context, tx *db.Tx, r Row) error {
	_, err := tx.Exec(ctx, "INSERT INTO level ("+rowColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (child_id) DO UPDATE SET region = excluded.region, school = excluded.school, evidence = excluded.evidence, screened_at = excluded.screened_at,
		urgency = excluded.urgency, urgency_rank = excluded.urgency_rank, urgency_since = excluded.urgency_since, rose_at = excluded.rose_at, rules = excluded.rules,
		rules_version = excluded.rules_version, words = excluded.words, cleared_at = excluded.cleared_at, cleared_by = excluded.cleared_by, colour = excluded.colour,
		colour_rank = excluded.colour_rank, colour_at = excluded.colour_at, colour_by = excluded.colour_by, colour_second = excluded.colour_second,
		colour_reason = excluded.colour_reason, talk_until = excluded.talk_until, updated_at = excluded.updated_at`,
		r.ChildID, r.Region, r.School, r.Evidence, r.ScreenedAt, r.Urgency, r.UrgencyRank, r.Since, r.RoseAt, r.Rules, r.RulesVersion, r.Words, r.ClearedAt, r.ClearedBy,
		r.Colour, r.ColourRank, r.ColourAt, r.ColourBy, r.ColourSecond, r.Reason, r.TalkUntil, r.UpdatedAt)
	return err
}

// Move is one change of an urgency or a colour.
type Move struct {
	ID      id.ID        `bun:"id" json:"id"`
	ChildID id.ID        `bun:"child_id" json:"child_id"`
	Region  string       `bun:"region" json:"region"`
	At      clock.Millis `bun:"at" json:"at"`
	What    string       `bun:"what" json:"what"` // urgency, cleared, colour
	Was     risk.Colour  `bun:"was" json:"was"`
	Became  risk.Colour  `bun:"became" json:"became"`
	Rules   string       `bun:"rules" json:"rules"`
	Version string       `bun:"rules_version" json:"rules_version"`
	By      id.ID        `bun:"by_account" json:"-"`
}

const moveColumns = "id, child_id, region, at, what, was, became, rules, rules_version, by_account"

func insertMove(ctx context.Context, tx *db.Tx, m Move) error {
	_, err := tx.Exec(ctx, "INSERT INTO level_move ("+moveColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		id.New(), m.ChildID, m.Region, tx.Now, m.What, m.Was, m.Became, m.Rules, m.Version, access.From(ctx).Account)
	return err
}

// Assessment is one documented assessment. Reason and Remark are sealed.
type Assessment struct {
	ID           id.ID        `bun:"id"`
	ChildID      id.ID        `bun:"child_id"`
	Region       string       `bun:"region"`
	At           clock.Millis `bun:"at"`
	By           id.ID        `bun:"by_account"`
	Second       id.ID        `bun:"second"`
	SecondAt     clock.Millis `bun:"second_at"`
	Was          risk.Colour  `bun:"was"`
	Colour       risk.Colour  `bun:"colour"`
	Machine      risk.Colour  `bun:"machine"` // the urgency it answered
	Overrides    bool         `bun:"overrides"`
	State        string       `bun:"state"` // set, waits, refused
	Reason       string       `bun:"reason"`
	SupervisedBy id.ID        `bun:"supervised_by"`
	SupervisedAt clock.Millis `bun:"supervised_at"`
	Remark       string       `bun:"remark"`
}

const assessmentColumns = "id, child_id, region, at, by_account, second, second_at, was, colour, machine, overrides, state, reason, supervised_by, supervised_at, remark"

func insertAssessment(ctx context.Context, tx *db.Tx, a Assessment) error {
	_, err := tx.Exec(ctx, "INSERT INTO level_assessment ("+assessmentColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		a.ID, a.ChildID, a.Region, a.At, a.By, a.Second, a.SecondAt, a.Was, a.Colour, a.Machine, a.Overrides, a.State, a.Reason, a.SupervisedBy, a.SupervisedAt, a.Remark)
	return err
}

func findAssessment(ctx context.Context, r db.Reader, which id.ID) (Assessment, error) {
	var a Assessment
	err := r.Get(ctx, db.To(&a), "SELECT "+assessmentColumns+" FROM level_assessment WHERE id = ?", which)
	return a, err
}

func assessmentsOf(ctx context.Context, r db.Reader, most int, where string, args ...any) ([]Assessment, error) {
	var out []Assessment
	err := r.List(ctx, &out, "SELECT "+assessmentColumns+" FROM level_assessment WHERE "+where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, most)...)
	return out, err
}

type contactRow struct {
	bun.BaseModel `bun:"table:level_contact"`
	Contact
}

const contactColumns = "id, child_id, region, kind, colour, who, cause, due_at, late_at, state, tries, reached, stable, note, done_at, done_by, matter_id, created_at"

func insertContacts(ctx context.Context, tx *db.Tx, list []Contact) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]contactRow, len(list))
	for i, c := range list {
		rows[i] = contactRow{Contact: c}
	}
	return tx.Insert(ctx, &rows)
}

func findContact(ctx context.Context, r db.Reader, which id.ID) (Contact, error) {
	var c Contact
	err := r.Get(ctx, db.To(&c), "SELECT "+contactColumns+" FROM level_contact WHERE id = ?", which)
	return c, err
}

func contactsOf(ctx context.Context, r db.Reader, where string, args ...any) ([]Contact, error) {
	var out []Contact
	err := r.List(ctx, &out, "SELECT "+contactColumns+" FROM level_contact WHERE "+where, args...)
	return out, err
}

func saveContact(ctx context.Context, tx *db.Tx, c Contact) error {
	_, err := tx.Exec(ctx, "UPDATE level_contact SET state = ?, tries = ?, reached = ?, stable = ?, note = ?, done_at = ?, done_by = ?, matter_id = ? WHERE id = ?",
		c.State, c.Tries, c.Reached, c.Stable, c.Note, c.DoneAt, c.DoneBy, c.Matter, c.ID)
	return err
}

// Marks gives colour and urgency of children, for lists of other rooms.
type Marks struct {
	ChildID    id.ID        `bun:"child_id"`
	Colour     risk.Colour  `bun:"colour"`
	Urgency    risk.Colour  `bun:"urgency"`
	ScreenedAt clock.Millis `bun:"screened_at"`
}

// Marked gives the predicate "the child's level is such" on a column of
// children, with its arguments: a colour, "none", or "waiting" for an urgency
// that waits for a professional.
func Marked(column, which string) (string, []any) {
	switch which {
	case "waiting":
		return column + " IN (SELECT l.child_id FROM level l WHERE l.urgency_rank > 0)", nil
	case "none":
		return column + " NOT IN (SELECT l.child_id FROM level l WHERE l.colour_rank > 0)", nil
	}
	return column + " IN (SELECT l.child_id FROM level l WHERE l.colour = ?)", []any{which}
}

// MarksOf gives the marks of children that have any.
func MarksOf(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID]Marks, error) {
	out := map[id.ID]Marks{}
	for len(children) > 0 {
		part := children[:min(400, len(children))]
		children = children[len(part):]
		args := db.Anys(part)
		var rows []Marks
		if err := r.List(ctx, &rows, "SELECT child_id, colour, urgency, screened_at FROM level WHERE child_id IN ("+db.Marks(len(part))+")", args...); err != nil {
			return nil, err
		}
		for _, m := range rows {
			out[m.ChildID] = m
		}
	}
	return out, nil
}

// FoundSince tells what professionals found of children since an instant: true
// if any assessment that stands set a colour above green, false if all set
// green. Children whom nobody assessed are left out.
func FoundSince(ctx context.Context, r db.Reader, since clock.Millis, children ...id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	for part := range slices.Chunk(children, 400) {
		args := append([]any{since}, db.Anys(part)...)
		var rows []Marks
		if err := r.List(ctx, &rows, "SELECT child_id, colour FROM level_assessment WHERE state = 'set' AND at >= ? AND child_id IN ("+db.Marks(len(part))+")", args...); err != nil {
			return nil, err
		}
		for _, m := range rows {
			out[m.ChildID] = out[m.ChildID] || m.Colour.Above(risk.Green)
		}
	}
	return out, nil
}

// everybody is what a what-if reads: the sealed evidence and whose key opens it.
type everybody struct {
	ChildID           id.ID
	Evidence, Subject string
}

// evidencePage is how many rows are handed on to be opened at once.
const evidencePage = 2000

// everyEvidence gives the evidence of all children of the areas to fn, page by
// page, in no order.
func everyEvidence(ctx context.Context, r db.Reader, areas []string, fn func([]everybody)) error {
	// Not by the index of areas: SQLite would go to and fro through the table.
	where, args := access.Where("(l.region || '')", areas)
	var row everybody
	page := make([]everybody, 0, evidencePage)
	err := r.Walk(ctx, db.To(&row.ChildID, &row.Evidence, &row.Subject), func() error {
		if page = append(page, row); len(page) == evidencePage {
			fn(page)
			page = make([]everybody, 0, evidencePage)
		}
		return nil
	}, "SELECT l.child_id, l.evidence, p.subject FROM level l JOIN person p ON p.id = l.child_id WHERE l.evidence <> '' AND p.subject <> '' AND "+where, args...)
	if err == nil && len(page) > 0 {
		fn(page)
	}
	return err
}

// Rules is one published or tried set of rules, or of what colours oblige.
type Rules struct {
	ID          id.ID        `bun:"id" json:"id"`
	Kind        string       `bun:"kind" json:"kind"` // rules, colours
	Version     string       `bun:"version" json:"version"`
	FromOn      string       `bun:"from_on" json:"from_on"`
	Body        string       `bun:"body" json:"body"`
	Digest      string       `bun:"digest" json:"digest"`
	TriedAt     clock.Millis `bun:"tried_at" json:"tried_at"`
	Tried       string       `bun:"tried" json:"-"`
	PublishedAt clock.Millis `bun:"published_at" json:"published_at"`
	PublishedBy id.ID        `bun:"published_by" json:"-"`
	ByName      string       `bun:"-" json:"by_name"`
	Shipped     bool         `bun:"-" json:"shipped"`
	MadeBy      id.ID        `bun:"made_by" json:"-"`
	MadeAt      clock.Millis `bun:"made_at" json:"made_at"`
	Reason      string       `bun:"reason" json:"reason"` // why they were published
}

const rulesColumns = "id, kind, version, from_on, body, digest, tried_at, tried, published_at, published_by, made_by, made_at, reason"

func publishedRules(ctx context.Context, r db.Reader, kind, on string) (Rules, bool, error) {
	var out []Rules
	err := r.List(ctx, &out, "SELECT "+rulesColumns+" FROM level_rules WHERE kind = ? AND published_at > 0 AND from_on <= ? ORDER BY from_on DESC, published_at DESC LIMIT 1", kind, on)
	if err != nil || len(out) == 0 {
		return Rules{}, false, err
	}
	return out[0], true, nil
}

// RaisedSince gives the children whose urgency or assessed colour went up.
func RaisedSince(ctx context.Context, r db.Reader, since clock.Millis) ([]id.ID, error) {
	var rows []struct {
		Child  id.ID       `bun:"child_id"`
		Was    risk.Colour `bun:"was"`
		Became risk.Colour `bun:"became"`
	}
	if err := r.List(ctx, &rows, "SELECT child_id, was, became FROM level_move WHERE at >= ? ORDER BY at LIMIT 20000", since); err != nil {
		return nil, err
	}
	var out []id.ID
	seen := map[id.ID]bool{}
	for _, m := range rows {
		if ranks[m.Became] > ranks[m.Was] && !seen[m.Child] {
			seen[m.Child] = true
			out = append(out, m.Child)
		}
	}
	return out, nil
}

// SchoolMoved lets lists name the school to where they named from
// (school.Ports); which pupils it has stands in the register.
func SchoolMoved(ctx context.Context, tx *db.Tx, to school.School) error {
	_, err := tx.Exec(ctx, "UPDATE level SET school = ? WHERE child_id IN (SELECT id FROM person WHERE school_id = ?)", to.Name, to.ID)
	return err
}
