// Package device is the register of what children wear: badges, watches, and
// who wears which since when.
//
//	unknown ──adopt──► stock ◄──wear/take off──► active        any ──► retired
//
// A device that nobody registered and that speaks is unknown: it is listed,
// its signals go to the seat, and it can be adopted.
//
// Always true:
//   - A device has one wearer at most, and the history of wearers says who
//     wore it at any instant: a late signal finds the child of its own time.
//   - device.region is where the wearer lives; Follow keeps it so.
//   - The newest of a device (seen, battery, place) stands in a row of its
//     own, so that a report every minute never touches the record.
//   - Positions are kept for days (Forget), whereabouts are sensitive at any
//     age (个人信息保护法 art. 28).
package device
