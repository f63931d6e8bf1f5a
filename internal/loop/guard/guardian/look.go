package guardian

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/guard"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
	"zugou/internal/people/staff"
)

// Mine is a child on a guardian's page. State open: it can be looked at;
// consent: the text waits to be agreed to; closed: nothing is told.
type Mine struct {
	ChildID id.ID  `json:"child_id"`
	Name    string `json:"name"` // empty when closed
	State   string `json:"state"`
}

// MinePage is what the guardian's page begins with.
type MinePage struct {
	Items   []Mine `json:"items"`
	Waiting bool   `json:"waiting"` // a request waits for an officer
	Refused bool   `json:"refused"` // the last one was turned down; why is not told
}

// Mine gives the actor's children. Errors: Forbidden.
func (s *Service) Mine(ctx context.Context) (MinePage, error) {
	actor := access.From(ctx)
	if err := access.Check(actor, "guardian.own", access.Target{Owner: actor.Account}); err != nil {
		return MinePage{}, err
	}
	out := MinePage{Items: []Mine{}}
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		rows, err := links(ctx, r, "account_id = ? AND closed_at = 0", actor.Account)
		if err != nil {
			return err
		}
		for _, l := range rows {
			why, card, err := s.stands(ctx, r, l)
			if err != nil {
				return err
			}
			m := Mine{ChildID: l.ChildID, State: "closed"}
			switch why {
			case Open:
				m.State, m.Name = "open", card.Name
			case NoConsent:
				m.State, m.Name = "consent", card.Name
			}
			out.Items = append(out.Items, m)
		}
		var asked []string
		err = r.List(ctx, &asked, "SELECT state FROM guardian_request WHERE account_id = ? ORDER BY at DESC, id DESC LIMIT 1", actor.Account)
		out.Waiting, out.Refused = slices.Contains(asked, "waiting"), slices.Contains(asked, "refused")
		return err
	})
	for _, m := range out.Items {
		if m.Name != "" {
			audit.Show(ctx, "guardian.own", "", "", audit.Shown{Kind: "child", ID: m.ChildID, Fields: []string{"name"}})
		}
	}
	return out, err
}

// Now is what a guardian sees of a child.
type Now struct {
	ChildID id.ID             `json:"child_id"`
	Name    string            `json:"name"`
	Devices []guard.Wearing   `json:"devices"`
	Fences  []guard.FenceView `json:"fences"`
	Alarms  []guard.AlarmView `json:"alarms"`
	Now     clock.Millis      `json:"now"`
}

// Look gives where the child is. Errors: NotFound without a link, Forbidden
// "guardian.closed" whatever stands between.
func (s *Service) Look(ctx context.Context, childID id.ID) (Now, error) {
	var out Now
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		out, err = s.look(ctx, r, childID)
		return err
	})
	if err != nil {
		return Now{}, err
	}
	audit.Show(ctx, "guardian.own", "", "", audit.Shown{Kind: "child", ID: childID, Fields: []string{"name", "position", "battery", "fence", "guard_alarm"}})
	return out, nil
}

func (s *Service) look(ctx context.Context, r db.Reader, childID id.ID) (Now, error) {
	l, err := s.own(ctx, r, childID)
	if err != nil {
		return Now{}, err
	}
	why, card, err := s.stands(ctx, r, l)
	if err != nil {
		return Now{}, err
	}
	if why != Open {
		return Now{}, cut()
	}
	out := Now{ChildID: childID, Name: card.Name, Now: r.At()}
	if out.Devices, err = s.p.Guard.Worn(ctx, r, childID); err != nil {
		return Now{}, err
	}
	if out.Fences, err = s.p.Guard.ForFamily(ctx, r, childID); err != nil {
		return Now{}, err
	}
	out.Alarms, err = s.p.Guard.Recent(ctx, r, childID, 20)
	return out, err
}

// Live line: how often it is looked at without any change.
const (
	beat   = 5 * time.Second
	gather = 300 * time.Millisecond
)

