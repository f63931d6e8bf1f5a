package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/intake"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/roster"
	"zugou/internal/people/sheet"
	lists "zugou/policy/intake"
)

const district = "500111"

type world struct {
	t    *testing.T
	db   *db.DB
	clk  *clock.Fake
	keys *crypto.Keyring
	p    *person.Service
	s    *intake.Service
	jobs *job.Engine
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := &world{t: t, db: d, clk: clk, keys: crypto.Ephemeral(crypto.AES)}
		if err := d.Update(system(), func(ctx context.Context, tx *db.Tx) error { return region.Seed(ctx, tx, district) }); err != nil {
			t.Fatal(err)
		}
		w.restart()
		fn(t, w)
	})
}

// restart makes the services anew, as after the process was killed.
func (w *world) restart() {
	policies, err := dated.Read[intake.Policy](lists.Files)
	if err != nil {
		w.t.Fatal(err)
	}
	w.p = person.New(w.db, w.keys, person.Ports{Worn: device.Worn, Follow: device.Follow})
	w.jobs = job.NewEngine(w.db, slog.New(slog.DiscardHandler))
	w.s = intake.New(intake.Parts{DB: w.db, Keys: w.keys, Person: w.p, Jobs: w.jobs, Policies: policies, District: district, MoveReason: "依名单更正",
		Model: func(protocol string, said ...string) string {
			if slices.Contains(said, "E8") && (protocol == "" || protocol == "jt808") {
				return "e8"
			}
			return ""
		}})
}

func system() context.Context {
	return access.With(context.Background(), access.System("test"))
}

func as(r access.Role, area string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(r), Name: string(r), Grants: []access.Grant{{Role: r, Region: area, Department: access.CivilAffairs}}})
}

