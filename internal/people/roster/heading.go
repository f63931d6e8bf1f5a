package roster

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
)

// meaning is what one heading text says: a field, or a property of somebody.
type meaning struct {
	field   Field // set if the text alone decides
	role    Role  // whose property it is, if said
	child   bool  // it says that it is the child's
	attr    attr  // the property
	staff   bool  // of an official who is no contact (填表人): not kept
	anyName bool  // plain 姓名, which the neighbours decide about
	vague   bool  // 残疾人姓名: somebody's, the child's if there is no other
	loose   bool  // read by its end only
	bare    bool  // a word for a person and nothing else: 母亲, 孤儿; values look so too
}

func (m meaning) known() bool { return m.field != "" || m.attr != "" || m.staff }

// subject is a word for a person in a heading.
type subject struct {
	word  string
	role  Role
	child bool
	staff bool
}

// subjects are tried by length, so that 被监护人 is not the 监护人, nor 儿童主任 a
// child.
var subjects = []subject{
	{word: "儿童福利主任", role: Director}, {word: "儿童主任", role: Director}, {word: "儿童督导员", role: Director},
	{word: "村居主任", role: Director}, {word: "网格员", role: Director}, {word: "村级联系人", role: Director},
	{word: "学校联系人", role: Teacher}, {word: "学校负责人", role: Teacher}, {word: "班主任", role: Teacher}, {word: "任课教师", role: Teacher},
	{word: "教师", role: Teacher}, {word: "老师", role: Teacher}, {word: "辅导员", role: Teacher},
	{word: "填表人", staff: true}, {word: "填报人", staff: true}, {word: "经办人", staff: true}, {word: "发放人", staff: true},
	{word: "登记人", staff: true}, {word: "采集人", staff: true}, {word: "审核人", staff: true}, {word: "录入人", staff: true},
	{word: "调查人", staff: true}, {word: "负责人", staff: true}, {word: "分管领导", staff: true}, {word: "开户人", staff: true},
	{word: "开户名", staff: true}, {word: "账户名", staff: true}, {word: "户名", staff: true}, {word: "持卡人", staff: true}, {word: "领款人", staff: true},
	{word: "爱心妈妈", role: Paired}, {word: "代理家长", role: Paired}, {word: "结对帮扶责任人", role: Paired}, {word: "结对帮扶人", role: Paired},
	{word: "结对关爱人", role: Paired}, {word: "帮扶责任人", role: Paired}, {word: "帮扶干部", role: Paired}, {word: "帮扶人", role: Paired},
	{word: "关爱责任人", role: Paired}, {word: "关爱人", role: Paired}, {word: "结对人", role: Paired}, {word: "结对志愿者", role: Paired},
	{word: "包保责任人", role: Paired}, {word: "联系干部", role: Paired}, {word: "志愿者", role: Paired}, {word: "社工", role: Paired},
	{word: "领取人", role: Receiver}, {word: "签收人", role: Receiver}, {word: "领用人", role: Receiver}, {word: "签领人", role: Receiver},
	{word: "接收人", role: Receiver}, {word: "代领人", role: Receiver},
	{word: "户主", role: Householder},
	{word: "被监护人", child: true}, {word: "被委托照护儿童", child: true}, {word: "未成年人", child: true}, {word: "困境儿童", child: true},
	{word: "留守儿童", child: true}, {word: "事实无人抚养儿童", child: true}, {word: "孤儿", child: true}, {word: "使用儿童", child: true},
	{word: "佩戴儿童", child: true}, {word: "绑定儿童", child: true}, {word: "领用儿童", child: true}, {word: "持有儿童", child: true},
	{word: "儿童", child: true}, {word: "孩子", child: true}, {word: "小孩", child: true}, {word: "学生", child: true}, {word: "幼儿", child: true},
	{word: "子女", child: true}, {word: "本人", child: true}, {word: "救助对象", child: true}, {word: "保障对象", child: true},
	{word: "服务对象", child: true}, {word: "帮扶对象", child: true}, {word: "关爱对象", child: true}, {word: "发放对象", child: true},
	{word: "佩戴对象", child: true}, {word: "使用对象", child: true}, {word: "对象", child: true}, {word: "受助人", child: true},
	{word: "佩戴人", child: true}, {word: "佩戴者", child: true}, {word: "配戴人", child: true}, {word: "配戴者", child: true}, {word: "使用人", child: true},
	{word: "使用者", child: true}, {word: "持有人", child: true}, {word: "绑定人", child: true}, {word: "人员", child: true}, {word: "机主", child: true},
	{word: "委托监护人", role: Carer}, {word: "受委托监护人", role: Carer}, {word: "被委托监护人", role: Carer}, {word: "临时监护人", role: Carer},
	{word: "被委托照护人", role: Carer}, {word: "受委托照护人", role: Carer}, {word: "委托照护人", role: Carer}, {word: "实际照护人", role: Carer},
	{word: "实际照料人", role: Carer}, {word: "实际抚养人", role: Carer}, {word: "主要照护人", role: Carer}, {word: "临时照料人", role: Carer},
	{word: "照护人", role: Carer}, {word: "照料人", role: Carer}, {word: "照看人", role: Carer}, {word: "照顾人", role: Carer}, {word: "看护人", role: Carer},
	{word: "照护者", role: Carer}, {word: "照料者", role: Carer}, {word: "照顾者", role: Carer}, {word: "受委托人", role: Carer}, {word: "被委托人", role: Carer},
	{word: "受托人", role: Carer}, {word: "代养人", role: Carer}, {word: "代管人", role: Carer}, {word: "委托照护", role: Carer}, {word: "实际照护", role: Carer},
	{word: "法定监护人", role: Guardian}, {word: "实际监护人", role: Guardian}, {word: "主要监护人", role: Guardian}, {word: "第一监护人", role: Guardian},
	{word: "现监护人", role: Guardian}, {word: "监护人", role: Guardian}, {word: "抚养人", role: Guardian}, {word: "家长", role: Guardian},
	{word: "紧急联系人", role: Guardian}, {word: "第一联系人", role: Guardian}, {word: "家庭联系人", role: Guardian}, {word: "联系人", role: Guardian},
	{word: "监护", role: Guardian}, {word: "亲属", role: Guardian}, {word: "父母", role: Guardian}, {word: "申请人", role: Guardian},
	{word: "父亲", role: Father}, {word: "爸爸", role: Father}, {word: "生父", role: Father}, {word: "父", role: Father},
	{word: "母亲", role: Mother}, {word: "妈妈", role: Mother}, {word: "生母", role: Mother}, {word: "母", role: Mother},
}

