package person

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
)

// ListQuery narrows the list of children; empty fields don't.
type ListQuery struct {
	Q        string // name, pinyin or initials from their beginning, child code, or last digits of an ID or a phone
	Region   string
	Category child.Kind
	School   id.ID
	Level    string // a colour, "none", or "waiting" for a professional's assessment
	Cursor   string
	Limit    int // 50 if 0; at most 200
}

// place is where a page ends: the query of the search it was in, and the key
// and id of its last row.
type place struct {
	Phase int    `json:"p"`
	Key   string `json:"k"`
	ID    id.ID  `json:"i"`
}

func (p place) String() string {
	text, _ := json.Marshal(p) // strings and a number always encode
	return base64.RawURLEncoding.EncodeToString(text)
}

func readPlace(s string) (place, error) {
	if s == "" {
		return place{}, nil
	}
	var p place
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil || p.Phase < 0 {
		return place{}, errs.Invalid("cursor", "list.cursor_wrong")
	}
	return p, nil
}

// phase is one query of a search, in the order of an index.
type phase struct {
	key   string // column that orders it
	where string
	args  []any
}

// prefix is the range of texts that begin with s: U+10FFFF sorts behind every
// letter in the byte order of both engines (PostgreSQL with collation C).
func prefix(column, s string) (string, []any) {
	return "(" + column + " >= ? AND " + column + " < ?)", []any{s, s + "\U0010FFFF"}
}

// digitsMost bounds the people behind the last four digits that are looked at.
const digitsMost = 2000

// phases gives the queries that a text asks for, in the order of their worth.
func (s *Service) phases(ctx context.Context, r db.Reader, raw string) ([]phase, error) {
	q := civil.TrimBlank(civil.HalfWidth(raw))
	if q == "" {
		return []phase{{key: "p.region", where: "1 = 1"}}, nil
	}
	if len(q) > 200 {
		return nil, errs.Invalid("q", "person.text_long")
	}
	compact := strings.ToUpper(civil.Squeeze(strings.ReplaceAll(q, "-", "")))
	if code, ok := readCode(compact); ok && compact[0] == 'E' {
		return []phase{{key: "p.code", where: "p.code = ?", args: []any{code}}}, nil
	}
	if number(compact) {
		ids, err := s.byDigits(ctx, r, compact)
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			return nil, nil
		}
		return []phase{{key: "p.name", where: "p.id IN (" + db.Marks(len(ids)) + ")", args: db.Anys(ids)}}, nil
	}
	if letters := strings.ToLower(strings.NewReplacer(" ", "", "'", "").Replace(q)); isLatin(letters) {
		in, args := prefix("p.pinyin", letters)
		short, shortArgs := prefix("p.initials", letters)
		return []phase{{"p.pinyin", in, args}, {"p.initials", short + " AND NOT " + in, append(shortArgs, args...)}}, nil
	}
	in, args := prefix("p.name", civil.NormalizeName(q))
	return []phase{{"p.name", in, args}}, nil
}

// number tells digits, with an X at the end of an ID.
func number(s string) bool {
	return s != "" && strings.Trim(strings.TrimSuffix(s, "X"), "0123456789") == "" && s != "X"
}

func isLatin(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

// byDigits gives the children whose ID number or telephone number (their own,
// or of their people) is the number or ends with it. Fewer than four digits
// find nothing: the last four are what is indexed.
func (s *Service) byDigits(ctx context.Context, r db.Reader, q string) ([]id.ID, error) {
	var out []id.ID
	add := func(ids ...id.ID) {
		for _, i := range ids {
			if !slices.Contains(out, i) {
				out = append(out, i)
			}
		}
	}
	if code, ok := readCode(q); ok {
		var ids []id.ID
		if err := r.List(ctx, &ids, "SELECT p.id FROM person p WHERE p.code = ? AND "+shows, code); err != nil {
			return nil, err
		}
		add(ids...)
	}
	if n, err := civil.ParseID(q); err == nil {
		var ids []id.ID
		if err := r.List(ctx, &ids, "SELECT p.id FROM person p WHERE p.id_index = ? AND "+shows, s.keys.Index(indexID, string(n))); err != nil {
			return nil, err
		}
		add(ids...)
	}
	if p, ok := civil.ParsePhone(q); ok {
		found, err := ByPhone(ctx, r, s.keys, string(p))
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if m.ChildID != "" {
				add(m.ChildID)
			}
		}
	}
	if len(q) < 4 || len(q) > 17 {
		return out, nil
	}
	last := q[len(q)-4:]
	var recs []Record
	if err := r.List(ctx, &recs, "SELECT "+recordColumns+" FROM person p WHERE p.id_last4 = ? AND p.child AND "+shows+" ORDER BY p.id LIMIT ?",
		s.keys.Index(indexIDLast, last), digitsMost); err != nil {
		return nil, err
	}
	for _, rec := range recs {
		if len(q) > 4 { // more digits than the index knows: ask the number itself
			n, err := rec.openID(s.keys)
			if err != nil {
				return nil, err
			}
			if !strings.HasSuffix(string(n), q) {
				continue
			}
		}
		add(rec.ID)
	}
	if strings.HasSuffix(q, "X") {
		return out, nil
	}
	phones, err := s.byPhoneEnd(ctx, r, q)
	add(phones...)
	return out, err
}

