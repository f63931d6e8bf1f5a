package visit

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// Ways in which goods come to a child without a visit.
const (
	Fetched = "fetched" // at the village's or the township's office
	Brought = "brought" // to the door
)

var (
	ways      = []string{Fetched, Brought}
	receivers = []string{"child", "guardian", "carer"}
)

// handedBack is how long after it a hand-over may still be written down.
const handedBack = 60 * 24 * time.Hour

// Hand is a greeting's goods handed over without a visit. It meets the
// greeting and nothing else: nobody looked how the child lives.
type Hand struct {
	bun.BaseModel `bun:"table:visit_hand"`
	ID            id.ID        `bun:"id" json:"id"`
	DueID         id.ID        `bun:"due_id" json:"due_id"`
	ChildID       id.ID        `bun:"child_id" json:"child_id"`
	Region        string       `bun:"region" json:"region"`
	Plan          string       `bun:"plan" json:"plan"`
	Way           string       `bun:"way" json:"way"`
	Signer        string       `bun:"signer" json:"signer"`
	GivenAt       clock.Millis `bun:"given_at" json:"given_at"`
	Note          string       `bun:"note" json:"-"` // sealed
	By            id.ID        `bun:"by_account" json:"by"`
	Key           string       `bun:"idem_key" json:"-"`
	MadeAt        clock.Millis `bun:"made_at" json:"made_at"`
}

const handColumns = "id, due_id, child_id, region, plan, way, signer, given_at, note, by_account, idem_key, made_at"

// bare is a greeting that a visit met without bringing anything: its goods are
// still to be handed over.
const bare = `state = 'done' AND plan NOT IN ('regular', 'by_hand') AND NOT EXISTS (SELECT 1 FROM visit_hand h WHERE h.due_id = visit_due.id)
	AND NOT EXISTS (SELECT 1 FROM visit v JOIN visit_goods g ON g.version_id = v.current WHERE v.id = visit_due.visit_id)`

// Handing is a hand-over as it is written down.
type Handing struct {
	DueID   id.ID
	Key     string
	Way     string
	Signer  string
	GivenAt clock.Millis // 0: now
	Goods   []Goods
	Note    string
}

func (q Handing) check(p Policy, now clock.Millis) error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if len(q.Key) < 8 || len(q.Key) > 100 {
		add("key", "signal.key")
	}
	if !slices.Contains(ways, q.Way) {
		add("way", "visit.choice")
	}
	if !slices.Contains(receivers, q.Signer) {
		add("signer", "visit.choice")
	}
	if q.GivenAt > now.Add(5*time.Minute) || q.GivenAt < now.Add(-handedBack) {
		add("given_at", "visit.given_at")
	}
	if len(q.Goods) == 0 {
		add("goods", "visit.goods_needed")
	}
	if !goodsKnown(p, q.Goods) {
		add("goods", "visit.goods")
	}
	if len([]rune(q.Note)) > 500 {
		add("note", "text.too_long")
	}
	return errs.InvalidFields(bad)
}

// goodsKnown tells whether goods are of the policy's items, each once.
func goodsKnown(p Policy, list []Goods) bool {
	seen := map[string]bool{}
	for _, g := range list {
		if p.Items[g.Item] == "" || g.Count < 1 || g.Count > 1000 || seen[g.Item] {
			return false
		}
		seen[g.Item] = true
	}
	return true
}

// HandOver keeps that a greeting's goods were handed over. The same key of the
// same account is the same hand-over. Errors: Invalid, NotFound, Forbidden,
// Conflict "visit.due_over".
func (s *Service) HandOver(ctx context.Context, q Handing) (Hand, error) {
	var out Hand
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		same, err := list[Hand](ctx, tx, "SELECT "+handColumns+" FROM visit_hand WHERE by_account = ? AND idem_key = ?", a.Account, q.Key)
		if err != nil {
			return err
		}
		if len(same) > 0 {
			out = same[0]
			return nil
		}
		if q.GivenAt == 0 {
			q.GivenAt = tx.Now
		}
		if err := q.check(s.policy(tx), tx.Now); err != nil {
			return err
		}
		d, err := findDue(ctx, tx, q.DueID)
		if err != nil {
			return err
		}
		t, err := s.target(ctx, tx, d.ChildID, d.Region)
		if err != nil {
			return err
		}
		if err := access.Check(a, "visit.make", t); err != nil {
			return err
		}
		if err := tx.Lock(ctx, "visit:"+string(d.ChildID)); err != nil {
			return err
		}
		if d, err = findDue(ctx, tx, q.DueID); err != nil { // again, under the lock
			return err
		}
		if d.Plan == Regular || d.Plan == ByHand {
			return errs.Invalid("due_id", "visit.no_goods_due")
		}
		if d.State != Open {
			bare, err := dues(ctx, tx, "WHERE id = ? AND "+bare, d.ID)
			if err != nil {
				return err
			}
			if len(bare) == 0 {
				return errs.Conflict("visit.due_over")
			}
		}
		key, region, err := s.ports.Key(ctx, tx, d.ChildID)
		if err != nil {
			return err
		}
		out = Hand{ID: id.New(), DueID: d.ID, ChildID: d.ChildID, Region: region, Plan: d.Plan, Way: q.Way, Signer: q.Signer, GivenAt: q.GivenAt, By: a.Account, Key: q.Key, MadeAt: tx.Now}
		if note := strings.TrimSpace(q.Note); note != "" {
			out.Note = key.Seal(aadHand(out.ID), note)
		}
		if err := tx.Insert(ctx, &[]Hand{out}); err != nil {
			return err
		}
		for _, g := range q.Goods {
			if _, err := tx.Exec(ctx, "INSERT INTO visit_hand_goods (hand_id, item, count) VALUES (?, ?, ?)", out.ID, g.Item, g.Count); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE visit_due SET state = ?, done_at = ? WHERE id = ? AND state = ?", Done, tx.Now, d.ID, Open); err != nil {
			return err
		}
		if err := child.Note(ctx, tx, child.Entry{ChildID: d.ChildID, At: q.GivenAt, Kind: "visit", Title: "timeline.visit_goods", RefKind: "hand", RefID: out.ID, Region: region}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "visit.make", SubjectKind: "child", Subject: d.ChildID, Fields: []string{"visit_goods"}, Purpose: string(out.ID), Region: region})
	})
	return out, err
}

