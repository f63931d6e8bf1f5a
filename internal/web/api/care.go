package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

// caseState is what calls that change a case answer.
type caseState struct {
	ID      id.ID      `json:"id"`
	No      string     `json:"no"`
	State   care.State `json:"state"`
	Version int64      `json:"version"`
}

func caseOf(c care.Case, err error) (caseState, error) {
	return caseState{c.ID, c.No, c.State, c.Version}, err
}

func (a *API) care() {
	call(a, http.MethodGet, "/cases", "cases, newest first", func(ctx context.Context, in *struct {
		State  string `query:"state" enum:"open,referred,rejected,intake,assessed,serving,closing,closed,followed,"`
		Mine   bool   `query:"mine"`
		Worker id.ID  `query:"worker" maxLength:"60"`
		Child  id.ID  `query:"child" maxLength:"60"`
		Cursor id.ID  `query:"cursor" maxLength:"60"`
		Limit  int    `query:"limit"`
	}) (page[care.Row], error) {
		rows, next, err := a.Care.List(ctx, care.Query{State: in.State, Mine: in.Mine, Worker: in.Worker, Child: in.Child, Cursor: in.Cursor, Limit: in.Limit})
		return page[care.Row]{Items: orEmpty(rows), Next: string(next)}, err
	})
	call(a, http.MethodGet, "/cases/choices", "the choices of casework", func(ctx context.Context, _ *struct{}) (care.Forms, error) {
		return a.Care.Choices(ctx)
	})
	call(a, http.MethodGet, "/cases/workers", "who may be given cases, and who supervises", a.caseWorkers)
	call(a, http.MethodGet, "/cases/desk", "the supervisor's desk", func(ctx context.Context, _ *struct{}) (care.Desk, error) { return a.Care.Desk(ctx) })
	call(a, http.MethodGet, "/cases/of/{id}", "which cases a child has: number, state, worker", func(ctx context.Context, in *ByID) (page[care.Found], error) {
		list, err := a.Care.Of(ctx, in.ID)
		return page[care.Found]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodGet, "/cases/safety/{id}", "what the seat needs of a child's case at 02:00", func(ctx context.Context, in *struct {
		ByID
		Matter id.ID `query:"matter" maxLength:"60"`
	}) (care.Safety, error) {
		task, err := a.safetyTask(ctx, in.ID)
		if err != nil {
			return care.Safety{}, err
		}
		return a.Care.SafetyOf(ctx, in.ID, task)
	})
	call(a, http.MethodGet, "/cases/{id}", "one case", func(ctx context.Context, in *ByID) (care.Sheet, error) { return a.Care.Find(ctx, in.ID) })
	a.caseActs()
	a.caseParts()
	a.caseMoves()
	a.careResults()
	a.careReports()
	a.careEvents()
}

// safetyTask gives the actor's own task on the child.
func (a *API) safetyTask(ctx context.Context, child id.ID) (id.ID, error) {
	return view(ctx, a, func(ctx context.Context, r db.Reader) (id.ID, error) {
		return a.TaskOnChild(ctx, r, access.From(ctx).Account, child)
	})
}

// caseWorkers lists who may be given cases.
func (a *API) caseWorkers(ctx context.Context, _ *struct{}) (struct {
	Workers     []staff.Brief `json:"workers"`
	Supervisors []staff.Brief `json:"supervisors"`
}, error) {
	var out struct {
		Workers     []staff.Brief `json:"workers"`
		Supervisors []staff.Brief `json:"supervisors"`
	}
	out.Workers, out.Supervisors = []staff.Brief{}, []staff.Brief{}
	if err := access.May(access.From(ctx), "case.find"); err != nil {
		return out, err
	}
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		for _, role := range []access.Role{access.Clinician, access.Counsellor, access.SocialWorker} {
			found, err := staff.ByRoleWithin(ctx, r, role, a.District)
			if err != nil {
				return err
			}
			out.Workers = append(out.Workers, found...)
		}
		found, err := staff.ByRoleWithin(ctx, r, access.Supervisor, a.District)
		out.Supervisors = append(out.Supervisors, found...)
		return err
	})
	return out, err
}