type phoneOwner struct {
	phoneRow `bun:",extend"`
	Subject  string `bun:"subject"`
	Child    bool   `bun:"child"`
}

// byPhoneEnd gives the children of the people whose number ends with q.
func (s *Service) byPhoneEnd(ctx context.Context, r db.Reader, q string) ([]id.ID, error) {
	var owners []phoneOwner
	if err := r.List(ctx, &owners, `SELECT n.id, n.person_id, n.number, n.number_index, n.last4, n.place, n.created_at, p.subject, p.child
		FROM person_phone n JOIN person p ON p.id = n.person_id WHERE n.last4 = ? AND `+shows+` ORDER BY n.id LIMIT ?`,
		s.keys.Index(indexLast4, q[len(q)-4:]), digitsMost); err != nil {
		return nil, err
	}
	var out, grown []id.ID
	for _, o := range owners {
		if len(q) > 4 {
			p, err := o.open(s.keys, o.Subject)
			if err != nil {
				return nil, err
			}
			if !strings.HasSuffix(string(p), q) {
				continue
			}
		}
		if o.Child {
			out = append(out, o.PersonID)
		} else {
			grown = append(grown, o.PersonID)
		}
	}
	for part := range slices.Chunk(grown, 400) {
		var ids []id.ID
		if err := r.List(ctx, &ids, "SELECT DISTINCT x.child_id FROM relation x WHERE x.person_id IN ("+db.Marks(len(part))+
			") AND (x.ended_on = '' OR x.ended_on > ?)", append(db.Anys(part), today(r))...); err != nil {
			return nil, err
		}
		out = append(out, ids...)
	}
	return out, nil
}

// search gives one page of the children that q asks for within the areas, and
// where the next page begins.
func (s *Service) search(ctx context.Context, r db.Reader, q ListQuery, areas []string, limit int) ([]Record, string, error) {
	at, err := readPlace(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	phases, err := s.phases(ctx, r, q.Q)
	if err != nil {
		return nil, "", err
	}
	scope, scopeArgs := access.Where("p.region", areas)
	conds, extra := []string{scope, shows}, slices.Clone(scopeArgs)
	if q.Region != "" {
		in, a := access.Where("p.region", []string{q.Region})
		conds, extra = append(conds, in), append(extra, a...)
	}
	if q.School != "" {
		conds, extra = append(conds, "p.school_id = ?"), append(extra, q.School)
	}
	if q.Level != "" && s.ports.Marked != nil {
		if err := access.May(access.From(ctx), "level.read"); err != nil {
			return nil, "", err
		}
		in, a := s.ports.Marked("p.id", q.Level)
		conds, extra = append(conds, in), append(extra, a...)
	}
	if q.Category != "" {
		day := today(r)
		conds = append(conds, `p.id IN (SELECT c.child_id FROM child_category c WHERE c.kind = ? AND c.began_on <= ? AND (c.ended_on = '' OR c.ended_on > ?))
			AND (p.birth_on = '' OR p.birth_on > ?)`)
		extra = append(extra, q.Category, day, day, q.Category.BornAfter(day))
	}
	var out []Record
	for i := at.Phase; i < len(phases); i++ {
		ph := phases[i]
		where, args := append([]string{"p.child", ph.where}, conds...), append(slices.Clone(ph.args), extra...)
		if i == at.Phase && at.ID != "" {
			where, args = append(where, "("+ph.key+", p.id) > (?, ?)"), append(args, at.Key, at.ID)
		}
		var recs []Record
		args = append(args, limit+1-len(out))
		if err := r.List(ctx, &recs, "SELECT "+recordColumns+" FROM person p WHERE "+strings.Join(where, " AND ")+
			" ORDER BY "+ph.key+", p.id LIMIT ?", args...); err != nil {
			return nil, "", err
		}
		for _, rec := range recs {
			if len(out) == limit {
				last := out[limit-1]
				if at.Phase != i && recs[0].ID == rec.ID { // the page ended with the phase before
					return out, place{Phase: i}.String(), nil
				}
				return out, place{i, keyOf(last, ph.key), last.ID}.String(), nil
			}
			out = append(out, rec)
		}
	}
	return out, "", nil
}

// keyOf gives the value of the column that orders a phase.
func keyOf(rec Record, column string) string {
	switch column {
	case "p.region":
		return rec.Region
	case "p.code":
		return rec.Code
	case "p.pinyin":
		return rec.Pinyin
	case "p.initials":
		return rec.Initials
	}
	return rec.Name
}
