package report

import (
	"fmt"

	"zugou/internal/kernel/errs"
)

// BadFrame says which part of a frame is wrong and why. It carries no content
// of the frame beyond numbers, so it may be logged. Its kind is errs.KindInvalid.
type BadFrame struct {
	Part   string // "frame", "header", "crc", "time", …
	Reason string
}

// Bad builds a BadFrame.
func Bad(part, format string, args ...any) error {
	return &BadFrame{Part: part, Reason: fmt.Sprintf(format, args...)}
}

func (b *BadFrame) Error() string { return b.Part + ": " + b.Reason }

// Unwrap gives the house's error kind.
func (b *BadFrame) Unwrap() error { return errs.Invalid(b.Part, "frame.invalid") }