func (a *API) caseActs() {
	call(a, http.MethodPost, "/cases", "refer a child for professional help", func(ctx context.Context, in *struct {
		Body struct {
			ChildID   id.ID  `json:"child_id"`
			Source    string `json:"source"`
			SourceRef id.ID  `json:"source_ref,omitempty"`
			Need      string `json:"need,omitempty"`
			Language  string `json:"language,omitempty" maxLength:"20" doc:"in which the family is spoken with"`
			Reason    string `json:"reason"`
		}
	}) (caseState, error) {
		b := in.Body
		return caseOf(a.Care.Refer(ctx, care.Referral{ChildID: b.ChildID, Source: b.Source, SourceRef: b.SourceRef, Need: b.Need, Language: b.Language, Reason: b.Reason}))
	})
	call(a, http.MethodPost, "/cases/{id}/accept", "take a referral on", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Worker     id.ID `json:"worker"`
			Supervisor id.ID `json:"supervisor"`
			Version    int64 `json:"version,omitempty"`
		}
	}) (caseState, error) {
		return caseOf(a.Care.Accept(ctx, in.ID, in.Body.Worker, in.Body.Supervisor, in.Body.Version))
	})
	type reasoned struct {
		ByID
		Body struct {
			Reason  string `json:"reason"`
			Version int64  `json:"version,omitempty"`
		}
	}
	call(a, http.MethodPost, "/cases/{id}/reject", "send a referral back", func(ctx context.Context, in *reasoned) (caseState, error) {
		return caseOf(a.Care.Reject(ctx, in.ID, in.Body.Reason, in.Body.Version))
	})
	call(a, http.MethodPost, "/cases/{id}/reopen", "take a case up again", func(ctx context.Context, in *reasoned) (caseState, error) {
		return caseOf(a.Care.Reopen(ctx, in.ID, in.Body.Reason))
	})
	call(a, http.MethodPost, "/cases/{id}/end", "ask for the closing, with a result", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Result  string `json:"result"`
			Note    string `json:"note"`
			Version int64  `json:"version,omitempty"`
		}
	}) (caseState, error) {
		return caseOf(a.Care.End(ctx, in.ID, in.Body.Result, in.Body.Note, in.Body.Version))
	})
	call(a, http.MethodPost, "/cases/{id}/confirm", "the second person's word on a closing", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			OK   bool   `json:"ok"`
			Note string `json:"note,omitempty"`
		}
	}) (caseState, error) {
		return caseOf(a.Care.Confirm(ctx, in.ID, in.Body.OK, in.Body.Note))
	})
	call(a, http.MethodPost, "/cases/{id}/crisis", "a crisis happened: its contacts get their times", func(ctx context.Context, in *ByID) (caseState, error) {
		return caseOf(a.Care.Crisis(ctx, in.ID))
	})
	call(a, http.MethodPost, "/cases/{id}/contacts/{contact}", "how a contact went", func(ctx context.Context, in *struct {
		ByID
		Contact id.ID `path:"contact" maxLength:"60"`
		Body    struct {
			Reached bool   `json:"reached"`
			Stable  bool   `json:"stable,omitempty"`
			Note    string `json:"note,omitempty" maxLength:"2000"`
		}
	}) (caseState, error) {
		return caseOf(a.Care.Done(ctx, in.ID, in.Contact, care.Contacted{Reached: in.Body.Reached, Stable: in.Body.Stable, Note: in.Body.Note}))
	})
	call(a, http.MethodGet, "/cases/hand-over", "what a hand-over would move, and who has a hand free", func(ctx context.Context, in *struct {
		From id.ID    `query:"from" required:"true" maxLength:"60"`
		To   []string `query:"to" maxItems:"50" doc:"who may receive"`
	}) (care.Handing, error) {
		to := make([]id.ID, len(in.To))
		for i, n := range in.To {
			to[i] = id.ID(n)
		}
		return a.Care.Handing(ctx, in.From, to)
	})
	call(a, http.MethodPost, "/cases/hand-over", "give cases of a worker to others; what is given to the worker stays", func(ctx context.Context, in *struct {
		Body struct {
			From     id.ID           `json:"from"`
			Fallback id.ID           `json:"fallback,omitempty" doc:"takes what to does not name"`
			To       map[id.ID]id.ID `json:"to,omitempty"`
			Reason   string          `json:"reason" maxLength:"2000"`
			Above    string          `json:"above,omitempty" maxLength:"2000" doc:"why somebody is given more than the limit"`
		}
	}) (struct {
		Moved int `json:"moved"`
	}, error) {
		b := in.Body
		moved, err := a.Care.HandOver(ctx, care.Over{From: b.From, Fallback: b.Fallback, To: b.To, Reason: b.Reason, Above: b.Above})
		return struct {
			Moved int `json:"moved"`
		}{moved}, err
	})
}

