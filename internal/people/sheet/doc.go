// Package sheet reads the tables that offices send into one model: xlsx, the
// old xls (BIFF5 and BIFF8), CSV or TSV in UTF-8, UTF-16 or GB18030, and the
// HTML pages that web systems export under the name .xls. What a file is, its
// bytes say, never its name.
//
//	file ──► Read ──► Book ──► Sheet (visible or hidden) ──► Row ──► Cell
//
// What is always true: row numbers are those the spreadsheet shows; a cell of a
// merged range carries the text of its first cell and says so (Cell.Merged); a
// number keeps every digit that the file has, without exponent; a number under
// a date format is written YYYY-MM-DD.
//
// The bytes come from anybody: nothing in them makes Read panic, and what it
// holds in memory stays below fixed limits, however far a small file unfolds.
// That is why the reading is done here, record by record: the usual libraries
// allot a full row for one cell in column XFD, fail on broken xls files by
// panic, and keep no merged ranges of xls.
//
// Write is the way out: a list of ours as a workbook of one sheet.
//
// It does not judge: headings, people and mistakes are for package roster.
package sheet
