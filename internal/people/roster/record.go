package roster

import (
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/region"
)

// Unnamed reports that the row names nobody: no name, no number of identity.
func (p Person) Unnamed() bool { return p.Name == "" && p.IDText == "" }

// Person is a child as a row tells it, or the one who wears a device; what the
// row does not say is empty. Texts are without outer blanks.
type Person struct {
	Name       string           // in normal form
	ID         civil.ResidentID // empty if there is none or it is wrong
	IDText     string           // the ID as far as it could be read
	NoIDReason string
	IDType     string
	Sex        civil.Sex     // as the ID says, else the column
	Birth      civil.Date    // as the ID says, else the column
	BirthSaid  civil.Partial // as the column says
	Ethnicity  string
	StudentNo  string
	Phones     []civil.Phone

	Area       region.Code // where it lives, as deep as found
	Address    string
	Numbers    civil.HouseNumbers
	Grid       string
	RegArea    region.Code // registered address (户籍)
	RegAddress string

	School, Grade, Class string
	Categories           []CategoryKind
	CategoryText         string
	Contacts             []Contact
	BenefitSince         string
	BenefitAmount        string
	BankAccount          string
	Remark               string
	Extra                []Extra // columns that were not recognised
}

// Contact is somebody around the child.
type Contact struct {
	Role        Role
	Name        string
	Relation    string // to the child, as written
	ID          civil.ResidentID
	Phones      []civil.Phone
	Whereabouts string
	Status      string // 去世, 失联, 离异 … as written
}

// Extra is the value of a column without a field.
type Extra struct{ Heading, Value string }

// Device is a device as a row tells it.
type Device struct {
	Number   string // of the device; the IMEI where there is no other
	IMEI     string
	Kind     DeviceType
	KindText string
	Model    string
	Maker    string
	SIM      string
	Phone    civil.Phone // of its SIM card
	SIMUntil civil.Date  // until when the card is paid for
	Until    string      // as written
	Protocol string      // watch, jt808, gt06, mqtt; empty if not said
	Speaks   string      // as written
	IssuedOn civil.Date
	Issued   string // as written
}

// readProtocol gives the protocol that a cell names, as profiles of models
// call it.
func readProtocol(s string) string {
	s = strings.ToUpper(s)
	for _, k := range []struct{ word, protocol string }{{"808", "jt808"}, {"GT06", "gt06"}, {"MQTT", "mqtt"}, {"手表", "watch"}, {"腕表", "watch"}, {"WATCH", "watch"}} {
		if strings.Contains(s, k.word) {
			return k.protocol
		}
	}
	return ""
}

// DeviceType is the kind of a device.
type DeviceType string

// The kinds.
const (
	Badge    DeviceType = "badge"    // 胸牌
	Band     DeviceType = "band"     // 手环
	Watch    DeviceType = "watch"    // 腕表, 手表
	OtherKit DeviceType = "other"    // something else, see KindText
	NoKit    DeviceType = ""         // not said
	Locator  DeviceType = "locator"  // 定位器, 定位卡
	Button   DeviceType = "button"   // 一键报警器
	Backpack DeviceType = "backpack" // 书包

	StudentCard DeviceType = "card" // 学生卡
)

func readDeviceType(s string) DeviceType {
	if s == "" {
		return NoKit
	}
	for _, k := range []struct {
		words string
		t     DeviceType
	}{{"胸牌 胸卡 校牌 学生证 工牌 吊牌", Badge}, {"手环 腕带", Band}, {"腕表 手表", Watch}, {"定位器 定位卡 定位终端", Locator}, {"报警器 呼叫器 按钮", Button}, {"学生卡 校园卡", StudentCard}, {"书包", Backpack}} {
		for _, w := range strings.Fields(k.words) {
			if strings.Contains(s, w) {
				return k.t
			}
		}
	}
	return OtherKit
}

// CategoryKind is a kind of child that the law knows; the codes are those of
// package child.
type CategoryKind string

// The categories. Poverty to Guardianship are kinds of 困境.
const (
	Orphan       CategoryKind = "orphan"
	Unattended   CategoryKind = "unattended" // 事实无人抚养
	LeftBehind   CategoryKind = "left_behind"
	Poverty      CategoryKind = "hardship_poverty"
	Disability   CategoryKind = "hardship_disability"
	Illness      CategoryKind = "hardship_illness"
	Guardianship CategoryKind = "hardship_guardianship" // 监护缺失, 监护不当
	Hardship     CategoryKind = "hardship"              // 困境, kind not said
)

var categoryWords = []struct {
	c     CategoryKind
	words []string
}{
	{Unattended, []string{"事实无人抚养", "事实孤儿", "无人抚养"}},
	{Orphan, []string{"孤儿"}},
	{LeftBehind, []string{"留守", "双方外出", "一方外出", "父母外出", "外出务工"}},
	{Disability, []string{"残疾", "重残", "残障", "智力障碍", "肢体"}},
	{Illness, []string{"重病", "患病", "大病", "疾病", "艾滋"}},
	{Guardianship, []string{"监护缺失", "监护不当", "监护困境", "服刑", "失联", "戒毒", "监护能力", "失踪", "遭受侵害", "单亲"}},
	{Poverty, []string{"贫困", "低保", "特困", "低收入"}},
	{Hardship, []string{"困境"}},
}

// readCategories finds the categories that a text names, in a fixed order.
func readCategories(s string) []CategoryKind {
	if s == "" {
		return nil
	}
	rest := strings.NewReplacer("无家庭贫困", "", "非留守", "", "非孤儿", "", "非困境", "").Replace(civil.Squeeze(s))
	var out []CategoryKind
	for _, k := range categoryWords {
		for _, w := range k.words {
			if strings.Contains(rest, w) {
				out = append(out, k.c)
				rest = strings.ReplaceAll(rest, w, "")
				break
			}
		}
	}
	if n := len(out); n > 1 && out[n-1] == Hardship { // 困境（重病）: the kind says more
		for _, c := range out[:n-1] {
			if strings.HasPrefix(string(c), "hardship_") {
				return out[:n-1]
			}
		}
	}
	return out
}
