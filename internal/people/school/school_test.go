package school_test

import (
	"context"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/school"
)

func as(role access.Role, at string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID("a-" + string(role)), Grants: []access.Grant{{Role: role, Region: at, Department: access.CivilAffairs}}})
}

// moves are what the register told the rooms that name schools.
type moves [][2]string

func register(d *db.DB) (*school.Service, *moves) {
	told := &moves{}
	return school.NewService(d, school.Policies{{From: "2024-01-01", UndoDays: 30}}, school.Ports{
		Pupils: func(context.Context, db.Reader, []string) (map[id.ID]int, error) { return map[id.ID]int{}, nil },
		Moved: func(_ context.Context, _ *db.Tx, from id.ID, to school.School) error {
			*told = append(*told, [2]string{string(from), string(to.ID)})
			return nil
		},
		Came: func(ctx context.Context, tx *db.Tx, m school.Merger) error {
			_, err := tx.Exec(ctx, "INSERT INTO school_merger_part (merger_id, kind, ref, grade, class) VALUES (?, 'child', 'c1', '三年级', '1班'), (?, 'child', 'c2', '三年级', '1班'), (?, 'teacher', 't1', '三年级', '')", m.ID, m.ID, m.ID)
			return err
		},
		Back: func(ctx context.Context, tx *db.Tx, m school.Merger, to school.School) error {
			*told = append(*told, [2]string{string(m.IntoID), string(to.ID)})
			_, err := tx.Exec(ctx, "UPDATE school_merger_part SET state = 'back' WHERE merger_id = ? AND ref = 'c1'", m.ID)
			return err
		},
		Names: func(_ context.Context, _ db.Reader, ids ...id.ID) (map[id.ID]string, error) {
			return map[id.ID]string{"a-bureau_section": "科室"}, nil
		},
		Called: func(context.Context, db.Reader, []id.ID, []id.ID) (people, titles map[id.ID]string, err error) {
			return map[id.ID]string{"t1": "江老师"}, nil, nil
		},
		Children: func(context.Context, db.Reader, ...id.ID) (map[id.ID]string, error) {
			return map[id.ID]string{"c1": "试小一"}, nil // of the other nothing is told
		}}), told
}

func look(t *testing.T, d *db.DB, name, area string) school.Answer {
	t.Helper()
	asked := school.Named{Name: name, Area: area}
	var out school.Answer
	if err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		got, err := school.Look(ctx, r, []school.Named{asked})
		out = got[asked]
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestANameMeansTheOneSchoolOfTheDistrictAndIsAskedAboutOtherwise(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s, _ := register(d)
		section, next := as(access.BureauSection, "500111"), as(access.BureauSection, "500112")
		enter := func(ctx context.Context, name, at string, same bool) school.School {
			t.Helper()
			x, err := s.Enter(ctx, school.Form{Name: name, Kind: school.Primary, Region: at}, same)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		here := enter(section, "实验小学（东区）", "500111", false)
		if got := look(t, d, " 实验小学(东区) ", "500111113203"); !got.Known || got.School.ID != here.ID {
			t.Errorf("blanks and brackets: %+v", got)
		}
		there := enter(next, "实验小学（东区）", "500112", false)
		if got := look(t, d, "实验小学（东区）", "500112100201"); !got.Known || got.School.ID != there.ID {
			t.Errorf("each district has its own: %+v", got)
		}
		// A child of a third district: nobody knows which of the two it is.
		if got := look(t, d, "实验小学（东区）", "500113100201"); got.Known || got.New || len(got.Choices) != 2 {
			t.Errorf("two in other districts: %+v", got)
		}
		only := enter(next, "邻区中学", "500112100", false)
		if got := look(t, d, "邻区中学", "500111113203"); got.Known || got.New || len(got.Choices) != 1 || got.Choices[0].ID != only.ID {
			t.Errorf("one in another district only is asked about: %+v", got)
		}
		if got := look(t, d, "从未有过的小学", "500111113203"); !got.New {
			t.Errorf("a new name: %+v", got)
		}
		if got := look(t, d, " ", "500111113203"); got.New || got.Known || len(got.Choices) != 0 {
			t.Errorf("no name: %+v", got)
		}
		// A second one in the district is entered knowingly only, and then the
		// name means neither.
		if _, err := s.Enter(section, school.Form{Name: "实验小学(东区)", Region: "500111116"}, false); errs.KeyOf(err) != "school.same_name" {
			t.Errorf("the same name again: %v", err)
		}
		enter(section, "实验小学（东区）", "500111116", true)
		if got := look(t, d, "实验小学（东区）", "500111116206"); got.Known || len(got.Choices) != 2 {
			t.Errorf("two in one district: %+v", got)
		}
	})
}

