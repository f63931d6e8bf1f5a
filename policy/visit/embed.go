// Package visit holds, by date, how often children are visited, what festivals
// bring, and what can't be true of a visit. The files are read by
// internal/loop/visit.
package visit

import "embed"

// Files is every dated policy of this folder.
//
//go:embed *.json
var Files embed.FS
