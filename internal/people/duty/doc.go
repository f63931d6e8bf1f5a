// Package duty knows who is on duty where: rosters, recurring turns, leave
// and swaps, the standing duty of grid workers and village directors, and the
// guard that looks for duties with nobody home.
//
//	shift ─┐
//	turn ──┼─► swapped (A for B) ─► without who is on leave ─► on duty
//	standing┘
//
// Standing duty is the grant itself: a grid worker (网格员) and a village
// director (儿童主任) answer for their area at every hour unless on leave,
// because nobody else lives there at night. Townships, the seat, its leader and
// the police keep rosters.
//
// Always true:
//   - Of several swaps of the same person for the same duty, the latest holds.
//   - A person on leave is on no duty anywhere, whatever the roster says.
//   - Somebody is reachable if the account is active and its phone is verified.
//   - A gap pages the duty leader once, and again only after RepageAfter or
//     shortly before it begins; it closes by itself when somebody is there.
//   - Rows of rosters are ended, never deleted: who was on duty on a night is
//     asked months later.
//
// It sends nothing: paging goes through the Pager that the caller brings.
package duty