func subjectWords() map[string]subject {
	out := map[string]subject{}
	for _, s := range subjects {
		out[s.word] = s
	}
	return out
}

var subjectOf = subjectWords()

// findSubject takes the longest word for a person out of a heading.
func findSubject(s string) (found subject, rest string, ok bool) {
	rs := []rune(s)
	for n := min(len(rs), 8); n > 0; n-- {
		for i := 0; i+n <= len(rs); i++ {
			if f, ok := subjectOf[string(rs[i:i+n])]; ok {
				if n == 1 && i > 0 { // 祖父, 岳母: 父 and 母 count in front only
					continue
				}
				return f, string(rs[:i]) + string(rs[i+n:]), true
			}
		}
	}
	return subject{}, s, false
}

// synonyms of fields that need no person. Keys are in the form of cleanHeading.
var synonyms = buildSynonyms(map[Field]string{
	Seq:          "序号 序 顺序号 行号 排序 流水号 NO 编次 项次",
	Sex:          "性别 男女",
	BirthDate:    "出生日期 出生年月 出生年月日 出生时间 生日 出生 出生年月份 生年月日 出生日",
	Ethnicity:    "民族 族别",
	StudentNo:    "学籍号 全国学籍号 学籍编号 学号 学籍号码 全国学籍编号",
	Township:     "镇街 乡镇 镇街道 乡镇街道 街道 镇 街镇 镇乡街道 乡镇街 街道乡镇 街道镇 街乡镇 镇乡 乡 镇街名称 乡镇名称 街道名称 乡镇街道名称 镇街道名称 镇办 乡镇办事处 属地镇街 属地",
	Village:      "村社区 村居 村 社区 行政村 社区村 村居委会 村社 村名 村居名称 村社区名称 居委会 村委会 村或社区 村居社区 村委会居委会 村居委 社区村居 村社区居委会 镇街村社区 乡镇村 镇村",
	Group:        "组 社 村民小组 小组 组别 居民小组 村居民小组 村民组 组号 社组 小区组",
	Grid:         "网格 网格名称 网格号 网格编号",
	Address:      "现住址 家庭住址 居住地 居住地址 家庭地址 住址 地址 详细地址 现住地址 常住地址 通讯地址 通信地址 实际居住地 现居住地 现居住地址 现居地 现居地址 居住住址 家庭详细地址 详细住址 家庭现住址 实际居住地址 常住地 现住地 现住所 住所 实际住址 居住详细地址 居住地详细地址 现居住详细地址 家庭居住地址 居住地点 家庭所在地 家庭居住地 联系地址",
	Registered:   "户籍地址 户籍地 户口所在地 户籍所在地 户籍 户口地址 户籍住址 户籍详细地址 身份证地址 身份证住址 户口登记地 户籍登记地址 户籍所在地址 户籍所在地详细地址 户籍详址 户籍地详细地址",
	School:       "学校 就读学校 所在学校 在读学校 就读院校 学校名称 就学学校 就读幼儿园 学校幼儿园 所在幼儿园 现就读学校 就读学校名称 在读院校 所读学校 就读学校幼儿园 毕业学校 目前就读学校 校名",
	Grade:        "年级 就读年级 所在年级 在读年级 年级班级 年级及班级 就读年级班级 年级班 就读年级及班级 年班",
	Class:        "班级 班 所在班级 就读班级 在读班级 班别 班级名称",
	Category:     "类别 人员类别 困境类型 困境类别 类型 保障类别 分类 对象类别 致困原因 困难类型 身份类别 困境情形 困境原因 困难类别 救助类别 属性 致困类型 保障类型 留守类型 留守类别",
	Remark:       "备注 说明 其他说明 备注说明 其它 其他 其他情况 备考 附注 特殊情况说明",
	NoIDReason:   "无身份证原因 无证原因 未上户原因 无证件原因 无户口原因 未办理身份证原因 无身份证号原因 未登记户口原因 无身份证号码原因 未落户原因 未入户原因 无证件号码原因 没有身份证原因 无ID原因",
	IDType:       "证件类型 证件种类 证件名称 身份证件类型",
	BenefitSince: "享受保障时间 享受时间 保障时间 开始享受时间 享受保障起始时间 纳入保障时间 纳入时间 起始时间 享受起始时间 保障起始时间 批准时间 审批时间",
	BenefitFen:   "月标准 保障标准 发放标准 月保障标准 补助标准 标准 保障金额 补贴标准 每月标准 月保障金额 发放金额",
	BankAccount:  "银行账号 银行卡号 账号 社保卡号 开户账号 银行账户 一卡通账号 一卡通卡号 银行帐号 帐号",
	IssuedOn:     "发放日期 发放时间 领取日期 领取时间 配发日期 配发时间 发放年月 绑定日期 绑定时间 领用日期 领用时间 启用日期 发放年月日 激活日期 激活时间 佩戴日期 登记日期",
})

