// Package person is the register of people: children, their guardians and
// carers, who lives with whom, where, and how each is reached.
//
// # A record
//
//	active ──merge──► merged (points to the kept one; Unmerge brings it back)
//	   │
//	   └──erase, by two people──► erased (key destroyed; the id stays in the audit)
//
// Always true:
//   - A child belongs to the area where it lives now. A move is an event with
//     from, to, day and reason; nothing else changes the area.
//   - ID numbers, telephone numbers and addresses are stored sealed by the
//     person's own key, found by keyed look-up (whole, and the last four), and
//     shown masked. The full value goes out by Reveal only, with a reason that
//     is kept. Names, pinyin and initials are in clear, for search.
//   - One ID number has one record. A second area that claims it opens a case
//     for a named person, it makes no second record.
//   - People are never renumbered: a merged record keeps its id, and look-ups
//     follow it.
//   - People of an import show all at once or not at all (see column batch).
//   - Break-glass opens one child for one person for 15 minutes. Their leader
//     is told at once and confirms after, never the same person
//     (未成年人网络保护条例: access to minors' data is approved and recorded).
//
// It does not know matters, orders or devices; what it shows of them it is
// given by Ports.
//
// Law: 个人信息保护法 art. 28–31 (sensitive data), 44–47 (access, correction,
// deletion); GB 11643 (identity numbers).
package person
