// Package campaign asks many children: which questionnaires, whom, who answers,
// with whose consent, and how far it is.
//
//	draft ──open──► open ──close──► closed
//	  │        (words signed; with items on suicide only while trained
//	  │         responders are on duty with room for its size)
//	a child in it:
//	  no consent yet ─► may begin ─► begun ─► done
//	        └─► refused (guardian or child): is not asked, by nobody, again
//
// Always true:
//   - Under 14 a guardian consents and the child assents; from 14 on the child's
//     own word is needed and enough. A refusal of either bars the questionnaire
//     (个人信息保护法 art. 28, 31). A worker's checklist asks nobody and needs
//     none.
//   - Consent stands in the way of a questionnaire only: no crisis response, no
//     report to the police and no signal asks for it.
//   - A questionnaire with items on suicide is begun only while responders are
//     on duty with room left. Answers already given are always taken.
//   - A teacher sees of the own classes who has finished, and nothing else.
//   - Each child has a code of its own for each campaign; a code that is done
//     opens nothing.
//
// It keeps no answers; package answer does.
package campaign
