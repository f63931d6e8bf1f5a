// Package library keeps the questionnaires of the house: those that come with
// the program and the versions that people made, who compared which words with
// the publisher's form, and the local cut-offs by date.
//
//	shipped file ─┐
//	draft (JSON,  ├─► tried on the bench ─► signed by a professional ─► live
//	FHIR, editor) ┘                              │
//	                                             └ withdrawn: no new campaign
//
// Always true:
//   - No questionnaire is used in a live campaign unless a professional has
//     signed exactly these words: a signature names the digest of the file, so
//     one changed letter asks for a new one.
//   - A version never changes. A changed questionnaire is a new version.
//   - Every item on suicide of every version leads to a talk the same day
//     under the policy in force, or the version is refused.
//   - Of a scale that may not be shipped no items are kept; results of it are
//     entered (package answer).
//   - Cut-offs are dated rows by area; one is ended, never changed.
//
// It scores nothing for the record: the bench shows a result and forgets it.
package library
