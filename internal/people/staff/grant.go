package staff

import (
	"context"
	"fmt"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// GrantState is where a grant stands; see the package's diagram.
type GrantState string

// The states.
const (
	GrantProposed GrantState = "proposed"
	GrantActive   GrantState = "active"
	GrantRejected GrantState = "rejected"
	GrantRevoked  GrantState = "revoked"
	GrantEnded    GrantState = "ended" // its day came, or a newer paper took its place
)

// grantRow is a grant as stored; its texts are sealed.
type grantRow struct {
	ID           id.ID             `bun:"id"`
	AccountID    id.ID             `bun:"account_id"`
	Role         access.Role       `bun:"role"`
	Region       string            `bun:"region"`
	Department   access.Department `bun:"department"`
	Reason       string            `bun:"reason"`
	State        GrantState        `bun:"state"`
	FromAt       clock.Millis      `bun:"from_at"`
	ToAt         clock.Millis      `bun:"to_at"`
	DocumentNo   string            `bun:"document_no"`
	ProposedBy   id.ID             `bun:"proposed_by"`
	ProposedAt   clock.Millis      `bun:"proposed_at"`
	DecidedBy    id.ID             `bun:"decided_by"`
	DecidedAt    clock.Millis      `bun:"decided_at"`
	DecisionNote string            `bun:"decision_note"`
	RevokedBy    id.ID             `bun:"revoked_by"`
	RevokedAt    clock.Millis      `bun:"revoked_at"`
	RevokeNote   string            `bun:"revoke_note"`
	ReviewedBy   id.ID             `bun:"reviewed_by"`
	ReviewedAt   clock.Millis      `bun:"reviewed_at"`

	AccountName   string `bun:"account_name"` // with lists only
	AccountRegion string `bun:"account_region"`
}

const grantColumns = `g.id, g.account_id, g.role, g.region, g.department, g.reason, g.state, g.from_at, g.to_at, g.document_no,
	g.proposed_by, g.proposed_at, g.decided_by, g.decided_at, g.decision_note, g.revoked_by, g.revoked_at, g.revoke_note, g.reviewed_by, g.reviewed_at`

func insertGrant(ctx context.Context, tx *db.Tx, g grantRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO role_grant (id, account_id, role, region, department, reason, state, from_at, to_at, document_no,
		proposed_by, proposed_at, decided_by, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		g.ID, g.AccountID, g.Role, g.Region, g.Department, g.Reason, g.State, g.FromAt, g.ToAt, g.DocumentNo,
		g.ProposedBy, g.ProposedAt, g.DecidedBy, g.DecidedAt)
	return err
}

func grantByID(ctx context.Context, r db.Reader, i id.ID) (grantRow, error) {
	var g grantRow
	err := r.Get(ctx, db.To(&g), "SELECT "+grantColumns+", a.name AS account_name, a.region AS account_region FROM role_grant g JOIN account a ON a.id = g.account_id WHERE g.id = ?", i)
	return g, err
}

// inForce tells whether the right counts at the instant.
func (g grantRow) inForce(now clock.Millis) bool {
	return g.State == GrantActive && g.FromAt <= now && (g.ToAt == 0 || g.ToAt > now)
}

// Grant is a grant as shown: the paper.
type Grant struct {
	ID             id.ID             `json:"id"`
	AccountID      id.ID             `json:"account"`
	AccountName    string            `json:"account_name"`
	Role           access.Role       `json:"role"`
	Region         string            `json:"region"`
	RegionName     string            `json:"region_name"`
	Department     access.Department `json:"department"`
	Reason         string            `json:"reason"`
	State          GrantState        `json:"state"`
	FromAt         clock.Millis      `json:"from_at"`
	ToAt           clock.Millis      `json:"to_at"`
	DocumentNo     string            `json:"document_no"`
	ProposedBy     id.ID             `json:"proposed_by"`
	ProposedByName string            `json:"proposed_by_name"`
	ProposedAt     clock.Millis      `json:"proposed_at"`
	ApprovedBy     id.ID             `json:"approved_by"`
	ApprovedByName string            `json:"approved_by_name"`
	ApprovedAt     clock.Millis      `json:"approved_at"`
	DecisionNote   string            `json:"decision_note,omitempty"`
	RevokedBy      id.ID             `json:"revoked_by,omitempty"`
	RevokedAt      clock.Millis      `json:"revoked_at,omitempty"`
	RevokeNote     string            `json:"revoke_note,omitempty"`
	ReviewedAt     clock.Millis      `json:"reviewed_at"`
	ReviewDueAt    clock.Millis      `json:"review_due_at"`
}

// GrantRequest proposes a right. From and To are instants, 0 = at once and
// without end.
type GrantRequest struct {
	Role       access.Role       `json:"role"`
	Region     string            `json:"region"`
	Department access.Department `json:"department"`
	Reason     string            `json:"reason"`
	FromAt     clock.Millis      `json:"from_at,omitempty"`
	ToAt       clock.Millis      `json:"to_at,omitempty"`

	opening bool // with a new account: its page asks for no reason
}

// NoteRequest carries the reason of a decision.
type NoteRequest struct {
	Reason string `json:"reason"`
}

func (q GrantRequest) check(f *form, areas *region.Table, now clock.Millis) string {
	f.region(areas, q.Region)
	f.department(q.Department)
	f.role(q.Role, q.Region)
	if q.ToAt != 0 && (q.ToAt <= now || q.ToAt <= q.FromAt) {
		f.bad("to_at", "grant.ends_before")
	}
	return f.reason("reason", q.Reason, !q.opening)
}

// adminTarget is what an administrator's right is asked against: the area,
// and the department if it has an administrator of its own there. Where it
// has none the lead department's stands in, or nobody could begin.
func adminTarget(ctx context.Context, r db.Reader, areaCode string, dept access.Department) (access.Target, error) {
	t := access.Target{Region: areaCode, Department: access.CivilAffairs}
	if dept == "" || dept == access.CivilAffairs {
		return t, nil
	}
	var codes []string
	err := r.List(ctx, &codes, "SELECT g.region FROM role_grant g JOIN account a ON a.id = g.account_id AND a.state = 'active' WHERE g.role = ? AND g.department = ? AND "+effective,
		access.SystemAdmin, dept, r.At(), r.At())
	for _, c := range codes {
		if strings.HasPrefix(areaCode, c) {
			t.Department = dept
		}
	}
	return t, err
}

// lockGrants makes changes of rights wait for each other. They are rare, and
// rules over several of them (compatible roles, the last administrator) hold
// only so.
func lockGrants(ctx context.Context, tx *db.Tx) error { return tx.Lock(ctx, "staff.grants") }

// Propose asks for a right for an account: the system administrator of the
// area and department, never for oneself. Errors: Invalid by field; NotFound
// for an account out of the area; Forbidden "grant.own"; Conflict
// "grant.incompatible", "grant.there_already", "account.not_active".
func (s *Service) Propose(ctx context.Context, account id.ID, q GrantRequest) (Grant, error) {
	var out Grant
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockGrants(ctx, tx); err != nil {
			return err
		}
		actor, err := s.fresh(ctx, tx)
		if err != nil {
			return err
		}
		if err := access.May(actor, "grant.propose"); err != nil {
			return err
		}
		row, err := s.visible(ctx, tx, actor, account)
		if err != nil {
			return err
		}
		g, err := s.propose(ctx, tx, actor, row, q)
		if err != nil {
			return err
		}
		out, err = s.showGrant(ctx, tx, g)
		return err
	})
	return out, err
}

