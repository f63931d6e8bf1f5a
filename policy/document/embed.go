// Package document holds, by date, which files are taken, how large, and how
// long they are kept. The files are read by internal/people/document.
package document

import "embed"

// Files is every dated policy of this folder.
//
//go:embed *.json
var Files embed.FS
