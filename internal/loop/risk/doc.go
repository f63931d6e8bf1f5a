// Package risk holds the rules of the four colours 绿黄橙红.
//
// Three things that are never mixed:
//
//	screen result        what a questionnaire says (package screening/obligation)
//	provisional urgency  待专业评估, set by machine from all evidence; rises at
//	                     once, falls only by one documented assessment
//	assessed colour      set by a named professional, and by nobody else
//
// Rules are dated data (policy/risk/rules/) in CEL over the evidence of one
// child. A rule over evidence that is missing or stale answers "cannot decide"
// and names what is missing; it never answers no. Every result explains itself
// in Chinese: which evidence, which rule, which version, what is missing.
//
// Always true:
//
//   - A drawing sets no colour: evidence marked talk_only is refused in an
//     urgency rule; it can set 建议谈话 only.
//   - Nothing protective lowers an urgency: an urgency is the highest of the
//     rules that hold.
//   - "Green" by machine means that every rule was decided and none holds.
//   - A colour is lowered only with a reason, two stable contacts since it was
//     set, and a second professional.
//
// Everything here is pure: no database, no clock.
//
// Source: screening reference 5; 民发〔2023〕61号.
package risk
