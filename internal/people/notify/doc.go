// Package notify carries messages to people: into the product at once, and out
// of the house by Web Push, SMS, WeCom (企业微信) and DingTalk (钉钉).
//
//	Send ─► notice (in-app, with its event)      in the caller's change
//	          └─job─► fan: one outbox row a channel the person has
//	                    └─job─► attempt ─► sent │ failed │ waiting (back-off)
//	Cancel / Acknowledge / Read: what has not gone yet never goes
//
// Always true:
//   - What leaves the house carries no name, place or matter: a Letter can only
//     be made here, from a fixed text, an order number of one form, and a count.
//   - A person gets a step's message once: (account, key) is unique.
//   - Ordinary: at most once. An attempt is written down before it is made; if
//     its end is unknown (a crash, a time-out after the request went out) it is
//     not made again. And only in office hours.
//   - Crisis: at least once, over all channels of the person in parallel, at
//     any hour, before any rate limit, until one acknowledges or it expires.
//   - Without a gateway the message stands in the outbox page as "shown", and
//     Configured is false, so that the first screen says so.
//
// Attempts run outside the job engine's workers: a gateway that hangs must not
// hold up the clocks of orders. The job of a row under way stays as a watchdog
// that takes it up after a crash.
package notify
