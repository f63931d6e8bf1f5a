package arch

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The program reads all files of texts as one: a key with two texts would say
// the one where the other is meant.
func TestAKeyHasOneText(t *testing.T) {
	files, err := filepath.Glob("../../locale/zh-CN/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	line := regexp.MustCompile(`(?m)^\s*("(?:[^"\\]|\\.)*"):\s*("(?:[^"\\]|\\.)*")`)
	type text struct{ file, says string }
	seen := map[string]text{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		found := map[string]bool{}
		for _, m := range line.FindAllStringSubmatch(string(raw), -1) {
			var key, says string
			if json.Unmarshal([]byte(m[1]), &key) != nil || json.Unmarshal([]byte(m[2]), &says) != nil {
				t.Fatalf("%s: %s", file, m[0])
			}
			found[key] = true
			if was, ok := seen[key]; ok && was.says != says {
				t.Errorf("%s says %q in %s and %q in %s", key, was.says, was.file, says, filepath.Base(file))
			}
			seen[key] = text{filepath.Base(file), says}
		}
		for key := range all {
			if !found[key] {
				t.Errorf("%s in %s is not on a line of its own", key, filepath.Base(file))
			}
		}
	}
}