func aadHand(n id.ID) string { return "visit_hand.note:" + string(n) }

// HandOf gives a hand-over for the question who reads and adds its files.
func HandOf(ctx context.Context, r db.Reader, n id.ID) (Hand, error) {
	rows, err := list[Hand](ctx, r, "SELECT "+handColumns+" FROM visit_hand WHERE id = ?", n)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Hand{}, err
	}
	return rows[0], nil
}

// Awaited is a greeting that is still to be handed over.
type Awaited struct {
	DueRow
	Goods   []Goods `json:"goods"`
	Visited bool    `json:"visited"` // somebody was there, without the goods
	MayGive bool    `json:"may_give"`
}

// Greeted is a greeting that was: by a visit, or handed over without one.
type Greeted struct {
	Record     string       `json:"record"` // visit, hand: what its files hang on
	ID         id.ID        `json:"id"`
	ChildName  string       `json:"child_name"`
	RegionName string       `json:"region_name"`
	Way        string       `json:"way"` // visit, fetched, brought
	Signer     string       `json:"signer"`
	At         clock.Millis `json:"at"`
	ByName     string       `json:"by_name"`
	Goods      []Goods      `json:"goods"`
	Note       string       `json:"note"`
	Files      int          `json:"files"` // signature and photos
	MayAdd     bool         `json:"may_add"`
}

// GreetingSheet is one festival of one area, child by child.
type GreetingSheet struct {
	Open  []Awaited         `json:"open"`
	Given []Greeted         `json:"given"`
	Items map[string]string `json:"items"` // what may be handed over, and its unit
}

// Greeting lists who of an area still waits for a greeting's goods, and who has
// had them: from whom, when, signed by whom. Errors: Forbidden.
func (s *Service) Greeting(ctx context.Context, plan, area string) (GreetingSheet, error) {
	out := GreetingSheet{Open: []Awaited{}, Given: []Greeted{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.Check(a, "visit.read", access.Target{Region: area}); err != nil {
			return err
		}
		pol := s.policy(r)
		out.Items = pol.Items
		where, args := access.Where("region", []string{area})
		shown, hidden := a.Shown("child_id")
		where, args = where+" AND "+shown, append(args, hidden...)
		rows, err := dues(ctx, r, "WHERE plan = ? AND state <> 'dropped' AND "+where+" ORDER BY region, id LIMIT 2000", append([]any{plan}, args...)...)
		if err != nil {
			return err
		}
		hands, err := list[Hand](ctx, r, "SELECT "+handColumns+" FROM visit_hand WHERE plan = ? AND due_id IN (SELECT id FROM visit_due WHERE plan = ? AND "+where+")", append([]any{plan, plan}, args...)...)
		if err != nil {
			return err
		}
		of := map[id.ID]Hand{}
		for _, h := range hands {
			of[h.DueID] = h
		}
		made := map[id.ID]Visit{}
		for part := range slices.Chunk(rows, 300) {
			var ids []id.ID
			for _, d := range part {
				if d.VisitID != "" {
					ids = append(ids, d.VisitID)
				}
			}
			if len(ids) == 0 {
				continue
			}
			found, err := visits(ctx, r, "WHERE id IN ("+db.Marks(len(ids))+")", db.Anys(ids)...)
			if err != nil {
				return err
			}
			for _, v := range found {
				made[v.ID] = v
			}
		}
		n, err := s.naming(ctx, r, func(add func(child, account id.ID)) {
			for _, d := range rows {
				add(d.ChildID, d.Who)
				add("", of[d.ID].By)
				add("", made[d.VisitID].By)
			}
		})
		if err != nil {
			return err
		}
		for _, d := range rows {
			place, err := s.ports.Place(ctx, r, d.Region)
			if err != nil {
				return err
			}
			g, err := s.greeted(ctx, r, d, of[d.ID], made[d.VisitID], n)
			if err != nil {
				return err
			}
			if d.State == Open || len(g.Goods) == 0 {
				row := DueRow{d, n.children[d.ChildID].Name, place, n.accounts[d.Who], n.colours[d.ChildID], d.DueOn < today(r)}
				out.Open = append(out.Open, Awaited{row, pol.goodsOf(plan), d.State == Done, a.Allowed("visit.make", access.Target{Region: d.Region, Child: d.ChildID})})
				continue
			}
			g.RegionName = place
			out.Given = append(out.Given, g)
		}
		slices.SortStableFunc(out.Given, func(x, y Greeted) int { return cmp.Compare(y.At, x.At) })
		n.show(ctx, "visit.read")
		return nil
	})
	return out, err
}

