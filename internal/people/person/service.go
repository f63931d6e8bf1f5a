package person

import (
	"context"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// Ports are what the register shows or asks of rooms that it may not know.
// Each may be nil: then there is nothing of it.
type Ports struct {
	// Names gives the names of accounts.
	Names func(ctx context.Context, r db.Reader, accounts ...id.ID) (map[id.ID]string, error)
	// Task gives an open task of the account on the child, empty if there is
	// none: it opens the record, and is the purpose.
	Task func(ctx context.Context, r db.Reader, account, child id.ID) (id.ID, error)
	// OpenMatters counts the open matters of children.
	OpenMatters func(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]int, error)
	// Worn gives what children wear.
	Worn func(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID][]Worn, error)
	// Marks gives the four colours of children.
	Marks func(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]LevelMark, error)
	// Marked gives the predicate on a column of children for a colour, "none",
	// or "waiting".
	Marked func(column, which string) (string, []any)
	// Pupils gives the classes that an account teaches, Cases the children of
	// the cases that it works on: whom it may pick though it searches no area.
	Pupils func(ctx context.Context, r db.Reader, account id.ID) ([]Taught, error)
	Cases  func(ctx context.Context, r db.Reader, account id.ID) ([]id.ID, error)
	// Handler names the account that decides on duplicates of an area.
	Handler func(ctx context.Context, r db.Reader, region string) (id.ID, error)
	// Follow tells what hangs on a child that it lives elsewhere now, or that
	// its record was merged into another (to differs from child). things
	// narrows it to some of what Worn gave.
	Follow func(ctx context.Context, tx *db.Tx, child, to id.ID, region string, things ...id.ID) error
	// Erased removes what other rooms keep of an erased person.
	Erased func(ctx context.Context, tx *db.Tx, person id.ID) error
	// Tell informs the leaders of an area as part of the change and gives the
	// names of those told.
	Tell func(ctx context.Context, tx *db.Tx, n Notice) ([]string, error)
}

// LevelMark is what lists show of a child's level: the colour that a professional
// set, and the urgency that the machine raised and nobody has assessed yet. The
// two are never one.
type LevelMark struct {
	Colour  string `json:"level"`
	Urgency string `json:"level_urgency"`
}

// Notice is what leaders are told. It holds ids only.
type Notice struct {
	Kind   string // "glass": somebody broke the glass; "reveal": out of the area; "duplicate": a case to decide
	Ref    id.ID  // the glass, the reveal or the case
	Child  id.ID
	Region string // the area whose leaders are told
	By     id.ID  // who must not be the one that is told alone
	To     id.ID  // the named person, if there is one
}

// Worn is a thing that a child wears, as the child's page shows it.
type Worn struct {
	ID         id.ID        `json:"id"`
	Kind       string       `json:"kind"`
	Label      string       `json:"label"`
	Battery    int          `json:"battery"` // percent; -1 = unknown
	LastSeenAt clock.Millis `json:"last_seen_at"`
	Position   *Position    `json:"-"`
}

// Position is where a thing was.
type Position struct {
	Lat       float64      `json:"lat"` // degrees, WGS 84
	Lon       float64      `json:"lon"`
	At        clock.Millis `json:"at"`
	Source    string       `json:"source"`
	AccuracyM float64      `json:"accuracy_m"` // -1 = unknown
}

// Service does what people do with the register. Each method checks the right
// of the actor in the context and writes the audit.
type Service struct {
	db    *db.DB
	keys  *crypto.Keyring
	atlas *region.Atlas
	ports Ports
}

// New makes the service.
func New(d *db.DB, keys *crypto.Keyring, ports Ports) *Service {
	return &Service{db: d, keys: keys, atlas: &region.Atlas{}, ports: ports}
}

// target describes a child's record for the question of access.
func (s *Service) target(ctx context.Context, r db.Reader, rec Record) (access.Target, error) {
	actor := access.From(ctx)
	t := access.Target{Region: rec.Region, Child: rec.ID}
	if actor.System {
		return t, nil
	}
	var err error
	if s.ports.Task != nil {
		if t.Task, err = s.ports.Task(ctx, r, actor.Account, rec.ID); err != nil {
			return t, err
		}
	}
	open, err := openGlass(ctx, r, actor.Account, rec.ID)
	t.Glass = open.Until != 0
	return t, err
}

// check finds a child and asks for the right.
func (s *Service) check(ctx context.Context, r db.Reader, childID id.ID, action access.Action) (Record, access.Target, error) {
	rec, err := findChild(ctx, r, childID)
	if err != nil {
		// Who may do this nowhere learns nothing from the difference.
		if e := access.May(access.From(ctx), action); e != nil {
			return Record{}, access.Target{}, e
		}
		return Record{}, access.Target{}, err
	}
	t, err := s.target(ctx, r, rec)
	if err != nil {
		return Record{}, t, err
	}
	return rec, t, access.Check(access.From(ctx), action, t)
}

