package roster

import (
	"strings"
	"testing"
)

// assigned gives the field of every heading of one row.
func assigned(kind Kind, path ...[]string) []Field {
	l := newLayout(nil, kind, nil)
	t := &table{}
	for i, p := range path {
		t.columns = append(t.columns, column{index: i, heading: p[len(p)-1], path: p})
	}
	l.assign(t)
	var out []Field
	for _, c := range t.columns {
		out = append(out, c.field)
	}
	return out
}

func TestHeadingsAlone(t *testing.T) {
	for want, heads := range map[Field]string{
		Seq:                             "序号|序 号|NO.|顺序号|流水号",
		Name:                            "姓名|姓  名|姓\u3000名|儿童姓名|孩子名字|学生姓名|被监护人姓名|*儿童姓名（必填）|困境儿童姓名|姓名（儿童）|使用儿童|佩戴人|救助对象姓名|1.姓名|幼儿姓名|姓名(与户口簿一致)|人员姓名|留守儿童姓名",
		ID:                              "身份证号|身份证号码|公民身份号码|证件号码|身份证件号码|儿童身份证号|身份证号码（18位）|身份证号\n(文本格式)|居民身份证号码|学生身份证件号|ID|身份证|有效证件号码|身份证号码（无身份证的请注明原因）|本人身份证号码",
		IDType:                          "证件类型|身份证件类型",
		Sex:                             "性别|性 别|儿童性别|学生性别|性别（男/女）",
		BirthDate:                       "出生日期|出生年月|出生年月日|出生时间|出生日期（年月日）|儿童出生日期",
		Ethnicity:                       "民族",
		StudentNo:                       "学籍号|全国学籍号|学号",
		Township:                        "镇街|乡镇|镇（街道）|乡镇（街道）|镇(街)|所属镇街|所在乡镇|镇街名称|街道(乡镇)|镇街道|乡（镇、街道）",
		Village:                         "村（社区）|村居|村/社区|所在村（社区）|村(居)|村（居）委会|社区（村）|镇街及村（社区）|村（社区）名称|所属村居|现居住村（社区）|村（社区）、组|行政村",
		Group:                           "组|村民小组|社|组别|居住组",
		Grid:                            "网格|所属网格",
		Address:                         "现住址|家庭住址|居住地|家庭地址|详细地址|现居住地址|常住地址|儿童现住址|住址|家庭住址（详细到组）|现居住地（详细地址）|居住地址（详细到门牌号）",
		Registered:                      "户籍地址|户籍所在地|户口所在地|户籍地|户籍地址（与户口簿一致）|户籍",
		RegTownship:                     "户籍镇街|户籍所在镇街|户口所在乡镇",
		RegVillage:                      "户籍村（社区）|户籍所在村",
		School:                          "学校|就读学校|所在学校|就读学校（幼儿园）|学校名称|现就读学校|儿童就读学校",
		Grade:                           "年级|就读年级|年级班级|年级及班级",
		Class:                           "班级|所在班级",
		Category:                        "类别|儿童类别|困境类型|儿童类型|人员类别|困境儿童类别|对象类别|留守儿童类型|儿童类别（孤儿/事实无人抚养/留守/困境）",
		Remark:                          "备注|备 注|说明|其他情况",
		NoIDReason:                      "无身份证原因|未上户原因|无身份证号原因|未办理身份证原因",
		Phone:                           "本人电话|儿童电话|学生联系电话|儿童手机号",
		Guardian.field(attrName):        "监护人|监护人姓名|法定监护人姓名|家长姓名|监护人（姓名）|联系人|儿童监护人姓名|学生家长姓名|第一监护人",
		Guardian.field(attrPhone):       "监护人电话|监护人联系电话|监护人联系方式|家长手机号|联系电话（监护人）|联系电话|电话|手机号码|学生家长电话|紧急联系人电话|联系方式",
		Guardian.field(attrRelation):    "与儿童关系|关系|与监护人关系|监护人与儿童关系|与被监护人关系|与孩子的关系|称谓|监护人关系",
		Guardian.field(attrID):          "监护人身份证号|监护人身份证号码|家长证件号码",
		Guardian.field(attrNamePhone):   "监护人及联系电话|监护人姓名/电话|监护人姓名及联系方式",
		Carer.field(attrName):           "实际照护人|委托照护人|照护人姓名|委托监护人姓名|受委托人|被委托照护人姓名|临时照料人",
		Carer.field(attrPhone):          "照护人电话|委托照护人联系电话|实际照料人电话",
		Carer.field(attrRelation):       "照护人与儿童关系|与照护人关系|委托监护人与儿童关系",
		Father.field(attrName):          "父亲|父亲姓名|父姓名|生父姓名",
		Father.field(attrPhone):         "父亲电话|父亲联系方式",
		Father.field(attrWhereabouts):   "父亲务工地|父亲务工地点|父亲外出务工地|父亲去向|父亲工作单位",
		Father.field(attrStatus):        "父亲现状|父亲情况|父亲健康状况",
		Mother.field(attrName):          "母亲|母亲姓名",
		Mother.field(attrWhereabouts):   "母亲务工地|母亲打工地点",
		Mother.field(attrID):            "母亲身份证号",
		Householder.field(attrName):     "户主|户主姓名",
		Householder.field(attrRelation): "与户主关系",
		Householder.field(attrID):       "户主身份证号码",
		Paired.field(attrName):          "结对帮扶人|帮扶责任人姓名|爱心妈妈",
		Director.field(attrName):        "儿童主任|儿童主任姓名",
		Director.field(attrPhone):       "儿童主任电话|儿童主任联系方式",
		Teacher.field(attrName):         "班主任|班主任姓名|老师",
		BankAccount:                     "银行账号|银行卡号",
		"":                              "填表人|经办人|审核人签字|开户人|年龄|是否残疾|健康状况|监护人年龄|儿童健康状况|学校类型|监护人职业|户口性质|低保证号|开户银行|父亲年龄|儿童数|编号",
	} {
		for _, h := range strings.Split(heads, "|") {
			if got := assigned(Children, []string{h})[0]; got != want {
				t.Errorf("%q is %q, want %q", h, got, want)
			}
		}
	}
	for want, heads := range map[Field]string{
		DeviceNo:                  "设备编号|设备号|手环编号|胸牌号|终端编号|SN码|手表编号|设备ID|序列号|儿童手环编号|智能手环编号|设备编号（手环）",
		IMEI:                      "IMEI|IMEI号|设备编号（IMEI）|设备IMEI|imei码|设备号(IMEI)",
		DeviceKind:                "设备类型|类型|设备名称|产品类型|设备类型（胸牌/手环）|设备种类",
		DeviceModel:               "型号|设备型号|规格型号",
		SIM:                       "SIM卡号|SIM|ICCID|物联网卡号|卡号|sim卡号(ICCID)",
		IssuedOn:                  "发放日期|发放时间|领取日期|配发日期|绑定日期",
		Name:                      "使用儿童|佩戴人|佩戴儿童|佩戴者姓名|使用人姓名|绑定儿童姓名|儿童姓名|姓名|佩戴学生|发放对象|佩戴儿童（姓名）",
		ID:                        "身份证号码|佩戴人身份证号|使用儿童身份证号码",
		SIMPhone:                  "设备电话|手环电话号码|设备手机号",
		Receiver.field(attrPhone): "领取人电话",
		"":                        "发放人|经办人签字|数量|单价|设备状态",
	} {
		for _, h := range strings.Split(heads, "|") {
			if got := assigned(Devices, []string{h})[0]; got != want {
				t.Errorf("device heading %q is %q, want %q", h, got, want)
			}
		}
	}
}