var section = as(access.BureauSection, district)

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../roster/testdata/samples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) upload(kind roster.Kind, name string, content []byte) intake.View {
	w.t.Helper()
	v, err := w.s.Upload(section, kind, name, content)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) commit(v intake.View) intake.View {
	w.t.Helper()
	v, err := w.s.Commit(section, v.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) children(q string) []person.Row {
	w.t.Helper()
	page, err := w.p.List(section, person.ListQuery{Q: q, Limit: 200})
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Items
}

func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error { return r.Get(ctx, db.To(&n), query, args...) }); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// many makes a CSV of n synthetic children with guardians.
func many(seed uint64, n int) []byte {
	gen := person.NewSynthetic(seed, region.Builtin(), district, "2024-06-01")
	var b bytes.Buffer
	b.WriteString("姓名,身份证号,无身份证原因,出生日期,性别,镇街,村（社区）,现住址,儿童类别,监护人姓名,监护人电话,与儿童关系\n")
	tab := region.Builtin()
	for range n {
		c := gen.Next()
		v, _ := tab.Get(region.Code(c.Region))
		town, _ := tab.Get(region.Code(c.Region).Parent())
		g := c.Guardians[len(c.Guardians)-1]
		sex := ""
		if c.IDNo == "" {
			sex = map[string]string{"m": "男", "f": "女"}[c.Sex]
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s,%s,%s,留守儿童,%s,%s,奶奶\n", c.Name, c.IDNo, c.NoIDReason, c.BirthOn, sex, town.Name, v.Name, c.Address, g.Name, g.Phones[0])
	}
	return b.Bytes()
}

func TestTheSectionImportsAListAndTakesItBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.upload(roster.Children, "孤儿和事实无人抚养儿童台账.xlsx", sample(t, "孤儿和事实无人抚养儿童台账.xlsx"))
		if v.State != intake.Draft || len(v.Tables) < 2 || v.Counts.OK == 0 || v.Counts.Refuse == 0 {
			t.Fatalf("%+v", v)
		}
		if n := w.count("SELECT count(*) FROM person"); n != 0 {
			t.Fatalf("the preview registered %d people", n)
		}
		rows, err := w.s.Rows(section, v.ID, roster.Refuse, "", 500)
		if err != nil || len(rows.Items) != v.Counts.Refuse {
			t.Fatalf("%d of %d refused rows: %v", len(rows.Items), v.Counts.Refuse, err)
		}
		for _, r := range rows.Items {
			if r.Text == "" || len(r.IDMasked) == 18 && !strings.Contains(r.IDMasked, "*") {
				t.Errorf("row %d: %q %q", r.Row, r.Text, r.IDMasked)
			}
		}
		done := w.commit(v)
		if done.State != intake.Done || done.Written != v.Counts.OK+v.Counts.Warn || done.People <= done.Written {
			t.Fatalf("%+v", done)
		}
		got := w.children("")
		if len(got) != done.Written {
			t.Errorf("%d children show of %d", len(got), done.Written)
		}
		if n := w.count("SELECT count(*) FROM person WHERE batch <> ''") + w.count("SELECT count(*) FROM import_shown"); n != 0 {
			t.Errorf("%d marks are left", n)
		}
		// The preview stays what it was when the rows were taken.
		ok, err := w.s.Rows(section, v.ID, roster.OK, "", 500)
		if err != nil || len(ok.Items) != v.Counts.OK {
			t.Errorf("%d of %d rows after the import: %v", len(ok.Items), v.Counts.OK, err)
		}
		book, err := w.s.Refused(section, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := sheet.Read(book); err != nil || len(b.Sheets) == 0 {
			t.Errorf("the workbook of refused rows: %v", err)
		}
		// The same list once more: nobody twice.
		again := w.upload(roster.Children, "again.xlsx", sample(t, "孤儿和事实无人抚养儿童台账.xlsx"))
		if again.Counts.OK+again.Counts.Warn > v.Counts.OK+v.Counts.Warn-got0(again) {
			t.Errorf("again: %+v", again.Counts)
		}
		undone, err := w.s.Undo(section, v.ID, "名单发错了版本")
		if err != nil || undone.State != intake.Undone {
			t.Fatalf("%v %+v", err, undone)
		}
		for _, table := range []string{"person", "person_phone", "relation", "child_category", "child_entry"} {
			if n := w.count("SELECT count(*) FROM " + table); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
	})
}

func got0(v intake.View) int { return v.Counts.Duplicate / 2 }

func TestAnImportIsNotUndoneOnceSomebodyWorkedOnAChild(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.commit(w.upload(roster.Children, "a.csv", many(3, 20)))
		kid := w.children("")[4]
		school := person.School{Name: "邮亭中心小学"}
		if _, err := w.p.Update(section, kid.ID, person.Change{School: &school}); err != nil {
			t.Fatal(err)
		}
		v, err := w.s.Undo(section, v.ID, "名单发错了版本")
		if err != nil || v.State != intake.Done || v.Problem != intake.ProblemWorkedOn || len(v.Blockers) != 1 || v.Blockers[0].ID != kid.ID || v.Blockers[0].Why != "changed" {
			t.Fatalf("%v %+v", err, v)
		}
		if n := len(w.children("")); n != 20 {
			t.Errorf("%d children show", n)
		}
		if n := w.count("SELECT count(*) FROM person WHERE batch <> ''") + w.count("SELECT count(*) FROM import_shown"); n != 0 {
			t.Errorf("%d marks are left", n)
		}
	})
}

