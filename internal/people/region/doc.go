// Package region knows the areas: 市—区—镇街—村(社区)—网格, their codes and
// names, which contains which, and how an address written by hand is found
// among them.
//
// What is always true: a code is the prefix of the codes of all it contains,
// so area scope is a range of text (Code.Range), never a list. Codes die and
// names change: an address that is not found is said to be unknown, never
// guessed into a neighbour.
package region
