// Package rating is the blind rating of drawings: who is given which, what he
// may see of it, and what follows from two or three sheets of codes.
//
//	drawing: rating ─► task of rater A ─sheet─┐
//	                └► task of rater B ─sheet─┴─► apart? ─► task of rater C ─► decided
//	                                            └► agree ───────────────────► decided ─► 建议谈话?
//	some of a rater's drawings come again later, under another name
//
// Always true:
//
//   - A rater is given a task's id, the frame, an age band, the sex, and the
//     conditions of drawing. No answer of this package to a rater has a field
//     for school, child, score, batch or another rater.
//   - Nobody who holds the right to rate opens the result of an undecided
//     drawing by any door, and who mended or handed in a photo never rates it.
//   - Explicit content, written words or ruin in one rater's sheet open a matter
//     at the seat in the same change; they wait for no second rater.
//   - A rating is never changed.
//   - The mark 建议谈话 ends by itself, sets no colour and lowers nothing.
//   - Nobody rates in earnest before passing the training.
//
// The rules themselves (third rater, sum, agreement, validity) are package
// coding's.
package rating