// deviceSynonyms count in lists of devices only.
var deviceSynonyms = buildSynonyms(map[Field]string{
	IMEI:        "IMEI IMEI号 IMEI码 设备IMEI 设备IMEI号 IMEI编号 IMEI号码 串号 设备串号 机身串号 手机串号 国际移动设备识别码",
	DeviceNo:    "设备号 设备编号 设备ID 设备号码 手环号 手环编号 手环ID 胸牌编号 胸牌号 胸牌ID 终端号 终端编号 终端ID 设备序列号 SN SN码 设备SN 设备SN码 设备SN号 终端SN 手环SN 手环SN码 胸牌SN SN编号 设备IMEI或编号 设备标识码 编码 设备条码 条形码 设备二维码 SN号 序列号 设备码 手表编号 手表号 腕表编号 腕表号 设备唯一码 机身码 机身号 产品编号 智能手环编号 智能胸牌编号 电子胸牌编号 装备编号 器材编号 定位器编号 定位器号 设备标识 编号 设备编码 产品序列号 终端序列号 手环胸牌编号 卡片编号 工牌号 终端设备号 终端设备编号",
	DeviceModel: "型号 设备型号 规格型号 产品型号 规格 终端型号 机型",
	DeviceKind:  "设备类型 类型 设备种类 产品类型 产品名称 设备名称 种类 设备类别 名称 类别 终端类型 佩戴设备 装备类型 品名 产品类别",
	DeviceMaker: "厂家 品牌 生产厂家 厂商 设备厂家 供应商 生产厂商",
	SIM:         "SIM卡号 SIM SIM卡 ICCID 物联网卡号 卡号 流量卡号 SIM号 物联卡号 SIM卡ICCID ICCID号 ICCID码 手机卡号 电话卡号 物联网卡 SIM卡编号 通信卡号",
	SIMUntil:    "流量卡到期 流量卡到期日 流量卡到期日期 流量卡到期时间 流量卡有效期 卡到期日 卡到期时间 SIM卡到期日 SIM卡到期时间 SIM卡有效期 流量到期日 流量到期时间 流量有效期 资费到期日 资费到期时间 服务到期日 服务到期时间 套餐到期日 套餐到期时间",
	Protocol:    "通信协议 通讯协议 协议 协议类型 设备协议 终端协议 接入协议 通信协议类型",
	SIMPhone:    "设备电话 手环电话 设备电话号码 设备手机号 SIM卡手机号 手环号码 胸牌电话 手表号码 腕表号码 设备手机号码 卡内号码 终端电话 SIM卡电话 手表电话 SIM卡电话号码",
})