// Live sends the child's place as it changes, until anything stands between:
// then it says so once and ends. So does the oldest line of an account that
// opens too many, without a word. who asks for the session anew each time.
func (s *Service) Live(rw http.ResponseWriter, r *http.Request, childID id.ID, who func(ctx context.Context) (access.Actor, error)) error {
	ctx := r.Context()
	actor, err := who(ctx)
	if err != nil {
		return err
	}
	first, err := s.Look(access.With(ctx, actor), childID)
	if err != nil {
		return err
	}
	ctx, leave := s.lines.enter(ctx, actor.Account)
	defer leave()
	// A line without a written look is not opened.
	if err := s.p.DB.Update(access.With(ctx, actor), func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE guardian_link SET looked_at = ? WHERE account_id = ? AND child_id = ? AND closed_at = 0", tx.Now, actor.Account, childID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "guardian.own", SubjectKind: "child", Subject: childID, Fields: []string{"position", "live"}})
	}); err != nil {
		return err
	}
	head := rw.Header()
	head.Set("Content-Type", "text/event-stream; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	flush := http.NewResponseController(rw)
	send := func(event string, v any) error {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(rw, "event: %s\ndata: %s\n\n", event, text); err != nil {
			return err
		}
		return flush.Flush()
	}
	wake, stop := s.p.DB.Wake()
	defer stop()
	last := ""
	tell := func(n Now) error {
		n.Now = 0
		text, err := json.Marshal(n)
		if err != nil || string(text) == last {
			return err
		}
		last = string(text)
		n.Now = clock.Of(s.p.DB.Clock().Now())
		return send("now", n)
	}
	if tell(first) != nil {
		return nil
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-wake:
			select { // a burst of changes is one look
			case <-time.After(gather):
			case <-ctx.Done():
				return nil
			}
			select {
			case <-wake:
			default:
			}
		}
		if actor, err = who(ctx); err == nil {
			var n Now
			if n, err = s.Look(access.With(ctx, actor), childID); err == nil {
				if tell(n) != nil {
					return nil // gone
				}
				continue
			}
		}
		if errs.Is(err, errs.KindBusy) {
			continue // the storage is away: nothing is sent
		}
		_ = send("cut", map[string]bool{"closed": true})
		return nil
	}
}

// Viewer is somebody who may see where a child is.
type Viewer struct {
	LinkID    id.ID        `json:"link_id"`
	Name      string       `json:"name"`
	Relation  string       `json:"relation"`
	PersonID  id.ID        `json:"person_id"`
	OpenedAt  clock.Millis `json:"opened_at"`
	OpenedBy  string       `json:"opened_by"`
	ConsentAt clock.Millis `json:"consent_at"`
	LookedAt  clock.Millis `json:"looked_at"`
	Why       Why          `json:"why"` // what stands between; empty: it may look now
}

// Candidate is a guardian of the register who has no link.
type Candidate struct {
	PersonID   id.ID  `json:"person_id"`
	Name       string `json:"name"`
	Relation   string `json:"relation"`
	Guardian   bool   `json:"guardian"`
	HasAccount bool   `json:"has_account"`
}

// Viewers is who may see a child, and who could be let.
type Viewers struct {
	ChildName string      `json:"child_name"`
	Items     []Viewer    `json:"items"`
	Others    []Candidate `json:"others"`
	Bars      []Bar       `json:"bars"`
	Link      *ChildLink  `json:"link"` // of the child's own page; null: none is out
}

