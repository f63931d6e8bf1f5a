// Package batch brings drawings in: sheets printed for a class, photos handed
// in by the hundred, read in the background, mended by a person where reading
// failed.
//
//	print ─► sheet of a child
//	photos ─► waiting ─read─► read ────────────► drawing: rating
//	             │            ├─► same picture ► drawing: suspect ─person─► rating | out
//	             │            ├─► same number ─► drawing: second ──person─► rating | out
//	             │            ├─► again  (blurred, dark, cut off)  ─person─► drawing | dropped
//	             │            └─► mend   (no marks, no code, unknown number) ─person─► drawing | dropped
//	             └─kill─► waiting
//
// Always true:
//
//   - A photo that was answered for is on disk, sealed by a key of its own. A
//     process killed while reading leaves it waiting, and reads it once more;
//     a drawing is written once.
//   - The child is found by the sheet's number alone. Order, file name and
//     neighbours say nothing.
//   - Nothing is thrown away by machine: a second sheet of one number and a
//     picture like another wait for a person; who drops says why.
//   - One photo is in memory at a time, whatever the size of the batch.
//   - Who mended a drawing has seen whose it is, and doesn't rate it.
//   - Photos go when their time is over; a child's erasure destroys their keys.
package batch
