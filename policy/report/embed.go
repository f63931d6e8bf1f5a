// Package report holds, by date, what the figures need to know: since when the
// programme counts. The files are read by internal/report.
package report

import "embed"

// Files is every dated policy of this folder.
//
//go:embed *.json
var Files embed.FS
