// Package errs holds the kinds of error that every package returns.
//
// An error carries a kind and a message key; the Chinese words for the key
// stand in locale/, the HTTP status in the web package. Neither a key nor its
// arguments may hold a name, a number or a health fact: errors are logged.
package errs

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what the caller can do about an error.
type Kind uint8

// The kinds.
const (
	KindInternal        Kind = iota // a fault of ours or of the machine
	KindInvalid                     // the input is wrong; Fields say where
	KindNotFound                    // no such record, or none the actor may know of
	KindConflict                    // the record moved on since the actor saw it
	KindForbidden                   // the actor may know of it, but not do this
	KindUnauthenticated             // nobody is signed in, or not far enough
	KindBusy                        // try again: storage away, too many requests
)

var kindNames = [...]string{"internal", "invalid", "not_found", "conflict", "forbidden", "unauthenticated", "busy"}

// String gives the kind's name as used in logs and metrics.
func (k Kind) String() string { return kindNames[k] }

// Field names one wrong input and the message key of the reason.
type Field struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Error is the one error type that crosses package borders.
type Error struct {
	Kind   Kind
	Key    string // message key in locale/, such as "matter.closed_already"
	Fields []Field
	Err    error         // cause, for the log only
	After  time.Duration // of KindBusy: trying sooner is in vain; 0 = not known
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	if e.Key != "" {
		b.WriteString(": " + e.Key)
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s: %s]", f.Name, f.Key)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Invalid reports one wrong field.
func Invalid(field, key string) error {
	return &Error{Kind: KindInvalid, Key: "invalid", Fields: []Field{{field, key}}}
}

// InvalidFields reports several wrong fields at once; nil if there are none.
func InvalidFields(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: KindInvalid, Key: "invalid", Fields: fields}
}

// NotFound, Conflict, Forbidden, Unauthenticated build an error from its key.
func NotFound(key string) error        { return &Error{Kind: KindNotFound, Key: key} }
func Conflict(key string) error        { return &Error{Kind: KindConflict, Key: key} }
func Forbidden(key string) error       { return &Error{Kind: KindForbidden, Key: key} }
func Unauthenticated(key string) error { return &Error{Kind: KindUnauthenticated, Key: key} }

// Busy says that trying again later may help; cause may be nil.
func Busy(key string, cause error) error { return &Error{Kind: KindBusy, Key: key, Err: cause} }

// BusyFor is Busy with the time after which trying again may help.
func BusyFor(key string, after time.Duration) error {
	return &Error{Kind: KindBusy, Key: key, After: after}
}

// Internal wraps a fault that the user can't mend.
func Internal(cause error) error {
	return &Error{Kind: KindInternal, Key: "internal", Err: cause}
}

// KindOf gives the kind of err; an error from elsewhere is internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// KeyOf gives the message key of err, "internal" for an error from elsewhere.
func KeyOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Key
	}
	return "internal"
}

// Is reports whether err is of the kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
