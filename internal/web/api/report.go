package api

import (
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
)

// HouseReport is the state of the house for who keeps it running.
type HouseReport struct {
	System
	StartedAt clock.Millis       `json:"started_at"`
	Schema    int64              `json:"schema"`
	Open      []Listener         `json:"open"`
	Channels  []Channel          `json:"channels"`
	Jobs      []Jobs             `json:"jobs"`
	Cipher    crypto.Alg         `json:"cipher"`
	Keys      []crypto.KeyStatus `json:"keys"`
	Backups   Backups            `json:"backups"`
	Digests   DigestState        `json:"digests"`
	Rows      []Count            `json:"rows"`
	Findings  []Finding          `json:"findings"`
}

// Listener is one address that the program could listen on; Addr is empty for
// one that is off.
type Listener struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
}

// Channel is one way out of the house.
type Channel struct {
	Name string `json:"name"`
	On   bool   `json:"on"`
	// Of the last 24 hours.
	Sent   int `json:"sent"`
	Failed int `json:"failed"`
	Queued int `json:"queued"`
}

// Jobs are the jobs of one kind.
type Jobs struct {
	Kind      string       `json:"kind"`
	Waiting   int          `json:"waiting"`
	Late      int          `json:"late"`    // due for more than a minute
	Failing   int          `json:"failing"` // failed more than three times
	NextAt    clock.Millis `json:"next_at"`
	LastError string       `json:"last_error"`
}

// Backups tells of the folder of backups. Known is false where no setting
// names it.
type Backups struct {
	Known  bool         `json:"known"`
	Count  int          `json:"count"`
	MadeAt clock.Millis `json:"made_at"` // of the newest; 0 = none
}

// DigestState tells of the audit's digests outside the database.
type DigestState struct {
	Dir    string       `json:"dir"`
	Count  int          `json:"count"`
	LastAt clock.Millis `json:"last_at"`
	Spoilt int          `json:"spoilt"` // files that can't be read
}

// Count is how many rows of a kind there are.
type Count struct {
	Kind string `json:"kind"`
	N    int64  `json:"n"`
}

// Finding is one line of the doctor: good, worth knowing (Warn), or a thing
// that needs a person. Key names its words, Alarm what was looked at.
type Finding struct {
	Key   string `json:"key"`
	Alarm string `json:"alarm"`
	OK    bool   `json:"ok"`
	Warn  bool   `json:"warn"`
	N     int    `json:"n"`
}
