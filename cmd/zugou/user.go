package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
)

const userUsage = `Usage: zugou user add|list|reset|lock|unlock|grant [ACCOUNT] [flags]

  add     make an account whose roles count at once; prints its initial password
  list    list the accounts of staff
  reset   give an account a new initial password; --factor takes off its second factor
  lock    shut an account; its sessions end at once
  unlock  open a locked account
  grant   put a right in force at once

For emergencies, by who may stand at the machine: it leaves out the second
administrator, and writes that to the papers and the audit. Everything but list
wants a --reason. The initial password is shown this once and must be changed
at the first sign-in.

Roles: `

// userFlags are the flags of all actions together; each takes what it needs.
type userFlags struct {
	name, phone, department, area, reason, until string
	roles                                        []string
	factor, asJSON                               bool
}

func runUser(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("user", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, userUsage, joined(access.Roles()), "\nDepartments: ", joined(staff.Departments()), "\n\n")
		fs.PrintDefaults()
	}
	loader := config.Bind(fs, "data", "db", "keys", "cipher", "district")
	var f userFlags
	fs.StringVar(&f.name, "name", "", "add: the person's `NAME`")
	fs.StringVar(&f.phone, "phone", "", "add: mobile `NUMBER`, may be left out")
	fs.StringVar(&f.department, "department", string(access.CivilAffairs), "add, grant: `DEPARTMENT`")
	fs.StringVar(&f.area, "region", "", "add, grant: `CODE` of the area (default the district)")
	fs.StringVar(&f.reason, "reason", "", "why; kept with the papers")
	fs.StringVar(&f.until, "until", "", "grant: last `DAY` (YYYY-MM-DD) on which the right counts (default without end)")
	fs.Func("role", "add, grant: `ROLE`, for add may be repeated", func(s string) error { f.roles = append(f.roles, s); return nil })
	fs.BoolVar(&f.factor, "factor", false, "reset: take off the second factor too")
	fs.BoolVar(&f.asJSON, "json", false, "list: print one JSON object a line")
	words, err := parseMixed(fs, args)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return errors.New("user: say add, list, reset, lock, unlock or grant; `zugou help user` tells more")
	}
	action, account := words[0], ""
	if len(words) > 1 {
		account = words[1]
	}
	switch want := map[string]int{"list": 1, "add": 2, "reset": 2, "lock": 2, "unlock": 2, "grant": 2}[action]; {
	case want == 0:
		return fmt.Errorf("user: %q is no action; say add, list, reset, lock, unlock or grant", action)
	case len(words) != want && want == 2:
		return fmt.Errorf("user: want `zugou user %s ACCOUNT`", action)
	case len(words) != want:
		return fmt.Errorf("user: unexpected %q", words[1])
	case action != "list" && strings.TrimSpace(f.reason) == "":
		return errors.New("user: say why with --reason; it is kept with the papers")
	}
	c, err := loader.Load(e.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	if f.area == "" {
		f.area = c.District
	}
	s, done, err := openStaff(ctx, c)
	if err != nil {
		return explainKeys(c, err)
	}
	defer done()
	ctx = access.With(ctx, access.System("user-command"))
	switch action {
	case "add":
		err = userAdd(ctx, e, s, account, f)
	case "list":
		err = userList(ctx, e, s, f.asJSON)
	case "grant":
		err = userGrant(ctx, e, s, account, f)
	default:
		err = userChange(ctx, e, s, action, account, f)
	}
	return explainUser(err)
}

func joined[T ~string](in []T) string {
	out := make([]string, 0, len(in))
	for _, v := range in {
		out = append(out, string(v))
	}
	return strings.Join(out, ", ")
}

// openStaff opens the accounts of a house that is there.
func openStaff(ctx context.Context, c config.Config) (*staff.Service, func(), error) {
	kr, err := crypto.Open(c.Keys(), c.Cipher)
	if err != nil {
		return nil, nil, err
	}
	d, err := openDatabase(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	done := func() { _ = d.Close() }
	if err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return region.Seed(ctx, tx, region.Code(c.District)) }); err != nil {
		done()
		return nil, nil, err
	}
	return staff.New(d, kr, crypto.NewPasswords(0), staff.Options{District: c.District}), done, nil
}