func buildSynonyms(in map[Field]string) map[string]Field {
	out := map[string]Field{}
	for f, words := range in {
		for _, w := range strings.Fields(words) {
			out[w] = f
		}
	}
	return out
}

var nameWords = set("姓名 名字 名 姓名全称 名称 真实姓名 签字 签名 签章 姓名签字 大名 姓名签名")
var idWords = set("身份证 身份证号 身份证号码 身份证件号 身份证件号码 公民身份号码 公民身份证号 公民身份证号码 公民身份证 居民身份证 居民身份证号 居民身份证号码 " +
	"证件号 证件号码 身份号码 身份证明号码 身份证编号 有效证件号码 有效证件号 身份证件 公民身份号 身份号 二代身份证号 身份证号信息 ID 身份证ID 身份证信息 身份证明号 证件编号 有效身份证件号码 社会保障号码 身份证明编号")
var whereaboutsWords = []string{"务工", "打工", "外出地", "去向", "所在地", "工作地", "现居住地", "外出", "现居地", "居住地", "现住址", "住址", "就业地", "流入地", "工作单位"}
var statusWords = []string{"状况", "情况", "现状", "状态", "健康", "情形", "能力", "是否"}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// cleanHeading gives the form headings are compared in: half width, upper case,
// without blanks, punctuation and numbering. text leaves out what stands in
// brackets, inner is that, whole is both in order.
func cleanHeading(raw string) (text, inner, whole string) {
	s := strings.ToUpper(civil.Squeeze(civil.HalfWidth(raw)))
	var out, in, all strings.Builder
	depth := 0
	for _, r := range s {
		switch r {
		case '(', '[', '【', '〔', '{', '<', '《', '〈':
			depth++
			continue
		case ')', ']', '】', '〕', '}', '>', '》', '〉':
			depth = max(0, depth-1)
			continue
		case '*', '※', ':', '、', '/', '\\', '.', '。', ',', ';', '_', '-', '—', '·', '|', '#', '"', '\'', '★', '☆', '?', '!', '+', '&', '~':
			continue
		}
		all.WriteRune(r)
		if depth > 0 {
			in.WriteRune(r)
		} else {
			out.WriteRune(r)
		}
	}
	unnumbered := func(s string) string {
		if t := strings.TrimLeft(s, "0123456789①②③④⑤⑥⑦⑧⑨⑩"); t != "" {
			return t
		}
		return s
	}
	return unnumbered(out.String()), in.String(), unnumbered(all.String())
}

