package care

import (
	"context"
	"encoding/json"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Offer is what somebody who is asked to take a case, or to join in it, sees
// before the answer: enough to decide, and no more. Name, texts and contacts
// come with the acceptance.
type Offer struct {
	CaseID     id.ID        `json:"case_id"`
	Move       id.ID        `json:"move"`
	Kind       string       `json:"kind"`
	No         string       `json:"no"`
	Region     string       `json:"region"`
	State      State        `json:"state"`
	Need       string       `json:"need"`
	Risk       string       `json:"risk"` // of the last assessment
	OpenedAt   clock.Millis `json:"opened_at"`
	CrisisAt   clock.Millis `json:"crisis_at"`
	NextDue    clock.Millis `json:"next_due"`
	Sessions   int          `json:"sessions"`
	OpenGoals  int          `json:"open_goals"`
	FromName   string       `json:"from_name"`
	Consent    string       `json:"consent"`
	Reason     string       `json:"reason"`
	AskedAt    clock.Millis `json:"asked_at"`
	WorkerName string       `json:"worker_name"`
}

// Offers are the moves that wait for the actor's answer.
func (s *Service) Offers(ctx context.Context) ([]Offer, error) {
	a := access.From(ctx)
	out := []Offer{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.May(a, "case.find"); err != nil {
			return err
		}
		var moves []Move
		if err := r.List(ctx, &moves, "SELECT "+moveColumns+" FROM care_move WHERE to_account = ? AND state = 'open' ORDER BY asked_at LIMIT 100", a.Account); err != nil {
			return err
		}
		for _, m := range moves {
			o, err := s.offer(ctx, r, m)
			if err != nil {
				return err
			}
			out = append(out, o)
		}
		return nil
	})
	return out, err
}

func (s *Service) offer(ctx context.Context, r db.Reader, m Move) (Offer, error) {
	c, err := find(ctx, r, m.CaseID)
	if err != nil {
		return Offer{}, err
	}
	names, err := s.ports.Names(ctx, r, []id.ID{m.From, c.Worker})
	if err != nil {
		return Offer{}, err
	}
	key, _, err := s.ports.Key(ctx, r, c.ChildID)
	if err != nil {
		return Offer{}, err
	}
	o := Offer{CaseID: c.ID, Move: m.ID, Kind: m.Kind, No: c.No, Region: c.Region, State: c.State, Need: c.Need, OpenedAt: c.OpenedAt, CrisisAt: c.CrisisAt, FromName: names[m.From],
		Consent: m.Consent, AskedAt: m.AskedAt, WorkerName: names[c.Worker]}
	if o.Reason, err = key.Open("care_move.reason:"+string(m.ID), m.Reason); err != nil {
		return o, err
	}
	if o.Risk, err = s.riskOf(ctx, r, c, key); err != nil {
		return o, err
	}
	if err := r.Get(ctx, db.To(&o.NextDue, &o.Sessions, &o.OpenGoals), `SELECT (SELECT coalesce(min(due_at), 0) FROM care_due WHERE case_id = ? AND state = 'open'),
		(SELECT count(*) FROM care_part WHERE case_id = ? AND kind = 'session' AND state <> 'replaced'), (SELECT count(*) FROM care_goal WHERE case_id = ? AND state = 'open')`, c.ID, c.ID, c.ID); err != nil {
		return o, err
	}
	audit.Show(ctx, "case.find", string(c.ID), c.Region, audit.Shown{Kind: "child", ID: c.ChildID, Fields: []string{"case.offer"}})
	return o, nil
}

// riskOf gives the risk that the last assessment of a case found.
func (s *Service) riskOf(ctx context.Context, r db.Reader, c Case, key crypto.Subject) (string, error) {
	list, err := parts(ctx, r, "WHERE case_id = ? AND kind = ? AND state <> ? ORDER BY written_at DESC LIMIT 1", c.ID, Assessment, Replaced)
	if err != nil || len(list) == 0 {
		return "", err
	}
	text, err := key.Open(aadPart(list[0].ID, "body"), list[0].Body)
	if err != nil {
		return "", err
	}
	body := map[string]string{}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		return "", errs.Internal(err)
	}
	return body["risk"], nil
}
