package guard_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/guard"
	"zugou/internal/people/access"
)

func TestThresholdsChangeFromTheirDayOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 10:00")
		d, c := w.badge("watch")
		told := func(battery int) {
			m := link()
			m.Battery = new(battery)
			w.hears(d, c, m)
		}
		told(40)
		told(36)
		w.same(w.alarms(c))
		now, err := w.guard.Rules(section)
		w.must(err)
		body := func(was, is string) json.RawMessage {
			e := now
			e.Name, e.From = "试行", ""
			e.Default = json.RawMessage(strings.Replace(string(now.Default), was, is, 1))
			text, err := json.Marshal(e)
			w.must(err)
			return text
		}
		better := body(`"low": 20, "rearm": 30`, `"low": 38, "rearm": 50`)
		later := clock.Of(w.clk.Now().Add(time.Hour))
		if err := w.guard.SetRules(section, guard.NewEdition{FromAt: later, Edition: better}); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("without a reason: %v", err)
		}
		if err := w.guard.SetRules(section, guard.NewEdition{FromAt: clock.Of(w.clk.Now().Add(-time.Hour)), Edition: better, Reason: "冬季电量掉得快"}); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("from the past: %v", err)
		}
		if err := w.guard.SetRules(section, guard.NewEdition{Edition: body(`"low": 20, "rearm": 30`, `"low": 60, "rearm": 30`), Reason: "写错了"}); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("re-arms below the threshold: %v", err)
		}
		for _, who := range []context.Context{as(access.SeatOperator, "500111"), as(access.VillageDirector, "500111100001")} {
			if err := w.guard.SetRules(who, guard.NewEdition{FromAt: later, Edition: better, Reason: "不该由我改"}); errs.KindOf(err) != errs.KindForbidden {
				t.Fatalf("by who may not: %v", err)
			}
		}
		w.must(w.guard.SetRules(section, guard.NewEdition{FromAt: later, Edition: better, Reason: "冬季电量掉得快"}))
		told(35)
		w.same(w.alarms(c))
		list, err := w.guard.RuleEditions(section)
		w.must(err)
		if len(list) < 2 || list[0].InForce || list[0].FromAt != later || list[0].Reason != "冬季电量掉得快" || !list[1].InForce || list[1].ID != "" {
			t.Fatalf("%+v", list)
		}
		w.runs(time.Hour + time.Minute)
		told(34)
		w.same(w.alarms(c), "low_battery open", "silent ended") // an hour without a word
		if list, err = w.guard.RuleEditions(section); err != nil || !list[0].InForce || list[1].InForce {
			t.Fatalf("%v %+v", err, list)
		}
		if _, err := w.guard.RuleEditions(as(access.Citizen, "500111")); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("a citizen reads: %v", err)
		}
	})
}
