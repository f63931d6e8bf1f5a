// Package locale holds every text that people read, as data: flat keys to
// Chinese. Pages import the files they need; the program embeds them all.
package locale

import "embed"

// Files are the JSON files, one folder a language.
//
//go:embed zh-CN/*.json
var Files embed.FS
