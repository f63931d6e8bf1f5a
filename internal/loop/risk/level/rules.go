package level

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
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

func digestOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// compile reads a rule set once for each text.
func (s *Service) compile(body string) (*risk.RuleSet, error) {
	digest := digestOf(body)
	s.mu.Lock()
	set := s.compiled[digest]
	s.mu.Unlock()
	if set != nil {
		return set, nil
	}
	set, err := risk.ParseRules(s.tables.Catalogue, []byte(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if len(s.compiled) > 32 { // drafts that were tried
		clear(s.compiled)
	}
	s.compiled[digest] = set
	s.mu.Unlock()
	return set, nil
}

// rulesOn gives the rules of a day: of those published here the newest that
// holds, unless a shipped set begins later.
func (s *Service) rulesOn(ctx context.Context, r db.Reader, day civil.Date) (*risk.RuleSet, error) {
	shipped := s.tables.RulesOn(string(day))
	own, ok, err := publishedRules(ctx, r, "rules", string(day))
	if err != nil || !ok || own.FromOn < shipped.From {
		return shipped, err
	}
	set, err := s.compile(own.Body)
	if err != nil {
		return nil, errs.Internal(err)
	}
	return set, nil
}

func (s *Service) dutiesOn(ctx context.Context, r db.Reader, day civil.Date) (risk.DutyTable, error) {
	shipped := s.tables.DutiesOn(string(day))
	own, ok, err := publishedRules(ctx, r, "colours", string(day))
	if err != nil || !ok || own.FromOn < shipped.From {
		return shipped, err
	}
	t, err := risk.ParseDuties([]byte(own.Body))
	if err != nil {
		return t, errs.Internal(err)
	}
	return t, nil
}

// Book is what the page of rules shows.
type Book struct {
	Fields []risk.Field `json:"fields"`
	Rules  Rules        `json:"rules"` // in force today
	// Words are the conditions of the rules in force in Chinese, by condition;
	// one that can't be read out is absent.
	Words   map[string]string `json:"words"`
	Colours Rules             `json:"colours"` // likewise
	History []Rules           `json:"history"`
	May     bool              `json:"may_publish"`
}

// Rules gives the rules in force and what was tried and published.
// Errors: Forbidden.
func (s *Service) Rules(ctx context.Context) (Book, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "rule.read"); err != nil {
		return Book{}, err
	}
	out := Book{Fields: s.tables.Catalogue.Fields, History: []Rules{}, May: access.May(actor, "rule.publish") == nil}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		day := civil.DateOf(r.At().Time())
		rules, err := s.rulesOn(ctx, r, day)
		if err != nil {
			return err
		}
		duties, err := s.dutiesOn(ctx, r, day)
		if err != nil {
			return err
		}
		if out.Rules, err = inForce("rules", rules.Version, rules.From, rules); err != nil {
			return err
		}
		out.Words = s.tables.Catalogue.WordsOf(out.Rules.Body)
		if out.Colours, err = inForce("colours", duties.Version, duties.From, duties); err != nil {
			return err
		}
		if err := r.List(ctx, &out.History, "SELECT "+rulesColumns+" FROM level_rules ORDER BY made_at DESC LIMIT 50"); err != nil {
			return err
		}
		var people []id.ID
		for _, h := range out.History {
			people = append(people, h.PublishedBy, h.MadeBy)
		}
		names, err := s.ports.Names(ctx, r, people)
		for i := range out.History {
			h := &out.History[i]
			if h.ByName = names[h.PublishedBy]; h.PublishedBy == "" {
				h.ByName = names[h.MadeBy]
			}
		}
		return err
	})
	return out, err
}

func inForce(kind, version, from string, v any) (Rules, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return Rules{Kind: kind, Version: version, FromOn: from, Body: string(text)}, err
}

// Trial is a what-if: who would move.
type Trial struct {
	ID       id.ID                               `json:"id"`
	From     string                              `json:"from"`
	To       string                              `json:"to"`
	Children int                                 `json:"children"` // that anything is known of
	Unknown  int                                 `json:"unknown"`  // of whom nothing is known: undecided under both
	Counts   map[risk.Colour]map[risk.Colour]int `json:"counts"`
	Up       int                                 `json:"up"`
	Down     int                                 `json:"down"`
	Moves    []TrialMove                         `json:"moves"` // the gravest first, at most mostShown
	TookMs   int64                               `json:"took_ms"`
}

// TrialMove is a child who would move.
type TrialMove struct {
	ChildID    id.ID       `json:"child_id"`
	Name       string      `json:"name"`
	Region     string      `json:"region"`
	RegionName string      `json:"region_name"`
	From       risk.Colour `json:"from"`
	To         risk.Colour `json:"to"`
	Rules      []string    `json:"rules"`
}

// mostShown bounds the list of moves on the page; the counts hold for all.
const mostShown = 500