func TestAKilledImportShowsNothingAndGoesOnAfterTheRestart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 1200 // above the background's border
		v := w.commit(w.upload(roster.Children, "many.csv", many(5, n)))
		if v.State != intake.Writing {
			t.Fatalf("%s: a long list does not wait for the call", v.State)
		}
		if err := w.s.WriteSome(v.ID, 5); err != nil {
			t.Fatal(err)
		}
		if got := w.count("SELECT count(*) FROM person WHERE child"); got == 0 || got >= n {
			t.Fatalf("%d children are written", got)
		}
		if got := len(w.children("")); got != 0 {
			t.Fatalf("%d children show of half an import", got)
		}
		w.restart()
		if _, err := w.p.Create(section, person.NewChild{Name: "赵子涵", IDNo: "", NoIDReason: "未上户", BirthOn: "2015-01-01", Region: "500111116206", Sex: "m"}); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err := w.jobs.RunOnce(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		v, err := w.s.Find(section, v.ID)
		if err != nil || v.State != intake.Done || v.Written != v.Counts.OK+v.Counts.Warn {
			t.Fatalf("%v %+v", err, v)
		}
		if got := w.count("SELECT count(*) FROM person WHERE child AND batch = ''"); got != v.Written+1 {
			t.Errorf("%d children, want %d", got, v.Written+1)
		}
		if doubles := w.count("SELECT count(*) FROM (SELECT id_index FROM person WHERE id_index <> '' GROUP BY id_index HAVING count(*) > 1) x"); doubles != 0 {
			t.Errorf("%d numbers stand twice", doubles)
		}
	})
}

// Two officers, each in a process of its own, press the button at once; both
// lists hold the same children. One waits for the other, and nobody stands in
// the register twice.
func TestTwoListsCommittedAtOnceDoNotPassEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := w.s
		w.restart()
		two := w.s
		first, second := w.upload(roster.Children, "a.csv", many(12, 30)), w.upload(roster.Children, "b.csv", many(12, 40))
		type press struct {
			s *intake.Service
			v intake.View
		}
		var wg sync.WaitGroup
		for _, p := range []press{{one, first}, {two, second}} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					_, err := p.s.Commit(section, p.v.ID)
					if err == nil {
						return
					}
					if errs.KeyOf(err) != "intake.other_writes" {
						t.Errorf("%s: %v", p.v.FileName, err)
						return
					}
				}
			}()
		}
		wg.Wait()
		if n := w.count("SELECT count(*) FROM person p JOIN person q ON p.id_index = q.id_index AND p.id < q.id WHERE p.id_index <> ''"); n != 0 {
			t.Errorf("%d numbers stand twice", n)
		}
		if n := w.count("SELECT count(*) FROM intake WHERE state = 'done'"); n != 2 {
			t.Errorf("%d lists are done of 2", n)
		}
	})
}

func TestACancelledImportLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.commit(w.upload(roster.Children, "many.csv", many(6, 1100)))
		if err := w.s.WriteSome(v.ID, 4); err != nil {
			t.Fatal(err)
		}
		other := w.upload(roster.Children, "b.csv", many(9, 3))
		if _, err := w.s.Commit(section, other.ID); errs.KeyOf(err) != "intake.other_writes" {
			t.Errorf("two imports at once: %v", err)
		}
		if _, err := w.s.Cancel(section, v.ID); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if _, err := w.jobs.RunOnce(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if v, err := w.s.Find(section, v.ID); err != nil || v.State != intake.Undone {
			t.Fatalf("%v %+v", err, v.State)
		}
		if n := w.count("SELECT count(*) FROM person"); n != 0 {
			t.Errorf("%d people are left", n)
		}
	})
}