func (a *API) caseParts() {
	call(a, http.MethodPost, "/cases/{id}/parts", "write an assessment, a plan, a session, a safety plan …", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Kind     string            `json:"kind"`
			Previous id.ID             `json:"previous,omitempty"`
			HeldOn   string            `json:"held_on,omitempty"`
			Form     string            `json:"form,omitempty"`
			Minutes  int               `json:"minutes,omitempty"`
			Body     map[string]string `json:"body,omitempty"`
			Secret   string            `json:"secret,omitempty"`
			Goals    []care.NewGoal    `json:"goals,omitempty"`
			Key      string            `json:"key,omitempty" maxLength:"80"`
		}
	}) (struct {
		ID id.ID `json:"id"`
	}, error) {
		b := in.Body
		if b.Body == nil {
			b.Body = map[string]string{}
		}
		p, err := a.Care.Write(ctx, in.ID, care.Writing{Kind: b.Kind, Previous: b.Previous, HeldOn: b.HeldOn, Form: b.Form, Minutes: b.Minutes, Body: b.Body, Secret: b.Secret, Goals: b.Goals, Key: b.Key})
		return struct {
			ID id.ID `json:"id"`
		}{p.ID}, err
	})
	call(a, http.MethodPost, "/cases/{id}/parts/{part}/decide", "approve a plan, or return it", func(ctx context.Context, in *struct {
		ByID
		Part id.ID `path:"part" maxLength:"60"`
		Body struct {
			OK   bool   `json:"ok"`
			Note string `json:"note,omitempty"`
		}
	}) (caseState, error) {
		return caseOf(a.Care.DecidePlan(ctx, in.ID, in.Part, in.Body.OK, in.Body.Note))
	})
	call(a, http.MethodPost, "/cases/{id}/parts/{part}/secret", "the confidential part of a session", func(ctx context.Context, in *struct {
		ByID
		Part id.ID `path:"part" maxLength:"60"`
	}) (struct {
		Text string `json:"text"`
	}, error) {
		text, err := a.Care.Secret(ctx, in.ID, in.Part)
		return struct {
			Text string `json:"text"`
		}{text}, err
	})
	call(a, http.MethodPost, "/cases/{id}/goals/{goal}", "a goal was reached, or given up", func(ctx context.Context, in *struct {
		ByID
		Goal id.ID `path:"goal" maxLength:"60"`
		Body struct {
			Reached bool `json:"reached"`
		}
	}) (caseState, error) {
		return caseOf(a.Care.SettleGoal(ctx, in.ID, in.Goal, in.Body.Reached))
	})
}

