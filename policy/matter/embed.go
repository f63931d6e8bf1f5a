// Package matter holds the first edition of the kinds of matter and of the
// chains of command; officials change them by dated rows in the database.
package matter

import "embed"

// Files are the JSON files of this folder.
//
//go:embed *.json
var Files embed.FS
