package coding

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"zugou/internal/kernel/errs"
)

// RaterID names a rater; the staff record behind it is no matter of this
// package.
type RaterID string

// Rating is one rater's finished sheet of one drawing. It is never changed: a
// second thought is a new rating with a reason, kept beside it.
type Rating struct {
	Rater     RaterID   `json:"rater"`
	Codes     Codes     `json:"codes"`
	Sheet     string    `json:"sheet"` // version of the coding sheet
	Submitted time.Time `json:"submitted"`
	Repeat    bool      `json:"repeat"` // a hidden repeat; not used for the final codes
}

// Shown is what a rater may know of a drawing.
type Shown struct {
	Drawing   string `json:"drawing"`    // pseudonym
	Image     string `json:"image"`      // the rectified picture, without the printed head
	AgeBand   string `json:"age_band"`   // such as "8-10"
	Sex       string `json:"sex"`        // empty where not recorded
	Colours   bool   `json:"colours"`    // were colours offered
	TimeLimit int    `json:"time_limit"` // minutes; 0 none
}

// View is what one rater sees at one moment.
type View struct {
	Shown
	Mine *Rating `json:"mine,omitempty"`
	// Others is empty until Mine is in and the drawing is decided.
	Others []Rating `json:"others,omitempty"`
	Final  *Final   `json:"final,omitempty"`
}

// ViewOf applies the blindness: the codes of the others, and the outcome, only
// for somebody whose own sheet is in, and only when the drawing is decided. A
// rater whose turn has not come sees neither, nor does one who rates a repeat.
func (s Sheet) ViewOf(viewer RaterID, shown Shown, ratings []Rating, rule Rule) View {
	v := View{Shown: shown}
	for _, r := range ratings {
		if r.Rater == viewer && !r.Repeat {
			mine := r
			v.Mine = &mine
		}
	}
	final, err := s.Decide(ratings, rule)
	if v.Mine == nil || err != nil || final.State != Decided {
		return v
	}
	v.Final = &final
	for _, r := range ratings {
		if r.Rater != viewer && !r.Repeat {
			v.Others = append(v.Others, r)
		}
	}
	return v
}

// ViewOfRepeat is what a rater sees of a hidden repeat: the same picture under
// another pseudonym, and nothing that tells it is one.
func ViewOfRepeat(shown Shown, pseudonym string) View {
	shown.Drawing = pseudonym
	return View{Shown: shown}
}

// State is how far the rating of a drawing is.
type State string

// The states.
const (
	WaitsFirst  State = "waits_first"  // no sheet yet
	WaitsSecond State = "waits_second" // one sheet
	WaitsThird  State = "waits_third"  // two that are apart
	Decided     State = "decided"
)

// Final is the outcome for a drawing.
type Final struct {
	State State `json:"state"`
	// Why a third rater is or was needed: features with critical or review
	// codes that differ, and "sum" when the sums are apart.
	Why   []string `json:"why,omitempty"`
	Codes Codes    `json:"codes,omitempty"`
	Sum   int      `json:"sum"`
}

// Accept tells whether a rater may hand in a sheet for a drawing now.
//
// Errors: Conflict when he has rated it, when it is decided, when he rates a
// repeat of what he never rated; Invalid for a sheet with gaps.
func (s Sheet) Accept(ratings []Rating, next Rating, rule Rule) error {
	if err := s.CheckCodes(next.Codes); err != nil {
		return err
	}
	if next.Rater == "" {
		return errs.Invalid("rater", "coding.no_rater")
	}
	rated := slices.ContainsFunc(ratings, func(r Rating) bool { return r.Rater == next.Rater && !r.Repeat })
	repeated := slices.ContainsFunc(ratings, func(r Rating) bool { return r.Rater == next.Rater && r.Repeat })
	if next.Repeat {
		if !rated || repeated {
			return errs.Conflict("coding.no_repeat_due")
		}
		return nil
	}
	if rated {
		return errs.Conflict("coding.rated_already")
	}
	final, err := s.Decide(ratings, rule)
	if err != nil {
		return err
	}
	if final.State == Decided {
		return errs.Conflict("coding.decided_already")
	}
	return nil
}