func TestWhatIsThereIsProposedNotOverwritten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		head := "姓名,身份证号,镇街,村（社区）,就读学校,监护人姓名,监护人电话\n"
		w.commit(w.upload(roster.Children, "a.csv", []byte(head+"李小满,50019920150312001X,邮亭镇,,旧学校,王大嬢,15400000002\n王二娃,500199201403120012,雍溪镇,,,,\n")))
		there := w.children("")
		if len(there) == 0 {
			t.Fatal("no children")
		}
		var names []string
		for _, c := range there {
			names = append(names, c.Name)
		}
		again := w.upload(roster.Children, "b.csv", []byte(head+"李小满,50019920150312001X,邮亭镇,,新学校,李爷爷,15400000009\n"))
		if again.Counts.Duplicate != 1 {
			t.Fatalf("%v: %+v", names, again.Counts)
		}
		v := w.commit(again)
		if v.State != intake.Done || v.Follows != 1 || v.Written != 0 {
			t.Fatalf("%+v", v)
		}
		list, err := w.s.Follows(section, v.ID)
		if err != nil || len(list) != 1 || len(list[0].Differences) != 2 {
			t.Fatalf("%v %+v", err, list)
		}
		kid, err := w.p.Find(section, list[0].ChildID)
		if err != nil || kid.School.Name != "旧学校" {
			t.Fatalf("%v %+v", err, kid.School)
		}
		if err := w.s.Decide(section, v.ID, list[0].N, true); err != nil {
			t.Fatal(err)
		}
		if kid, err = w.p.Find(section, kid.ID); err != nil || kid.School.Name != "新学校" || len(kid.Guardians) != 2 {
			t.Errorf("%v %+v", err, kid)
		}
		if err := w.s.Decide(section, v.ID, list[0].N, false); errs.KeyOf(err) != "intake.decided" {
			t.Errorf("decided twice: %v", err)
		}
	})
}

func TestAnotherTownshipsChildBecomesACaseAndALookalikeToo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		head := "姓名,身份证号,无身份证原因,出生日期,性别,镇街\n"
		w.commit(w.upload(roster.Children, "a.csv", []byte(head+"李小满,50019920150312001X,,,,邮亭镇\n张一一,,未上户,2016-05-04,女,邮亭镇\n")))
		v := w.upload(roster.Children, "b.csv", []byte(head+"李小满,50019920150312001X,,,,雍溪镇\n张一一,500199201605040029,,,,邮亭镇\n"))
		rows, err := w.s.Rows(section, v.ID, "", "", 10)
		if err != nil || len(rows.Items) != 2 || rows.Items[0].There == nil || rows.Items[1].There == nil || rows.Items[1].There.Why != "same_name_birth" {
			t.Fatalf("%v %+v", err, rows.Items)
		}
		if v = w.commit(v); v.Cases != 2 {
			t.Fatalf("%+v", v)
		}
		cases, err := w.p.Cases(section)
		if err != nil || len(cases) != 2 {
			t.Fatalf("%v %+v", err, cases)
		}
	})
}

func TestDevicesFindTheirWearers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.commit(w.upload(roster.Children, "a.csv", []byte("姓名,身份证号,镇街\n李小满,50019920150312001X,邮亭镇\n")))
		kid := w.children("")[0]
		v := w.upload(roster.Devices, "d.csv", []byte("设备编号,佩戴人姓名,佩戴人身份证号,设备类型\n8800990001,李小满,50019920150312001X,胸牌\n8800990002,王无名,500199201403120012,胸牌\n"))
		v = w.commit(v)
		if v.State != intake.Done {
			t.Fatalf("%+v", v)
		}
		page, err := device.New(w.db, w.keys, device.Ports{}).List(section, device.Query{})
		if err != nil || len(page.Items) == 0 || page.Items[0].Wearer == nil || page.Items[0].Wearer.ID != kid.ID {
			t.Fatalf("%v %+v", err, page)
		}
		if v, err = w.s.Undo(section, v.ID, "设备发错了学校"); err != nil || v.State != intake.Undone {
			t.Fatalf("%v %+v", err, v)
		}
		if n := w.count("SELECT count(*) FROM device") + w.count("SELECT count(*) FROM device_wearing"); n != 0 {
			t.Errorf("%d rows of devices are left", n)
		}
	})
}

