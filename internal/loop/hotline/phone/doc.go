// Package phone is the telephone of the children's hotline: it answers SIP
// calls itself, rings every free seat in its browser and on its SIP phone, and
// carries the sound between them.
//
//	INVITE ─► Book.Arrive (stored) ─► 200 OK ─► greeting and notice, seats ring
//	                                     │
//	     ┌── nobody in RingFor ──────────┤ first seat to answer takes it
//	     ▼                               ▼
//	next level … last ─► keys 1, 2 ─► voicemail          talking ─► ended
//	     ▲                    │                              │
//	     │                    └─► 110 or 12356 joins         │
//	     └───────────── the seat's line was lost ◄───────────┘
//
// Always true:
//   - The call is in the Book before it is answered. While the storage is away
//     it is answered all the same, rings from memory, and is written later.
//   - What happens in a call is told to the Book in its order; a Book that is
//     away is told later.
//   - The first seat to answer takes the call; the others stop ringing.
//   - A caller stays on the line when a seat's line is lost: the seats ring
//     again, before all others.
//   - Nothing is recorded before the notice was played to its end, and nothing
//     after the caller pressed the key that refuses it.
//
// It does not know who the child is and decides nothing about the call: the
// package hotline does. One process has the sound of a call; other processes
// see its record.
//
// Standards: RFC 3261 (SIP), RFC 3264 (offer and answer), RFC 3550, RFC 4733;
// WebRTC with G.711, which RFC 7874 obliges browsers to speak.
package phone
