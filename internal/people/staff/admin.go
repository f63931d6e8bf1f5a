package staff

import (
	"context"
	"encoding/base64"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// AccountFilter narrows the list of accounts.
type AccountFilter struct {
	Q      string // name, pinyin, initials, sign-in name, or a whole phone
	Region string
	Role   access.Role
	State  State
	Cursor string
	Limit  int // 50 if 0; at most 200
}

// AccountPage is a page of accounts.
type AccountPage struct {
	Items []Account `json:"items"`
	Next  string    `json:"next"`
}

// Accounts lists the accounts of the actor's area by name. Citizens are listed
// only if asked for by role.
func (s *Service) Accounts(ctx context.Context, q AccountFilter) (AccountPage, error) {
	out := AccountPage{Items: []Account{}}
	actor := access.From(ctx)
	if err := access.May(actor, "account.read"); err != nil {
		return out, err
	}
	limit := pageSize(q.Limit)
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		where, args := access.Where("a.region", actor.Areas("account.read"))
		add := func(cond string, more ...any) { where += " AND " + cond; args = append(args, more...) }
		if q.Region != "" {
			cond, more := access.Where("a.region", []string{q.Region})
			add(cond, more...)
		}
		if q.State != "" {
			add("a.state = ?", q.State)
		}
		if q.Role == access.Citizen {
			add("a.kind = ?", KindCitizen)
		} else {
			add("a.kind = ?", KindStaff)
		}
		if q.Role != "" {
			add("EXISTS (SELECT 1 FROM role_grant g WHERE g.account_id = a.id AND g.role = ? AND "+effective+")", q.Role, r.At(), r.At())
		}
		if text := strings.TrimSpace(q.Q); text != "" && len(text) <= inputMost {
			cond, more := s.search(text)
			add(cond, more...)
		}
		if pinyin, i, ok := readCursor(q.Cursor); ok {
			add("(a.pinyin > ? OR (a.pinyin = ? AND a.id > ?))", pinyin, pinyin, i)
		}
		var rows []accountRow
		if err := r.List(ctx, &rows, "SELECT "+accountColumns+" FROM account a WHERE "+where+" ORDER BY a.pinyin, a.id LIMIT ?", append(args, limit+1)...); err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			out.Next = writeCursor(rows[limit-1])
		}
		var err error
		out.Items, err = s.showAccounts(ctx, r, rows)
		return err
	})
	if err != nil {
		return AccountPage{Items: []Account{}}, err
	}
	for _, a := range out.Items {
		audit.Show(ctx, "account.read", "", a.Region, audit.Shown{Kind: "account", ID: a.ID, Fields: []string{"name", "phone_masked"}})
	}
	return out, nil
}

func (s *Service) search(text string) (string, []any) {
	if p, ok := civil.ParsePhone(text); ok && p.Mobile() {
		return "a.phone_index = ?", []any{s.kr.Index("account.phone", string(p))}
	}
	lower := db.Escape(strings.ToLower(strings.ReplaceAll(text, " ", "")))
	return "(a.name LIKE ? ESCAPE '!' OR a.pinyin LIKE ? ESCAPE '!' OR a.initials LIKE ? ESCAPE '!' OR a.account LIKE ? ESCAPE '!')",
		[]any{"%" + db.Escape(civil.NormalizeName(text)) + "%", lower + "%", lower + "%", lower + "%"}
}

func writeCursor(row accountRow) string {
	return base64.RawURLEncoding.EncodeToString([]byte(row.Pinyin + "\n" + string(row.ID)))
}

func readCursor(cursor string) (pinyin, account string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || cursor == "" {
		return "", "", false
	}
	return strings.Cut(string(raw), "\n")
}