// A delivery has no children; a list of wearers by name alone is held against
// the register; a number that stands twice is refused once.
func TestADeliveryGoesIntoStockWithProtocolAndTermOfTheCard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.commit(w.upload(roster.Children, "a.csv", []byte("姓名,身份证号,镇街\n李小满,50019920150312001X,邮亭镇\n")))
		v := w.upload(roster.Devices, "d.csv", []byte("设备编号,类型,设备电话,流量卡到期日,通信协议,佩戴人姓名,备注\n8800990001,手表,15400000001,2027.03.31,,李小满,\n"+
			"861234567890123,学生卡,15400000002,2027/6/30,JT/T 808,,备用\n8800990001,手表,,,,,\n"))
		if v.Counts.OK+v.Counts.Warn != 2 || v.Counts.Refuse != 1 {
			t.Fatalf("%+v", v.Counts)
		}
		w.commit(v)
		page, err := device.New(w.db, w.keys, device.Ports{}).List(section, device.Query{})
		if err != nil || len(page.Items) != 2 {
			t.Fatalf("%v %+v", err, page)
		}
		for _, d := range page.Items {
			switch {
			case d.DeviceID == "8800990001" && d.Wearer != nil && d.Profile == "watch" && d.SIMUntil == "2027-03-31" && d.State == device.Active:
			case d.DeviceID == "861234567890123" && d.Wearer == nil && d.Profile == "jt808" && d.Kind == "card" && d.SIMUntil == "2027-06-30" && d.State == device.Stock:
			default:
				t.Errorf("%+v", d)
			}
		}
	})
}

// What an officer should look at before taking a row is a row to heed: a
// protocol that nobody knows, a term that can't be read, a wearer who is not
// found. The preview shows the device as it will be registered.
func TestTheMistakesOfADeliveryShowBeforeItIsTaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.commit(w.upload(roster.Children, "a.csv", []byte("姓名,身份证号,镇街\n李小满,50019920150312001X,邮亭镇\n")))
		v := w.upload(roster.Devices, "d.csv", []byte("设备编号,类型,型号,SIM卡号,流量卡到期日,通信协议,佩戴人姓名\n"+
			"8800990001,手表,W5,15400000001,46477,手表,李小满\n8800990002,胸牌,,,,蓝牙,\n8800990003,胸牌,,,明年底,,\n8800990004,胸牌,,,,,王无名\n"))
		if v.Counts.OK != 0 || v.Counts.Warn != 4 {
			t.Fatalf("%+v", v.Counts)
		}
		page, err := w.s.Rows(section, v.ID, "", "", 0)
		if err != nil || len(page.Items) != 4 {
			t.Fatalf("%+v %v", page, err)
		}
		if d := page.Items[0].Device; d == nil || *d != (intake.Thing{Number: "8800990001", Kind: "watch", Model: "W5", Profile: "watch", SIMMasked: "154****0001", SIMUntil: "2027-03-31"}) {
			t.Errorf("%+v", d)
		}
		for i, note := range []string{intake.NoteWearerByName, intake.NoteProtocol, intake.NoteSIMUntil, intake.NoteWearerUnknown} {
			if !slices.Contains(page.Items[i].Notes, note) {
				t.Errorf("row %d: %q", i, page.Items[i].Notes)
			}
		}
	})
}

// A lot of cards is read by its model from the first frame on, if the list names
// it, in the column of the model or of the protocol; never against a protocol
// that it names too.
func TestADeliveryIsReadByTheModelThatItsListNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.upload(roster.Devices, "d.csv", []byte("设备编号,类型,型号,通信协议\n861234567890121,学生卡,E8,JT/T 808\n861234567890122,学生卡,,E8\n861234567890123,学生卡,E8,手表\n861234567890124,学生卡,E9,808\n"))
		if v.Counts.OK != 4 {
			t.Fatalf("%+v", v.Counts)
		}
		w.commit(v)
		page, err := device.New(w.db, w.keys, device.Ports{}).List(section, device.Query{})
		if err != nil || len(page.Items) != 4 {
			t.Fatalf("%v %+v", err, page)
		}
		want := map[string]string{"861234567890121": "e8", "861234567890122": "e8", "861234567890123": "watch", "861234567890124": "jt808"}
		for _, d := range page.Items {
			if d.Profile != want[d.DeviceID] {
				t.Errorf("%s is read by %s, want %s", d.DeviceID, d.Profile, want[d.DeviceID])
			}
		}
	})
}

