// Package place keeps the places that the seat may need besides its own staff:
// police stations, hospitals, schools, the minors' protection centre.
//
//	entered ──► changed ──► removed (stays on record)
//
// A place belongs to a township or to the district and has an institution's
// telephone number, which is public. The seat's card shows those of the
// child's township and of the district. Who may change them stands in the
// table of rights (place.write); each change is audited.
package place
