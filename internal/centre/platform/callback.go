package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
)

// Callback is one thing that a platform is told.
type Callback struct {
	ID         id.ID        `bun:"id" json:"id"`
	PlatformID id.ID        `bun:"platform_id" json:"-"`
	OrderID    id.ID        `bun:"order_id" json:"order_id"`
	Payload    string       `bun:"payload" json:"payload"` // JSON, names nobody
	CreatedAt  clock.Millis `bun:"created_at" json:"created_at"`
	Attempts   int          `bun:"attempts" json:"attempts"`
	TriedAt    clock.Millis `bun:"tried_at" json:"tried_at"`
	SentAt     clock.Millis `bun:"sent_at" json:"sent_at"` // 0: not delivered yet
	Status     int          `bun:"status" json:"status"`   // of the last answer; 0: none
	Error      string       `bun:"error" json:"error"`     // message key
}

// Jobs.
const (
	JobDeliver = "platform.deliver" // key: the platform's id
	JobForget  = "platform.forget"
)

// Bounds of a delivery.
const (
	answerWithin = 10 * time.Second
	roundWithin  = 40 * time.Second // below the engine's lease
	nonceKept    = 3 * Window
)

// Schedule registers the background.
func (s *Service) Schedule(e *job.Engine) {
	e.Effect(JobDeliver, func(ctx context.Context, j job.Job) error { return s.Deliver(ctx, id.ID(j.Key)) })
	e.Every(JobForget, time.Hour, func(ctx context.Context, _ job.Job) error {
		return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return forgetNonces(ctx, tx, tx.Now.Add(-nonceKept)) })
	})
}

// Told writes down what the platform is to be told of its order. It is part of
// the change that moved the order (dispatch.OnReport).
func (s *Service) Told(ctx context.Context, tx *db.Tx, by, orderID id.ID, r dispatch.CityReport) error {
	platform, ok := strings.CutPrefix(string(by), "platform:")
	if !ok {
		return nil // sent by a person of the city's centre, who sees it on the screen
	}
	p, err := find(ctx, tx, "id = ?", platform)
	if err != nil || p.Callback == "" || p.RevokedAt != 0 {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := putCallback(ctx, tx, Callback{ID: id.New(), PlatformID: p.ID, OrderID: orderID, Payload: string(text)}); err != nil {
		return err
	}
	return job.Schedule(ctx, tx, JobDeliver, string(p.ID), tx.Now, "")
}

// Deliver tells a platform what it has not heard, oldest first: a stage is not
// told before the one before it has arrived. An answer of 2xx ends a callback;
// 4xx ends it too (what the other side refuses for good would hold up all that
// follows), but for 408, 425 and 429; all else is tried again.
func (s *Service) Deliver(ctx context.Context, platform id.ID) error {
	began := s.db.Clock().Now()
	for s.db.Clock().Now().Sub(began) < roundWithin {
		var p Platform
		var c Callback
		found := false
		err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			var err error
			if p, err = find(ctx, tx, "id = ?", platform); err != nil || p.RevokedAt != 0 {
				return err
			}
			c, found, err = claim(ctx, tx, platform, tx.Now.Add(answerWithin*2))
			return err
		})
		if err != nil || !found {
			return err
		}
		status, err := s.post(ctx, p, c)
		refused := status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooEarly && status != http.StatusTooManyRequests
		done := err == nil && status >= 200 && status < 300 || refused
		why := ""
		switch {
		case err != nil:
			why = "platform.unreachable"
		case !done:
			why = "platform.failed"
		case refused:
			why = "platform.refused"
		}
		if err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return settle(ctx, tx, c.ID, done, status, why) }); err != nil {
			return err
		}
		if !done {
			return errs.Busy(why, nil)
		}
	}
	return errs.Busy("platform.more", nil) // more is waiting: soon again
}

// post sends one callback, signed as the platform signs. No redirect is
// followed: the address is the one that the administrator entered.
func (s *Service) post(ctx context.Context, p Platform, c Callback) (status int, err error) {
	secret, err := s.keys.Open(aad(p.ID), p.Secret)
	if err != nil {
		return 0, err
	}
	target, err := url.Parse(p.Callback)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	body := []byte(c.Payload)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	at, nonce := strconv.FormatInt(s.db.Clock().Now().Unix(), 10), crypto.Token(12)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", string(c.ID))
	req.Header.Set("X-Zugou-Key", p.KeyID)
	req.Header.Set("X-Zugou-Time", at)
	req.Header.Set("X-Zugou-Nonce", nonce)
	req.Header.Set("X-Zugou-Signature", Sign(p.Hash, secret, http.MethodPost, target.RequestURI(), at, nonce, body))
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.CopyN(io.Discard, res.Body, 4096) // so that the connection can be used again
	return res.StatusCode, nil
}
