// Package roster understands the lists of children and of devices that
// departments send: where the headings are and what they mean, which rows are
// people, and what is wrong with each.
//
//	sheet.Book ──► tables (headings by meaning) ──► rows ──► outcome, reason, record
//
// The outcome of a row is ok, warn (taken, to be looked at), duplicate (left
// out, the person stands there already) or refuse. Its reason is the first
// that holds:
//
//	name_missing          refuse     no name
//	id_missing            refuse     no ID, and no reason for having none
//	id_precision_lost     refuse     a spreadsheet kept 15 digits of 18
//	id_check              refuse     wrong form or check character (GB 11643)
//	id_birth_date         refuse     the ID holds a day that no calendar has
//	same_id_other_name    refuse     an earlier row, or the register, has another name
//	same_person_in_sheet  duplicate  an earlier row of the file is the same person
//	in_register           duplicate  the register has the child (not for devices)
//	sex_differs_from_id   warn
//	village_unknown       warn       an address is given, but no village of ours
//	no_id_with_reason     ok         未上户 and the like
//	device_missing        refuse     devices only: no number of the device
//	same_device           refuse     devices only: an earlier row has the device
//
// What is always true: a row that is somebody is never passed over in silence,
// it becomes a Row; what is passed over (titles, subtotals, footnotes) is listed
// with its row number. No digit is corrected. Age is not judged, and neither is
// the area that an ID begins with: areas die and move.
//
// It writes nothing: the register takes the records and stores them.
package roster
