package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
)

// A machine is lost; another takes over from the backup and the safe.
func TestAHouseMovesToANewMachine(t *testing.T) {
	dir := t.TempDir()
	data, backups, fresh := filepath.Join(dir, "data"), filepath.Join(dir, "backups"), filepath.Join(dir, "fresh")
	k, err := crypto.Create(filepath.Join(data, "keys"), crypto.SM4, certNoon)
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), filepath.Join(data, "zugou.db"), clock.NewFake(certNoon))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer d.Close()

	out, _, err := zugou(t, "", "backup", "--data", data, "--to", backups, "--keep", "3")
	if err != nil {
		t.Fatal(err)
	}
	path, _, _ := strings.Cut(out, ": ")
	if out, _, err := zugou(t, "", "backup", "--verify", path); err != nil || !strings.Contains(out, "is whole") {
		t.Error(out, err)
	}
	out, _, err = zugou(t, "", "restore", "--from", path, "--data", fresh)
	if err != nil || !strings.Contains(out, "keys of house "+k.ID()+" are not in") {
		t.Error(out, err)
	}
	if _, err := os.Stat(filepath.Join(fresh, "zugou.db")); err != nil {
		t.Error(err)
	}
	if _, _, err := zugou(t, "", "restore", "--from", path, "--data", data); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over a living house: %v", err)
	}

	other := filepath.Join(dir, "other")
	if _, err := crypto.Create(filepath.Join(other, "keys"), crypto.SM4, certNoon); err != nil {
		t.Fatal(err)
	}
	if out, _, err := zugou(t, "", "restore", "--from", path, "--data", other); err != nil || !strings.Contains(out, "bring the right ones") {
		t.Error(out, err)
	}
	if _, _, err := zugou(t, "", "backup", "--db", "postgres://u@h/d", "--to", backups); err == nil || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("PostgreSQL: %v", err)
	}
	for _, args := range [][]string{{"backup"}, {"restore"}, {"backup", "now"}, {"backup", "--to", backups, "--keep", "-1"}, {"restore", "--from", "away"}} {
		if _, _, err := zugou(t, "", args...); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}