// WhatIf runs a changed rule set over everybody and changes nothing. The text
// that was run is kept, so that it can be published.
// Errors: Invalid with the compiler's words, Forbidden.
func (s *Service) WhatIf(ctx context.Context, body string) (Trial, error) {
	if err := access.May(access.From(ctx), "rule.publish"); err != nil {
		return Trial{}, err
	}
	if len(body) > 256<<10 {
		return Trial{}, errs.Invalid("body", "level.rules_wrong")
	}
	changed, err := s.written(body)
	if err != nil {
		return Trial{}, wrongRules(err)
	}
	var out Trial
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		out, err = s.compare(ctx, r, changed, access.From(ctx).Areas("rule.publish"))
		return err
	})
	if err != nil {
		return Trial{}, err
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		counts, err := json.Marshal(out.Counts)
		if err != nil {
			return errs.Internal(err)
		}
		row := Rules{ID: id.New(), Kind: "rules", Version: changed.Version, FromOn: changed.From, Body: body, Digest: digestOf(body)}
		if err := s.tried(ctx, tx, &row, string(counts)); err != nil {
			return err
		}
		out.ID = row.ID
		return audit.Write(ctx, tx, audit.Entry{Action: "rule.publish", SubjectKind: "rules", Subject: row.ID, Fields: []string{"what_if"}, Result: "tried"})
	})
	shown := make([]audit.Shown, len(out.Moves))
	for i, m := range out.Moves {
		shown[i] = audit.Shown{Kind: "child", ID: m.ChildID, Fields: []string{"name", "urgency"}}
	}
	audit.Show(ctx, "rule.publish", string(out.ID), s.district, shown...)
	return out, err
}

// wrongRules keeps what is wrong: it holds field names and rule codes,
// nothing of a person.
func wrongRules(err error) error {
	return &errs.Error{Kind: errs.KindInvalid, Key: "level.rules_wrong", Fields: []errs.Field{{Name: "body", Key: "level.rules_wrong"}}, Err: err}
}

// CheckRules says what is wrong with rules that are being edited, as joined
// problems (problem.List) or an error of their JSON; nil when all is well.
// words are the conditions in Chinese, as of Book.
// Errors: Forbidden.
func (s *Service) CheckRules(ctx context.Context, kind, body string) (words map[string]string, wrong, err error) {
	if err := access.May(access.From(ctx), "rule.read"); err != nil {
		return nil, nil, err
	}
	if kind == "colours" {
		_, wrong = risk.ParseDuties([]byte(body))
		return nil, wrong, nil
	}
	_, wrong = s.written(body)
	return s.tables.Catalogue.WordsOf(body), wrong, nil
}

// written is compile for rules that somebody writes now.
func (s *Service) written(body string) (*risk.RuleSet, error) {
	set, err := s.compile(body)
	return set, errors.Join(err, s.tables.Catalogue.Stray(body))
}