// greeted describes one greeting that was met.
func (s *Service) greeted(ctx context.Context, r db.Reader, d Due, h Hand, v Visit, n naming) (Greeted, error) {
	a := access.From(ctx)
	g := Greeted{ChildName: n.children[d.ChildID].Name, Goods: []Goods{}}
	var err error
	if h.ID != "" {
		g.Record, g.ID, g.Way, g.Signer, g.At, g.ByName = "hand", h.ID, h.Way, h.Signer, h.GivenAt, n.accounts[h.By]
		g.MayAdd = a.Allowed("visit.make", access.Target{Region: d.Region, Child: d.ChildID})
		if h.Note != "" {
			key, _, err := s.ports.Key(ctx, r, d.ChildID)
			if err != nil {
				return g, err
			}
			if g.Note, err = key.Open(aadHand(h.ID), h.Note); err != nil {
				return g, err
			}
		}
		err = r.List(ctx, &g.Goods, "SELECT item, count FROM visit_hand_goods WHERE hand_id = ? ORDER BY item", h.ID)
	} else if v.ID != "" {
		g.Record, g.ID, g.Way, g.At, g.ByName = "visit", v.ID, "visit", v.EndedAt, n.accounts[v.By]
		last, err := versions(ctx, r, "WHERE id = ?", v.Current)
		if err != nil {
			return g, err
		}
		if len(last) > 0 {
			body, err := s.open(ctx, r, v.ChildID, last[0])
			if err != nil {
				return g, err
			}
			g.Signer = body.Signed
		}
		if err := r.List(ctx, &g.Goods, "SELECT item, count FROM visit_goods WHERE version_id = ? ORDER BY item", v.Current); err != nil {
			return g, err
		}
	}
	if err != nil || g.ID == "" {
		return g, err
	}
	g.Files, err = s.ports.Files(ctx, r, g.Record, g.ID)
	return g, err
}

// Counts are how many lie in each list of the actor's areas.
type Counts struct {
	Late      int `json:"late"`
	Dues      int `json:"dues"`
	Conflict  int `json:"conflict"`
	Doubt     int `json:"doubt"`
	Danger    int `json:"danger"`
	Records   int `json:"records"`
	Pairings  int `json:"pairings"`
	Greetings int `json:"greetings"` // children still without
}

// Counts counts what the lists hold. Errors: Forbidden.
func (s *Service) Counts(ctx context.Context) (Counts, error) {
	var out Counts
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "visit.read"); err != nil {
			return err
		}
		area, args := a.Lists("visit.read", "region", "child_id")
		shown, hidden := a.Shown("child_id")
		own, mine := "("+area+" OR by_account = ?) AND "+shown, append(append(slices.Clone(args), a.Account), hidden...)
		pairs, couples := access.Where("region", a.Areas("pairing.read"))
		for _, c := range []struct {
			into  *int
			query string
			args  []any
		}{
			{&out.Late, "SELECT count(*) FROM visit_due WHERE state = 'open' AND due_on < ? AND " + area, append([]any{today(r)}, args...)},
			{&out.Dues, "SELECT count(*) FROM visit_due WHERE state = 'open' AND " + area, args},
			{&out.Greetings, "SELECT count(*) FROM visit_due WHERE (state = 'open' AND plan NOT IN ('regular', 'by_hand') OR " + bare + ") AND due_on > ? AND " + area, append([]any{today(r).AddDays(-greetingsBack)}, args...)},
			{&out.Conflict, "SELECT count(*) FROM visit WHERE state = 'conflict' AND " + own, mine},
			{&out.Danger, "SELECT count(*) FROM visit WHERE danger <> '' AND " + own, mine},
			{&out.Doubt, "SELECT count(*) FROM visit WHERE id IN (SELECT visit_id FROM visit_mark WHERE state = 'open') AND " + own, mine},
			{&out.Records, "SELECT count(*) FROM visit WHERE " + own, mine},
			{&out.Pairings, "SELECT count(*) FROM visit_pairing WHERE ended_at = 0 AND (" + pairs + " OR helper = ?) AND " + shown, append(append(slices.Clone(couples), a.Account), hidden...)},
		} {
			if err := r.Get(ctx, db.To(c.into), c.query, c.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