func userAdd(ctx context.Context, e env, s *staff.Service, account string, f userFlags) error {
	q := staff.CreateRequest{Account: account, Name: f.name, Phone: f.phone, Department: access.Department(f.department), Region: f.area, Reason: f.reason}
	for _, r := range f.roles {
		q.Roles = append(q.Roles, access.Role(r))
	}
	made, err := s.Found(ctx, q)
	if err != nil {
		return err
	}
	return printInitial(e, account, made.InitialPassword)
}

func printInitial(e env, account, password string) error {
	_, err := fmt.Fprintf(e.Out, "account           %s\ninitial password  %s\nIt is shown this once and must be changed at the first sign-in.\n", account, password)
	return err
}

func userList(ctx context.Context, e env, s *staff.Service, asJSON bool) error {
	tw := tabwriter.NewWriter(e.Out, 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(tw, "ACCOUNT\tNAME\tSTATE\tAREA\tROLES\tSECOND FACTOR")
	}
	enc := json.NewEncoder(e.Out)
	enc.SetEscapeHTML(false)
	for q := (staff.AccountFilter{Limit: 200}); ; {
		page, err := s.Accounts(ctx, q)
		if err != nil {
			return err
		}
		for _, a := range page.Items {
			if asJSON {
				if err := enc.Encode(a); err != nil {
					return err
				}
				continue
			}
			var roles []string
			for _, g := range a.Grants {
				roles = append(roles, string(g.Role)+"@"+g.Region)
			}
			factor := "no"
			if a.SecondFactor {
				factor = "yes"
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", a.Account, a.Name, a.State, a.Region, strings.Join(roles, " "), factor)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return tw.Flush()
		}
	}
}

func userGrant(ctx context.Context, e env, s *staff.Service, account string, f userFlags) error {
	if len(f.roles) != 1 {
		return errors.New("grant takes one --role")
	}
	q := staff.GrantRequest{Role: access.Role(f.roles[0]), Region: f.area, Department: access.Department(f.department), Reason: f.reason}
	if f.until != "" {
		day, ok := civil.ParseDate(f.until)
		if !ok {
			return errors.New("--until must be a day such as 2025-12-31")
		}
		q.ToAt = clock.Of(day.AddDays(1).Start())
	}
	i, err := s.IDOf(ctx, account)
	if err != nil {
		return err
	}
	g, err := s.GrantNow(ctx, i, q)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Out, "%s is in force: %s has the role %s in %s\n", g.DocumentNo, account, g.Role, g.Region)
	return err
}

func userChange(ctx context.Context, e env, s *staff.Service, action, account string, f userFlags) error {
	i, err := s.IDOf(ctx, account)
	if err != nil {
		return err
	}
	note := staff.NoteRequest{Reason: f.reason}
	switch action {
	case "reset":
		made, err := s.Reset(ctx, i, note)
		if err != nil {
			return err
		}
		if f.factor {
			if err := s.DropFactor(ctx, i); err != nil {
				return err
			}
		}
		return printInitial(e, account, made.InitialPassword)
	case "lock":
		err = s.LockAccount(ctx, i, note)
	case "unlock":
		err = s.UnlockAccount(ctx, i, note)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Out, "%s is %sed; it is on record\n", account, action)
	return err
}

// explainUser puts an administrator's words to what can go wrong.
func explainUser(err error) error {
	words := map[string]string{
		"record.not_found": "there is no such account", "account.taken": "the account is taken", "phone.taken": "the phone has an account already",
		"account.form": "an account has 3 to 32 letters, digits, dots and dashes, a letter first", "phone.form": "the phone is no mobile number",
		"required": "is missing", "region.unknown": "there is no such area", "role.unknown": "there is no such role for staff",
		"role.level": "the role is not given for an area of this level", "department.unknown": "there is no such department",
		"grant.last_admin": "it is the last administrator of this kind", "grant.incompatible": "the role does not go with another one of this account",
		"grant.there_already": "this right is proposed already", "grant.ends_before": "the right would end before it begins",
		"account.not_active": "the account is not active", "account.not_locked": "the account is not locked",
	}
	var known *errs.Error
	if !errors.As(err, &known) || known.Kind == errs.KindInternal || known.Kind == errs.KindBusy {
		return err
	}
	var parts []string
	for _, field := range known.Fields {
		if text := words[field.Key]; text != "" {
			parts = append(parts, field.Name+": "+text)
		}
	}
	if text := words[known.Key]; text != "" {
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return err
	}
	return fmt.Errorf("user: %s", strings.Join(parts, "; "))
}
