// Package db is the only way to the database, on two engines: an embedded
// SQLite (one writer that commits in groups, many readers) and PostgreSQL.
//
// # How a change becomes durable
//
//	Update(fn) ──► queue ──► writer: BEGIN IMMEDIATE
//	                          for each waiting change:
//	                            SAVEPOINT · fn(tx) · RELEASE   (fn fails: ROLLBACK TO, alone)
//	                          COMMIT   (one fsync for all)
//	           ◄── answers, after the fsync
//
// Always true:
//   - Update returns nil only when the change is on disk.
//   - A change that fails, or panics, undoes itself and nobody else.
//   - If the group's commit fails, every change of the group fails with kind
//     busy, and none of them is stored.
//   - Urgent changes (signals) go before all others in the queue, but for one of
//     33: nobody waits without end.
//   - SQL never asks the time: a transaction's Now is fixed, UTC, milliseconds.
//
// On PostgreSQL each change is a transaction of its own (the server groups
// its commits), READ COMMITTED, run again when the server reports a
// serialization failure or a deadlock. What must be alone takes Tx.Lock.
//
// Event rows written in a change are read by Tail in commit order, so that no
// listener misses one (see event.go).
package db