// propose writes the proposal; the grants are locked.
func (s *Service) propose(ctx context.Context, tx *db.Tx, actor access.Actor, row accountRow, q GrantRequest) (grantRow, error) {
	areas, err := s.areas.Table(ctx, tx)
	if err != nil {
		return grantRow{}, err
	}
	var f form
	reason := q.check(&f, areas, tx.Now)
	if err := f.err(); err != nil {
		return grantRow{}, err
	}
	target, err := adminTarget(ctx, tx, q.Region, q.Department)
	if err != nil {
		return grantRow{}, err
	}
	if err := access.Check(actor, "grant.propose", target); err != nil {
		return grantRow{}, err
	}
	if row.ID == actor.Account {
		return grantRow{}, errs.Forbidden("grant.own")
	}
	if row.Kind != KindStaff || (row.State != Active && row.State != Locked) {
		return grantRow{}, errs.Conflict("account.not_active")
	}
	if err := s.compatible(ctx, tx, row.ID, q.Role, "", GrantActive, GrantProposed); err != nil {
		return grantRow{}, err
	}
	var n int
	if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM role_grant WHERE account_id = ? AND role = ? AND region = ? AND department = ? AND state = 'proposed'",
		row.ID, q.Role, q.Region, q.Department); err != nil {
		return grantRow{}, err
	}
	if n > 0 {
		return grantRow{}, errs.Conflict("grant.there_already")
	}
	g := grantRow{ID: id.New(), AccountID: row.ID, Role: q.Role, Region: q.Region, Department: q.Department, State: GrantProposed,
		FromAt: q.FromAt, ToAt: q.ToAt, ProposedBy: actor.Account, ProposedAt: tx.Now, AccountName: row.Name, AccountRegion: row.Region}
	g.Reason = s.kr.Seal("role_grant.reason:"+string(g.ID), reason)
	if err := insertGrant(ctx, tx, g); err != nil {
		return grantRow{}, err
	}
	if !actor.System { // the emergency command approves in the same breath
		if err := s.waits(ctx, tx, access.SecurityAdmin, "grant.waiting", g.ID, row.ID, q.Region); err != nil {
			return grantRow{}, err
		}
	}
	return g, audit.Write(ctx, tx, audit.Entry{Action: "grant.propose", SubjectKind: "account", Subject: row.ID, Purpose: string(g.ID),
		Fields: []string{string(q.Role)}, Region: q.Region})
}