// Created is the answer to Create.
type Created struct {
	ID   id.ID  `json:"id"`             // empty if the number is another area's child
	Code string `json:"code,omitempty"` // the child's code
	Case *Case  `json:"case,omitempty"` // set if the number is registered already, or another record may be the same child
}

// Case says that one ID number is claimed twice, or that two records may be one
// child, and who decides.
type Case struct {
	ID          id.ID  `json:"id"`
	HandlerName string `json:"handler_name"`
}

// Create registers a child. If the ID number is registered already: in an
// area of the actor's it is Conflict "person.id_registered"; elsewhere a case
// is handed to a named person, and nothing of the other record is told.
// Errors: Invalid with fields, Forbidden, NotFound, Conflict.
func (s *Service) Create(ctx context.Context, n NewChild) (Created, error) {
	actor := access.From(ctx)
	if err := access.Check(actor, "child.write", access.Target{Region: n.Region}); err != nil {
		return Created{}, hideNotFound(err)
	}
	var out Created
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Created{}
		var err error
		out, err = s.create(ctx, tx, n)
		return err
	})
	return out, err
}

// hideNotFound: the area a form names is no secret, so writing there without
// the right is forbidden, not unknown.
func hideNotFound(err error) error {
	if errs.Is(err, errs.KindNotFound) {
		return errs.Forbidden("access.forbidden")
	}
	return err
}

func (s *Service) create(ctx context.Context, tx *db.Tx, n NewChild) (Created, error) {
	c, err := n.clean(today(tx))
	if err != nil {
		return Created{}, err
	}
	areas, err := s.atlas.Table(ctx, tx)
	if err != nil {
		return Created{}, err
	}
	if _, known := areas.Get(region.Code(c.Region)); !known {
		return Created{}, errs.Invalid("region", "person.region_wrong")
	}
	if c.idNo != "" {
		// One number, one record, also when two forms are sent at once.
		if err := tx.Lock(ctx, "person.id:"+s.keys.Index(indexID, string(c.idNo))); err != nil {
			return Created{}, err
		}
		if other, ok, err := byIDNumber(ctx, tx, s.keys, c.idNo); err != nil {
			return Created{}, err
		} else if ok {
			return s.claimed(ctx, tx, other, c)
		}
		if err := s.notUnderWay(ctx, tx, c.idNo); err != nil {
			return Created{}, err
		}
	}
	known, err := knownGuardians(ctx, tx, s.keys, c.Guardians)
	if err != nil {
		return Created{}, err
	}
	alike, err := Lookalikes(ctx, tx, []Asked{{Name: c.Name, Birth: c.birth, Region: c.Region, HasID: c.idNo != ""}})
	if err != nil {
		return Created{}, err
	}
	var w Rows
	childID := w.addChild(newKeep(ctx, tx, s.keys), c, known)
	if err := w.insert(ctx, tx); err != nil {
		return Created{}, err
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: "child.write", SubjectKind: "child", Subject: childID, Fields: c.fields(), Region: c.Region}); err != nil {
		return Created{}, err
	}
	out := Created{ID: childID, Code: w.people[len(w.people)-1].Code}
	if there, found := alike[0]; found {
		if out.Case, err = s.resembles(ctx, tx, there.ID, childID, there.Why); err != nil {
			return Created{}, err
		}
	}
	return out, tx.Emit(ctx, db.Event{Topic: "child", Kind: "registered", Region: c.Region, Ref: string(childID)})
}

// notUnderWay refuses a number that an import is about to bring: its record is
// written and does not show yet, and a second one would show beside it.
func (s *Service) notUnderWay(ctx context.Context, r db.Reader, n civil.ResidentID) error {
	var hidden []id.ID
	if err := r.List(ctx, &hidden, `SELECT p.id FROM person p WHERE p.id_index = ? AND p.state = 'active' AND p.batch <> ''
		AND p.batch NOT IN (SELECT id FROM import_shown) LIMIT 1`, s.keys.Index(indexID, string(n))); err != nil {
		return err
	}
	if len(hidden) > 0 {
		return errs.Conflict("person.import_under_way")
	}
	return nil
}

// fields names what a registration wrote.
func (c clean) fields() []string {
	out := []string{"name", "region"}
	for name, has := range map[string]bool{"id_no": c.idNo != "", "no_id_reason": c.NoIDReason != "", "address": c.Address != "",
		"registered_address": c.RegisteredAddress != "", "phones": len(c.phones) > 0, "school": c.School.Name != "",
		"categories": len(c.Categories) > 0, "guardians": len(c.Guardians) > 0, "paired_carer": c.PairedCarer != "", "flags": len(c.Flags) > 0} {
		if has {
			out = append(out, name)
		}
	}
	return sorted(out)
}
