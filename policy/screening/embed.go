// Package screening holds, by date, what the result of a questionnaire obliges.
// The files are read by internal/loop/screening/obligation.
package screening

import "embed"

// Files is every dated policy of this folder.
//
//go:embed *.json
var Files embed.FS
