// Package id makes identifiers. They are UUIDv7 (RFC 9562): made anywhere
// without asking anyone, and ordered by time, so that an index on them stays
// compact.
package id

import (
	"github.com/google/uuid"
)

// ID is a UUIDv7 in its canonical text form; empty means "none".
type ID string

// New makes an identifier. Within one process each is greater than the last.
func New() ID { return ID(uuid.Must(uuid.NewV7()).String()) }

// Parse checks the form of s.
func Parse(s string) (ID, bool) {
	if len(s) != 36 {
		return "", false
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return "", false
	}
	return ID(u.String()), true
}
