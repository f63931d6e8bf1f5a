// Package school holds, by date, within how many days a merger of two schools
// can be undone. The files are read by internal/people/school.
package school

import "embed"

// Files is every dated policy of this folder.
//
//go:embed *.json
var Files embed.FS