// Headings that only their neighbours or groups explain.
func TestHeadingsTogether(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		heads string
		want  string
	}{
		{Children, "姓名|身份证号|监护人姓名|身份证号|联系电话|关系", "name id guardian_name guardian_id guardian_phone guardian_relation"},
		{Children, "监护人姓名|身份证号|联系电话|儿童姓名|身份证号|性别", "guardian_name guardian_id guardian_phone name id sex"},
		{Children, "姓名|父亲姓名|联系电话|母亲姓名|联系电话|身份证号码", "name father_name father_phone mother_name mother_phone id"},
		{Children, "编号|残疾人姓名|残疾类别|残疾人证号|身份证号码|所属街道|所属社区", " name   id township village"},
		{Children, "姓名|残疾人姓名|身份证号码|残疾人身份证号", "name  id "},
		{Children, "姓名|身份证号|主要照护人及关系|儿童具体困境类别|现居住地详细地址|学校地址|户籍所在地村社区", "name id carer_name category address  registered_village"},
		{Children, "户主|姓名|身份证号|性别", "householder_name name id sex"},
		{Children, "姓名|监护人|身份证号", "name guardian_name id"},
		{Children, "儿童姓名|性别|姓名|电话|身份证号", "name sex guardian_name guardian_phone id"},
		{Children, "监护人信息/姓名|监护人信息/关系|儿童信息/姓名|儿童信息/身份证号", "guardian_name guardian_relation name id"},
		{Children, "家庭情况/父亲/姓名|家庭情况/父亲/务工地点|家庭情况/母亲/姓名|家庭情况/母亲/现状", "father_name father_whereabouts mother_name mother_status"},
		{Children, "户籍地址/镇街|户籍地址/村（社区）|现住址/镇街|现住址/村（社区）|现住址/详细地址", "registered_township registered_village township village address"},
		{Children, "儿童/姓名|儿童/身份证号|照护人/姓名|照护人/身份证号|照护人/住址|照护人/民族", "name id carer_name carer_id carer_whereabouts "},
		{Children, "学校信息/名称|学校信息/年级|学校信息/班主任|学校信息/电话", "school grade teacher_name teacher_phone"},
		{Devices, "序号|领取人|领取人身份证号|设备编号", "seq name receiver_id device_no"},
		{Devices, "佩戴儿童/姓名|佩戴儿童/身份证号|设备/编号|设备/类型|监护人/姓名|监护人/电话", "name id device_no device_kind guardian_name guardian_phone"},
	} {
		var paths [][]string
		for _, h := range strings.Split(c.heads, "|") {
			paths = append(paths, strings.Split(h, "/"))
		}
		var got []string
		for _, f := range assigned(c.kind, paths...) {
			got = append(got, string(f))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.heads, strings.Join(got, " "), c.want)
		}
	}
}

