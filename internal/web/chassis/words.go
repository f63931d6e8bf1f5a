package chassis

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
)

// Locale is the texts of one language.
type Locale map[string]string

// LoadWords reads the flat JSON files of one language.
func LoadWords(files fs.FS, language string) (Locale, error) {
	names, err := fs.Glob(files, path.Join(language, "*.json"))
	if err != nil {
		return nil, err
	}
	out := Locale{}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("locale/%s: %w", name, err)
		}
		for key, text := range texts {
			out[key] = text
		}
	}
	return out, nil
}

// Text gives the text of a key.
func (l Locale) Text(key string) (string, bool) {
	text, ok := l[key]
	return text, ok
}
