// Package answer takes filled questionnaires: by the web, from a worker's
// phone, asked in an interview, typed from paper.
//
//	web, phone, interview ──────────────► done
//	paper, typed once ─► first ─again──► done      (both say the same)
//	                        └──again──► differs ─settle─► done
//	somebody said no since ─► withheld: the answers are not kept
//
// Always true:
//   - What is critical never waits. With the sheet, in the same change, a matter
//     opens at the seat with its clock; for paper at the first typing already.
//   - A skipped or refused item on suicide obliges a talk like a yes.
//   - The same sheet sent twice is one sheet (its key).
//   - Answers and result are sealed by the child's key. Scores are made here, by
//     item code, never by the page.
//   - A refusal ends the keeping of answers, never a response to what is
//     critical in them.
//   - Who answers is never shown a score; see Receipt.
//
// Results of scales that may not be shipped are entered as results only.
package answer
