// Package guard holds the first edition of the thresholds of badges and
// fences, and the terms of the schools; officials change them by dated rows in
// the database. "confirmed": false says that nobody compared a term with the
// education committee's calendar yet.
package guard

import "embed"

// Files are the JSON files of this folder.
//
//go:embed *.json
var Files embed.FS
