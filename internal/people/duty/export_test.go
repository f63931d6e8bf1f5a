package duty

import "zugou/internal/kernel/clock"

// PutForTest stores an entry without the rules of the service.
var PutForTest = insertEntry

// PlanForTest makes a plan of entries and rotations alone.
func PlanForTest(from, to clock.Millis, cal Calendar, entries []Entry, rotations []Rotation) *Plan {
	return newPlan(from, to, cal, entries, rotations, nil, nil)
}
