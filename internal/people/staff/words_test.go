package staff_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zugou/locale"
)

// Whatever accounts and areas refuse, the page has Chinese words for it.
func TestEveryRefusalHasWords(t *testing.T) {
	words := map[string]string{}
	names, err := fs.Glob(locale.Files, "zh-CN/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(locale.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatal(name, err)
		}
	}
	forms := []*regexp.Regexp{
		regexp.MustCompile(`errs\.(?:NotFound|Conflict|Forbidden|Unauthenticated|Busy)\("([^"]+)"`),
		regexp.MustCompile(`errs\.Invalid\("[^"]+", "([^"]+)"`),
		regexp.MustCompile(`\.bad\("[^"]+", "([^"]+)"`),
		regexp.MustCompile(`"(geojson\.[a-z_]+)"`),
	}
	found := 0
	for _, pattern := range []string{"*.go", "../region/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range forms {
				for _, m := range form.FindAllSubmatch(raw, -1) {
					found++
					if words[string(m[1])] == "" {
						t.Errorf("%s: no words for %s", file, m[1])
					}
				}
			}
		}
	}
	if found < 80 {
		t.Errorf("%d refusals found: the search is blind", found)
	}
}
