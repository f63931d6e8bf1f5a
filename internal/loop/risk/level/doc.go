// Package level keeps the colour 绿黄橙红 of each child and what leads to it.
//
//	facts (questionnaires, life events, school, devices, matters, drawings)
//	   └─► evidence ─rules of the day─► provisional urgency 待专业评估
//	                                       │ rises at once, a matter at the seat
//	                                       ▼
//	         one documented assessment by a clinician: clears the urgency and
//	         sets the colour; a lower colour waits for a second clinician
//	                                       │
//	                                       ▼
//	         what the colour obliges: contacts and re-assessments with clocks;
//	         one that is missed rings at the seat
//
// Always true:
//   - No machine writes a colour, and no colour is lowered by one person.
//   - An urgency never falls by itself, and no evidence from before an
//     assessment raises it again.
//   - Who was not reached was not contacted: the attempt is written down and
//     the clock runs on.
//   - Rules are published only after they were run over everybody, by the very
//     text that was run.
//   - A colour below the machine's urgency stands in the list for supervision.
//   - Evidence, words and reasons are sealed by the child's key.
//
// The rules themselves are package risk.
package level
