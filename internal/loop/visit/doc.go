// Package visit is aftercare: pairing, visits by colour and category, festival
// greetings with goods, all of it on a phone without a network.
//
//	child ─ colour, category, festival ─► due ─► route of the day ─► visit
//	                                       │ not in time              │
//	                                       ▼                          ├─ danger ─► matter, at once
//	                                 officer is told                  ├─ written by two phones ─► both
//	                                                                  │     versions, a person decides
//	                                                                  └─ can't be true ─► mark ─► explained
//
// Always true:
//   - Whoever is paired with a child, or sent to one, has a records check in
//     force within the change that sends them.
//   - A visit sent twice is one visit: the key of the phone that wrote it.
//   - What a phone wrote is never lost and never overwritten: an edit that was
//     made of an older version than the current one becomes a conflict.
//   - A danger found is a matter in the same change in which the visit is stored.
//   - A child has one open due of each plan; a visit closes those whose time
//     has begun.
//   - A mark never accuses: a person says what it was.
//
// Frequencies, goods, festivals and what counts as doubtful are dated data
// (policy/visit). Source: 民发〔2019〕34号, 民发〔2023〕61号.
package visit
