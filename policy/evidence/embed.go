// Package evidence says, as data, which answers and scores become which
// evidence of the four colours. It is read by internal/loop/screening/answer.
package evidence

import _ "embed"

// Answers is the table.
//
//go:embed answers.json
var Answers []byte