func TestFuzzyHeadings(t *testing.T) {
	for h, want := range map[string]Field{
		"身份证号吗": ID, "监护人姓各": Guardian.field(attrName), "出生日其": BirthDate, "就读学较": School, "家庭主址": Address,
		"监护人联系电活": Guardian.field(attrPhone), "身份证号码码": ID, "健康状况": "", "年龄": "", "监护人民族": "",
	} {
		if got := assigned(Children, []string{h})[0]; got != want {
			t.Errorf("%q is %q, want %q", h, got, want)
		}
	}
}

func TestParseField(t *testing.T) {
	for s, want := range map[string]Field{
		"name": Name, "身份证号": ID, "id_number": ID, "guardian_phone": Guardian.field(attrPhone), "监护人电话": Guardian.field(attrPhone),
		"村（社区）": Village, "村社区": Village, "儿童姓名": Name, "IMEI": IMEI, "照护人姓名": Carer.field(attrName),
	} {
		if got, err := ParseField(s); err != nil || got != want {
			t.Errorf("ParseField(%q) = %q, %v", s, got, err)
		}
	}
	if _, err := ParseField("colour"); err == nil {
		t.Error("colour")
	}
	for _, f := range Fields() {
		if back, err := ParseField(f.Label()); err != nil || back != f {
			t.Errorf("%s by its label %s: %s", f, f.Label(), back)
		}
	}
}
