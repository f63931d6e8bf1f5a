// Package document keeps files: photos of an order, recordings, signed papers.
//
//	upload ─ sniff ─ take place and time out ─ seal ─► file on disk ─► row
//	                        │                                          │
//	                        ▼                                 keep_until│erase
//	                 sealed data beside it                             ▼
//	                                                      key destroyed, file gone
//
// A file belongs to one record of another room (an order, a case, a visit),
// and that record's rights are the file's: the room answers by a Record, which
// app registers under the name of the kind.
//
// Always true:
//   - What a file is says its content, never its name or what the sender
//     claims. Only what this package can read is taken: JPEG, PNG, WebP; MP4
//     audio, Ogg, WebM, WAV, MP3, AMR; PDF.
//   - What is stored and served of a picture holds pixels and colours only.
//     Place and time that the camera wrote are kept apart, sealed, and shown to
//     whoever may see the record: a photo passed on must not tell where a child
//     lives (个人信息保护法 art. 28).
//   - The file is on disk before its row is: a row never names a missing file.
//     A file without a row is swept after a day.
//   - The same key of the same account is the same file: an offline phone sends
//     twice, and gets the same id twice.
//   - Every file has its own key. Erasing a child destroys the keys of its
//     files in the same change (art. 47); copies in backups stay unreadable.
//   - A look at a file is a look at the record: one audit row names it.
//
// What is taken and how long it is kept are dated data: policy/document. On
// PostgreSQL with several processes the attachments folder must be shared.
package document
