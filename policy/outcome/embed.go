// Package outcome holds, by date, how a change between two measurements is
// judged and within which times casework is done. The files are read by
// internal/loop/care.
package outcome

import "embed"

// Files is every dated policy of this folder.
//
//go:embed *.json
var Files embed.FS
