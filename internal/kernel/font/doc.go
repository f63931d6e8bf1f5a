// Package font brings Chinese type to paper: the one font that is in the
// program, and a PDF that prints with it.
//
// The font is Noto Sans SC Regular under the SIL Open Font License (OFL.txt),
// committed once as made by ./make, so that a bare build needs nothing from
// outside. It has all 20,976 unified ideographs, extension A, and those of
// later extensions that the national table of standard characters names.
//
// Always true:
//
//   - A character the font has no shape for is never printed as a box or left
//     out: the document fails and the error names the character, because a
//     sheet with a wrong name goes to the wrong child.
//   - Characters beyond two bytes, which the PDF library can't take, print
//     like any other.
//   - A line of Chinese is broken between any two characters, but none begins
//     with a closing mark; nothing is dropped where it breaks.
package font
