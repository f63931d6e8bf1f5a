// Package holidays holds the State Council's calendars, one file a year: days
// off and the weekend days worked to make up for them. A correction, or a year
// that came out after the program was built, is entered on the policies page.
// "confirmed": false says that nobody compared the file with the notice yet.
package holidays

import "embed"

// Files are the JSON files of this folder.
//
//go:embed *.json
var Files embed.FS
