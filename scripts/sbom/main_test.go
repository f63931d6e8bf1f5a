package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const lockText = `{"lockfileVersion": 3, "packages": {
  "": {"name": "pages"},
  "node_modules/@scope/a": {"version": "1.2.0", "integrity": "sha512-AAEC", "license": "MIT"},
  "node_modules/@scope/a/node_modules/b": {"version": "2.0.0+x", "license": "(MIT OR Apache-2.0)"},
  "node_modules/tool": {"version": "9.0.0", "dev": true},
  "node_modules/here": {"version": "1.0.0", "link": true}
}}`

// build makes a small program that needs one module of ours.
func build(t *testing.T, goarch, cgo string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "zugou-"+goarch)
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", out, ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED="+cgo)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

func TestBillOfMaterials(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "package-lock.json")
	if err := os.WriteFile(lock, []byte(lockText), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-version", "v1", "-made", "2025-03-01T00:00:00Z", "-lock", lock, build(t, "amd64", "0")}
	var first, second bytes.Buffer
	if err := run(args, &first); err != nil {
		t.Fatal(err)
	}
	if err := run(args, &second); err != nil || first.String() != second.String() {
		t.Error("the same inputs gave other bytes", err)
	}
	var b bom
	if err := json.Unmarshal(first.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, c := range b.Components {
		refs = append(refs, c.Ref)
		switch c.Name {
		case "@scope/a":
			if len(c.Hashes) != 1 || c.Hashes[0].Content != "000102" || c.Licenses[0].Expression != "MIT" {
				t.Errorf("%+v", c)
			}
		case "zugou-amd64":
			if len(c.Hashes) != 1 || len(c.Hashes[0].Content) != 64 {
				t.Errorf("%+v", c)
			}
		}
	}
	all := strings.Join(refs, " ")
	for _, want := range []string{"file:zugou-amd64", "pkg:golang/std@1.", "pkg:npm/%40scope/a@1.2.0", "pkg:npm/b@2.0.0+x"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is missing in %s", want, all)
		}
	}
	if strings.Contains(all, "tool") || strings.Contains(all, "here") {
		t.Errorf("what doesn't ship is listed: %s", all)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	lock, old := filepath.Join(dir, "lock.json"), filepath.Join(dir, "old.json")
	for path, text := range map[string]string{lock: lockText, old: `{"lockfileVersion": 1}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"nothing":          nil,
		"no binary":        {"-version", "v", "-made", "x", "-lock", lock},
		"not a program":    {"-version", "v", "-made", "x", "-lock", lock, lock},
		"an old lock file": {"-version", "v", "-made", "x", "-lock", old, self},
		"no lock file":     {"-version", "v", "-made", "x", "-lock", filepath.Join(dir, "away"), self},
	} {
		if err := run(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	// The shell of any Debian is linked dynamically.
	if err := checkStatic("/bin/sh"); err == nil || !strings.Contains(err.Error(), "not static") {
		t.Errorf("a program that isn't static: %v", err)
	}
}
