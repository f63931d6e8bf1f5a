package campaign

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/people/access"
	"zugou/internal/people/school"
)

type campaignRow struct {
	bun.BaseModel `bun:"table:campaign"`
	ID            id.ID                `bun:"id"`
	Title         string               `bun:"title"`
	Region        string               `bun:"region"`
	Selection     string               `bun:"selection"`
	Instruments   string               `bun:"instruments"`
	Informant     instrument.Informant `bun:"informant"`
	Suicide       bool                 `bun:"suicide"`
	PerDay        int                  `bun:"per_day"`
	StartsOn      civil.Date           `bun:"starts_on"`
	EndsOn        civil.Date           `bun:"ends_on"`
	State         State                `bun:"state"`
	Size          int                  `bun:"size"`
	Done          int                  `bun:"done"`
	CreatedBy     id.ID                `bun:"created_by"`
	CreatedAt     clock.Millis         `bun:"created_at"`
	OpenedBy      id.ID                `bun:"opened_by"`
	OpenedAt      clock.Millis         `bun:"opened_at"`
	ClosedAt      clock.Millis         `bun:"closed_at"`
	RemindedAt    clock.Millis         `bun:"reminded_at"`
}

const campaignColumns = "id, title, region, selection, instruments, informant, suicide, per_day, starts_on, ends_on, state, size, done, created_by, created_at, opened_by, opened_at, closed_at, reminded_at"

func (row campaignRow) open() (Campaign, error) {
	c := Campaign{ID: row.ID, Title: row.Title, Region: row.Region, Informant: row.Informant, Suicide: row.Suicide, PerDay: row.PerDay,
		StartsOn: row.StartsOn, EndsOn: row.EndsOn, State: row.State, Size: row.Size, Done: row.Done, CreatedBy: row.CreatedBy,
		CreatedAt: row.CreatedAt, OpenedAt: row.OpenedAt, ClosedAt: row.ClosedAt, RemindedAt: row.RemindedAt}
	if err := json.Unmarshal([]byte(row.Selection), &c.Selection); err != nil {
		return c, errs.Internal(err)
	}
	if err := json.Unmarshal([]byte(row.Instruments), &c.Papers); err != nil {
		return c, errs.Internal(err)
	}
	return c, nil
}

// Get finds a campaign without asking for rights. Errors: NotFound.
func Get(ctx context.Context, r db.Reader, campaign id.ID) (Campaign, error) {
	var row campaignRow
	if err := r.Get(ctx, db.To(&row), "SELECT "+campaignColumns+" FROM campaign WHERE id = ?", campaign); err != nil {
		return Campaign{}, err
	}
	return row.open()
}

