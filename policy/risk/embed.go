// Package risk holds, as data, which evidence the four colours rest on
// (evidence.json), the dated rules that set a provisional urgency (rules/) and
// what an assessed colour obliges (colour/). They are read by
// internal/loop/risk.
package risk

import "embed"

// Files is every data file of this folder.
//
//go:embed evidence.json rules/*.json colour/*.json
var Files embed.FS