func (s *Service) tried(ctx context.Context, tx *db.Tx, row *Rules, counts string) error {
	_, err := tx.Exec(ctx, "INSERT INTO level_rules ("+rulesColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?, ?, '')
		ON CONFLICT (kind, digest) DO UPDATE SET tried_at = excluded.tried_at, tried = excluded.tried`,
		row.ID, row.Kind, row.Version, row.FromOn, row.Body, row.Digest, tx.Now, counts, access.From(ctx).Account, tx.Now)
	if err != nil {
		return err
	}
	return tx.Get(ctx, db.To(&row.ID), "SELECT id FROM level_rules WHERE kind = ? AND digest = ?", row.Kind, row.Digest)
}

// compare runs today's and the changed rules over all evidence.
func (s *Service) compare(ctx context.Context, r db.Reader, changed *risk.RuleSet, areas []string) (Trial, error) {
	began := s.db.Clock().Now()
	today, err := s.rulesOn(ctx, r, civil.DateOf(r.At().Time()))
	if err != nil {
		return Trial{}, err
	}
	all, err := s.openAll(ctx, r, areas)
	if err != nil {
		return Trial{}, err
	}
	got, err := risk.Compare(today, changed, all, r.At().Time())
	if err != nil {
		return Trial{}, errs.Internal(err)
	}
	out := Trial{From: got.From, To: got.To, Children: got.Children, Counts: got.Counts, Moves: []TrialMove{}}
	where, args := access.Where("region", areas)
	var everyone int
	if err := r.Get(ctx, db.To(&everyone), "SELECT count(*) FROM person WHERE child AND state = 'active' AND batch = '' AND "+where, args...); err != nil {
		return out, err
	}
	out.Unknown = max(0, everyone-got.Children)
	slices.SortStableFunc(got.Moves, func(a, b risk.Move) int {
		return max(ranks[b.To], ranks[b.From]) - max(ranks[a.To], ranks[a.From])
	})
	for _, m := range got.Moves {
		if ranks[m.To] > ranks[m.From] {
			out.Up++
		} else {
			out.Down++
		}
		if len(out.Moves) < mostShown {
			out.Moves = append(out.Moves, TrialMove{ChildID: id.ID(m.Child), From: m.From, To: m.To, Rules: m.Rules})
		}
	}
	ids := make([]id.ID, len(out.Moves))
	for i, m := range out.Moves {
		ids[i] = m.ChildID
	}
	briefs, err := person.Briefs(ctx, r, ids...)
	if err != nil {
		return out, err
	}
	for i := range out.Moves {
		m := &out.Moves[i]
		b := briefs[m.ChildID]
		m.Name, m.Region = b.Name, b.Region
		if m.RegionName, err = s.ports.Place(ctx, r, b.Region); err != nil {
			return out, err
		}
	}
	out.TookMs = s.db.Clock().Now().Sub(began).Milliseconds()
	return out, nil
}

// openAll opens the evidence of everybody: one page on all cores while the next
// is read. Measured over 200,000 children on 2 cores: reading is the longer
// part.
func (s *Service) openAll(ctx context.Context, r db.Reader, areas []string) ([]*risk.Evidence, error) {
	type page struct {
		rows []everybody
		out  []*risk.Evidence
		err  error
	}
	var pages []*page
	work := make(chan *page)
	var wait sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for p := range work {
				for _, row := range p.rows {
					e, err := s.openOne(row, r.At())
					if err != nil {
						p.err = err
						break
					}
					p.out = append(p.out, e)
				}
				p.rows = nil
			}
		})
	}
	err := everyEvidence(ctx, r, areas, func(rows []everybody) {
		p := &page{rows: rows, out: make([]*risk.Evidence, 0, len(rows))}
		pages = append(pages, p)
		work <- p
	})
	close(work)
	wait.Wait()
	var all []*risk.Evidence
	for _, p := range pages {
		if p.err != nil {
			return nil, errs.Internal(p.err)
		}
		all = append(all, p.out...)
	}
	slices.SortFunc(all, func(a, b *risk.Evidence) int { return strings.Compare(a.Child, b.Child) })
	return all, err
}

func (s *Service) openOne(row everybody, now clock.Millis) (*risk.Evidence, error) {
	key, err := s.keys.Subject(row.Subject)
	if err != nil {
		return nil, err
	}
	text, err := key.Open(evidenceAAD(row.ChildID), row.Evidence)
	if err != nil {
		return nil, err
	}
	return parsePieces(text).evidence(s.tables.Catalogue, row.ChildID, now)
}

// freshTrial is how old a what-if may be when its rules are published: what is
// known of children moves on.
const freshTrial = 24 * time.Hour

// Publish lets a tried rule set hold from a day on; never in the past.
// Errors: Invalid, Forbidden, NotFound, Conflict "level.not_tried".
func (s *Service) Publish(ctx context.Context, rules id.ID, reason string) error {
	if err := access.May(access.From(ctx), "rule.publish"); err != nil {
		return err
	}
	if len([]rune(strings.TrimSpace(reason))) < 4 {
		return errs.Invalid("reason", "reason.missing")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var row Rules
		if err := tx.Get(ctx, db.To(&row), "SELECT "+rulesColumns+" FROM level_rules WHERE id = ?", rules); err != nil {
			return err
		}
		switch {
		case row.PublishedAt != 0:
			return errs.Conflict("level.published_already")
		case tx.Now.Sub(row.TriedAt) > freshTrial:
			return errs.Conflict("level.not_tried")
		case row.FromOn < string(civil.DateOf(tx.Now.Time())):
			return errs.Invalid("from", "level.from_past")
		}
		if _, err := tx.Exec(ctx, "UPDATE level_rules SET published_at = ?, published_by = ?, reason = ? WHERE id = ?", tx.Now, access.From(ctx).Account, strings.TrimSpace(reason), row.ID); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "rule.publish", SubjectKind: "rules", Subject: row.ID, Fields: []string{row.Kind, row.Version, row.FromOn}, Result: "published"}); err != nil {
			return err
		}
		return tx.Emit(ctx, db.Event{Topic: "level", Kind: "rules", Region: s.district, Ref: string(row.ID)})
	})
}

// SaveColours checks a changed table of what colours oblige and keeps it to be
// published; it says how many children it touches. Errors: Invalid, Forbidden.
func (s *Service) SaveColours(ctx context.Context, body string) (Trial, error) {
	if err := access.May(access.From(ctx), "rule.publish"); err != nil {
		return Trial{}, err
	}
	t, err := risk.ParseDuties([]byte(body))
	if err != nil {
		return Trial{}, wrongRules(err)
	}
	out := Trial{To: t.Version, Counts: map[risk.Colour]map[risk.Colour]int{}, Moves: []TrialMove{}}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := s.dutiesOn(ctx, tx, civil.DateOf(tx.Now.Time()))
		if err != nil {
			return err
		}
		out.From = now.Version
		if err := tx.Get(ctx, db.To(&out.Children), "SELECT count(*) FROM level WHERE colour_rank > 0"); err != nil {
			return err
		}
		row := Rules{ID: id.New(), Kind: "colours", Version: t.Version, FromOn: t.From, Body: body, Digest: digestOf(body)}
		if err := s.tried(ctx, tx, &row, "{}"); err != nil {
			return err
		}
		out.ID = row.ID
		return audit.Write(ctx, tx, audit.Entry{Action: "rule.publish", SubjectKind: "rules", Subject: row.ID, Fields: []string{"colours"}, Result: "tried"})
	})
	return out, err
}
