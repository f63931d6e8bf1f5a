package crypto

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Every message key of this package has its Chinese words.
func TestEveryKeyHasWords(t *testing.T) {
	raw, err := os.ReadFile("../../../locale/zh-CN/kernel.json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(raw, &words); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`"((?:password|factor|keys)\.[a-z_]+)"`)
	found := 0
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(code), -1) {
			found++
			if words[m[1]] == "" {
				t.Errorf("%s: %s has no words", file, m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d keys were found", found)
	}
}
