// Package civil holds what civil registration writes on paper: the resident
// identity number, the calendar date, the telephone number, the name and the
// numbers of an address, each with the form it is stored in, the forms it
// arrives in, and the form it may be shown in.
//
// What is always true: a value of ResidentID, Date, Phone that a Parse
// function gave back is in its one normal form, so that equal means same. No
// function corrects a wrong digit: the check digit of GB 11643 leaves some ten
// candidates for one wrong digit, and only name, sex and birth date decide.
//
// Nothing here asks for the time, reads a file or knows a region.
package civil
