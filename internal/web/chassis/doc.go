// Package chassis is what every page and every call of the API passes through:
// TLS and HTTP/2, request ids, the session, the trail of what is shown, limits,
// headers, errors in the user's language, logs and metrics without personal data.
//
//	request ─ id ─ clock header ─ recover ─ limits ─ session ─ actor ─ trail
//	                                                                    │
//	   answer is held ◄── handler ◄─────────────────────────────────────┘
//	        │
//	        └─ the trail is stored ─► the answer leaves
//
// Always true:
//   - An answer that shows a record leaves only after the audit row is stored.
//     One exception: while the storage fails, the seat's queue is shown and the
//     row is stored as soon as that works again (an emergency that threatens
//     life, 个人信息保护法 art. 13(4)).
//   - A write without the header X-Zugou is refused: no other site's page can
//     send it.
//   - Logs hold the route's pattern, never the address with its values.
package chassis
