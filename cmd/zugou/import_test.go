package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sampleSheets = "../../internal/people/roster/testdata/samples/"

func runImportWith(args ...string) (out string, err error) {
	var o, e bytes.Buffer
	err = run(context.Background(), env{In: strings.NewReader(""), Out: &o, Err: &e, Getenv: func(string) string { return "" }}, append([]string{"import"}, args...))
	return o.String(), err
}

func TestImportPrintsExactlyTheseFields(t *testing.T) {
	file := sampleSheets + "孤儿和事实无人抚养儿童台账.xlsx"
	before, err := runImportWith("--dry-run", "--json", "children", file)
	if err != nil {
		t.Fatal(err)
	}
	behind, err := runImportWith("children", file, "--json", "--dry-run")
	if err != nil || before != behind {
		t.Fatalf("flags behind the file: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(before), "\n")
	if len(lines) != 54 {
		t.Fatalf("%d lines", len(lines))
	}
	if want := `{"sheet":"孤儿","row":11,"outcome":"duplicate","reason":"same_person_in_sheet","name":"钱建豪","id":"500199201511278706"}`; lines[7] != want {
		t.Errorf("got %s", lines[7])
	}
	for _, l := range lines {
		var got map[string]any
		if err := json.Unmarshal([]byte(l), &got); err != nil || len(got) != 6 {
			t.Fatalf("%s: %v", l, err)
		}
	}
}

func TestImportCorrectsHeadings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(file, []byte("甲列,乙列,性别\n王强,11010219840406970x,女\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := runImportWith("children", file, "--dry-run"); err == nil || !strings.Contains(err.Error(), "表头") {
		t.Errorf("without headings: %v", err)
	}
	out, err := runImportWith("children", file, "--dry-run", "--json", "--map", "name=甲列", "--map", "身份证号=乙列")
	if err != nil || !strings.Contains(out, `"outcome":"ok","reason":"","name":"王强","id":"11010219840406970X"`) {
		t.Errorf("%s%v", out, err)
	}
	if _, err := runImportWith("children", file, "--dry-run", "--map", "nme=甲列"); err == nil || !strings.Contains(err.Error(), "no such field") {
		t.Errorf("a wrong field: %v", err)
	}
	if _, err := runImportWith("children", file, "--dry-run", "--map", "name=甲列", "--map", "id=乙列", "--map", "school=丙列"); err == nil {
		t.Error("a heading that no table has")
	}
}

func TestImportRefusesWrongCalls(t *testing.T) {
	for _, args := range [][]string{{}, {"children"}, {"people", "x.csv", "--dry-run"}, {"children", "no-such.xlsx", "--dry-run"}, {"children", "a", "b", "--dry-run"}} {
		if _, err := runImportWith(args...); err == nil {
			t.Errorf("%v", args)
		}
	}
}

func TestImportWritesTheRefusedRows(t *testing.T) {
	refused := filepath.Join(t.TempDir(), "refused.xlsx")
	out, err := runImportWith("children", sampleSheets+"留守儿童信息表.csv", "--dry-run", "--refused", refused)
	if err != nil || !strings.Contains(out, "共 400 行") || strings.Contains(out, "500199") {
		t.Fatalf("%v: %s", err, out[max(0, len(out)-200):])
	}
	if info, err := os.Stat(refused); err != nil || info.Size() == 0 {
		t.Error(err)
	}
}

func TestImportIntoTheRegisterOfAFolder(t *testing.T) {
	dir := t.TempDir()
	file := sampleSheets + "孤儿和事实无人抚养儿童台账.xlsx"
	if _, err := runImportWith("children", file, "--data", dir, "--yes"); err == nil || !strings.Contains(err.Error(), "start serve first") {
		t.Fatalf("an empty folder: %v", err)
	}
	var o bytes.Buffer
	if err := run(context.Background(), env{In: strings.NewReader(""), Out: &o, Err: &o, Getenv: func(string) string { return "" }}, []string{"migrate", "--data", dir}); err != nil {
		t.Fatal(err)
	}
	look, err := runImportWith("children", file, "--data", dir, "--dry-run")
	if err != nil || !strings.Contains(look, "可导入") {
		t.Fatalf("%v: %s", err, look)
	}
	if out, err := runImportWith("children", file, "--data", dir); err == nil {
		t.Fatalf("without an answer: %s", out)
	}
	out, err := runImportWith("children", file, "--data", dir, "--yes")
	if err != nil || !strings.Contains(out, "已导入") || strings.Contains(out, "已导入 0 行") {
		t.Fatalf("%v: %s", err, out)
	}
	again, err := runImportWith("children", file, "--data", dir, "--dry-run", "--json")
	if err != nil || !strings.Contains(again, `"reason":"in_register"`) {
		t.Errorf("held against the register: %v\n%s", err, again[:min(400, len(again))])
	}
}
