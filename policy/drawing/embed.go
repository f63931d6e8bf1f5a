// Package drawing holds the dated limits of the paper pipeline for drawings.
package drawing

import "embed"

// Files has limits.json.
//
//go:embed limits.json
var Files embed.FS
