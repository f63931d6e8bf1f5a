package dated

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"zugou/internal/kernel/civil"
)

type rule struct {
	From civil.Date `json:"from"`
	Days int        `json:"days"`
}

func (r rule) Begins() civil.Date { return r.From }

func (r rule) Usable() error {
	if r.Days <= 0 {
		return errors.New("days are missing")
	}
	return nil
}

func folder(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestTheEditionOfADay(t *testing.T) {
	list, err := Read[rule](folder(map[string]string{
		"2025-07-01.json": `{"from":"2025-07-01","days":3}`,
		"2024-01-01.json": `{"from":"2024-01-01","days":1}`,
		"2025-01-01.json": `{"from":"2025-01-01","days":2}`,
		"README.md":       "not an edition",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[civil.Date]int{"2023-05-05": 1, "2024-01-01": 1, "2024-12-31": 1, "2025-01-01": 2, "2025-06-30": 2, "2025-07-01": 3, "2030-01-01": 3} {
		if got := list.On(day).Days; got != want {
			t.Errorf("%s: %d, want %d", day, got, want)
		}
	}
}

func TestAFolderThatCantBeUsedIsRefusedWithTheFilesName(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		says  string
	}{
		"nothing":     {map[string]string{}, "no edition"},
		"form":        {map[string]string{"2024-01-01.json": `{"from":`}, "2024-01-01.json"},
		"another day": {map[string]string{"2024-01-01.json": `{"from":"2024-01-02","days":1}`}, "2024-01-01.json: holds from"},
		"no day":      {map[string]string{"2024-13-01.json": `{"from":"2024-13-01","days":1}`}, "2024-13-01.json: holds from"},
		"check":       {map[string]string{"2024-01-01.json": `{"from":"2024-01-01"}`}, "2024-01-01.json: days are missing"},
	} {
		if _, err := Read[rule](folder(c.files)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
