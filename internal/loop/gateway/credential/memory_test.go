package credential

import (
	"testing"

	"zugou/internal/kernel/clock"
)

// Whoever read an old secret and was slow, or changed one and was overtaken on
// the way back from the storage, must not bring it back.
func TestAnEndedSecretDoesNotComeBackFromMemory(t *testing.T) {
	type step struct {
		hash string
		at   int64
	}
	for name, c := range map[string]struct {
		steps []step
		holds string // "": none
	}{
		"one":                          {[]step{{"a", 1}}, "a"},
		"a newer one":                  {[]step{{"a", 1}, {"b", 2}}, "b"},
		"the older one comes late":     {[]step{{"b", 2}, {"a", 1}}, "b"},
		"ended":                        {[]step{{"a", 1}, {"", 2}}, ""},
		"ended, and then read of old":  {[]step{{"a", 1}, {"", 2}, {"a", 1}}, ""},
		"ended, and given anew":        {[]step{{"a", 1}, {"", 2}, {"b", 3}}, "b"},
		"two of one moment":            {[]step{{"a", 1}, {"b", 1}}, ""},
		"of one moment, and read anew": {[]step{{"a", 1}, {"b", 1}, {"b", 1}}, ""},
		"and a newer one after them":   {[]step{{"a", 1}, {"b", 1}, {"c", 2}}, "c"},
		"the same again":               {[]step{{"a", 1}, {"a", 1}}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(nil)
			for _, x := range c.steps {
				s.remember("B-1", DoorToken, x.hash, clock.Millis(x.at))
			}
			for _, hash := range []string{"a", "b", "c", ""} {
				if got := s.knows("B-1", DoorToken, hash); got != (hash == c.holds && hash != "") {
					t.Errorf("%q holds: %v, want only %q", hash, got, c.holds)
				}
			}
		})
	}
}
