// Package mqtt takes badges that speak MQTT, v3.1.1 and v5: with a broker of
// our own in this process (Broker), or as a consumer of somebody's cluster
// (Consumer). What they say is the contract of package badge:
//
//	up/{id}/alarm|pos|vital|beat|answer   badge ─► us
//	up/{id}/will                          its last will
//	down/{id}/ack  {"mid":…}              us ─► badge, after our commit
//	down/{id}/cmd  {"cid":…,"kind":…}     us ─► badge
//
// A badge repeats an alarm until down/{id}/ack names it: behind a cluster the
// acknowledgement of MQTT only means that the broker has it. One rule for both.
//
// The broker is mochi, pinned, because its OnPublish runs before the PUBACK
// and may wait for the commit. Its traps, each held by a test here:
//   - any other error than ErrRejectPacket from OnPublish still sends a PUBACK
//     of success to v3.1.1: each failure, and each panic, ends in Stop and
//     ErrRejectPacket, so that the badge sees the line break and says it again;
//   - wills don't pass OnPublish;
//   - a badge without an answer resends only when it comes back: hence Stop.
package mqtt
