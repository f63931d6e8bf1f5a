package risk

import (
	"io/fs"
	"strings"
	"testing"

	files "zugou/policy/risk"
)

func TestConditionsAreReadOut(t *testing.T) {
	c, _ := shipped(t)
	for _, k := range []struct{ when, want string }{
		{"suspected_harm", "疑似受到侵害"},
		{"!dropout", "“辍学”为否"},
		{"dropout == true", "辍学"},
		{"dropout != true", "“辍学”为否"},
		{"dropout == false", "“辍学”为否"},
		{"screen_urgency == 'red'", "最近一次筛查的紧急程度为“急性危险”"},
		{"'red' == screen_urgency", "最近一次筛查的紧急程度为“急性危险”"},
		{"screen_urgency != 'green'", "最近一次筛查的紧急程度不为“常规”"},
		{"screen_urgency in ['red', 'orange']", "最近一次筛查的紧急程度为“急性危险”或“危急题阳性”"},
		{"!(screen_urgency in ['red', 'orange'])", "不符合（最近一次筛查的紧急程度为“急性危险”或“危急题阳性”）"},
		{"life_events in [1, 2]", "近一年生活事件为1件或2件"},
		{"sos_7 > 0", "近7天设备求救多于0次"},
		{"0 < sos_7", "近7天设备求救多于0次"},
		{"3 >= absent_days_30", "近30天无故缺课至多3天"},
		{"who5_total <= 60", "WHO-5总分至多60分"},
		{"who5_total < 28", "WHO-5总分少于28分"},
		{"life_events == 2", "近一年生活事件为2件"},
		{"life_events != 2", "近一年生活事件不为2件"},
		{"phq_total >= 8 && phq_total <= 10", "PHQ总分为8至10分"},
		{"phq_total <= 10 && phq_total >= 8", "PHQ总分为8至10分"},
		{"phq_total > 8 && phq_total < 11", "PHQ总分为9至10分"},
		{"phq_total > 8 && phq_total < 8", "PHQ总分多于8分，且PHQ总分少于8分"},
		{"discharged_days >= 0 && discharged_days <= 30", "精神科出院在30天以内"},
		{"discharged_days > 7 && discharged_days <= 30", "精神科出院在8至30天前"},
		{"discharged_days <= 30", "精神科出院在30天以内或从未有过"}, // -1 is below every number
		{"discharged_days > 30", "精神科出院在31天前或更早"},
		{"discharged_days == 5", "精神科出院正好在5天前"},
		{"discharged_days >= 0", "精神科出院有过记录"},
		{"discharged_days != -1", "精神科出院有过记录"},
		{"discharged_days < 0", "精神科出院从未有过"},
		{"dropout || life_events >= 1 && attempt_ever", "辍学，或（近一年生活事件至少1件，且曾有自杀行为）"},
		{"(dropout || lives_alone) && attempt_ever && !carer_weak", "（辍学，或独居或夜间无成人照料），且曾有自杀行为，且“照料人无力照料”为否"},
		{"!(dropout && lives_alone)", "不符合（辍学，且独居或夜间无成人照料）"},
		// What can't be read out faithfully stays as it is, all of it.
		{"phq_total + life_events > 9", ""},
		{"phq_total > life_events", ""},
		{"attempt_ever && (dropout ? true : lives_alone)", ""},
		{"screen_urgency < 'red'", ""},
		{"screen_urgency == 'rde'", ""},
		{"discharged_days != 5", ""},
		{"discharged_days >= -1 && discharged_days <= 4", ""},
		{"nothing_known == 1", ""},
		{"attempt_ever &&", ""},
	} {
		if got := c.InWords(k.when); got != k.want {
			t.Errorf("%s\n got %s\nwant %s", k.when, got, k.want)
		}
	}
}

// Whoever reads the rules reads no code: none of those shipped may stay one.
func TestEveryShippedConditionIsReadOut(t *testing.T) {
	tables, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files.Files, "rules/*.json")
	if err != nil || len(names) != len(tables.rules) {
		t.Fatalf("%d files, %d sets: %v", len(names), len(tables.rules), err)
	}
	want := map[string]string{
		"acute":            "最近一次筛查的紧急程度为“急性危险”",
		"sos_after_yes":    "最近一次自杀题目答“是”在30天以内，且近7天设备求救多于0次",
		"critical_item":    "最近一次筛查的紧急程度为“危急题阳性”",
		"harm":             "疑似受到侵害",
		"attempt_and_load": "曾有自杀行为，且（近一年生活事件至少1件，或近30天无故缺课至少3天）",
		"discharged":       "精神科出院在30天以内",
		"matters":          "近30天特急事项至少2件",
		"screen_yellow":    "最近一次筛查的紧急程度为“超过切分值或当天谈话”",
		"unanswered":       "有自杀题目未回答",
		"attempt":          "曾有自杀行为",
		"checklist":        "基层核查表风险项至少4项",
		"alone":            "父母均外出，且（独居或夜间无成人照料，或照料人无力照料）",
		"school":           "辍学，或近30天无故缺课至少5天",
		"silent":           "设备失联至少3天，且独居或夜间无成人照料",
		"low_mood_load":    "（PHQ总分至少8分，或WHO-5总分至多60分），且近一年生活事件至少2件",
		"drawing":          "绘画“建议谈话”标记",
	}
	for n, s := range tables.rules {
		body, err := fs.ReadFile(files.Files, names[n])
		if err != nil {
			t.Fatal(err)
		}
		got := tables.Catalogue.WordsOf(string(body))
		for _, list := range [][]Rule{s.Rules, s.Talk} {
			for _, r := range list {
				if got[r.When] == "" || got[r.When] != want[r.Code] || r.said() != want[r.Code] {
					t.Errorf("%s, rule %s\n got %s\nwant %s", s.Version, r.Code, got[r.When], want[r.Code])
				}
			}
		}
	}
}

func TestAValueThatEvidenceNeverHasIsRefused(t *testing.T) {
	c, _ := shipped(t)
	for _, when := range []string{"screen_urgency == 'rde'", "dropout || screen_urgency in ['red', 'oragne']"} {
		set := `{"version": "1", "from": "2026-01-01", "status": "s", "source": "s", "rules": [{"code": "a", "urgency": "red", "title": "t", "when": "` + when + `"}]}`
		if _, err := ParseRules(c, []byte(set)); err != nil { // what is in force still runs
			t.Fatal(err)
		}
		if err := c.Stray(set); err == nil || !strings.Contains(err.Error(), "is no value of") {
			t.Errorf("%s: %v", when, err)
		}
	}
}
