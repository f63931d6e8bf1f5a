// Package seat is the operator's work (预防轻生联动坐席): it takes signals in,
// shows the queue and the card, and keeps what could not be stored ringing.
//
//	door ─► Take ─► one change: signal stored ─ whose? ─ open or join a matter ─ clock
//	          │                                              │
//	          │ storage away                                 └─► event ─► screens ring
//	          ▼
//	        Unsaved: rings from memory; the door stays silent to the device, so
//	        that it repeats, and the repeat clears the entry once it is stored
//
// Always true:
//   - Take returns nil only when the signal is on disk.
//   - A signal whose processing fails is stored all the same and processed
//     later by a job; it is never dropped.
//   - What nobody knows goes to the seat as unknown.
//   - A real signal of a crisis ends the drills under way.
package seat