func listCampaigns(ctx context.Context, r db.Reader, where string, args ...any) ([]Campaign, error) {
	var rows []campaignRow
	if err := r.List(ctx, &rows, "SELECT "+campaignColumns+" FROM campaign WHERE "+where+" ORDER BY CASE state WHEN 'open' THEN 0 WHEN 'draft' THEN 1 ELSE 2 END, created_at DESC, id DESC LIMIT 200", args...); err != nil {
		return nil, err
	}
	out := make([]Campaign, 0, len(rows))
	for _, row := range rows {
		c, err := row.open()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

type memberRow struct {
	bun.BaseModel `bun:"table:campaign_member"`
	Member
}

const memberColumns = "campaign_id, child_id, region, school, school_id, grade, class, age, code, code_index, consent, consent_by, consent_how, consent_at, assent, assent_at, recorded_by, started_at, done_at"

// MemberOf finds a child in a campaign without asking for rights.
// Errors: NotFound.
func MemberOf(ctx context.Context, r db.Reader, campaign, child id.ID) (Member, error) {
	var m Member
	err := r.Get(ctx, db.To(&m), "SELECT "+memberColumns+" FROM campaign_member WHERE campaign_id = ? AND child_id = ?", campaign, child)
	return m, err
}

// AskedAt gives where a campaign of a school asks a pupil who lives outside its
// area: who may ask there may hand in this campaign's sheets about the pupil,
// and does nothing else with the record by it. "" for everybody else.
func AskedAt(ctx context.Context, r db.Reader, campaign, child id.ID, lives string) (string, error) {
	c, err := Get(ctx, r, campaign)
	if err == nil && (c.Selection.SchoolID == "" || strings.HasPrefix(lives, c.Region)) {
		return "", nil
	}
	var m Member
	if err == nil {
		m, err = MemberOf(ctx, r, campaign, child)
	}
	if errs.Is(err, errs.KindNotFound) {
		return "", nil
	}
	return m.Region, err
}

func byCode(ctx context.Context, r db.Reader, index string) (Member, error) {
	var m Member
	err := r.Get(ctx, db.To(&m), "SELECT "+memberColumns+" FROM campaign_member WHERE code_index = ?", index)
	return m, err
}

func members(ctx context.Context, r db.Reader, campaign id.ID, where string, args ...any) ([]Member, error) {
	var out []Member
	err := r.List(ctx, &out, "SELECT "+memberColumns+" FROM campaign_member WHERE campaign_id = ? AND "+where+" ORDER BY school, school_id, grade, class, region, child_id LIMIT 20000",
		append([]any{campaign}, args...)...)
	return out, err
}

// Group is one class, or one village where no school is known, of a campaign.
type Group struct {
	School     string       `bun:"school" json:"school"`
	SchoolID   id.ID        `bun:"school_id" json:"school_id"`
	Grade      string       `bun:"grade" json:"grade"`
	Class      string       `bun:"class" json:"class"`
	Region     string       `bun:"area" json:"region"`
	RegionName string       `bun:"-" json:"region_name"`
	Size       int          `bun:"n" json:"size"`
	Waiting    int          `bun:"waiting" json:"waiting"` // for consent or assent
	Refused    int          `bun:"refused" json:"refused"`
	Begun      int          `bun:"begun" json:"begun"`
	Done       int          `bun:"done" json:"done"`
	LastAt     clock.Millis `bun:"last_at" json:"last_at"`
}

func groups(ctx context.Context, r db.Reader, campaign id.ID, own int, where string, args ...any) ([]Group, error) {
	var out []Group
	// A class is one group wherever its pupils live; without a school the
	// village is it. While it is asked which school a name means, those of one
	// district are together.
	err := r.List(ctx, &out, `SELECT school, school_id, grade, class, min(CASE WHEN school = '' THEN substr(region, 1, 12) ELSE substr(region, 1, 9) END) AS area,
		count(*) AS n,
		sum(CASE WHEN done_at = 0 AND consent <> 'refused' AND assent <> 'refused' AND (assent = '' OR (age < ? AND consent = '')) THEN 1 ELSE 0 END) AS waiting,
		sum(CASE WHEN consent = 'refused' OR assent = 'refused' THEN 1 ELSE 0 END) AS refused,
		sum(CASE WHEN started_at > 0 AND done_at = 0 THEN 1 ELSE 0 END) AS begun,
		sum(CASE WHEN done_at > 0 THEN 1 ELSE 0 END) AS done,
		max(done_at) AS last_at
		FROM campaign_member WHERE campaign_id = ? AND `+where+`
		GROUP BY school, school_id, grade, class, CASE WHEN school = '' THEN substr(region, 1, 12) WHEN school_id = '' THEN substr(region, 1, 6) ELSE '' END
		ORDER BY school, school_id, grade, class, area`, append([]any{own, campaign}, args...)...)
	return out, err
}

func storeMember(ctx context.Context, tx *db.Tx, m Member) error {
	_, err := tx.Exec(ctx, `UPDATE campaign_member SET consent = ?, consent_by = ?, consent_how = ?, consent_at = ?, assent = ?, assent_at = ?, recorded_by = ?,
		started_at = ?, done_at = ? WHERE campaign_id = ? AND child_id = ?`,
		m.Consent, m.ConsentBy, m.ConsentHow, m.ConsentAt, m.Assent, m.AssentAt, m.RecordedBy, m.StartedAt, m.DoneAt, m.CampaignID, m.ChildID)
	return err
}

func startedToday(ctx context.Context, r db.Reader, campaign id.ID, since clock.Millis) (int, error) {
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT count(*) FROM campaign_member WHERE campaign_id = ? AND started_at >= ?", campaign, since)
	return n, err
}

func responders(ctx context.Context, r db.Reader, area string, today civil.Date) ([]Responder, error) {
	var out []Responder
	// Who answers for an area around or inside this one.
	err := r.List(ctx, &out, `SELECT account_id, region, talks_a_day, trained_on, valid_until FROM responder
		WHERE valid_until >= ? AND ((region >= ? AND region < ?) OR ? LIKE region || '%') ORDER BY region, account_id`,
		today, area, access.After(area), area)
	return out, err
}

func allResponders(ctx context.Context, r db.Reader, areas []string) ([]Responder, error) {
	where, args := access.Where("region", areas)
	var out []Responder
	err := r.List(ctx, &out, "SELECT account_id, region, talks_a_day, trained_on, valid_until FROM responder WHERE "+where+" ORDER BY region, account_id", args...)
	return out, err
}

// Teaching says which class of which campaign a teacher sees.
type Teaching struct {
	Account  id.ID  `bun:"account_id" json:"account"`
	Name     string `bun:"-" json:"name"`
	SchoolID id.ID  `bun:"school_id" json:"school_id"`
	School   string `bun:"school" json:"school"` // its name, as an answer
	Grade    string `bun:"grade" json:"grade"`
	Class    string `bun:"class" json:"class"`
}

func (t Teaching) sees(m Member) bool {
	return t.SchoolID != "" && t.SchoolID == m.SchoolID && (t.Grade == "" || t.Grade == m.Grade) && (t.Class == "" || t.Class == m.Class)
}

func teachings(ctx context.Context, r db.Reader, campaign, account id.ID) ([]Teaching, error) {
	var out []Teaching
	query, args := "SELECT t.account_id, t.school_id, s.name AS school, t.grade, t.class FROM campaign_teacher t JOIN school s ON s.id = t.school_id WHERE t.campaign_id = ?", []any{campaign}
	if account != "" {
		query, args = query+" AND t.account_id = ?", append(args, account)
	}
	err := r.List(ctx, &out, query+" ORDER BY s.name, s.id, t.grade, t.class, t.account_id", args...)
	return out, err
}

// SchoolMoved lets members and teachers of one school be those of another, or
// bear its new name (school.Ports).
func SchoolMoved(ctx context.Context, tx *db.Tx, from id.ID, to school.School) error {
	if _, err := tx.Exec(ctx, "UPDATE campaign_member SET school_id = ?, school = ? WHERE school_id = ?", to.ID, to.Name, from); err != nil || from == to.ID {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO campaign_teacher (campaign_id, account_id, school_id, grade, class, set_by, set_at)
		SELECT campaign_id, account_id, ?, grade, class, set_by, set_at FROM campaign_teacher WHERE school_id = ? ON CONFLICT DO NOTHING`, to.ID, from); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM campaign_teacher WHERE school_id = ?", from)
	return err
}

// SchoolCame writes down the members and teachers of a school that is about to
// be merged (school.Ports).
func SchoolCame(ctx context.Context, tx *db.Tx, m school.Merger) error {
	if _, err := tx.Exec(ctx, "INSERT INTO school_merger_part (merger_id, kind, ref, whose, grade, class) SELECT ?, ?, child_id, campaign_id, grade, class FROM campaign_member WHERE school_id = ?",
		m.ID, school.PartMember, m.FromID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO school_merger_part (merger_id, kind, ref, whose, grade, class, shared) SELECT ?, ?, t.account_id, t.campaign_id, t.grade, t.class,
		EXISTS (SELECT 1 FROM campaign_teacher h WHERE h.campaign_id = t.campaign_id AND h.account_id = t.account_id AND h.school_id = ? AND h.grade = t.grade AND h.class = t.class)
		FROM campaign_teacher t WHERE t.school_id = ?`, m.ID, school.PartAsker, m.IntoID, m.FromID)
	return err
}

// SchoolBack lets the members and teachers that a merger moved be of their
// earlier school again (school.Ports).
func SchoolBack(ctx context.Context, tx *db.Tx, m school.Merger, to school.School) error {
	for _, x := range []struct {
		sql  string
		args []any
	}{
		{`UPDATE school_merger_part SET state = 'back' WHERE merger_id = ? AND kind = ? AND state = '' AND EXISTS (SELECT 1 FROM campaign_member c
			WHERE c.campaign_id = school_merger_part.whose AND c.child_id = school_merger_part.ref AND c.school_id = ?)`, []any{m.ID, school.PartMember, m.IntoID}},
		{`UPDATE campaign_member SET school_id = ?, school = ? WHERE school_id = ? AND EXISTS (SELECT 1 FROM school_merger_part p WHERE p.merger_id = ? AND p.kind = ? AND p.state = 'back'
			AND p.whose = campaign_member.campaign_id AND p.ref = campaign_member.child_id)`, []any{to.ID, to.Name, m.IntoID, m.ID, school.PartMember}},
		{`UPDATE school_merger_part SET state = 'back' WHERE merger_id = ? AND kind = ? AND state = '' AND EXISTS (SELECT 1 FROM campaign_teacher t WHERE t.campaign_id = school_merger_part.whose
			AND t.account_id = school_merger_part.ref AND t.school_id = ? AND t.grade = school_merger_part.grade AND t.class = school_merger_part.class)`, []any{m.ID, school.PartAsker, m.IntoID}},
		{`INSERT INTO campaign_teacher (campaign_id, account_id, school_id, grade, class, set_by, set_at) SELECT t.campaign_id, t.account_id, ?, t.grade, t.class, t.set_by, t.set_at
			FROM campaign_teacher t JOIN school_merger_part p ON p.whose = t.campaign_id AND p.ref = t.account_id AND p.grade = t.grade AND p.class = t.class
			WHERE t.school_id = ? AND p.merger_id = ? AND p.kind = ? AND p.state = 'back' ON CONFLICT DO NOTHING`, []any{to.ID, m.IntoID, m.ID, school.PartAsker}},
		{`DELETE FROM campaign_teacher WHERE school_id = ? AND EXISTS (SELECT 1 FROM school_merger_part p WHERE p.merger_id = ? AND p.kind = ? AND p.state = 'back' AND NOT p.shared
			AND p.whose = campaign_teacher.campaign_id AND p.ref = campaign_teacher.account_id AND p.grade = campaign_teacher.grade AND p.class = campaign_teacher.class)`, []any{m.IntoID, m.ID, school.PartAsker}},
	} {
		if _, err := tx.Exec(ctx, x.sql, x.args...); err != nil {
			return err
		}
	}
	return nil
}

// Titles gives the titles of campaigns.
func Titles(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(ids))
	for part := range slices.Chunk(ids, 400) {
		var rows []struct {
			ID    id.ID  `bun:"id"`
			Title string `bun:"title"`
		}
		if err := r.List(ctx, &rows, "SELECT id, title FROM campaign WHERE id IN ("+db.Marks(len(part))+")", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, x := range rows {
			out[x.ID] = x.Title
		}
	}
	return out, nil
}
