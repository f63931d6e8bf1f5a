package person_test

import (
	"context"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/device"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
)

// Areas of the stories.
const (
	district = "500111"
	youting  = "500111116"    // 邮亭镇
	youyi    = "500111116206" // a village of it
	yongxi   = "500111113"
	ciyun    = "500111113204"
)

// neighbour is a village of another district.
var neighbour = "500112100201"

// world is a district with nobody in it yet.
type world struct {
	t     *testing.T
	db    *db.DB
	clk   *clock.Fake
	keys  *crypto.Keyring
	s     *person.Service
	told  []person.Notice
	tasks map[[2]id.ID]id.ID // account, child → task
	foes  map[[2]id.ID]bool  // account, child: on the conflict list

	pupils map[id.ID][]person.Taught // account: what it teaches
	cases  map[id.ID][]id.ID         // account: children of its cases
}

func newWorld(t *testing.T, d *db.DB, clk *clock.Fake) *world {
	t.Helper()
	w := &world{t: t, db: d, clk: clk, keys: crypto.Ephemeral(crypto.AES), tasks: map[[2]id.ID]id.ID{}, foes: map[[2]id.ID]bool{}, pupils: map[id.ID][]person.Taught{}, cases: map[id.ID][]id.ID{}}
	w.s = person.New(d, w.keys, person.Ports{
		Names: func(_ context.Context, _ db.Reader, accounts ...id.ID) (map[id.ID]string, error) {
			out := map[id.ID]string{}
			for _, a := range accounts {
				out[a] = "工作人员" + string(a)
			}
			return out, nil
		},
		Task: func(_ context.Context, _ db.Reader, account, child id.ID) (id.ID, error) {
			return w.tasks[[2]id.ID{account, child}], nil
		},
		Pupils: func(_ context.Context, _ db.Reader, account id.ID) ([]person.Taught, error) {
			return w.pupils[account], nil
		},
		Cases:   func(_ context.Context, _ db.Reader, account id.ID) ([]id.ID, error) { return w.cases[account], nil },
		Worn:    device.Worn,
		Follow:  device.Follow,
		Handler: func(context.Context, db.Reader, string) (id.ID, error) { return "handler", nil },
		Tell: func(_ context.Context, _ *db.Tx, n person.Notice) ([]string, error) {
			w.told = append(w.told, n)
			return []string{"坐席长"}, nil
		},
	})
	w.update(func(ctx context.Context, tx *db.Tx) error {
		for code, level := range map[string]region.Level{neighbour[:6]: region.LevelDistrict, neighbour[:9]: region.LevelTownship, neighbour: region.LevelVillage} {
			if _, err := tx.Exec(ctx, "INSERT INTO region (code, level, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", code, level.String(), "邻区"+code); err != nil {
				return err
			}
		}
		return region.Seed(ctx, tx, district)
	})
	return w
}

func (w *world) update(fn func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(w.as("system"), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(fn func(ctx context.Context, r db.Reader) error) {
	w.t.Helper()
	if err := w.db.View(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// as gives the context of somebody with a role in an area; without a role it
// is the program itself.
func (w *world) as(account string, grants ...access.Grant) context.Context {
	if len(grants) == 0 {
		return access.With(context.Background(), access.System(account))
	}
	a := access.Actor{Account: id.ID(account), Name: account, Grants: grants}
	for pair, foe := range w.foes {
		if foe && pair[0] == a.Account {
			a.Hidden = append(a.Hidden, pair[1])
		}
	}
	return access.With(context.Background(), a)
}

func role(r access.Role, area string) access.Grant {
	return access.Grant{Role: r, Region: area, Department: access.CivilAffairs}
}

// trail runs fn with a trail and gives what it showed.
func (w *world) trail(ctx context.Context, fn func(ctx context.Context)) []audit.Row {
	w.t.Helper()
	traced, tr := audit.With(ctx, "request")
	fn(traced)
	if err := tr.Flush(traced, w.db); err != nil {
		w.t.Fatal(err)
	}
	auditor := access.With(context.Background(), access.Actor{Grants: []access.Grant{role(access.Auditor, district)}})
	var rows []audit.Row
	w.view(func(_ context.Context, r db.Reader) error {
		var err error
		rows, err = audit.List(auditor, r, audit.Filter{})
		return err
	})
	return rows
}

// synthetic numbers of the stories.
const (
	idLi      = "500199201503120019"
	idMother  = "500199198001010021"
	phoneLi   = "15400000001"
	phoneMum  = "15400000002"
	addressLi = "大足区邮亭镇某某村6组12号"
)

func li() person.NewChild {
	return person.NewChild{Name: "李小满", IDNo: must(idLi), Region: youyi, Address: addressLi, Phones: []string{phoneLi},
		RegisteredRegion: ciyun, RegisteredAddress: "大足区雍溪镇某某村1组3号",
		School:     person.School{Name: "邮亭中心小学", Grade: "三年级", Class: "2班"},
		Categories: []person.NewCategory{{Kind: child.LeftBehind, BeganOn: "2023-01-01"}},
		Guardians: []person.NewGuardian{
			{Name: "王大嬢", Relation: person.Mother, IDNo: must(idMother), Phones: []string{phoneMum}, Guardian: true, Whereabouts: "福建务工"},
			{Name: "李老汉", Relation: person.PaternalGrandfather, Phones: []string{"15400000003"}, Carer: true, LivesWith: true},
		}}
}

// must gives the ID with its right check character.
func must(n string) string {
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i := range 17 {
		sum += int(n[i]-'0') * weights[i]
	}
	return n[:17] + string("10X98765432"[sum%11])
}

// create registers a child as the program.
func (w *world) create(n person.NewChild) id.ID {
	w.t.Helper()
	out, err := w.s.Create(w.as("seed"), n)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.ID
}

// school gives the school of a child.
func (w *world) school(child id.ID) id.ID {
	w.t.Helper()
	var n id.ID
	w.view(func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&n), "SELECT school_id FROM person WHERE id = ?", child)
	})
	return n
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) { fn(t, newWorld(t, d, clk)) })
}

func civilDate(s string) civil.Date { return civil.Date(s) }
