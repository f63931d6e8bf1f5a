// Package journal takes ordinary reports of devices onto the disk when more
// come at once than the database takes: all watches of a district that find
// the network again after an outage.
//
//	alarm, recording, event ───────────────────────────────► seat.Take, at once
//	report, few under way ─────────────────────────────────► seat.Take
//	report, many under way ─► append ─► fsync of the group ─► the device is answered
//	                                        └─► batches into the database, in order
//	start ─► what was appended and not taken in is taken in first for its device
//
// What holds always:
//
//   - The device is answered when its report is on disk, in the journal or in
//     the database; never before. If the append or its fsync fails, it is not.
//   - A report is taken in as of the instant of its receipt, and once: its key
//     finds it in the database if the program died between the two.
//   - The reports of one device are taken in in their order. An alarm that is
//     a state bit of a report waits (a moment) for the device's earlier
//     reports, which then go before all others; an alarm of its own waits for
//     nothing.
//   - What waits is taken in behind what is urgent, and all the same: the writer
//     keeps a share of its changes for what is not (package db), so that a flood
//     of alarms makes reports late, never lost.
//   - While the devices come in one behind the other they are answered first,
//     and the database rests, as long as no report is older than Rest and no
//     alarm waits for one.
//   - What waits is bounded: beyond mostWaiting reports the devices wait for
//     the database as if there were no journal.
//
// A segment is a file of records: length, CRC-32C, sealed text. It is laid out
// with zeros before it is written to, and removed when all its records are in
// the database. See docs/adr/0006-journal.md.
package journal
