// Package duties holds, by date, what each department of the leading group
// must do for each kind of matter. The files are read by
// internal/loop/workforce.
package duties

import "embed"

// Files is every dated edition of this folder.
//
//go:embed *.json
var Files embed.FS