// compatible is Conflict "grant.incompatible" if the account's other grants in
// the states don't go with the role.
func (s *Service) compatible(ctx context.Context, r db.Reader, account id.ID, role access.Role, but id.ID, states ...GrantState) error {
	for _, state := range states {
		var have []access.Role
		if err := r.List(ctx, &have, "SELECT role FROM role_grant WHERE account_id = ? AND state = ? AND id <> ? AND (to_at = 0 OR to_at > ?)",
			account, state, but, r.At()); err != nil {
			return err
		}
		for _, h := range have {
			if !access.Compatible(h, role) {
				return errs.Conflict("grant.incompatible")
			}
		}
	}
	return nil
}

// decide is what approving, rejecting, revoking and reviewing begin with.
func (s *Service) decide(ctx context.Context, grant id.ID, fn func(ctx context.Context, tx *db.Tx, actor access.Actor, g grantRow) error) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockGrants(ctx, tx); err != nil {
			return err
		}
		actor, err := s.fresh(ctx, tx)
		if err != nil {
			return err
		}
		if access.May(actor, "grant.approve") != nil && access.May(actor, "grant.propose") != nil {
			return errs.Forbidden("access.forbidden")
		}
		g, err := grantByID(ctx, tx, grant)
		if err != nil {
			return err
		}
		return fn(ctx, tx, actor, g)
	})
}

// mayApprove: the security administrator of the area, who neither proposed the
// right nor gets it.
func mayApprove(actor access.Actor, g grantRow) error {
	if !actor.Allowed("grant.approve", access.Target{Region: g.Region}) {
		if !actor.Allowed("account.read", access.Target{Region: g.Region}) {
			return errs.NotFound("record.not_found")
		}
		return errs.Forbidden("access.forbidden")
	}
	if g.AccountID == actor.Account {
		return errs.Forbidden("grant.own")
	}
	if g.ProposedBy == actor.Account {
		return errs.Forbidden("grant.second_person")
	}
	return nil
}

