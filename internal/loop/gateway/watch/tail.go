package watch

import (
	"regexp"
	"strconv"
	"strings"

	"zugou/internal/loop/gateway/report"
)

// The tail of a position lists the networks around:
//
//	cellCount, TA, MCC, MNC, {LAC,CID,rssi}*n, wifiCount, {ssid,MAC,rssi}*m, [accuracy]
//
// Counts lie, values are left out, and a network's name may hold commas and
// brackets. So cells are read while they look like cells, and access points
// are found by their MAC.

var mac = regexp.MustCompile(`^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$`)

func tail(m *report.Message, s string) {
	v := strings.Split(s, ",")
	next := cells(m, v)
	wifi(m, v, next)
}

// cells reads the cell list and returns the index after it.
func cells(m *report.Message, v []string) int {
	count, err := strconv.Atoi(strings.TrimSpace(v[0]))
	if err != nil || count <= 0 {
		return 1 // TA, MCC and MNC may follow or not
	}
	if len(v) < 4 {
		return len(v)
	}
	mcc, mnc := small(v[2]), small(v[3])
	i := 4
	for ; count > 0 && i+1 < len(v); count-- {
		lac, okLAC := station(v[i], 32)
		cid, okCID := station(v[i+1], 64)
		if !okLAC || !okCID {
			if blank(v[i]) && blank(v[i+1]) && i+2 < len(v) {
				i += 3 // an empty place in the list, or "-1"
				continue
			}
			break
		}
		c := report.Cell{MCC: mcc, MNC: mnc, LAC: uint32(lac), CID: cid}
		if i+2 < len(v) {
			rssi := strings.TrimSpace(v[i+2])
			if c.RSSI = small(rssi); c.RSSI == nil && rssi != "" {
				break // a name or a MAC: the list was shorter than it said
			}
		}
		m.Cells = append(m.Cells, c)
		i += 3
	}
	return min(i, len(v))
}

// station reads a LAC or CID: decimal, or hex where it holds A–F.
func station(s string, bits int) (uint64, bool) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > 20 {
		return 0, false
	}
	base := 10
	if strings.ContainsAny(s, "abcdefABCDEF") {
		base = 16
	}
	n, err := strconv.ParseUint(s, base, bits)
	return n, err == nil
}

// blank reports whether s names no station: nothing, or a negative number.
func blank(s string) bool {
	n := small(s)
	return strings.TrimSpace(s) == "" || n != nil && *n < 0
}

// small reads a signed number that fits a radio's report; nil when it is none.
func small(s string) *int {
	x, err := decimal(s)
	if err != nil || x < -1e6 || x > 1e6 {
		return nil
	}
	return new(int(x))
}

// wifi finds the access points in v[from:].
func wifi(m *report.Message, v []string, from int) {
	var at []int // the fields that are an access point's MAC
	for i := from; i < len(v); i++ {
		if !mac.MatchString(strings.TrimSpace(v[i])) {
			continue
		}
		// A name may look like a MAC; then the real one follows it.
		if i+1 < len(v) && mac.MatchString(strings.TrimSpace(v[i+1])) {
			continue
		}
		at = append(at, i)
	}
	if len(at) == 0 {
		accuracy(m, v, from)
		return
	}
	name := nameStart(v, from, at)
	for _, i := range at {
		w := report.Wifi{MAC: strings.TrimSpace(v[i])}
		if name <= i {
			w.SSID = new(printable([]byte(unescapeName(strings.Join(v[name:i], ",")))))
		}
		name = i + 1
		if i+1 < len(v) {
			if rssi := strings.TrimSpace(v[i+1]); rssi == "" {
				name = i + 2
			} else if w.RSSI = small(rssi); w.RSSI != nil {
				name = i + 2
			}
		}
		m.Wifi = append(m.Wifi, w)
	}
	accuracy(m, v, name)
}

// nameStart says where the first access point's name begins: after the count.
// After a cell list the count is the next field; after "0 cells" TA, MCC and
// MNC may stand before it or not, so the place whose number equals the count
// of MACs found is taken.
func nameStart(v []string, from int, at []int) int {
	first := at[0]
	places := []int{from}
	if from == 1 {
		places = []int{4, 2, 1, 3}
	}
	for _, i := range places {
		if n := small(get(v, i)); i <= first-2 && n != nil && *n == len(at) {
			return i + 1
		}
	}
	for _, i := range places {
		if small(get(v, i)) != nil && i <= first-2 && from > 1 {
			return i + 1
		}
	}
	return max(from, first-1)
}

// accuracy reads the last value, if exactly one is left and it has a point:
// "00" there is an empty Wi-Fi list.
func accuracy(m *report.Message, v []string, from int) {
	last := len(v) - 1
	if from < 1 || last < from || !strings.Contains(v[last], ".") {
		return
	}
	if x, err := decimal(v[last]); err == nil {
		m.Accuracy = &x
	}
}

func get(v []string, i int) string {
	if i < 0 || i >= len(v) {
		return ""
	}
	return v[i]
}
