// Package backup copies a house's data while it works, and brings it back.
//
// # A backup
//
//	zugou-20250301T040000Z/
//	  zugou.db         one consistent state of the embedded database
//	  attachments/…    photos and papers
//	  manifest.json    what this is, every file's size and SHA-256
//	  SHA256SUMS       the same sums for `sha256sum -c`, manifest included
//
// It is written under a name that ends in ".partial" and renamed when all of
// it is on disk: a folder without that ending is whole. A backup killed half
// way leaves the partial folder, which the next backup removes.
//
// The database is copied by VACUUM INTO: one read transaction, so writers
// go on; and pages that hold deleted rows are left behind, as 等保2.0 asks of
// residual data (GB/T 22239-2019 8.1.4.9). It may renumber implicit rowids, so
// no table may refer to them. The database is copied before the attachments:
// an attachment is on disk before the row that names it, so all that the copy
// names is there. One erased in between is missing, as it should be.
//
// Always true:
//   - No key is in a backup, whatever the folders are (docs/adr/0004-keys.md).
//   - Restore writes only into a folder that holds nothing but keys, only what
//     the manifest names, and gives zugou.db its name last: after a crash
//     there is no database rather than half of one.
//   - Nothing is restored whose sums are wrong, or that a newer program made.
//
// It does not copy PostgreSQL, which has better tools of its own.
package backup
