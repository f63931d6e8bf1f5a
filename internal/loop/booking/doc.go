// Package booking is the shared places (counselling rooms, group rooms,
// children's activity rooms) and who has them when.
//
//	booked ──cancel──► cancelled
//
// Always true: a place has one booking at a time. Each quarter of an hour of a
// booking is a row whose key is place and quarter; the storage itself refuses
// the second one, whatever runs at once.
//
// A booking says what it is for by a kind, never for which child.
package booking