// Decide works out the state and, when there are enough sheets, the final
// codes: what two agree on, and "cannot tell" where no two do.
//
// Errors: Invalid when one rater stands there twice.
func (s Sheet) Decide(ratings []Rating, rule Rule) (Final, error) {
	var main []Rating
	for _, r := range ratings {
		if r.Repeat {
			continue
		}
		if slices.ContainsFunc(main, func(o Rating) bool { return o.Rater == r.Rater }) {
			return Final{}, errs.Invalid("rater", "coding.rated_already")
		}
		main = append(main, r)
	}
	slices.SortStableFunc(main, func(a, b Rating) int { return a.Submitted.Compare(b.Submitted) })
	switch len(main) {
	case 0:
		return Final{State: WaitsFirst}, nil
	case 1:
		return Final{State: WaitsSecond}, nil
	}
	a, b := main[0].Codes, main[1].Codes
	out := Final{Why: s.apart(a, b, rule)}
	if len(out.Why) > 0 && len(main) == 2 {
		out.State = WaitsThird
		return out, nil
	}
	out.State, out.Codes = Decided, Codes{}
	for _, f := range s.Features {
		x, y := a[f.Code], b[f.Code]
		out.Codes[f.Code] = CannotTell
		if x == y {
			out.Codes[f.Code] = x
		} else if len(main) > 2 && len(out.Why) > 0 {
			if z := main[2].Codes[f.Code]; z == x || z == y {
				out.Codes[f.Code] = z
			}
		}
	}
	out.Sum = s.Sum(out.Codes)
	return out, nil
}

// apart lists why two sheets need a third.
func (s Sheet) apart(a, b Codes, rule Rule) []string {
	var why []string
	for _, f := range s.Features {
		if f.Urgent() && a[f.Code] != b[f.Code] {
			why = append(why, f.Code)
		}
	}
	if d := s.Sum(a) - s.Sum(b); max(d, -d) >= rule.ThirdRaterFromDifference {
		why = append(why, "sum")
	}
	return why
}

// Mark is 建议谈话: please talk with the child. It carries no colour, is shown
// to neither child nor guardian, and ends by itself.
type Mark struct {
	Set     bool      `json:"set"`
	Expires time.Time `json:"expires"`
}

// MarkOf gives the mark of a decided drawing.
func MarkOf(final Final, rule Rule, now time.Time) Mark {
	if final.State != Decided || final.Sum < rule.TalkFromSum {
		return Mark{}
	}
	return Mark{Set: true, Expires: now.AddDate(0, 0, rule.TalkExpiresAfterDays)}
}

// Holds reports whether the mark still stands.
func (m Mark) Holds(now time.Time) bool { return m.Set && now.Before(m.Expires) }

// Once is a drawing that a rater has rated for the first time, with its batch's
// seed.
type Once struct {
	Seed    []byte
	Drawing string
}

// Block is of how many of a rater's drawings one is repeated; 0: none.
func (r Rule) Block() int {
	if r.RepeatPercent <= 0 {
		return 0
	}
	return max(1, 100/r.RepeatPercent)
}

// RepeatOf chooses the hidden repeat of a block: the same at every call, not to
// be foreseen without the batches' seeds. One of each block, so that a rater of
// a small pile is measured too, where a draw drawing by drawing may pass by.
func RepeatOf(rater RaterID, block []Once) int {
	best, least := -1, uint64(0)
	for i, o := range block {
		h := sha256.New()
		h.Write(o.Seed)
		h.Write([]byte{0})
		h.Write([]byte(rater))
		h.Write([]byte{0})
		h.Write([]byte(o.Drawing))
		if n := binary.BigEndian.Uint64(h.Sum(nil)); best < 0 || n < least {
			best, least = i, n
		}
	}
	return best
}
