// Package platform is the door for other systems: the city's centre, the
// police's, a school's. They call /api/ext with a key of their own, and hear
// of their orders by signed calls.
//
//	request ─ key known, not revoked ─ time within the window ─ signature ─ nonce new ─► act
//	             │                        │                       │            │
//	             └──── refused; a failure of a known key is counted for the page ───┘
//
//	order's stage ─ row in the same change ─► callback, oldest first ─► sent
//	                                             │ no answer: tried again,
//	                                             └ a second to five minutes apart
//
// The signature is HMAC (SM3, GB/T 32905, or SHA-256: a setting of the key) by
// the platform's secret over five values joined by \n:
//
//	METHOD, PATH with its query, TIME (Unix seconds), NONCE, hex(HASH(body))
//
// in the headers X-Zugou-Key, X-Zugou-Time, X-Zugou-Nonce and X-Zugou-Signature
// (hex). The joined text ends without a line break.
//
// Always true:
//   - A secret is shown once, when it is made; it is stored sealed, and never
//     logged. The nonce is stored before the act: a request that was caught on
//     the way can't be sent again. A sender that got no answer signs anew, with
//     the same idempotency key.
//   - The same idempotency key of the same platform is the same signal or
//     order, whenever it comes.
//   - The rate limit never drops a signal of a crisis kind.
//   - Only the city's centre sends orders, straight to a township; every stage
//     of them goes back up, in order, as often as it takes.
//   - A platform sees its own orders only, and no person by name.
package platform