func TestEarlierNamesAndThoseOfMergedSchoolsGoOnMeaningTheSchool(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s, told := register(d)
		section := as(access.BureauSection, "500111")
		a, err := s.Enter(section, school.Form{Name: "雍溪中心小学", Region: "500111113"}, false)
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Enter(section, school.Form{Name: "雍溪镇小", Region: "500111113"}, false)
		if err != nil {
			t.Fatal(err)
		}
		if b, err = s.Change(section, b.ID, school.Form{Name: "雍溪镇中心小学", Kind: school.Primary, Region: "500111113", Address: "雍溪镇正街1号"}, 1, false); err != nil || b.Version != 2 {
			t.Fatalf("%+v %v", b, err)
		}
		if len(*told) != 1 || (*told)[0] != [2]string{string(b.ID), string(b.ID)} {
			t.Errorf("a new name is told: %v", *told)
		}
		if _, err := s.Change(section, b.ID, school.Form{Name: "雍溪镇中心小学", Region: "500111113"}, 1, false); errs.KeyOf(err) != "record.moved_on" {
			t.Errorf("an old version is written over: %v", err)
		}
		if _, err := s.Change(section, b.ID, school.Form{Name: "雍溪中心小学", Region: "500111"}, 2, false); errs.KeyOf(err) != "school.same_name" {
			t.Errorf("another school's name: %v", err)
		}
		if got := look(t, d, "雍溪镇小", "500111113204"); got.School.ID != b.ID {
			t.Errorf("the earlier name: %+v", got)
		}
		if _, err := s.Merge(section, b.ID, a.ID, " "); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		if _, err := s.Merge(section, a.ID, a.ID, "重复"); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("with itself: %v", err)
		}
		if got, err := s.Merge(section, b.ID, a.ID, "同一所学校登记了两次"); err != nil || got.ID != a.ID {
			t.Fatalf("%+v %v", got, err)
		}
		for _, name := range []string{"雍溪镇小", "雍溪镇中心小学", "雍溪中心小学"} {
			if got := look(t, d, name, "500111113204"); got.School.ID != a.ID {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if err := d.View(section, func(ctx context.Context, r db.Reader) error {
			got, err := school.Find(ctx, r, b.ID)
			if got.ID != a.ID {
				t.Errorf("the old id leads to %+v", got)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		list, err := s.List(section, "500111")
		if err != nil || len(list) != 1 || !list[0].MayWrite {
			t.Errorf("%+v %v", list, err)
		}
		if _, err := s.Merge(section, b.ID, a.ID, "再来一次"); !errs.Is(err, errs.KindConflict) {
			t.Errorf("what was merged is merged again: %v", err)
		}
	})
}

func TestWhoMayChangeSchoolsAndWhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s, _ := register(d)
		section, next := as(access.BureauSection, "500111"), as(access.BureauSection, "500112")
		mine, err := s.Enter(section, school.Form{Name: "实验小学", Region: "500111"}, false)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := s.Enter(next, school.Form{Name: "实验小学", Region: "500112"}, false)
		if err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"enter elsewhere":    second(s.Enter(section, school.Form{Name: "新学校", Region: "500112"}, false)),
			"change another's":   second(s.Change(section, theirs.ID, school.Form{Name: "实验学校", Region: "500112"}, 1, false)),
			"move into another":  second(s.Change(section, mine.ID, school.Form{Name: "实验小学", Region: "500112"}, 1, true)),
			"take another's in":  second(s.Merge(section, theirs.ID, mine.ID, "同名")),
			"give own away":      second(s.Merge(section, mine.ID, theirs.ID, "同名")),
			"a head enters":      second(s.Enter(as(access.BureauHead, "500111"), school.Form{Name: "新学校", Region: "500111"}, false)),
			"a township enters":  second(s.Enter(as(access.TownshipOfficer, "500111116"), school.Form{Name: "新学校", Region: "500111116"}, false)),
			"a counsellor":       second(s.Merge(as(access.Counsellor, "500111"), mine.ID, theirs.ID, "同名")),
			"a teacher lists":    second(s.List(as(access.Teacher, "500111"), "")),
			"a grid worker":      second(s.List(as(access.GridWorker, "500111"), "")),
			"the system's admin": second(s.Enter(as(access.SystemAdmin, "500111"), school.Form{Name: "新学校", Region: "500111"}, false)),
		} {
			if !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// That a school exists is no secret: a child of one township or district
		// may learn in another.
		list, err := s.List(as(access.VillageDirector, "500111116206"), "")
		if err != nil || len(list) != 2 || list[0].MayWrite || list[0].Pupils != 0 {
			t.Errorf("%+v %v", list, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAFormOfASchoolSaysWhatIsWrong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s, _ := register(d)
		for name, f := range map[string]school.Form{
			"name":   {Name: " ", Region: "500111"},
			"kind":   {Name: "实验小学", Kind: "shop", Region: "500111"},
			"region": {Name: "实验小学", Region: "500111116206"},
		} {
			if _, err := s.Enter(as(access.BureauSection, "500111"), f, false); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s is taken: %v", name, err)
			}
		}
	})
}

