package chassis

import (
	"encoding/json"
	"net/http"
	"time"

	"zugou/internal/kernel/errs"
)

// Words gives the Chinese text of a message key, and whether it has one.
type Words interface {
	Text(key string) (string, bool)
}

// Fault is an error as the API answers it.
type Fault struct {
	Kind    string       `json:"kind"`
	Key     string       `json:"key"`
	Message string       `json:"message"`
	Fields  []FaultField `json:"fields,omitempty"`
	Wait    int64        `json:"wait_seconds,omitempty"` // trying sooner is in vain

	status int
}

// FaultField is one wrong input.
type FaultField struct {
	Name    string `json:"name"`
	Key     string `json:"key"`
	Message string `json:"message"`
}

// Error implements error.
func (f *Fault) Error() string { return f.Kind + ": " + f.Key }

// GetStatus gives the HTTP status; huma asks for it.
func (f *Fault) GetStatus() int { return f.status }

var statuses = map[errs.Kind]int{
	errs.KindInternal: http.StatusInternalServerError, errs.KindInvalid: http.StatusUnprocessableEntity, errs.KindNotFound: http.StatusNotFound,
	errs.KindConflict: http.StatusConflict, errs.KindForbidden: http.StatusForbidden, errs.KindUnauthenticated: http.StatusUnauthorized,
	errs.KindBusy: http.StatusServiceUnavailable,
}

// NewFault turns an error into an answer. Causes stay in the log.
func NewFault(err error, w Words) *Fault {
	kind, key := errs.KindOf(err), errs.KeyOf(err)
	f := &Fault{Kind: kind.String(), Key: key, Message: message(w, key, kind), status: statuses[kind]}
	var e *errs.Error
	if asError(err, &e) {
		f.Wait = int64((e.After + time.Second - 1) / time.Second)
		for _, field := range e.Fields {
			f.Fields = append(f.Fields, FaultField{field.Name, field.Key, message(w, field.Key, kind)})
		}
	}
	return f
}

func message(w Words, key string, kind errs.Kind) string {
	if text, ok := w.Text(key); ok {
		return text
	}
	text, _ := w.Text(kind.String())
	return text
}

// WriteFault answers with an error.
func WriteFault(rw http.ResponseWriter, err error, w Words) {
	f := NewFault(err, w)
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	if f.status == http.StatusServiceUnavailable {
		rw.Header().Set("Retry-After", "2")
	}
	rw.WriteHeader(f.status)
	_ = json.NewEncoder(rw).Encode(f) // the client is gone if this fails
}
