package staff

import (
	"context"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Enrolment is what a person needs to set up a second factor.
type Enrolment struct {
	Secret string `json:"secret"`
	URL    string `json:"url"`
	QRSVG  string `json:"qr_svg"`
}

type factorRow struct {
	AccountID   id.ID        `bun:"account_id"`
	Kind        string       `bun:"kind"`
	Secret      string       `bun:"secret"`
	ConfirmedAt clock.Millis `bun:"confirmed_at"`
	LastStep    int64        `bun:"last_step"`
}

func (s *Service) factor(kind string) (crypto.SecondFactor, bool) {
	for _, f := range s.o.Factors {
		if f.Kind() == kind {
			return f, true
		}
	}
	return nil, false
}

func factorAAD(account id.ID, kind string) string {
	return "second_factor.secret:" + string(account) + ":" + kind
}

// Enrol begins a second factor: obliged in state Enrol, and open to whoever is
// signed in without one. Asked again it gives a new secret; only Confirm makes
// it count.
func (s *Service) Enrol(ctx context.Context, token string) (Enrolment, error) {
	f := s.o.Factors[0]
	var out crypto.Enrolment
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, state, _, err := s.look(ctx, tx, token)
		if err != nil {
			return err
		}
		if l.Factor != "" || (state != Enrol && state != OK && state != Change) {
			return errs.Conflict("factor.there_already")
		}
		label := l.Account
		if label == "" {
			label = l.Name
		}
		out = f.Enrol(label)
		_, err = tx.Exec(ctx, `INSERT INTO second_factor (account_id, kind, secret) VALUES (?, ?, ?)
			ON CONFLICT (account_id, kind) DO UPDATE SET secret = excluded.secret, confirmed_at = 0, last_step = 0`,
			l.AccountID, f.Kind(), s.kr.Seal(factorAAD(l.AccountID, f.Kind()), out.Secret))
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	svg, err := qrSVG(out.URL)
	return Enrolment{out.Secret, out.URL, svg}, err
}

// ConfirmFactor ends the enrolment by a first good code.
func (s *Service) ConfirmFactor(ctx context.Context, p Place, token, code string) (SignInResult, error) {
	return s.answer(ctx, p, token, code, true)
}

// SecondFactor is the second step of the sign-in. Errors: Unauthenticated
// "factor.wrong"; Busy "signin.wait" while too many failed.
func (s *Service) SecondFactor(ctx context.Context, p Place, token, code string) (SignInResult, error) {
	return s.answer(ctx, p, token, code, false)
}

func (s *Service) answer(ctx context.Context, p Place, token, code string, enrolling bool) (SignInResult, error) {
	if len(code) > inputMost {
		code = ""
	}
	var out SignInResult
	var wrong error
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, wrong = SignInResult{}, nil
		l, state, _, err := s.look(ctx, tx, token)
		if err != nil {
			return err
		}
		ctx = access.With(ctx, l.actor(false))
		kind := l.Factor
		if enrolling {
			if l.Factor != "" {
				return errs.Conflict("factor.there_already")
			}
			kind = s.o.Factors[0].Kind()
		} else if state != Second {
			return errs.Conflict("factor.not_asked")
		}
		f, ok := s.factor(kind)
		if !ok {
			return errs.Conflict("factor.kind_gone")
		}
		var row factorRow
		if err := tx.Get(ctx, db.To(&row), "SELECT account_id, kind, secret, confirmed_at, last_step FROM second_factor WHERE account_id = ? AND kind = ?", l.AccountID, kind); err != nil {
			return err
		}
		secret, err := s.kr.Open(factorAAD(l.AccountID, kind), row.Secret)
		if err != nil {
			return err
		}
		// Codes have counters of their own: who fails here has the password.
		cs, err := s.counters(ctx, tx, "factor:"+string(l.AccountID), l.AccountID, p)
		if err != nil {
			return err
		}
		if _, err := s.charge(ctx, tx, cs); err != nil {
			return err
		}
		entry := audit.Entry{Action: "session.second_factor", SubjectKind: "account", Subject: l.AccountID, Fields: []string{kind}}
		var step int64
		var verr error
		if spare := !enrolling && isRecovery(code); spare {
			entry.Fields = []string{"recovery"}
			verr = s.useRecovery(ctx, tx, l.AccountID, code)
		} else if step, verr = f.Verify(secret, code, row.LastStep, tx.Now.Time()); verr == nil {
			// One code counts once, also when two windows send it together.
			n, err := tx.Exec(ctx, "UPDATE second_factor SET last_step = ?, confirmed_at = CASE WHEN confirmed_at = 0 THEN ? ELSE confirmed_at END WHERE account_id = ? AND kind = ? AND last_step < ?",
				step, tx.Now, l.AccountID, kind, step)
			if err != nil {
				return err
			}
			if n == 0 {
				verr = errs.Unauthenticated("factor.wrong")
			}
		}
		if verr != nil {
			if !errs.Is(verr, errs.KindUnauthenticated) {
				return verr
			}
			wrong, entry.Result = verr, "refused"
			return audit.Write(ctx, tx, entry)
		}
		if err := s.refund(ctx, tx, cs); err != nil {
			return err
		}
		if enrolling {
			entry.Action = "factor.enrol"
			if _, err := tx.Exec(ctx, "UPDATE account SET factor = ? WHERE id = ?", kind, l.AccountID); err != nil {
				return err
			}
			// A session begun without it is no longer signed in far enough.
			if err := endSessions(ctx, tx, l.AccountID, l.ID, "factor"); err != nil {
				return err
			}
		}
		if err := audit.Write(ctx, tx, entry); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE session SET factor_at = ? WHERE id = ?", tx.Now, l.ID); err != nil {
			return err
		}
		fresh, err := s.rotate(ctx, tx, l.ID)
		if err != nil {
			return err
		}
		out, err = s.arrive(ctx, tx, l.ID, p)
		out.Token = fresh
		return err
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return SignInResult{}, err
	}
	return out, nil
}

// qrSVG draws a QR code as one path, black on white, with the quiet zone of
// four modules that ISO/IEC 18004 asks for.
func qrSVG(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", errs.Internal(err)
	}
	const quiet = 4
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			run := 0
			for x+run < size && dark(code.At(x+run, y)) {
				run++
			}
			if run > 0 {
				path.WriteString("M" + strconv.Itoa(x+quiet) + " " + strconv.Itoa(y+quiet) + "h" + strconv.Itoa(run) + "v1h-" + strconv.Itoa(run) + "z")
				x += run
			}
		}
	}
	side := strconv.Itoa(size + 2*quiet)
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + side + " " + side + `" shape-rendering="crispEdges">` +
		`<path fill="#fff" d="M0 0h` + side + "v" + side + `H0z"/><path d="` + path.String() + `"/></svg>`, nil
}

func dark(c interface{ RGBA() (r, g, b, a uint32) }) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
