package badge

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/contract"
	"zugou/internal/people/access"
)

// Secrets tells whether a token is the device's.
type Secrets interface {
	Check(ctx context.Context, deviceID, door, secret string) (bool, error)
}

// Door is the name under which Secrets keeps the tokens.
const Door = "token"

// HTTP takes messages by POST …/{id}/{subject}:
//
//	Authorization: Bearer TOKEN
//	Idempotency-Key: the mid, if the body has none
//
//	200 {"mid":…}   on disk
//	401             no token, or not this device's
//	413, 422        never will be; say something else
//	429, 503        not on disk: say it again after Retry-After seconds
type HTTP struct {
	intake  gateway.Intake
	secrets Secrets
	clock   clock.Clock
	log     *slog.Logger
	limits  *gateway.Limits
}

// NewHTTP makes the door.
func NewHTTP(intake gateway.Intake, secrets Secrets, clk clock.Clock, log *slog.Logger) *HTTP {
	return &HTTP{intake: intake, secrets: secrets, clock: clk, log: log, limits: gateway.NewLimits(clk)}
}

// Handler serves POST /api/device/{id}/{subject}.
func (h *HTTP) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/device/{id}/{subject}", h.take)
	return mux
}

// takeWithin bounds one message; the badge's own patience is longer.
const takeWithin = 20 * time.Second

func (h *HTTP) take(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Cache-Control", "no-store")
	deviceID, subject := r.PathValue("id"), r.PathValue("subject")
	if !slices.Contains(contract.Subjects(), subject) || subject == "answer" {
		answer(rw, http.StatusNotFound, map[string]string{"error": "subject"})
		return
	}
	// The badge may hang up: what it said is stored all the same.
	ctx, cancel := context.WithTimeout(access.With(context.WithoutCancel(r.Context()), access.System("gateway")), takeWithin)
	defer cancel()
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ok && token != "" {
		var err error
		if ok, err = h.secrets.Check(ctx, deviceID, Door, token); err != nil {
			h.away(rw, err)
			return
		}
	}
	if !ok || token == "" {
		rw.Header().Set("WWW-Authenticate", "Bearer")
		answer(rw, http.StatusUnauthorized, map[string]string{"error": "token"})
		return
	}
	payload, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, contract.MaxBytes))
	if err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			answer(rw, http.StatusRequestEntityTooLarge, map[string]any{"error": "length", "most": contract.MaxBytes})
			return
		}
		answer(rw, http.StatusBadRequest, map[string]string{"error": "body"})
		return
	}
	said, ok := contract.Read(deviceID, subject, payload)
	if key := r.Header.Get("Idempotency-Key"); contract.Mid(key) {
		if said.Mid != "" && said.Mid != key {
			answer(rw, http.StatusUnprocessableEntity, map[string]string{"error": "mid", "reason": "Idempotency-Key and mid differ"})
			return
		}
		said.Mid = key
		ok = ok || said.Message.Err == "" || !strings.HasPrefix(said.Message.Err, "json")
	}
	if !ok {
		answer(rw, http.StatusUnprocessableEntity, map[string]string{"error": "message", "reason": said.Message.Err})
		return
	}
	if len(said.Message.Alarms) == 0 && !h.limits.Allow(deviceID) {
		rw.Header().Set("Retry-After", "10")
		answer(rw, http.StatusTooManyRequests, map[string]string{"error": "too_many"})
		return
	}
	n := Signal(signal.DeviceAPI, said, h.clock)
	if _, err := h.intake.Take(ctx, n); err != nil {
		h.away(rw, err)
		return
	}
	if said.Mid == "" {
		said.Mid = contract.NameOf(payload)
	}
	answer(rw, http.StatusOK, map[string]string{"mid": said.Mid})
}

func (h *HTTP) away(rw http.ResponseWriter, err error) {
	h.log.Error("message not stored", "protocol", signal.DeviceAPI, "error", err)
	if errs.Is(err, errs.KindInvalid) {
		answer(rw, http.StatusUnprocessableEntity, map[string]string{"error": "message"})
		return
	}
	rw.Header().Set("Retry-After", "5")
	answer(rw, http.StatusServiceUnavailable, map[string]string{"error": "not_stored"})
}

func answer(rw http.ResponseWriter, status int, body any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body)
}