// showAccounts adds names of areas and rights in force.
func (s *Service) showAccounts(ctx context.Context, r db.Reader, rows []accountRow) ([]Account, error) {
	areas, err := s.areas.Table(ctx, r)
	if err != nil || len(rows) == 0 {
		return []Account{}, err
	}
	at := map[id.ID]int{}
	out := make([]Account, 0, len(rows))
	args := []any{r.At(), r.At()}
	for i, row := range rows {
		at[row.ID] = i
		out = append(out, row.shown(areas))
		args = append(args, row.ID)
	}
	var gs []grantRow
	if err := r.List(ctx, &gs, "SELECT "+grantColumns+" FROM role_grant g WHERE "+effective+" AND g.account_id IN ("+
		db.Marks(len(rows))+") ORDER BY g.decided_at, g.id", args...); err != nil {
		return nil, err
	}
	for _, g := range gs {
		a := &out[at[g.AccountID]]
		a.Grants = append(a.Grants, GrantBrief{ID: g.ID, Role: g.Role, Region: g.Region, RegionName: areas.Label(codeOf(g.Region)), Department: g.Department})
	}
	return out, nil
}

// Account gives one account. NotFound out of the actor's area.
func (s *Service) Account(ctx context.Context, i id.ID) (Account, error) {
	var out Account
	actor := access.From(ctx)
	if err := access.May(actor, "account.read"); err != nil {
		return out, err
	}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		row, err := s.visible(ctx, r, actor, i)
		if err != nil {
			return err
		}
		out, err = s.showOne(ctx, r, row)
		return err
	})
	if err == nil {
		audit.Show(ctx, "account.read", "", out.Region, audit.Shown{Kind: "account", ID: i, Fields: []string{"name", "phone_masked", "grants", "reason"}})
	}
	return out, err
}

func (s *Service) showOne(ctx context.Context, r db.Reader, row accountRow) (Account, error) {
	list, err := s.showAccounts(ctx, r, []accountRow{row})
	if err != nil {
		return Account{}, err
	}
	list[0].Reason, err = s.kr.Open("account.note:"+string(row.ID), row.Note)
	return list[0], err
}

// visible reads an account that the actor may know of.
func (s *Service) visible(ctx context.Context, r db.Reader, actor access.Actor, i id.ID) (accountRow, error) {
	row, err := accountByID(ctx, r, i)
	if err != nil {
		return row, err
	}
	return row, access.Check(actor, "account.read", access.Target{Region: row.Region})
}

// CreateRequest makes a staff account; the roles are proposed for it in its
// area.
type CreateRequest struct {
	Account    string            `json:"account"`
	Name       string            `json:"name"`
	Phone      string            `json:"phone"`
	Department access.Department `json:"department"`
	Region     string            `json:"region"`
	Roles      []access.Role     `json:"roles"`
	Reason     string            `json:"reason,omitempty"`
}

// CreateResult carries the initial password, which is shown this once and
// must be changed at the first sign-in.
type CreateResult struct {
	ID              id.ID  `json:"id"`
	InitialPassword string `json:"initial_password"`
}

// Create makes a staff account: the system administrator of the area and
// department. Its rights begin when the security administrator approves them.
func (s *Service) Create(ctx context.Context, q CreateRequest) (CreateResult, error) {
	if err := access.May(access.From(ctx), "account.manage"); err != nil {
		return CreateResult{}, err
	}
	var f form
	account, name := f.account(q.Account), f.name(q.Name)
	phone := ""
	if q.Phone != "" {
		phone = string(f.phone(q.Phone))
	}
	f.department(q.Department)
	reason := f.reason("reason", q.Reason, false)
	for _, r := range q.Roles {
		f.role(r, q.Region)
	}
	if err := f.err(); err != nil {
		return CreateResult{}, err
	}
	password := initialPassword(account, phone)
	hash, err := s.pw.Hash(ctx, password)
	if err != nil {
		return CreateResult{}, err
	}
	row := accountRow{ID: id.New(), Kind: KindStaff, Account: account, Name: name, State: Active, Department: q.Department, Region: q.Region, MustChange: true}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockGrants(ctx, tx); err != nil {
			return err
		}
		actor, err := s.fresh(ctx, tx)
		if err != nil {
			return err
		}
		areas, err := s.areas.Table(ctx, tx)
		if err != nil {
			return err
		}
		var f form
		if f.region(areas, q.Region); f.err() != nil {
			return f.err()
		}
		target, err := adminTarget(ctx, tx, q.Region, q.Department)
		if err != nil {
			return err
		}
		if !actor.Allowed("account.manage", target) {
			return errs.Forbidden("access.forbidden")
		}
		refused, err := s.insertAccount(ctx, tx, row, phone, hash)
		if err != nil {
			return err
		}
		if refused != nil {
			return refused
		}
		for _, role := range q.Roles {
			if _, err := s.propose(ctx, tx, actor, row, GrantRequest{Role: role, Region: q.Region, Department: q.Department, Reason: reason, opening: true}); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "account.manage", SubjectKind: "account", Subject: row.ID, Fields: []string{"created"}, Region: q.Region})
	})
	if err != nil {
		return CreateResult{}, err
	}
	return CreateResult{row.ID, password}, nil
}

