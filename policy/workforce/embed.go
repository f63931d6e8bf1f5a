// Package workforce holds, by date, what the front-line workforce must have:
// how long a records check holds, which papers qualify for which kind of work.
// The files are read by internal/loop/workforce.
package workforce

import "embed"

// Files is every dated policy of this folder.
//
//go:embed *.json
var Files embed.FS
