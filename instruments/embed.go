// Package instruments holds the questionnaires and coding sheets as data, so
// that the one binary carries them. What the files mean is told in
// internal/loop/screening/instrument; a bureau's own versions live in its
// database.
package instruments

import "embed"

// Files is every data file of this folder.
//
//go:embed *.json
var Files embed.FS