// manage runs fn on an account of the administrator's area and department.
// what names the change in the audit.
func (s *Service) manage(ctx context.Context, i id.ID, action access.Action, what string, reason *string, mustReason bool,
	fn func(ctx context.Context, tx *db.Tx, actor access.Actor, row accountRow) error) error {
	if err := access.May(access.From(ctx), action); err != nil {
		return err
	}
	var f form
	text := f.reason("reason", *reason, mustReason)
	if err := f.err(); err != nil {
		return err
	}
	*reason = text
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockGrants(ctx, tx); err != nil {
			return err
		}
		actor, err := s.fresh(ctx, tx)
		if err != nil {
			return err
		}
		row, err := s.visible(ctx, tx, actor, i)
		if err != nil {
			return err
		}
		target, err := adminTarget(ctx, tx, row.Region, row.Department)
		if err != nil {
			return err
		}
		if !actor.Allowed(action, target) { // he may know of it: it was visible
			return errs.Forbidden("access.forbidden")
		}
		if row.ID == actor.Account {
			return errs.Forbidden("account.own")
		}
		if err := fn(ctx, tx, actor, row); err != nil {
			return err
		}
		if text != "" {
			if _, err := tx.Exec(ctx, "UPDATE account SET note = ? WHERE id = ?", s.kr.Seal("account.note:"+string(row.ID), text), row.ID); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "account", Subject: row.ID, Fields: []string{what}, Region: row.Region})
	})
}

// Approve lets a waiting account in and proposes the role it asked for; the
// security administrator decides on that. Conflict "account.not_waiting".
func (s *Service) Approve(ctx context.Context, i id.ID, q NoteRequest) error {
	return s.manage(ctx, i, "account.approve", "approved", &q.Reason, false, func(ctx context.Context, tx *db.Tx, actor access.Actor, row accountRow) error {
		if row.State != Waiting {
			return errs.Conflict("account.not_waiting")
		}
		if err := setState(ctx, tx, row, Active, actor.Account); err != nil {
			return err
		}
		if err := s.settled(ctx, tx, row.ID); err != nil {
			return err
		}
		if row.WantedRole == "" {
			return nil
		}
		asked, err := s.kr.Open("account.note:"+string(row.ID), row.Note)
		if err != nil {
			return err
		}
		row.State = Active
		_, err = s.propose(ctx, tx, actor, row, GrantRequest{Role: row.WantedRole, Region: row.Region, Department: row.Department, Reason: asked})
		return err
	})
}

// Reject refuses a waiting account; its name and phone are free again, so that
// a mistake can be made good.
func (s *Service) Reject(ctx context.Context, i id.ID, q NoteRequest) error {
	return s.manage(ctx, i, "account.approve", "rejected", &q.Reason, true, func(ctx context.Context, tx *db.Tx, actor access.Actor, row accountRow) error {
		if row.State != Waiting {
			return errs.Conflict("account.not_waiting")
		}
		if err := setState(ctx, tx, row, Left, actor.Account); err != nil {
			return err
		}
		if err := s.settled(ctx, tx, row.ID); err != nil {
			return err
		}
		return wipe(ctx, tx, row.ID, true)
	})
}

// wipe takes off what a person who left no longer needs: phone, password,
// second factor. The name stays for the record of what was done under it; the
// sign-in name too, unless it never served: it names one person for good
// (GB/T 22239-2019 8.1.4.1).
func wipe(ctx context.Context, tx *db.Tx, account id.ID, freeName bool) error {
	set := "phone = '', phone_index = '', phone_masked = '', password = '', factor = ''"
	if freeName {
		set += ", account = ''"
	}
	if _, err := tx.Exec(ctx, "UPDATE account SET "+set+" WHERE id = ?", account); err != nil {
		return err
	}
	for _, table := range []string{"second_factor", "recovery_code", "password_history", "known_place"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE account_id = ?", account); err != nil {
			return err
		}
	}
	return nil
}

