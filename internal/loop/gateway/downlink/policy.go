package downlink

import (
	"errors"
	"fmt"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/dated"
	"zugou/internal/loop/gateway/down"
)

// Policy is one dated edition of policy/downlink.
type Policy struct {
	From          civil.Date        `json:"from"`
	Why           string            `json:"why"`
	AnswerSeconds int               `json:"answer_seconds"` // how long an answer is waited for
	Tries         int               `json:"tries"`          // how often a command is said
	ExpireSeconds map[down.Kind]int `json:"expire_seconds"` // by kind; "" for the rest
}

func (p Policy) expiry(k down.Kind) time.Duration {
	s, ok := p.ExpireSeconds[k]
	if !ok {
		s = p.ExpireSeconds[""]
	}
	return time.Duration(s) * time.Second
}

// Policies are the editions, oldest first.
type Policies = dated.Editions[Policy]

// Begins gives the day from which the policy holds.
func (p Policy) Begins() civil.Date { return p.From }

// Usable tells what of it can't be used.
func (p Policy) Usable() error {
	if p.AnswerSeconds <= 0 || p.Tries <= 0 || p.ExpireSeconds[""] <= 0 {
		return errors.New("answer time, tries or expiry are missing")
	}
	for k, s := range p.ExpireSeconds {
		if s <= 0 || k != "" && !down.Known(k) {
			return fmt.Errorf("expiry of %q", k)
		}
	}
	return nil
}