func (a *API) caseMoves() {
	call(a, http.MethodPost, "/cases/{id}/moves", "refer, transfer, ask for a case, work jointly", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Kind       string `json:"kind"`
			To         id.ID  `json:"to,omitempty"`
			Department string `json:"department,omitempty" maxLength:"30"`
			Consent    string `json:"consent,omitempty" doc:"of the family; empty for a request: who has the case asks"`
			Reason     string `json:"reason" maxLength:"2000"`
		}
	}) (care.Move, error) {
		b := in.Body
		return a.Care.Ask(ctx, in.ID, care.Asking{Kind: b.Kind, To: b.To, Department: b.Department, Consent: b.Consent, Reason: b.Reason})
	})
	call(a, http.MethodPost, "/cases/{id}/moves/{move}", "accept, reject, done, revoke", func(ctx context.Context, in *struct {
		ByID
		Move id.ID `path:"move" maxLength:"60"`
		Body struct {
			State   string `json:"state"`
			Reason  string `json:"reason,omitempty" maxLength:"2000"`
			Consent string `json:"consent,omitempty" doc:"of the family, when a request is accepted"`
		}
	}) (caseState, error) {
		return caseOf(a.Care.Answer(ctx, in.ID, in.Move, in.Body.State, in.Body.Reason, in.Body.Consent))
	})
	call(a, http.MethodGet, "/cases/offers", "cases that the caller is asked to take or to join: enough to decide", func(ctx context.Context, _ *struct{}) (page[care.Offer], error) {
		list, err := a.Care.Offers(ctx)
		return page[care.Offer]{Items: orEmpty(list)}, err
	})
}

func (a *API) careReports() {
	call(a, http.MethodGet, "/mandatory-reports", "mandatory reports, newest first", func(ctx context.Context, in *struct {
		Cursor id.ID `query:"cursor" maxLength:"60"`
		Limit  int   `query:"limit"`
	}) (page[care.ReportView], error) {
		rows, next, err := a.Care.Reports(ctx, in.Cursor, in.Limit)
		return page[care.ReportView]{Items: orEmpty(rows), Next: string(next)}, err
	})
	call(a, http.MethodPost, "/mandatory-reports", "make a mandatory report, sent or received", func(ctx context.Context, in *struct {
		Body struct {
			Direction    string `json:"direction"`
			ChildID      id.ID  `json:"child_id,omitempty"`
			Region       string `json:"region,omitempty" maxLength:"15"`
			Situation    int    `json:"situation"`
			Facts        string `json:"facts"`
			Reporter     string `json:"reporter,omitempty"`
			ReporterUnit string `json:"reporter_unit,omitempty"`
			ToOrgan      string `json:"to_organ,omitempty"`
		}
	}) (struct {
		ID       id.ID  `json:"id"`
		No       string `json:"no"`
		MatterID id.ID  `json:"matter_id"`
	}, error) {
		b := in.Body
		r, err := a.Care.Report(ctx, care.NewReport{Direction: b.Direction, ChildID: b.ChildID, Region: b.Region, Situation: b.Situation, Facts: b.Facts, Reporter: b.Reporter,
			ReporterUnit: b.ReporterUnit, ToOrgan: b.ToOrgan})
		return struct {
			ID       id.ID  `json:"id"`
			No       string `json:"no"`
			MatterID id.ID  `json:"matter_id"`
		}{r.ID, r.No, r.MatterID}, err
	})
	call(a, http.MethodPost, "/mandatory-reports/{id}", "sent with proof, receipt, outcome, reporter told", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Sent      bool   `json:"sent,omitempty"`
			Proof     string `json:"proof,omitempty" maxLength:"500"`
			ReceiptNo string `json:"receipt_no,omitempty" maxLength:"100"`
			Outcome   string `json:"outcome,omitempty"`
			Told      bool   `json:"told,omitempty"`
			Version   int64  `json:"version,omitempty"`
		}
	}) (done, error) {
		b := in.Body
		_, err := a.Care.Advance(ctx, in.ID, care.Step{Sent: b.Sent, Proof: b.Proof, ReceiptNo: b.ReceiptNo, Outcome: b.Outcome, Told: b.Told, Version: b.Version})
		return done{err == nil}, err
	})
	call(a, http.MethodPost, "/mandatory-reports/{id}/reporter", "who reported, for the police on the matter", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Matter id.ID `json:"matter"`
		}
	}) (struct {
		Reporter string `json:"reporter"`
	}, error) {
		var out struct {
			Reporter string `json:"reporter"`
		}
		task, err := a.taskOnMatter(ctx, in.Body.Matter)
		if err != nil {
			return out, err
		}
		out.Reporter, err = a.Care.Reporter(ctx, in.ID, task)
		return out, err
	})
}