// parseHeading reads one text of a heading by its meaning.
func parseHeading(raw string, kind Kind) meaning {
	if raw == "" || utf8.RuneCountInString(raw) > 40 {
		return meaning{}
	}
	text, inner, whole := cleanHeading(raw)
	if text == "" {
		return parseClean(inner, kind)
	}
	m := parseClean(text, kind)
	if inner == "" {
		return m
	}
	// 村（社区）, 监护人（姓名）, 联系电话（监护人）: the brackets belong to it,
	// unless only the text in front of them says something.
	both := parseClean(whole, kind)
	switch {
	case both.known() && both.attr != attrOther && !both.staff && !(both.loose && m.known()):
		m = both
	case !m.known():
		m = both
	}
	if kind == Devices && (m.field == DeviceNo || m.field == SIM) { // 设备编号（IMEI）
		if f, ok := deviceSynonyms[inner]; ok {
			m.field = f
		}
	}
	return m
}

func parseClean(s string, kind Kind) meaning {
	if s == "" || utf8.RuneCountInString(s) > 24 {
		return meaning{}
	}
	if kind == Devices {
		if f, ok := deviceSynonyms[s]; ok {
			return meaning{field: f}
		}
		for _, w := range []string{"设备", "手环", "胸牌", "腕表", "手表", "终端", "SIM"} {
			if strings.HasPrefix(s, w) && phoneWord(strings.TrimPrefix(s, w)) {
				return meaning{field: SIMPhone}
			}
		}
	}
	if f, ok := synonyms[s]; ok {
		return meaning{field: f}
	}
	plain := strings.NewReplacer("和", "", "及", "", "或", "", "的", "").Replace(s)
	if f, ok := synonyms[plain]; ok {
		return meaning{field: f}
	}
	if m := areaHeading(plain); m.known() {
		return m
	}
	if f := areaParts(plain); f != "" {
		return meaning{field: f}
	}
	if cut, ok := strings.CutSuffix(s, "及关系"); ok { // 照护人及关系: 李三（祖母）
		s = cut
	} else if i := strings.Index(s, "关系"); i >= 0 && strings.Trim(s[i+len("关系"):], "称谓") == "" {
		return relationHeading(s[:i])
	}
	if s == "称谓" || s == "亲属称谓" {
		return meaning{attr: attrRelation}
	}
	who, rest, found := findSubject(s)
	if !found {
		if m := plainAttr(plain, kind); m.known() {
			return m
		}
		m := bySuffix(plain, kind)
		m.loose = true
		return m
	}
	if who.child { // 儿童监护人姓名, 学生家长电话: somebody of the child's
		if second, rest2, ok := findSubject(rest); ok && !second.child {
			who, rest = second, rest2
		}
		for _, w := range []string{"佩戴", "配戴", "使用", "绑定", "领用", "持有", "领取", "发放"} { // 佩戴学生
			rest = strings.TrimPrefix(rest, w)
		}
	} else if second, rest2, ok := findSubject(rest); ok && second.child { // 儿童监护人姓名
		rest = rest2
	}
	m := meaning{role: who.role, child: who.child, staff: who.staff, attr: personAttr(rest), bare: rest == ""}
	if who.staff {
		return m
	}
	if who.child {
		return childHeading(m, rest, kind)
	}
	if m.attr == "" {
		return meaning{}
	}
	return m
}

