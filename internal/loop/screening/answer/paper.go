package answer

import (
	"context"
	"encoding/json"

	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
)

// Again is the second typing of a paper sheet. Where it says the same, the
// sheet is done; else the differing items go to the person who settles them.
// Nothing of the first typing is told. What is critical in the second typing
// rings too. Errors: Invalid, Forbidden, NotFound, Conflict.
func (s *Service) Again(ctx context.Context, sheet id.ID, items map[string]instrument.Answer) (Receipt, error) {
	return s.retype(ctx, sheet, func(ctx context.Context, tx *db.Tx, in instrument.Instrument, sh *Sheet, key crypto.Subject, first map[string]instrument.Answer) (map[string]instrument.Answer, []string, error) {
		if sh.State == Withheld {
			return nil, nil, errs.Conflict("answer.not_kept")
		}
		if sh.State != First {
			return nil, nil, errs.Conflict("answer.typed_twice")
		}
		sh.AgainBy, sh.AgainAt = access.From(ctx).Account, tx.Now
		diff := differing(in, first, items)
		if len(diff) == 0 {
			sh.State = Done
			return first, diff, nil
		}
		sh.State = Differs
		var err error
		sh.Again, err = sealJSON(key, aad("again", sh.ID), items)
		return items, diff, err
	})
}

// Settle says what the paper shows where the typings differ.
// Errors: Invalid, Forbidden, NotFound, Conflict.
func (s *Service) Settle(ctx context.Context, sheet id.ID, chosen map[string]instrument.Answer) (Receipt, error) {
	return s.retype(ctx, sheet, func(ctx context.Context, tx *db.Tx, in instrument.Instrument, sh *Sheet, key crypto.Subject, first map[string]instrument.Answer) (map[string]instrument.Answer, []string, error) {
		if sh.State != Differs {
			return nil, nil, errs.Conflict("answer.nothing_to_settle")
		}
		second, err := openItems(key, aad("again", sh.ID), sh.Again)
		if err != nil {
			return nil, nil, err
		}
		final := map[string]instrument.Answer{}
		diff := differing(in, first, second)
		for _, it := range in.Items {
			if a, ok := first[it.ID()]; ok {
				final[it.ID()] = a
			}
		}
		for _, item := range diff {
			delete(final, item)
			if a, ok := chosen[item]; ok {
				final[item] = a // left out: the paper is blank there
			}
		}
		for item := range chosen {
			if _, ok := in.ItemByID(item); !ok {
				return nil, nil, errs.Invalid("items."+item, "answer.unknown_item")
			}
		}
		sh.State, sh.SettledBy = Done, access.From(ctx).Account
		sh.Answers, err = sealJSON(key, aad("answers", sh.ID), final)
		return final, []string{}, err
	})
}

type retyping func(ctx context.Context, tx *db.Tx, in instrument.Instrument, sh *Sheet, key crypto.Subject, first map[string]instrument.Answer) (items map[string]instrument.Answer, differing []string, err error)

func (s *Service) retype(ctx context.Context, sheet id.ID, act retyping) (Receipt, error) {
	var out Receipt
	err := s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		sh, err := find(ctx, tx, sheet)
		if err != nil {
			if e := access.May(access.From(ctx), "sheet.type"); e != nil {
				return e
			}
			return err
		}
		t, err := s.ports.Target(ctx, tx, sh.ChildID)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "sheet.type", t); err != nil {
			return err
		}
		in, err := s.ports.Library.Exact(ctx, tx, sh.Instrument, sh.Version)
		if err != nil {
			return err
		}
		_, pupil, err := person.Key(ctx, tx, s.keys, sh.ChildID)
		if err != nil {
			return err
		}
		key, err := s.keyFor(ctx, tx, sh.SealedFor)
		if err != nil {
			return err
		}
		first, err := openItems(key, aad("answers", sh.ID), sh.Answers)
		if err != nil {
			return err
		}
		items, diff, err := act(ctx, tx, in, &sh, key, first)
		if err != nil {
			return err
		}
		was := sh
		got, err := s.score(in, &sh, items, pupil, tx.Now)
		if err != nil {
			return err
		}
		if got.owes.SameDay {
			matter, err := s.ring(ctx, tx, in, sh, got)
			if err != nil {
				return err
			}
			sh.MatterID = matter
		}
		if sh.State == Differs && was.Urgency.Above(sh.Urgency) {
			// Until a person has looked at the paper the graver typing stands.
			sh.Urgency, sh.Critical, sh.NeedsPerson = was.Urgency, was.Critical || sh.Critical, was.NeedsPerson || sh.NeedsPerson
		}
		if sh.State == Done {
			if sh.Result, err = sealJSON(key, aad("result", sh.ID), got.result); err != nil {
				return err
			}
		}
		if err := update(ctx, tx, sh); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, in, sh, got, items); err != nil {
			return err
		}
		out = sh.receipt(false)
		out.Differing = diff
		return s.record(ctx, tx, sh, "")
	})
	return out, err
}

func openItems(key crypto.Subject, where, sealed string) (map[string]instrument.Answer, error) {
	text, err := key.Open(where, sealed)
	if err != nil {
		return nil, errs.Internal(err)
	}
	out := map[string]instrument.Answer{}
	if text == "" {
		return out, nil
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, errs.Internal(err)
	}
	return out, nil
}
