// Package intake holds, by date, how long imported lists are kept and from how
// many rows on an import runs in the background. The files are read by
// internal/people/intake.
package intake

import "embed"

// Files is every dated policy of this folder.
//
//go:embed *.json
var Files embed.FS