// relationHeading reads what stands before 关系: 与儿童, 监护人与儿童, 与监护人.
func relationHeading(before string) meaning {
	m := meaning{attr: attrRelation}
	head, to, with := strings.Cut(before, "与")
	if !with {
		head, to, with = strings.Cut(before, "同")
	}
	if who, _, ok := findSubject(head); ok && !who.child {
		m.role, m.staff = who.role, who.staff
		return m
	}
	if with {
		if strings.Contains(to, "户主") {
			return meaning{role: Householder, attr: attrRelation}
		}
		if who, _, ok := findSubject(to); ok && !who.child {
			m.role = who.role
		}
	}
	return m
}

// personAttr reads what is said of a person; other for what is not kept.
func personAttr(rest string) attr {
	if and := strings.TrimLeft(rest, "及和与"); and != rest && phoneWord(and) { // 监护人及联系电话
		return attrNamePhone
	}
	rest = strings.Trim(rest, "与和及或的之其")
	switch {
	case rest == "" || nameWords[rest]:
		return attrName
	case idWords[rest]:
		return attrID
	case phoneWord(rest):
		if strings.Contains(rest, "姓名") {
			return attrNamePhone
		}
		return attrPhone
	case rest == "关系" || rest == "称谓":
		return attrRelation
	}
	for _, w := range whereaboutsWords {
		if strings.Contains(rest, w) {
			return attrWhereabouts
		}
	}
	for _, w := range statusWords {
		if strings.Contains(rest, w) {
			return attrStatus
		}
	}
	return attrOther
}

func phoneWord(s string) bool {
	for _, w := range []string{"电话", "手机", "联系方式", "联系号码", "TEL", "MOBILE", "通讯方式"} {
		if strings.Contains(s, w) {
			return !strings.Contains(s, "型号") && !strings.Contains(s, "卡号") && !strings.Contains(s, "手表") && !strings.Contains(s, "串号")
		}
	}
	return s == "号码" || s == "联系"
}

// plainAttr reads a text without a person: 姓名, 证件号码, 联系电话.
func plainAttr(s string, kind Kind) meaning {
	switch {
	case nameWords[s] && s != "名称" && s != "签字" && s != "签名" && s != "签章":
		return meaning{attr: attrName, anyName: true}
	case idWords[s]:
		return meaning{attr: attrID}
	case phoneWord(s):
		return meaning{attr: attrPhone}
	case s == "务工地" || s == "务工地点" || s == "外出务工地" || s == "外出务工地点" || s == "务工地址" || s == "打工地" || s == "去向":
		return meaning{attr: attrWhereabouts}
	}
	return meaning{}
}

// childHeading reads what is said of the child.
func childHeading(m meaning, rest string, kind Kind) meaning {
	switch m.attr {
	case attrName, attrNamePhone:
		return meaning{field: Name, child: true, bare: m.bare}
	case attrID:
		return meaning{field: ID, child: true}
	case attrPhone:
		return meaning{field: Phone, child: true}
	}
	rest = strings.Trim(rest, "的之其")
	if kind == Devices {
		if f, ok := deviceSynonyms[rest]; ok && f != DeviceKind {
			return meaning{field: f}
		}
	}
	if f, ok := synonyms[rest]; ok && f != Seq {
		return meaning{field: f, child: true}
	}
	if a := areaHeading(rest); a.known() {
		a.child = true
		return a
	}
	switch rest {
	case "身份", "种类", "困境情况", "性质":
		return meaning{field: Category, child: true}
	}
	if m := bySuffix(rest, kind); m.field != "" {
		m.child = true
		return m
	}
	return meaning{attr: attrOther, child: true}
}

