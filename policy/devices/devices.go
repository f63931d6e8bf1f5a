// Package devices holds what models mean by vendor bits and fields, as data
// that an installer may read and change: one JSON file a model, in the form of
// internal/loop/gateway/profile. A maker's appendix is the source of each.
package devices

import "embed"

// Files are the built-in profiles.
//
//go:embed *.json
var Files embed.FS
