package main

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

// All administrators are gone; the machine's keeper makes new ones.
func TestUserInAnEmergency(t *testing.T) {
	data := t.TempDir()
	ctx := context.Background()
	if _, _, err := zugou(t, "", "user", "list", "--data", data); err == nil || !strings.Contains(err.Error(), "no keyring") {
		t.Errorf("an empty folder: %v", err)
	}
	kr, err := crypto.Create(filepath.Join(data, "keys"), crypto.SM4, certNoon)
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(ctx, filepath.Join(data, "zugou.db"), clock.System())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if _, _, err := zugou(t, "", "user", "list", "--data", data); err == nil || !strings.Contains(err.Error(), "zugou migrate") {
		t.Errorf("an old schema: %v", err)
	}
	if _, err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	do := func(want string, args ...string) string {
		t.Helper()
		out, _, err := zugou(t, "", append(append([]string{"user"}, args...), "--data", data)...)
		text := out
		if err != nil {
			text += err.Error()
		}
		if !strings.Contains(text, want) {
			t.Fatalf("%v: want %q, got %q", args, want, text)
		}
		return out
	}
	why := []string{"--reason", "管理员全部离职"}
	out := do("initial password", append([]string{"add", "root1", "--name", "根", "--role", "system_admin"}, why...)...)
	password := regexp.MustCompile(`initial password\s+(\S+)`).FindStringSubmatch(out)[1]
	do("the account is taken", append([]string{"add", "root1", "--name", "根"}, why...)...)
	do("--reason", "add", "root2", "--name", "根")
	do("name: is missing", append([]string{"add", "root2"}, why...)...)
	do("does not go with", append([]string{"grant", "root1", "--role", "auditor"}, why...)...)
	do("last administrator", append([]string{"lock", "root1"}, why...)...)
	do("no such account", append([]string{"lock", "nobody"}, why...)...)
	do("want `zugou user lock ACCOUNT`", "lock")
	do("is no action", "fly")
	do("initial password", append([]string{"add", "anna", "--name", "安娜", "--phone", "15400000001"}, why...)...)
	do("SQ20", append([]string{"grant", "anna", "--role", "seat_operator", "--until", "2099-12-31"}, why...)...)
	do("is locked", append([]string{"lock", "anna"}, why...)...)
	do("is unlocked", append([]string{"unlock", "anna"}, why...)...)
	out = do("seat_operator@500111", "list")
	if strings.Contains(out, "15400000001") || strings.Contains(out, password) {
		t.Error("the list shows a secret")
	}
	do(`"account":"anna"`, "list", "--json")

	s := staff.New(d, kr, crypto.NewPasswords(0), staff.Options{District: "500111"})
	in, err := s.SignIn(ctx, staff.Place{Address: "10.0.0.1"}, staff.SignInRequest{Account: "root1", Password: password})
	if err != nil || in.State != staff.Enrol {
		t.Fatal(in.State, err)
	}
	do("initial password", append([]string{"reset", "root1", "--factor"}, why...)...)
	if _, _, err := s.Actor(ctx, in.Token); err == nil {
		t.Error("the session outlives the reset")
	}
	var n int
	if err := d.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&n), "SELECT count(*) FROM audit_row WHERE actor = ?", access.System("user-command").Account)
	}); err != nil || n < 7 {
		t.Error(n, err)
	}
}