var (
	deviceNumber = regexp.MustCompile(`(设备|手环|胸牌|腕表|手表|终端|定位|装备|器材|佩戴|穿戴|产品|机身|腕带|校牌|电子牌).*(编号|编码|号码|号|ID|序列号|SN|码|串号)$`)
	deviceType   = regexp.MustCompile(`(设备|手环|胸牌|腕表|手表|终端|定位|装备|器材|穿戴|产品).*(类型|种类|类别|名称|形式|品名)$`)
	deviceModel  = regexp.MustCompile(`(型号|规格|机型)$`)
	simNumber    = regexp.MustCompile(`ICCID|SIM|物联|流量卡|电话卡|手机卡|通信卡|入网号|入网卡`)
	cardUntil    = regexp.MustCompile(`(卡|流量|资费|套餐).*(到期|有效期|截止)`)
	issuedDate   = regexp.MustCompile(`(发放|领取|领用|佩戴|绑定|启用|激活|配发|开通|配备).*(日期|时间|年月|年月日)$`)
	birthDate    = regexp.MustCompile(`出生.*(日期|年月|时间|年月日)|^生日`)
	categoryEnd  = regexp.MustCompile(`(困境|困难|保障|救助|人员|身份|对象|致困|监护|留守|具体).*(类别|类型|情形|原因|种类)$`)
	notOfChild   = regexp.MustCompile(`学校|单位|银行|开户|公司|企业|有效期|年限|是否|有无|类型|类别|数`)
)

// bySuffix reads longer headings by how they end: 手环IMEI号, 现居住地详细地址,
// 儿童具体困境类别, 残疾人姓名. It is the last resort.
func bySuffix(s string, kind Kind) meaning {
	if kind == Devices {
		switch {
		case strings.Contains(s, "IMEI"):
			return meaning{field: IMEI}
		case deviceModel.MatchString(s):
			return meaning{field: DeviceModel}
		case deviceType.MatchString(s):
			return meaning{field: DeviceKind}
		case cardUntil.MatchString(s):
			return meaning{field: SIMUntil}
		case simNumber.MatchString(s):
			return meaning{field: SIM}
		case deviceNumber.MatchString(s):
			return meaning{field: DeviceNo}
		}
	}
	switch {
	case issuedDate.MatchString(s):
		return meaning{field: IssuedOn}
	case birthDate.MatchString(s):
		return meaning{field: BirthDate}
	case categoryEnd.MatchString(s):
		return meaning{field: Category}
	case strings.HasSuffix(s, "姓名"), strings.HasSuffix(s, "名字"):
		return meaning{attr: attrName, vague: true}
	case strings.HasSuffix(s, "身份证号"), strings.HasSuffix(s, "身份证号码"), strings.HasSuffix(s, "公民身份号码"), strings.HasSuffix(s, "身份证件号码"):
		return meaning{attr: attrID, vague: true}
	case notOfChild.MatchString(s):
		return meaning{}
	}
	registered := strings.Contains(s, "户籍") || strings.Contains(s, "户口")
	for _, e := range []struct {
		ends  string
		field Field
	}{
		{"村社区 村居 社区 村", Village}, {"镇街 乡镇 街道 镇街道 街镇", Township}, {"住址 地址 居住地 住地 住所", Address},
		{"年级", Grade}, {"学籍号", StudentNo}, {"民族", Ethnicity},
	} {
		for _, w := range strings.Fields(e.ends) {
			if strings.HasSuffix(s, w) {
				if registered {
					return meaning{field: registeredPart(e.field)}
				}
				return meaning{field: e.field}
			}
		}
	}
	return meaning{}
}