// LockAccount shuts an account; its sessions end at once. Conflict
// "grant.last_admin", "account.not_active".
func (s *Service) LockAccount(ctx context.Context, i id.ID, q NoteRequest) error {
	return s.manage(ctx, i, "account.manage", "locked", &q.Reason, true, func(ctx context.Context, tx *db.Tx, actor access.Actor, row accountRow) error {
		if row.State != Active {
			return errs.Conflict("account.not_active")
		}
		if err := keepsAdmins(ctx, tx, row.ID); err != nil {
			return err
		}
		if err := setState(ctx, tx, row, Locked, actor.Account); err != nil {
			return err
		}
		return endSessions(ctx, tx, row.ID, "", "account_locked")
	})
}

// UnlockAccount opens a locked account.
func (s *Service) UnlockAccount(ctx context.Context, i id.ID, q NoteRequest) error {
	return s.manage(ctx, i, "account.manage", "unlocked", &q.Reason, false, func(ctx context.Context, tx *db.Tx, actor access.Actor, row accountRow) error {
		if row.State != Locked {
			return errs.Conflict("account.not_locked")
		}
		return setState(ctx, tx, row, Active, actor.Account)
	})
}

// Leave ends an account: the person left. Rights in force are revoked, phone
// and password wiped. Conflict "grant.last_admin".
func (s *Service) Leave(ctx context.Context, i id.ID, q NoteRequest) error {
	return s.manage(ctx, i, "account.manage", "left", &q.Reason, true, func(ctx context.Context, tx *db.Tx, actor access.Actor, row accountRow) error {
		if row.State != Active && row.State != Locked {
			return errs.Conflict("account.not_active")
		}
		var gs []grantRow
		if err := tx.List(ctx, &gs, "SELECT "+grantColumns+" FROM role_grant g WHERE g.account_id = ? AND g.state IN ('active', 'proposed')", row.ID); err != nil {
			return err
		}
		for _, g := range gs {
			if err := s.revoke(ctx, tx, actor, g, q.Reason); err != nil {
				return err
			}
		}
		if err := setState(ctx, tx, row, Left, actor.Account); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, row.ID, "", "left"); err != nil {
			return err
		}
		return wipe(ctx, tx, row.ID, false)
	})
}

// Reset gives an account a new initial password, shown this once. Its sessions
// end; its second factor stays.
func (s *Service) Reset(ctx context.Context, i id.ID, q NoteRequest) (CreateResult, error) {
	if err := access.May(access.From(ctx), "account.manage"); err != nil {
		return CreateResult{}, err
	}
	password := initialPassword("", "")
	hash, err := s.pw.Hash(ctx, password)
	if err != nil {
		return CreateResult{}, err
	}
	err = s.manage(ctx, i, "account.manage", "password", &q.Reason, true, func(ctx context.Context, tx *db.Tx, _ access.Actor, row accountRow) error {
		if row.State != Active && row.State != Locked {
			return errs.Conflict("account.not_active")
		}
		return s.putPassword(ctx, tx, row.ID, hash)
	})
	if err != nil {
		return CreateResult{}, err
	}
	return CreateResult{i, password}, nil
}

func (s *Service) putPassword(ctx context.Context, tx *db.Tx, account id.ID, hash string) error {
	rs, err := s.rules(ctx, tx)
	if err != nil {
		return err
	}
	if err := setPassword(ctx, tx, account, hash, true, rs["password.kept"]); err != nil {
		return err
	}
	return endSessions(ctx, tx, account, "", "password")
}

// SignOutAccount ends all sessions of an account.
func (s *Service) SignOutAccount(ctx context.Context, i id.ID, q NoteRequest) error {
	return s.manage(ctx, i, "account.manage", "sign_out", &q.Reason, false, func(ctx context.Context, tx *db.Tx, _ access.Actor, row accountRow) error {
		return endSessions(ctx, tx, row.ID, "", "administrator")
	})
}

var _ Passwords = (*crypto.Passwords)(nil)
