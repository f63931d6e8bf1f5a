package library

import (
	"encoding/json"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
)

// Version is one version of a questionnaire, with what stands in its way to a
// live campaign.
type Version struct {
	Instrument string                 `json:"instrument"`
	Version    string                 `json:"version"`
	Digest     string                 `json:"digest"`
	Title      instrument.Text        `json:"title"`
	Shipped    bool                   `json:"shipped"`
	Draft      bool                   `json:"draft"` // its words were not yet compared with the publisher's form
	Address    string                 `json:"address"`
	Licence    instrument.Licence     `json:"licence"`
	Mode       instrument.Mode        `json:"mode"`
	Informants []instrument.Informant `json:"informants"`
	Age        instrument.AgeRange    `json:"age"`
	Items      int                    `json:"items"`
	Suicide    bool                   `json:"suicide"`
	Live       bool                   `json:"live"` // signed: may be used
	Signature  *Signature             `json:"signature"`
	Cutoffs    []LocalCutoff          `json:"cutoffs"`
	Note       string                 `json:"note"`
	MadeByName string                 `json:"made_by_name"`
	MadeAt     clock.Millis           `json:"made_at"`
	Retired    bool                   `json:"retired"`
	Body       *instrument.Instrument `json:"body,omitempty"` // of one version asked for by name
	full       instrument.Instrument
}

// Signature is a professional's word that the text is the publisher's.
type Signature struct {
	ID        id.ID        `bun:"id" json:"id"`
	Digest    string       `bun:"digest" json:"-"`
	Address   string       `bun:"address" json:"address"` // of the form it was compared with
	Statement string       `bun:"statement" json:"statement"`
	By        id.ID        `bun:"signed_by" json:"-"`
	ByName    string       `bun:"-" json:"by_name"`
	At        clock.Millis `bun:"signed_at" json:"at"`
}

// LocalCutoff is a cut-off that the district set.
type LocalCutoff struct {
	ID     id.ID             `json:"id"`
	Row    instrument.Cutoff `json:"row"`
	Reason string            `json:"reason"`
	By     string            `json:"by"`
	At     clock.Millis      `json:"at"`
	Ended  bool              `json:"ended"`
}

// maxBody bounds a questionnaire; the largest shipped has 14 KB.
const maxBody = 512 << 10

// parse reads a questionnaire that somebody made and refuses what must not be
// kept.
func parse(body []byte) (instrument.Instrument, error) {
	if len(body) > maxBody {
		return instrument.Instrument{}, errs.Invalid("body", "instrument.too_long")
	}
	in, err := instrument.Parse(body)
	if err != nil {
		return instrument.Instrument{}, &errs.Error{Kind: errs.KindInvalid, Key: "instrument.malformed",
			Fields: []errs.Field{{Name: "body", Key: "instrument.malformed"}}, Err: err}
	}
	if in.Licence.Class == instrument.ResultsOnly {
		return instrument.Instrument{}, errs.Invalid("licence", "instrument.results_only")
	}
	return in, nil
}

// plain writes an instrument the way it is stored.
func plain(in instrument.Instrument) (string, error) {
	text, err := json.Marshal(in)
	return string(text), err
}

func describe(in instrument.Instrument) Version {
	v := Version{Instrument: in.ID, Version: in.Version, Digest: in.Digest(), Title: in.Title, Draft: in.Draft(), Address: in.Wording["zh"].Address,
		Licence: in.Licence, Mode: in.Mode, Informants: in.Informants, Age: in.Age, Items: len(in.Items), Suicide: in.HasSuicideItem(),
		Cutoffs: []LocalCutoff{}, full: in}
	if v.Address == "" {
		v.Address = in.Source
	}
	return v
}

// filled reports whether a text has something to read in it.
func filled(s string, least int) bool { return len([]rune(strings.TrimSpace(s))) >= least }