func TestAMergerIsKeptAndUndoneWithinItsDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *clock.Fake) {
		s, told := register(d)
		section := as(access.BureauSection, "500111")
		enter := func(name string) school.School {
			t.Helper()
			x, err := s.Enter(section, school.Form{Name: name, Region: "500111113"}, false)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		merge := func(from, into school.School) school.Merger {
			t.Helper()
			if _, err := s.Merge(section, from.ID, into.ID, "同一所学校登记了两次"); err != nil {
				t.Fatal(err)
			}
			list, err := s.Mergers(section, into.ID)
			if err != nil {
				t.Fatal(err)
			}
			return list[0]
		}
		a, b, end := enter("雍溪中心小学"), enter("雍溪镇小"), enter("雍溪学校")
		m := merge(b, a)
		if m.FromName != "雍溪镇小" || m.ByName != "科室" || m.Came[school.PartChild] != 2 || m.Came[school.PartTeacher] != 1 || !m.MayUndo || m.UndoUntil-m.At != 30*24*3600*1000 {
			t.Errorf("kept: %+v", m)
		}
		came, err := s.Came(section, m.ID)
		if err != nil || len(came.Classes) != 1 || came.Classes[0] != (school.CameClass{Grade: "三年级", Class: "1班", Children: 2}) || len(came.Teachers) != 1 || came.Teachers[0].Name != "江老师" {
			t.Errorf("came: %+v %v", came, err)
		}
		if kids, err := s.CameChildren(section, m.ID, "三年级", "1班"); err != nil || len(kids) != 1 || kids[0].Name != "试小一" {
			t.Errorf("only who may be known of is named: %+v %v", kids, err)
		}
		for name, err := range map[string]error{
			"a head undoes":       second(s.Undo(as(access.BureauHead, "500111"), m.ID, "误并")),
			"a head reads":        second(s.Came(as(access.BureauHead, "500111"), m.ID)),
			"the next district":   second(s.Undo(as(access.BureauSection, "500112"), m.ID, "误并")),
			"it reads the names":  second(s.CameChildren(as(access.BureauSection, "500112"), m.ID, "三年级", "1班")),
			"it reads the merger": second(s.Mergers(as(access.BureauSection, "500112"), a.ID)),
		} {
			if !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Undo(section, m.ID, " "); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("without a reason: %v", err)
		}

		// The other is merged itself: the later merger is undone first.
		later := merge(a, end)
		if _, err := s.Undo(section, m.ID, "误并"); errs.KeyOf(err) != "school.merged_on" {
			t.Errorf("a merger under another: %v", err)
		}
		if _, err := s.Undo(section, later.ID, "误并"); err != nil {
			t.Fatal(err)
		}
		*told = nil
		out, err := s.Undo(section, m.ID, "不是同一所学校")
		if err != nil || out.Back[school.PartChild] != 1 || out.UndoReason != "不是同一所学校" {
			t.Fatalf("%+v %v", out, err)
		}
		if len(*told) != 1 || (*told)[0] != [2]string{string(a.ID), string(b.ID)} {
			t.Errorf("moved back: %v", *told)
		}
		if got := look(t, d, "雍溪镇小", "500111113204"); !got.Known || got.School.ID != b.ID {
			t.Errorf("the name means the school again: %+v", got)
		}
		if got := look(t, d, "雍溪中心小学", "500111113204"); !got.Known || got.School.ID != a.ID {
			t.Errorf("the other keeps its own name: %+v", got)
		}
		if _, err := s.Undo(section, m.ID, "再来一次"); errs.KeyOf(err) != "record.moved_on" {
			t.Errorf("twice: %v", err)
		}
		var states []string
		if err := d.View(section, func(ctx context.Context, r db.Reader) error {
			return r.List(ctx, &states, "SELECT state FROM school_merger_part WHERE merger_id = ? AND kind <> 'name' ORDER BY ref", m.ID)
		}); err != nil || len(states) != 3 || states[0] != "back" || states[1] != "stayed" || states[2] != "stayed" {
			t.Errorf("who went back is on record: %v %v", states, err)
		}

		// After its days a merger stands.
		m = merge(b, a)
		c.Advance(30*24*time.Hour + time.Minute)
		if _, err := s.Undo(section, m.ID, "误并"); errs.KeyOf(err) != "school.undo_late" {
			t.Errorf("too late: %v", err)
		}
		if list, err := s.Mergers(section, a.ID); err != nil || list[0].MayUndo {
			t.Errorf("%+v %v", list, err)
		}
	})
}
