// Package access holds who may do what: one table of role × action, each cell
// saying under which condition (table.go). Area, department and purpose come
// with the question (Target).
//
//	A  the record lies in the area of the grant
//	T  the actor has an open task (an order, a case) on the record; the task's
//	   id is the purpose and is written to the audit
//	O  the record is the actor's own
//	.  never
//
// Always true:
//   - Who stands on a matter's conflict list sees and does nothing in it,
//     whatever the role.
//   - Break-glass opens reading of one child for 15 minutes, never for
//     administrators, auditors, citizens or other departments, and never a
//     reporter's identity or a shelter's address.
//   - System, security and audit administrator are three accounts, none of
//     them an operator (三员分立, GB/T 22239-2019 8.1.5; see Compatible).
//
// The matrix is tested over every action × role × in/out of area.
package access
