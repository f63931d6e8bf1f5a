// Package coding holds the rules by which drawings (房树人) are coded: the sheet
// of 56 features, two raters blind to each other, the third rater, agreement,
// training and local validity.
//
//	two raters, blind ──► both in ──► agree enough ─────────────► final codes
//	                          └─────► critical code or sums apart ► third rater, blind too ► final codes
//
// Always true:
//
//   - A rater is shown the picture, a pseudonym, an age band and the sex, and
//     nothing else: no school, no score, no name, no other rater. View has no
//     field for more.
//   - Nobody sees another's codes before his own are in.
//   - One rater's critical or review code (death, blood, written words, ruin)
//     goes to a person at once; it waits for no second rater.
//   - A drawing sets no colour and lowers nothing. At most it sets a mark
//     建议谈话 that expires.
//   - Agreement is no validity; Validity is reported after each batch.
//
// No meaning is read by machine here: features marked machine are physical
// measures that a rater confirms.
//
// Source: screening reference 3.2 and 3.3, and the studies named in
// instruments/htp.json.
package coding
