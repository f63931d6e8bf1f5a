// Package child holds what makes a person's record a child's record: the
// categories of the law with their begin and end, and the one timeline.
//
//	left_behind   留守       under 16  国发〔2016〕13号
//	hardship_*    困境       under 18  国发〔2016〕36号
//	orphan        孤儿       under 18  国办发〔2010〕54号
//	unattended    事实无人抚养 under 18  民发〔2019〕62号, 民发〔2020〕125号
//
// A child can be in several at once. A category ends on its own day: the one
// recorded, or the birthday that the law names, whichever comes first; so no
// clock has to end it.
//
// Always true: timeline entries are never changed; they name people by opaque
// ids and what happened by message keys, so that an erased child's entries
// tell nobody anything.
//
// It does not know the person: names, numbers and areas are package person's.
package child
