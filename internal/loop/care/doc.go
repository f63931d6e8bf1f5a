// Package care is professional help for one child, from referral to follow-up:
// 部门、镇街筛查 + 专业评估 + 专家辅导 + 跟踪问效.
//
//	referred ─accept─► intake ─assessment signed─► assessed ─plan approved─► serving
//	    │                                              ▲                        │
//	    └─reject─► rejected                            └──── review: new plan ──┤
//	                                                                            ▼
//	 followed ◄─follow-up done─ closed ◄─second person─ closing ◄── result ─────┘
//	                              │                        │
//	                              └──── reopen ────────────┴─► serving
//
// Always true:
//   - Every case has a worker from its acceptance on, and a supervisor who is
//     somebody else.
//   - What was written stays: a change is a further edition, signed anew.
//   - A plan is served only after somebody other than its writer approved it;
//     a case is closed only with a result and by a second person.
//   - The confidential part of a session is read by the case's worker and its
//     supervisor, and by nobody else: no leader, no administrator, no colleague,
//     no export. A safety plan, means and past attempts stand outside of it: the
//     seat needs them at 02:00.
//   - After a crisis the child is contacted within 24 hours, 72 hours, 7 days
//     and then weekly; an unreachable child counts as not done, and what is not
//     done in time goes to the seat.
//   - Results (跟踪问效) are folded from their rows: a figure without a row has no
//     value, and every figure opens into what it was made of. A change between
//     two scores of one instrument is judged by dated parameters with a source,
//     or not at all.
//   - Who is asked to take a case sees enough to decide, never a name or a text.
//   - Consent is asked for each recipient, by who has the case. Its refusal stops a referral, never
//     a crisis response or a mandatory report.
//
// Source: 民发〔2023〕61号, 62号; 未成年人保护法 art. 11; the norms of section 5
// of the screening reference.
package care
