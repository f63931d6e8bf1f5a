package roster

import (
	"sort"
	"strings"

	"zugou/internal/kernel/errs"
)

// Kind says what a file lists.
type Kind string

// The kinds.
const (
	Children Kind = "children"
	Devices  Kind = "devices"
)

// Field is what a column holds.
type Field string

// The fields of the child (or of the one who wears the device).
const (
	Seq          Field = "seq"
	Name         Field = "name"
	ID           Field = "id"
	IDType       Field = "id_type"
	NoIDReason   Field = "no_id_reason"
	Sex          Field = "sex"
	BirthDate    Field = "birth_date"
	Ethnicity    Field = "ethnicity"
	StudentNo    Field = "student_no"
	Phone        Field = "phone"
	Township     Field = "township"
	Village      Field = "village"
	Group        Field = "group"
	Grid         Field = "grid"
	Address      Field = "address"
	Registered   Field = "registered_address"
	RegTownship  Field = "registered_township"
	RegVillage   Field = "registered_village"
	RegGroup     Field = "registered_group"
	School       Field = "school"
	Grade        Field = "grade"
	Class        Field = "class"
	Category     Field = "category"
	Remark       Field = "remark"
	BenefitSince Field = "benefit_since"
	BenefitFen   Field = "benefit_amount"
	BankAccount  Field = "bank_account"
)

// The fields of a device.
const (
	DeviceNo    Field = "device_no"
	IMEI        Field = "imei"
	DeviceModel Field = "device_model"
	DeviceKind  Field = "device_kind"
	DeviceMaker Field = "device_maker"
	SIM         Field = "sim"
	SIMPhone    Field = "sim_phone"
	IssuedOn    Field = "issued_on"
	SIMUntil    Field = "sim_until" // until when the card is paid for
	Protocol    Field = "protocol"
)

// Role is who a contact is to the child.
type Role string

// The roles. Each has the fields ROLE_name, ROLE_id, ROLE_phone, ROLE_relation,
// ROLE_whereabouts and ROLE_status.
const (
	Guardian    Role = "guardian"
	Carer       Role = "carer" // 实际照护人, 委托照护人
	Father      Role = "father"
	Mother      Role = "mother"
	Householder Role = "householder"
	Paired      Role = "paired" // 结对帮扶人
	Director    Role = "director"
	Teacher     Role = "teacher"
	Receiver    Role = "receiver" // who signed for a device
)

var roles = []Role{Guardian, Carer, Father, Mother, Householder, Paired, Director, Teacher, Receiver}

// attr is a property that a person of any role can have.
type attr string

const (
	attrName        attr = "name"
	attrID          attr = "id"
	attrPhone       attr = "phone"
	attrRelation    attr = "relation"
	attrWhereabouts attr = "whereabouts"
	attrStatus      attr = "status"
	attrNamePhone   attr = "name_phone" // both in one column
	attrOther       attr = "other"      // a property that is not kept
)

// Label gives the Chinese word for the role.
func (r Role) Label() string { return roleLabels[r] }

func (r Role) field(a attr) Field { return Field(string(r) + "_" + string(a)) }

// labels are the Chinese words for the fields, as headings and as FIELD of a
// correction.
var labels = map[Field]string{
	Seq: "序号", Name: "姓名", ID: "身份证号", IDType: "证件类型", NoIDReason: "无身份证原因", Sex: "性别", BirthDate: "出生日期",
	Ethnicity: "民族", StudentNo: "学籍号", Phone: "本人电话", Township: "镇街", Village: "村（社区）", Group: "组", Grid: "网格",
	Address: "现住址", Registered: "户籍地址", RegTownship: "户籍镇街", RegVillage: "户籍村（社区）", RegGroup: "户籍组",
	School: "就读学校", Grade: "年级", Class: "班级", Category: "儿童类别", Remark: "备注", BenefitSince: "享受保障时间",
	BenefitFen: "月标准", BankAccount: "银行账号", DeviceNo: "设备编号", IMEI: "IMEI", DeviceModel: "型号", DeviceKind: "设备类型",
	DeviceMaker: "厂家", SIM: "SIM卡号", SIMPhone: "设备电话", IssuedOn: "发放日期",
	SIMUntil: "流量卡到期日", Protocol: "通信协议",
}

var roleLabels = map[Role]string{
	Guardian: "监护人", Carer: "照护人", Father: "父亲", Mother: "母亲", Householder: "户主", Paired: "结对帮扶人",
	Director: "儿童主任", Teacher: "班主任", Receiver: "领取人",
}

var attrLabels = map[attr]string{
	attrName: "姓名", attrID: "身份证号", attrPhone: "电话", attrRelation: "与儿童关系", attrWhereabouts: "务工地", attrStatus: "状况",
}

// person takes the field of a contact apart; empty for other fields.
func (f Field) person() (Role, attr) {
	role, a, ok := strings.Cut(string(f), "_")
	if !ok {
		return "", ""
	}
	for _, r := range roles {
		if string(r) == role {
			return r, attr(a)
		}
	}
	return "", ""
}

// Label gives the Chinese word for a field.
func (f Field) Label() string {
	if l, ok := labels[f]; ok {
		return l
	}
	for r, rl := range roleLabels {
		for a, al := range attrLabels {
			if r.field(a) == f {
				return rl + al
			}
		}
	}
	return string(f)
}

// Fields lists all fields in order, for help texts and the page that corrects
// headings.
func Fields() []Field {
	var out []Field
	for f := range labels {
		out = append(out, f)
	}
	for _, r := range roles {
		for a := range attrLabels {
			out = append(out, r.field(a))
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// aliases are other codes that people try.
var aliases = map[string]Field{
	"child_name": Name, "child": Name, "id_no": ID, "id_number": ID, "idcard": ID, "id_card": ID, "gender": Sex, "birth": BirthDate,
	"birthday": BirthDate, "birth_on": BirthDate, "town": Township, "community": Village, "guardian": Guardian.field(attrName),
	"device": DeviceNo, "device_id": DeviceNo, "serial": DeviceNo, "iccid": SIM, "model": DeviceModel, "kind": DeviceKind,
	"type": DeviceKind, "note": Remark, "notes": Remark, "residence": Address, "hukou": Registered, "tel": Guardian.field(attrPhone),
}

// ParseField reads a field by its code or its Chinese word. Error: Invalid on
// field "map".
func ParseField(s string) (Field, error) {
	for _, f := range Fields() {
		if string(f) == s || f.Label() == s {
			return f, nil
		}
	}
	if f, ok := aliases[strings.ToLower(s)]; ok {
		return f, nil
	}
	switch m := parseHeading(s, Devices); {
	case m.field != "":
		return m.field, nil
	case m.anyName:
		return Name, nil
	case m.attr == attrID && m.role == "":
		return ID, nil
	case m.attr != "" && m.attr != attrOther && m.role != "":
		return m.role.field(m.attr), nil
	}
	return "", errs.Invalid("map", "roster.no_such_field")
}
