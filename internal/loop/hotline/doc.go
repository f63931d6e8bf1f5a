// Package hotline is the children's line, 24 hours: the records of calls, who
// sits at the line, what becomes of a call.
//
//	waiting ──► talking ──► ended ──► wrapped (class, topic, action, child)
//	   │  ▲        │
//	   │  └─ lost ─┘ the seat's line broke, the caller stays
//	   ├──► message ──► ended        nobody came, the caller spoke
//	   └──────────────► ended        the caller gave up
//
// Always true:
//   - A call is a record before it is answered (see package phone).
//   - A call that nobody spoke with opens a matter: a call-back if it was given
//     up or cut, with a voicemail if one was left. It is closed by a person only.
//   - A caller's number is sealed; the child behind it is found by its keyed
//     look-up, and several children give no match but a choice.
//   - Calls in which nobody is heard are a class of their own; several from one
//     number within a day open a matter.
//   - A recording has a key of its own. Refusing it, or the end of the time it
//     is kept, destroys the key; playing it needs a reason, which is kept.
//   - A child's chat stands in the same queue with the same clocks. It has no
//     account, no name and no number: a key made by the page leads to it. One
//     seat takes it; nobody else reads along, and later a reason is asked for.
//     Taken by nobody, or left after a word was written, it opens a matter, and
//     what the child writes after that reaches the matter too. A flood of chats
//     crowds out no child (see crowd.go).
//
// Law: 未成年人保护法 art. 97 (the national line is answered round the clock);
// 个人信息保护法 art. 13, 28 (a notice, a choice, a purpose). Counts are those
// of Child Helpline International.
package hotline