func TestHeadingsThatNobodyKnowsCanBeTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.upload(roster.Children, "a.csv", []byte("甲列,乙列,丙列\n王强,11010219840406970x,女\n"))
		if v.Problem != "roster.no_heading" || len(v.Tables) != 1 || len(v.Tables[0].Columns) != 3 {
			t.Fatalf("%+v", v)
		}
		if _, err := w.s.Commit(section, v.ID); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("without headings: %v", err)
		}
		v, err := w.s.Correct(section, v.ID, map[roster.Field]string{"name": "甲列", "id": "乙列"})
		if err != nil || v.Counts.OK+v.Counts.Warn != 1 {
			t.Fatalf("%v %+v", err, v)
		}
	})
}

func TestOnlyTheSectionImports(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.upload(roster.Children, "a.csv", many(3, 2))
		for _, r := range access.Roles() {
			if r == access.BureauSection {
				continue
			}
			ctx := as(r, district)
			if _, err := w.s.Upload(ctx, roster.Children, "a.csv", many(3, 1)); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s uploads: %v", r, err)
			}
			for name, call := range map[string]func() error{
				"find":    func() error { _, err := w.s.Find(ctx, v.ID); return err },
				"rows":    func() error { _, err := w.s.Rows(ctx, v.ID, "", "", 0); return err },
				"commit":  func() error { _, err := w.s.Commit(ctx, v.ID); return err },
				"cancel":  func() error { _, err := w.s.Cancel(ctx, v.ID); return err },
				"undo":    func() error { _, err := w.s.Undo(ctx, v.ID, "名单发错了"); return err },
				"refused": func() error { _, err := w.s.Refused(ctx, v.ID); return err },
				"follows": func() error { _, err := w.s.Follows(ctx, v.ID); return err },
				"correct": func() error { _, err := w.s.Correct(ctx, v.ID, nil); return err },
				"list":    func() error { _, err := w.s.List(ctx, "", 0); return err },
			} {
				if err := call(); !errs.Is(err, errs.KindForbidden) {
					t.Errorf("%s: %s: %v", r, name, err)
				}
			}
		}
		// A section of another district does not know of it.
		if _, err := w.s.Find(as(access.BureauSection, "500112"), v.ID); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("another district: %v", err)
		}
	})
}

func TestTheFileGoesAfterItsDays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		draft := w.upload(roster.Children, "a.csv", many(3, 2))
		done := w.commit(w.upload(roster.Children, "b.csv", many(4, 2)))
		w.clk.Advance(25 * time.Hour)
		if err := w.s.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if v, err := w.s.Find(section, draft.ID); err != nil || v.State != intake.Dropped || v.FileThere {
			t.Errorf("the draft: %v %+v", err, v)
		}
		if v, err := w.s.Find(section, done.ID); err != nil || !v.FileThere {
			t.Errorf("the import after a day: %v %+v", err, v)
		}
		w.clk.Advance(7 * 24 * time.Hour)
		if err := w.s.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Rows(section, done.ID, "", "", 0); errs.KeyOf(err) != "intake.file_gone" {
			t.Errorf("the list after its days: %v", err)
		}
		if n := w.count("SELECT count(*) FROM intake_piece"); n != 0 {
			t.Errorf("%d pieces are left", n)
		}
		if v, err := w.s.Undo(section, done.ID, "名单发错了版本"); err != nil || v.State != intake.Undone {
			t.Errorf("an undo without the file: %v %+v", err, v)
		}
	})
}