// taskOnMatter gives the matter if the actor has an order on it.
func (a *API) taskOnMatter(ctx context.Context, m id.ID) (id.ID, error) {
	return view(ctx, a, func(ctx context.Context, r db.Reader) (id.ID, error) {
		var n int
		err := r.Get(ctx, db.To(&n), `SELECT count(*) FROM dispatch_order o JOIN dispatch_offer f ON f.order_id = o.id WHERE o.matter_id = ? AND f.account_id = ?
			AND f.state IN ('offered', 'accepted')`, m, access.From(ctx).Account)
		if err != nil || n == 0 {
			return "", err
		}
		return m, nil
	})
}

func (a *API) careEvents() {
	call(a, http.MethodGet, "/events", "group sessions and publicity events", func(ctx context.Context, in *struct {
		Kind string       `query:"kind" enum:"group,publicity,"`
		From clock.Millis `query:"from"`
		To   clock.Millis `query:"to"`
	}) (page[care.Event], error) {
		list, err := a.Care.Events(ctx, in.Kind, in.From, in.To)
		return page[care.Event]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodPost, "/events", "plan an event", func(ctx context.Context, in *struct {
		Body struct {
			Kind    string       `json:"kind"`
			Theme   string       `json:"theme"`
			Region  string       `json:"region,omitempty" maxLength:"15"`
			Place   string       `json:"place,omitempty"`
			HeldAt  clock.Millis `json:"held_at"`
			Minutes int          `json:"minutes,omitempty"`
			Note    string       `json:"note,omitempty"`
			Members []id.ID      `json:"members,omitempty"`
		}
	}) (care.Event, error) {
		b := in.Body
		return a.Care.PlanEvent(ctx, care.NewEvent{Kind: b.Kind, Theme: b.Theme, Region: b.Region, Place: b.Place, HeldAt: b.HeldAt, Minutes: b.Minutes, Note: b.Note, Members: b.Members})
	})
	call(a, http.MethodGet, "/events/{id}/members", "who belongs to a group session", func(ctx context.Context, in *ByID) (struct {
		Items []care.Attendance `json:"items"`
		Names map[id.ID]string  `json:"names"`
	}, error) {
		var out struct {
			Items []care.Attendance `json:"items"`
			Names map[id.ID]string  `json:"names"`
		}
		var err error
		out.Items, out.Names, err = a.Care.GroupMembers(ctx, in.ID)
		return out, err
	})
	call(a, http.MethodPost, "/events/{id}/hold", "an event was held, with who came, or was not", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			State      string            `json:"state"`
			People     int               `json:"people,omitempty"`
			Materials  int               `json:"materials,omitempty"`
			Note       string            `json:"note,omitempty" maxLength:"2000"`
			Attendance []care.Attendance `json:"attendance,omitempty"`
			Version    int64             `json:"version,omitempty"`
		}
	}) (care.Event, error) {
		b := in.Body
		return a.Care.HoldEvent(ctx, in.ID, care.Held{State: b.State, People: b.People, Materials: b.Materials, Note: b.Note, Attendance: b.Attendance, Version: b.Version})
	})
}