// areaHeading reads 户籍镇街, 现居住村(社区), 所属乡镇, 居住地组: parts of an
// address, of the registered one or of the present.
func areaHeading(s string) meaning {
	registered := false
	rest := s
	for _, p := range []string{"户籍所在地", "户口所在地", "户籍所在", "户口所在", "户籍地", "户籍", "户口"} {
		if cut, ok := strings.CutPrefix(s, p); ok {
			rest, registered = cut, true
			break
		}
	}
	if !registered {
		for _, p := range []string{"现居住地", "实际居住地", "现居住", "现住地", "居住地", "实际居住", "居住", "现住", "所属", "所在", "隶属", "家庭所在", "现", "辖区", "申报", "填报", "报送", "上报"} {
			if cut, ok := strings.CutPrefix(s, p); ok {
				rest = cut
				break
			}
		}
	}
	if rest == s || rest == "" {
		return meaning{}
	}
	f := synonyms[rest]
	switch f {
	case Township, Village, Group, Grid, Address:
	case School:
		if registered {
			return meaning{}
		}
	default:
		return meaning{}
	}
	if registered {
		f = registeredPart(f)
	}
	return meaning{field: f}
}

// areaParts reads headings made of nothing but words for areas: 镇街村社区组.
func areaParts(s string) Field {
	town, village := false, false
	for s != "" {
		rest := ""
		for _, w := range []struct {
			word string
			at   *bool
		}{
			{"乡镇", &town}, {"镇街", &town}, {"街镇", &town}, {"街道", &town}, {"镇", &town}, {"乡", &town}, {"办事处", &town},
			{"行政村", &village}, {"村居", &village}, {"村民小组", nil}, {"小组", nil}, {"村", &village}, {"社区", &village}, {"居委会", &village},
			{"委会", nil}, {"居委", &village}, {"居", &village}, {"区县", nil}, {"组", nil}, {"社", nil}, {"名称", nil}, {"名", nil}, {"所属", nil}, {"所在", nil},
		} {
			if cut, ok := strings.CutPrefix(s, w.word); ok {
				if w.at != nil {
					*w.at = true
				}
				rest, s = cut, ""
				break
			}
		}
		if s != "" {
			return ""
		}
		s = rest
	}
	switch {
	case village:
		return Village
	case town:
		return Township
	}
	return ""
}

func registeredPart(f Field) Field {
	switch f {
	case Township:
		return RegTownship
	case Village:
		return RegVillage
	case Group:
		return RegGroup
	case Address:
		return Registered
	}
	return f
}

// fuzzyHeading finds a heading with one character wrong, missing or too many
// (身份证号吗, 监护人姓明). It is tried only in rows known to be headings.
func fuzzyHeading(raw string, kind Kind) meaning {
	text, _, _ := cleanHeading(raw)
	rs := []rune(text)
	if len(rs) < 3 || len(rs) > 12 {
		return meaning{}
	}
	best, from := meaning{}, ""
	try := func(word string, m meaning) { // the longest word wins, then the first of the alphabet
		if n := utf8.RuneCountInString(word); n < 3 || !oneEdit(rs, []rune(word)) ||
			len(word) < len(from) || (len(word) == len(from) && word >= from) {
			return
		}
		best, from = m, word
	}
	for w, f := range synonyms {
		try(w, meaning{field: f})
	}
	if kind == Devices {
		for w, f := range deviceSynonyms {
			try(w, meaning{field: f})
		}
	}
	for w := range idWords {
		try(w, meaning{attr: attrID})
	}
	for _, s := range subjects {
		if s.staff {
			continue
		}
		for _, a := range []struct {
			word string
			attr attr
		}{{"姓名", attrName}, {"电话", attrPhone}, {"联系电话", attrPhone}, {"身份证号", attrID}, {"身份证号码", attrID}} {
			m := meaning{role: s.role, child: s.child, attr: a.attr}
			if s.child {
				m = childHeading(m, a.word, kind)
			}
			try(s.word+a.word, m)
		}
	}
	return best
}

// oneEdit reports whether a and b are one substitution, insertion or deletion
// apart.
func oneEdit(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return string(a[min(i+1, len(a)):]) == string(b[min(i+1, len(b)):])
	}
	return string(a[i:]) == string(b[i+1:])
}
