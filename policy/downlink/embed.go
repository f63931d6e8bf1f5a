// Package downlink holds for how long a command to a device makes sense, how
// long its answer is waited for, and how often it is said. Each file is valid
// from its date.
package downlink

import "embed"

// Files are the JSON files of this folder.
//
//go:embed *.json
var Files embed.FS
