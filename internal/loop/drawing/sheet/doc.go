// Package sheet is the paper a child draws on: its number, its geometry, and
// the PDF that prints a class.
//
//	number ──► QR ┐
//	          text├─► one A4 page a pupil ──► drawn on ──► photo ──► package paper
//	corner marks ─┘
//
// Always true:
//
//   - A number is random, says nothing about the child, and carries a check
//     character: one wrong character, or two neighbours exchanged, is noticed.
//   - The same number stands on the sheet twice, as a QR code (version 1,
//     level M, at least 20 mm) and in plain characters for a person.
//   - Of the four corner marks one is different, so that a photo may be taken
//     from any side.
//   - Nothing is printed nearer than 8 mm to the edge: office printers can't.
//   - The frame holds nothing but what the child draws. A rater is shown the
//     frame only, never the head with the name.
//
// The geometry is numbered by Layout; a reader knows from the code by which
// one a sheet was printed, so that a changed layout doesn't spoil old paper.
package sheet