// Viewers gives who may see where a child is. It is also what is printed for
// the child. Errors: NotFound, Forbidden.
func (s *Service) Viewers(ctx context.Context, childID id.ID) (Viewers, error) {
	out := Viewers{Items: []Viewer{}, Others: []Candidate{}, Bars: []Bar{}}
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := s.may(ctx, r, childID, "guardian.read"); err != nil {
			return err
		}
		card, err := person.CardOf(ctx, r, s.p.Keys, childID)
		if err != nil {
			return err
		}
		out.ChildName = card.Name
		rows, err := links(ctx, r, "child_id = ? AND closed_at = 0", childID)
		if err != nil {
			return err
		}
		linked := map[id.ID]bool{}
		for _, l := range rows {
			why, _, err := s.stands(ctx, r, l)
			if err != nil {
				return err
			}
			linked[l.PersonID] = true
			names, err := staff.Names(ctx, r, l.OpenedBy)
			if err != nil {
				return err
			}
			v := Viewer{LinkID: l.ID, PersonID: l.PersonID, OpenedAt: l.OpenedAt, OpenedBy: names[l.OpenedBy].Name, LookedAt: l.LookedAt, Why: why}
			if l.consented() {
				v.ConsentAt = l.ConsentAt
			}
			for _, c := range card.Contacts {
				if c.PersonID == l.PersonID {
					v.Name, v.Relation = c.Name, string(c.Relation)
				}
			}
			out.Items = append(out.Items, v)
		}
		for _, c := range card.Contacts {
			if linked[c.PersonID] {
				continue
			}
			account, err := s.p.Account(ctx, r, c.PersonID)
			if err != nil {
				return err
			}
			out.Others = append(out.Others, Candidate{c.PersonID, c.Name, string(c.Relation), c.Guardian, account != ""})
		}
		if out.Link, err = linkOut(ctx, r, childID); err != nil {
			return err
		}
		return r.List(ctx, &out.Bars, "SELECT id, person_id, kind, document_no, from_on, until_on, set_at, lifted_at FROM guardian_bar WHERE child_id = ? ORDER BY id DESC", childID)
	})
	if err != nil {
		return Viewers{}, err
	}
	audit.Show(ctx, "guardian.read", "", "", audit.Shown{Kind: "child", ID: childID, Fields: []string{"name", "guardian"}})
	return out, nil
}

// Waiting is a request that waits for an officer.
type Waiting struct {
	ID          id.ID        `json:"id"`
	AccountName string       `json:"account_name"`
	PhoneMasked string       `json:"phone_masked"`
	ChildName   string       `json:"child_name"`
	Relation    string       `json:"relation"`
	Note        string       `json:"note"`
	At          clock.Millis `json:"at"`
}

// Requests gives those that wait, oldest first. Errors: Forbidden.
func (s *Service) Requests(ctx context.Context) ([]Waiting, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "guardian.check"); err != nil {
		return nil, err
	}
	out := []Waiting{}
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var rows []struct {
			ID        id.ID        `bun:"id"`
			AccountID id.ID        `bun:"account_id"`
			ChildName string       `bun:"child_name"`
			Relation  string       `bun:"relation"`
			Note      string       `bun:"note"`
			At        clock.Millis `bun:"at"`
		}
		if err := r.List(ctx, &rows, "SELECT id, account_id, child_name, relation, note, at FROM guardian_request WHERE state = 'waiting' ORDER BY id LIMIT 200"); err != nil {
			return err
		}
		for _, row := range rows {
			names, err := staff.Names(ctx, r, row.AccountID)
			if err != nil {
				return err
			}
			w := Waiting{ID: row.ID, AccountName: names[row.AccountID].Name, PhoneMasked: names[row.AccountID].PhoneMasked, Relation: row.Relation, At: row.At}
			if w.ChildName, err = s.p.Keys.Open("guardian_request.child_name:"+string(row.ID), row.ChildName); err != nil {
				return err
			}
			if w.Note, err = s.p.Keys.Open("guardian_request.note:"+string(row.ID), row.Note); err != nil {
				return err
			}
			out = append(out, w)
		}
		return nil
	})
	for _, w := range out {
		audit.Show(ctx, "guardian.check", "", "", audit.Shown{Kind: "guardian_request", ID: w.ID, Fields: []string{"child_name"}})
	}
	return out, err
}