// ApproveGrant puts a proposal in force and gives the paper its number. An
// older paper of the same right ends. Errors: Forbidden "grant.own",
// "grant.second_person"; Conflict "grant.decided_already",
// "grant.incompatible", "account.not_active".
func (s *Service) ApproveGrant(ctx context.Context, grant id.ID, q NoteRequest) (Grant, error) {
	var out Grant
	err := s.decide(ctx, grant, func(ctx context.Context, tx *db.Tx, actor access.Actor, g grantRow) error {
		if err := mayApprove(actor, g); err != nil {
			return err
		}
		var f form
		note := f.reason("reason", q.Reason, false)
		if err := f.err(); err != nil {
			return err
		}
		if g.State != GrantProposed {
			return errs.Conflict("grant.decided_already")
		}
		if g.ToAt != 0 && g.ToAt <= tx.Now {
			return errs.Conflict("grant.ends_before")
		}
		row, err := accountByID(ctx, tx, g.AccountID)
		if err != nil {
			return err
		}
		if row.State != Active && row.State != Locked {
			return errs.Conflict("account.not_active")
		}
		if err := s.compatible(ctx, tx, g.AccountID, g.Role, g.ID, GrantActive); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE role_grant SET state = 'ended' WHERE account_id = ? AND role = ? AND region = ? AND department = ? AND state = 'active'",
			g.AccountID, g.Role, g.Region, g.Department); err != nil {
			return err
		}
		if err := s.activate(ctx, tx, &g, actor.Account, note); err != nil {
			return err
		}
		out, err = s.showGrant(ctx, tx, g)
		return err
	})
	return out, err
}

// activate writes the approval.
func (s *Service) activate(ctx context.Context, tx *db.Tx, g *grantRow, by id.ID, note string) error {
	no, err := documentNo(ctx, tx)
	if err != nil {
		return err
	}
	g.State, g.DocumentNo, g.DecidedBy, g.DecidedAt, g.FromAt = GrantActive, no, by, tx.Now, max(g.FromAt, tx.Now)
	g.DecisionNote = s.kr.Seal("role_grant.decision_note:"+string(g.ID), note)
	if _, err := tx.Exec(ctx, "UPDATE role_grant SET state = ?, document_no = ?, decided_by = ?, decided_at = ?, from_at = ?, decision_note = ? WHERE id = ?",
		g.State, no, by, tx.Now, g.FromAt, g.DecisionNote, g.ID); err != nil {
		return err
	}
	if err := tell(ctx, tx, "rights", g.AccountID, ""); err != nil {
		return err
	}
	if err := s.settled(ctx, tx, g.ID); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "grant.approve", SubjectKind: "account", Subject: g.AccountID, Purpose: string(g.ID),
		Fields: []string{string(g.Role)}, Region: g.Region})
}

// documentNo gives the next number of the year's papers: SQ2024-0001 (授权).
func documentNo(ctx context.Context, tx *db.Tx) (string, error) {
	year := civil.DateOf(tx.Now.Time()).Year()
	if _, err := tx.Exec(ctx, "INSERT INTO grant_number (year, n) VALUES (?, 1) ON CONFLICT (year) DO UPDATE SET n = grant_number.n + 1", year); err != nil {
		return "", err
	}
	var n int
	err := tx.Get(ctx, db.To(&n), "SELECT n FROM grant_number WHERE year = ?", year)
	return fmt.Sprintf("SQ%d-%04d", year, n), err
}

// RejectGrant refuses a proposal, with a reason.
func (s *Service) RejectGrant(ctx context.Context, grant id.ID, q NoteRequest) error {
	return s.decide(ctx, grant, func(ctx context.Context, tx *db.Tx, actor access.Actor, g grantRow) error {
		if err := mayApprove(actor, g); err != nil {
			return err
		}
		var f form
		note := f.reason("reason", q.Reason, true)
		if err := f.err(); err != nil {
			return err
		}
		if g.State != GrantProposed {
			return errs.Conflict("grant.decided_already")
		}
		if _, err := tx.Exec(ctx, "UPDATE role_grant SET state = ?, decided_by = ?, decided_at = ?, decision_note = ? WHERE id = ?",
			GrantRejected, actor.Account, tx.Now, s.kr.Seal("role_grant.decision_note:"+string(g.ID), note), g.ID); err != nil {
			return err
		}
		if err := s.settled(ctx, tx, g.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "grant.approve", SubjectKind: "account", Subject: g.AccountID, Purpose: string(g.ID),
			Fields: []string{string(g.Role)}, Result: "refused", Region: g.Region})
	})
}

