// Package gateway listens for badges and watches and hands what they say to
// the seat.
//
//	bytes ─ framer ─ codec ─► message ─► Take (one durable change) ─► reply
//	                                        │ storage away
//	                                        └─► no reply: the device repeats
//
// Always true:
//   - A reply leaves only after the message is on disk.
//   - Frames of one connection are taken in order, one at a time.
//   - A device has one live connection: the newest. A take-over is logged.
//   - A flood from one connection is slowed by dropping what is no alarm;
//     an alarm is always taken.
//   - Bytes that are no frame end the connection; a frame that can't be read
//     is counted and gets no reply, and the next one is read.
package gateway
