// Package matter keeps what must be dealt with: one record for one event, with
// an owner, running clocks, a list of who must not be told, and an outcome.
//
//	          signal joins: pressed again, urgency may rise
//	             ┌────┐
//	             ▼    │
//	──Open──►  open ──┴─Close──►  closing  ──Confirm(second person)──►  closed
//	             ▲                   │  │                                  │
//	             │◄──a new signal, or│  │  (no crisis, or a drill:         │
//	             │   a refusal ──────┘  │   closed at once)                │
//	             └───────────────Reopen─┴──────────────────────────────────┘
//
// Always true:
//   - One open matter for one event key (a child's safety, a kind of request):
//     the database refuses a second one.
//   - It closes only with an outcome that fits its kind; a crisis needs a
//     second person, who is not the one that closed it.
//   - Machine raises urgency; only a person lowers it, with a reason.
//   - Who stands on its conflict list neither sees it nor is told of it; in a
//     matter of abuse nobody near the child is contacted until a leader decides.
//   - matter_event holds all that happened, in order: every clock can be
//     computed again from it.
//
// It does not send anyone: that is package dispatch.
package matter
