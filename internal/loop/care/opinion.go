package care

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Ways in which somebody is asked how the help was.
const (
	ByLink  = "link" // answers alone, on a phone
	ByPhone = "phone"
	ByFace  = "face"
	ByPaper = "paper"
)

// linkDays is how long a link can be answered, linkLength its length in bytes.
const (
	linkDays   = 14
	linkLength = 32
)

// Opinion is what a child or guardian says of the help: three answers of 1–5.
type Opinion struct {
	ID         id.ID        `bun:"id" json:"id"`
	CaseID     id.ID        `bun:"case_id" json:"-"`
	Who        string       `bun:"who" json:"who"` // child, guardian
	Way        string       `bun:"way" json:"way"`
	AskedAt    clock.Millis `bun:"asked_at" json:"asked_at"`
	AskedBy    id.ID        `bun:"asked_by" json:"asked_by"`
	Until      clock.Millis `bun:"until" json:"until"`
	AnsweredAt clock.Millis `bun:"answered_at" json:"answered_at"`
	Helped     int          `bun:"helped" json:"helped"`
	Heard      int          `bun:"heard" json:"heard"`
	Again      int          `bun:"again" json:"again"`
	Text       string       `bun:"text" json:"text"` // sealed as stored
}

const opinionColumns = "id, case_id, who, way, asked_at, asked_by, until, answered_at, helped, heard, again, text"

// Answers are the three answers with the words of who answers.
type Answers struct {
	Helped int
	Heard  int
	Again  int
	Text   string
}

func (q Answers) check() error {
	var bad []errs.Field
	for name, v := range map[string]int{"helped": q.Helped, "heard": q.Heard, "again": q.Again} {
		if v < 1 || v > 5 {
			bad = append(bad, errs.Field{Name: name, Key: "opinion.answer"})
		}
	}
	if len([]rune(q.Text)) > 1000 {
		bad = append(bad, errs.Field{Name: "text", Key: "text.too_long"})
	}
	return errs.InvalidFields(bad)
}

// AskOpinion makes a link for a child or guardian, or keeps what they said by
// phone, face to face or on paper. The link is given once; what is stored is a
// keyed hash of it.
func (s *Service) AskOpinion(ctx context.Context, n id.ID, who, way string, q Answers) (link string, err error) {
	if who != "child" && who != "guardian" {
		return "", errs.Invalid("who", "case.choice")
	}
	if !slices.Contains([]string{ByLink, ByPhone, ByFace, ByPaper}, way) {
		return "", errs.Invalid("way", "case.choice")
	}
	if way != ByLink {
		if err := q.check(); err != nil {
			return "", err
		}
	}
	what := "opinion"
	if way == ByLink {
		what = "opinion_asked"
	}
	_, err = s.change(ctx, n, "case.note", 0, what, func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		if c.AcceptedAt == 0 {
			return c, errs.Conflict("case.state")
		}
		o := Opinion{ID: id.New(), CaseID: n, Who: who, Way: way, AskedAt: tx.Now, AskedBy: access.From(ctx).Account}
		index := ""
		if way == ByLink {
			link = crypto.Token(linkLength)
			o.Until, index = tx.Now.Add(linkDays*day), s.keys.Index("care_opinion.link", link)
		} else {
			key, _, err := s.ports.Key(ctx, tx, c.ChildID)
			if err != nil {
				return c, err
			}
			o.AnsweredAt, o.Helped, o.Heard, o.Again = tx.Now, q.Helped, q.Heard, q.Again
			o.Text = sealed(key, o.ID, q.Text)
		}
		_, err := tx.Exec(ctx, "INSERT INTO care_opinion ("+opinionColumns+", link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			o.ID, o.CaseID, o.Who, o.Way, o.AskedAt, o.AskedBy, o.Until, o.AnsweredAt, o.Helped, o.Heard, o.Again, o.Text, index)
		return c, err
	})
	return link, err
}

func sealed(key crypto.Subject, n id.ID, text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return key.Seal("care_opinion.text:"+string(n), strings.TrimSpace(text))
}

// Asked tells who is asked by a link: child or guardian, and no more.
// Errors: NotFound (unknown, answered or over).
func (s *Service) Asked(ctx context.Context, link string) (who string, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		o, err := s.byLink(ctx, r, link)
		who = o.Who
		return err
	})
	return who, err
}

func (s *Service) byLink(ctx context.Context, r db.Reader, link string) (Opinion, error) {
	var rows []Opinion
	if link != "" && len(link) < 100 {
		if err := r.List(ctx, &rows, "SELECT "+opinionColumns+" FROM care_opinion WHERE link = ? AND answered_at = 0 AND until >= ?", s.keys.Index("care_opinion.link", link), r.At()); err != nil {
			return Opinion{}, err
		}
	}
	if len(rows) == 0 {
		return Opinion{}, errs.NotFound("opinion.link")
	}
	return rows[0], nil
}

// Say keeps what was answered by a link, once.
func (s *Service) Say(ctx context.Context, link string, q Answers) error {
	if err := q.check(); err != nil {
		return err
	}
	ctx = access.With(ctx, access.System("opinion"))
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := s.byLink(ctx, tx, link)
		if err != nil {
			return err
		}
		c, err := find(ctx, tx, o.CaseID)
		if err != nil {
			return err
		}
		key, _, err := s.ports.Key(ctx, tx, c.ChildID)
		if err != nil {
			return err
		}
		done, err := tx.Exec(ctx, "UPDATE care_opinion SET answered_at = ?, helped = ?, heard = ?, again = ?, text = ?, link = '' WHERE id = ? AND answered_at = 0",
			tx.Now, q.Helped, q.Heard, q.Again, sealed(key, o.ID, q.Text), o.ID)
		if err != nil {
			return err
		}
		if done == 0 {
			return errs.NotFound("opinion.link")
		}
		if err := tx.Emit(ctx, db.Event{Topic: Topic, Kind: "opinion", Region: c.Region, Ref: string(c.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "case.note", SubjectKind: "child", Subject: c.ChildID, Fields: []string{"case.opinion"}, Purpose: string(c.ID), Region: c.Region})
	})
}

// opinionsOf gives those of a case with their words.
func (s *Service) opinionsOf(ctx context.Context, r db.Reader, n id.ID, key crypto.Subject) ([]Opinion, error) {
	out := []Opinion{}
	if err := r.List(ctx, &out, "SELECT "+opinionColumns+" FROM care_opinion WHERE case_id = ? ORDER BY asked_at DESC", n); err != nil {
		return nil, err
	}
	for i, o := range out {
		if o.Text == "" {
			continue
		}
		text, err := key.Open("care_opinion.text:"+string(o.ID), o.Text)
		if err != nil {
			return nil, err
		}
		out[i].Text = text
	}
	return out, nil
}
