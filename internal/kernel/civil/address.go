package civil

import (
	"regexp"
	"strconv"
	"strings"
)

// HouseNumbers are the numbers of an address below the village, in Arabic
// digits; empty for what is not said. They are compared exactly.
type HouseNumbers struct {
	Group    string `json:"group,omitempty"`    // 组, 社, 队: villagers' group
	Road     string `json:"road,omitempty"`     // 号, also 附…号
	Building string `json:"building,omitempty"` // 幢, 栋, 楼
	Unit     string `json:"unit,omitempty"`     // 单元
	Room     string `json:"room,omitempty"`     // 室, or the rest of 1-2-3
}

const numberClass = `([0-9]+(?:-[0-9]+)*|[〇零一二两三四五六七八九十百]+)`

var (
	groupNumber    = regexp.MustCompile(numberClass + `(?:村民小组|居民小组|村民组|居民组|小组|组|社|队)`)
	groupAfter     = regexp.MustCompile(`(?:第)?` + `(?:组|小组)` + `([0-9]+)`)
	roadNumber     = regexp.MustCompile(numberClass + `号(?:附` + numberClass + `号?)?`)
	buildingNumber = regexp.MustCompile(numberClass + `(?:号楼|幢|栋|座|楼)`)
	unitNumber     = regexp.MustCompile(numberClass + `单元`)
	roomNumber     = regexp.MustCompile(numberClass + `(?:室|房)|[号幢栋座楼元]([0-9]+(?:-[0-9]+)+|[0-9]{3,4})$`)
)

// ReadHouseNumbers finds the numbers in the part of an address behind the
// village: 6组12号, 三社, 2幢1单元3-2, 88号附3号5楼.
func ReadHouseNumbers(rest string) HouseNumbers {
	s := Squeeze(HalfWidth(rest))
	if len(s) > 400 {
		s = s[:400]
	}
	arabic := func(n string) string {
		if strings.ContainsRune(n, '-') || n == "" {
			return n
		}
		if v, ok := Numeral(n); ok {
			return strconv.Itoa(v)
		}
		return n
	}
	var h HouseNumbers
	if m := groupNumber.FindStringSubmatch(s); m != nil {
		h.Group = arabic(m[1])
	} else if m := groupAfter.FindStringSubmatch(s); m != nil {
		h.Group = arabic(m[1])
	}
	if m := buildingNumber.FindStringSubmatch(s); m != nil {
		h.Building = arabic(m[1])
	}
	if m := roadNumber.FindStringSubmatchIndex(s); m != nil && !strings.HasPrefix(s[m[1]:], "楼") {
		h.Road = arabic(s[m[2]:m[3]])
		if m[4] >= 0 {
			h.Road += "-" + arabic(s[m[4]:m[5]])
		}
	}
	if m := unitNumber.FindStringSubmatch(s); m != nil {
		h.Unit = arabic(m[1])
	}
	if m := roomNumber.FindStringSubmatch(s); m != nil {
		h.Room = arabic(m[1] + m[2])
	}
	return h
}
