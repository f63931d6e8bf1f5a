// Package guard watches over who wears a badge, round the clock: fences,
// danger zones, school hours, batteries, vital signs, and silence.
//
//	message (gateway/keep) ─► Observe, in its change
//	   fix ──────► per (device, fence):   unknown ─► in ⇄ pending ⇄ out
//	   battery ──► per (device, level):   armed ⇄ over (re-armed behind a gap)
//	   vitals ───►      likewise, confirmed by several readings
//	   any word ─► per device:            heard ─► overdue ─► silent ─► heard
//	                                         └─ many at once ─► one outage
//	   verdict + schedule + rule ─► alarm: open │ held (outage) │ noted ─► ended
//	                                         └─► matter at the seat or on the village's list
//
// Always true:
//   - Class A (SOS, fall, taken off, a cry for help) passes nothing of this
//     package: the seat has acted on it before, in the same change.
//   - A fix that is only a guess (cells, a circle of kilometres) never says
//     that a child left; it says "can't confirm" and asks the badge.
//   - History never moves the live state, never ends an alarm; what it shows
//     raises a late alarm that says how late.
//   - No alarm is dropped: one that an outage explains is held, seen, and
//     raised when the outage ends without the badge.
//   - A silence is found by a clock of its own, without a write for each
//     message: the clock that fires looks when the badge was last heard. The
//     job engine looks every 0.1 s, so that is how late it is at rest; when 549
//     badges fall silent within ten seconds, half stand in the storage within
//     72 ms of their due time and 99 in 100 within 210 ms (BenchmarkSilence).
//   - Every threshold is dated data (policy/guard), by model and area.
//
// It does not decide what a child's state is; it opens matters for people.
package guard
