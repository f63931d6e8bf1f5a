// Package downlink brings commands to devices: a person asks, the command
// waits in the database until the process that holds the device's line sends
// it, and the device's answer is its result.
//
//	Send ─► waiting ──claim──► sending ──written──► sent ──answer──► done
//	           ▲                  │ line broke         │              failed
//	           └──────────────────┴────── no answer ◄──┘
//	  any of them ──► cancelled (by a person), expired (too late to make sense),
//	                  failed (no answer after the last try; refused by the model)
//
// Several processes share the queue. Each writes into device_line which
// devices it holds, and sends what waits for those: that row is the route. A
// row overwritten by another process is a take-over: the older line is ended.
//
// Always true:
//   - A device has one setting under way at most, and beside it at most one of
//     what presses (down.Pressing): to ask where a child is waits for no setting
//     that a watch never answers to.
//   - A command is sent at least once, or it ends as something other than done.
//   - What was asked for one wearer is not said to the next.
//   - Listening-in is refused by down.Check, here and in every codec; the
//     attempt is in the audit.
//   - The content (numbers, words, speech) is sealed, and gone when the
//     command has ended.
//   - Nothing here stands between a device's message and its storage.
package downlink
