package library

import (
	"context"
	"encoding/json"
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
)

type versionRow struct {
	ID         id.ID        `bun:"id"`
	Instrument string       `bun:"instrument"`
	Version    string       `bun:"version"`
	Digest     string       `bun:"digest"`
	Body       string       `bun:"body"`
	Note       string       `bun:"note"`
	MadeBy     id.ID        `bun:"made_by"`
	MadeAt     clock.Millis `bun:"made_at"`
	RetiredAt  clock.Millis `bun:"retired_at"`
}

const versionColumns = "id, instrument, version, digest, body, note, made_by, made_at, retired_at"

func storedVersions(ctx context.Context, r db.Reader, name string) ([]versionRow, error) {
	var rows []versionRow
	if name == "" {
		return rows, r.List(ctx, &rows, "SELECT "+versionColumns+" FROM instrument_version ORDER BY made_at, id")
	}
	return rows, r.List(ctx, &rows, "SELECT "+versionColumns+" FROM instrument_version WHERE instrument = ? ORDER BY made_at, id", name)
}

func insertVersion(ctx context.Context, tx *db.Tx, v versionRow) error {
	_, err := tx.Exec(ctx, "INSERT INTO instrument_version ("+versionColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		v.ID, v.Instrument, v.Version, v.Digest, v.Body, v.Note, v.MadeBy, v.MadeAt, v.RetiredAt)
	return err
}

// signatures gives the signatures in force by digest.
func signatures(ctx context.Context, r db.Reader) (map[string]Signature, error) {
	var rows []Signature
	err := r.List(ctx, &rows, "SELECT id, digest, address, statement, signed_by, signed_at FROM instrument_signature WHERE withdrawn_at = 0 ORDER BY signed_at, id")
	out := make(map[string]Signature, len(rows))
	for _, s := range rows {
		out[s.Digest] = s
	}
	return out, err
}

func insertSignature(ctx context.Context, tx *db.Tx, in instrument.Instrument, s Signature) error {
	_, err := tx.Exec(ctx, `INSERT INTO instrument_signature (id, instrument, version, digest, address, statement, signed_by, signed_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, s.ID, in.ID, in.Version, s.Digest, s.Address, s.Statement, s.By, s.At)
	return err
}

type cutoffRow struct {
	ID         id.ID        `bun:"id"`
	Instrument string       `bun:"instrument"`
	Body       string       `bun:"body"`
	Reason     string       `bun:"reason"`
	SetBy      id.ID        `bun:"set_by"`
	SetAt      clock.Millis `bun:"set_at"`
	RemovedAt  clock.Millis `bun:"removed_at"`
}

func cutoffs(ctx context.Context, r db.Reader) (map[string][]cutoffRow, error) {
	var rows []cutoffRow
	err := r.List(ctx, &rows, "SELECT id, instrument, body, reason, set_by, set_at, removed_at FROM instrument_cutoff ORDER BY set_at, id")
	out := map[string][]cutoffRow{}
	for _, c := range rows {
		out[c.Instrument] = append(out[c.Instrument], c)
	}
	return out, err
}

func insertCutoff(ctx context.Context, tx *db.Tx, c cutoffRow) error {
	_, err := tx.Exec(ctx, "INSERT INTO instrument_cutoff (id, instrument, body, reason, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?)",
		c.ID, c.Instrument, c.Body, c.Reason, c.SetBy, c.SetAt)
	return err
}

func (c cutoffRow) row() (instrument.Cutoff, error) {
	var row instrument.Cutoff
	err := json.Unmarshal([]byte(c.Body), &row)
	if err != nil {
		return row, errs.Internal(err)
	}
	return row, nil
}

// withLocal adds the district's cut-offs that were not ended.
func withLocal(in instrument.Instrument, rows []cutoffRow) (instrument.Instrument, error) {
	var local []instrument.Cutoff
	for _, c := range rows {
		if c.RemovedAt != 0 {
			continue
		}
		row, err := c.row()
		if err != nil {
			return in, err
		}
		local = append(local, row)
	}
	if len(local) == 0 {
		return in, nil
	}
	return in.WithCutoffs(local)
}

// all gives every version, shipped ones first, each with its signature.
func (s *Service) all(ctx context.Context, r db.Reader) ([]Version, error) {
	var out []Version
	for _, name := range s.shipped.IDs() {
		in, err := s.shipped.Find(name)
		if err != nil {
			return nil, err
		}
		v := describe(in)
		v.Shipped = true
		out = append(out, v)
	}
	rows, err := storedVersions(ctx, r, "")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		in, err := instrument.Parse([]byte(row.Body))
		if err != nil {
			return nil, errs.Internal(err)
		}
		v := describe(in)
		v.Note, v.MadeAt, v.Retired, v.MadeByName = row.Note, row.MadeAt, row.RetiredAt != 0, string(row.MadeBy)
		out = append(out, v)
	}
	signed, err := signatures(ctx, r)
	if err != nil {
		return nil, err
	}
	local, err := cutoffs(ctx, r)
	if err != nil {
		return nil, err
	}
	var people []id.ID
	for i := range out {
		v := &out[i]
		if sig, ok := signed[v.Digest]; ok {
			v.Signature, v.Live = &sig, !v.Retired
			people = append(people, sig.By)
		}
		people = append(people, id.ID(v.MadeByName))
		for _, c := range local[v.Instrument] {
			row, err := c.row()
			if err != nil {
				return nil, err
			}
			v.Cutoffs = append(v.Cutoffs, LocalCutoff{c.ID, row, c.Reason, string(c.SetBy), c.SetAt, c.RemovedAt != 0})
			people = append(people, c.SetBy)
		}
		if v.full, err = withLocal(v.full, local[v.Instrument]); err != nil {
			return nil, errs.Internal(err)
		}
	}
	names, err := s.names(ctx, r, people)
	if err != nil {
		return nil, err
	}
	for i := range out {
		v := &out[i]
		v.MadeByName = names[id.ID(v.MadeByName)]
		if v.Signature != nil {
			v.Signature.ByName = names[v.Signature.By]
		}
		for k := range v.Cutoffs {
			v.Cutoffs[k].By = names[id.ID(v.Cutoffs[k].By)]
		}
	}
	return out, nil
}

func (s *Service) version(ctx context.Context, r db.Reader, name, version string) (Version, error) {
	list, err := s.all(ctx, r)
	if err != nil {
		return Version{}, err
	}
	i := slices.IndexFunc(list, func(v Version) bool { return v.Instrument == name && v.Version == version })
	if i < 0 {
		return Version{}, errs.NotFound("instrument.unknown")
	}
	return list[i], nil
}
