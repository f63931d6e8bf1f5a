// Package paper reads photos and scans of the sheets of package sheet, in pure
// Go and without any state.
//
//	bytes ─► decode ─► detect (≤ 1600 px, local threshold, components)
//	      ─► four marks ─► homography ─► code in its box ─► number
//	                                 └─► rectified frame ─► quality, measures, hashes
//	      no marks, no code or a poor photo ─► Faults ─► a person mends it
//
// Always true:
//
//   - Identity comes from the code and its check character alone. Nothing is
//     guessed from order, file name or the child's neighbours in a batch.
//   - Measures are physical: how much, where, how dark, how wide. No meaning is
//     read.
//   - Hostile bytes cost bounded memory and time, and end in an error.
//   - The rectified frame has nothing of the sheet's head: it is what raters
//     are shown.
//
// Detection works on the pixels as stored; which way up a photo is, is told by
// the one hollow mark, not by the camera. Coordinates that go out are those of
// the photo as a browser shows it (Exif orientation applied).
//
// Source: screening reference 4.2 (measured) and 4.1 (lessons of others).
package paper