// RevokeGrant takes a right back at once, or withdraws a proposal: either
// administrator alone may, since it opens nothing. All sessions of the
// account end with the commit. Conflict "grant.last_admin",
// "grant.decided_already".
func (s *Service) RevokeGrant(ctx context.Context, grant id.ID, q NoteRequest) error {
	return s.decide(ctx, grant, func(ctx context.Context, tx *db.Tx, actor access.Actor, g grantRow) error {
		target, err := adminTarget(ctx, tx, g.Region, g.Department)
		if err != nil {
			return err
		}
		switch {
		case actor.Allowed("grant.propose", target), actor.Allowed("grant.approve", access.Target{Region: g.Region}):
		case actor.Allowed("account.read", access.Target{Region: g.Region}):
			return errs.Forbidden("access.forbidden")
		default:
			return errs.NotFound("record.not_found")
		}
		var f form
		note := f.reason("reason", q.Reason, true)
		if err := f.err(); err != nil {
			return err
		}
		return s.revoke(ctx, tx, actor, g, note)
	})
}

func (s *Service) revoke(ctx context.Context, tx *db.Tx, actor access.Actor, g grantRow, note string) error {
	if g.State != GrantActive && g.State != GrantProposed {
		return errs.Conflict("grant.decided_already")
	}
	if err := notLast(ctx, tx, g); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE role_grant SET state = ?, revoked_by = ?, revoked_at = ?, revoke_note = ? WHERE id = ?",
		GrantRevoked, actor.Account, tx.Now, s.kr.Seal("role_grant.revoke_note:"+string(g.ID), note), g.ID); err != nil {
		return err
	}
	if g.State == GrantActive {
		if err := endSessions(ctx, tx, g.AccountID, "", "revoked"); err != nil {
			return err
		}
		if err := tell(ctx, tx, "rights", g.AccountID, ""); err != nil {
			return err
		}
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "grant.revoke", SubjectKind: "account", Subject: g.AccountID, Purpose: string(g.ID),
		Fields: []string{string(g.Role)}, Region: g.Region})
}

// notLast is Conflict "grant.last_admin" if the grant carries an area whose
// administrators of this kind would be gone with it. Who stays must have the
// right without end and be able to sign in.
func notLast(ctx context.Context, tx *db.Tx, g grantRow) error {
	if !isAdmin(g.Role) || !g.inForce(tx.Now) || g.ToAt != 0 {
		return nil
	}
	var codes []string
	if err := tx.List(ctx, &codes, `SELECT g.region FROM role_grant g JOIN account a ON a.id = g.account_id AND a.state = 'active'
		WHERE g.role = ? AND g.id <> ? AND g.account_id <> ? AND g.to_at = 0 AND `+effective, g.Role, g.ID, g.AccountID, tx.Now, tx.Now); err != nil {
		return err
	}
	for _, c := range codes {
		if strings.HasPrefix(g.Region, c) {
			return nil
		}
	}
	return errs.Conflict("grant.last_admin")
}

func isAdmin(r access.Role) bool {
	return r == access.SystemAdmin || r == access.SecurityAdmin || r == access.Auditor
}

// keepsAdmins is notLast for all rights of an account that is about to be
// locked or to leave.
func keepsAdmins(ctx context.Context, tx *db.Tx, account id.ID) error {
	var gs []grantRow
	if err := tx.List(ctx, &gs, "SELECT "+grantColumns+" FROM role_grant g WHERE g.account_id = ? AND "+effective, account, tx.Now, tx.Now); err != nil {
		return err
	}
	for _, g := range gs {
		if err := notLast(ctx, tx, g); err != nil {
			return err
		}
	}
	return nil
}
