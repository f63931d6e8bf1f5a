// Package intake brings a department's list into the registers: children, or
// devices with who wears them.
//
//	           headings mended
//	              ┌───┐
//	upload ──► draft ─┴─► writing ──► finishing ──► done ──► undoing ──► removing ──► undone
//	              │          │         (it shows)      ▲        │           ▲
//	              ▼          └── cancelled ────────────┼────────┼───────────┘
//	           dropped                                 └────────┘ somebody has worked on it since
//
// Always true:
//   - Nobody of an import shows before all of it is written; then all show at
//     once (import_shown), and the mark on each is taken off beside. A restart
//     goes on behind the last written change, or the import is undone.
//   - No change of an import lasts: what can be made beforehand (reading,
//     sealing) is made outside, and the size of a change follows the time that
//     the last one took. Signals go first by the kernel's own order.
//   - A row that is in the register is never written over: what the list says
//     differently is proposed to an officer, and a number that another township
//     has becomes a case for a named person.
//   - An undo takes away all of it or nothing: if a child has been worked on
//     since, it is refused with the children named.
//   - The file is sealed by a key of its own and kept for days only
//     (policy/intake); after that the counts stay, the list is gone.
//   - One import writes at a time, so that two lists with one child can't pass
//     each other unseen.
//
// How a list is understood is package roster's; what a child's record is,
// package person's.
//
// Law: 个人信息保护法 art. 19 (shortest time), 28–31 (children under 14).
package intake
