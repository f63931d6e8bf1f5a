package watch

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"zugou/internal/loop/gateway/report"
)

// Position writes a message as a device would: a frame of UD, UD2, AL or WT.
// Status is the raw status word. The simulator and the tests speak with it.
// Names of networks go out unescaped, as devices do it.
func Position(h Header, typ string, m report.Message) []byte {
	var b strings.Builder
	b.WriteString(typ + "," + m.Time.UTC().Format("020106,150405") + ",")
	if m.Valid != nil && *m.Valid {
		b.WriteString("A,")
	} else {
		b.WriteString("V,")
	}
	b.WriteString(side(m.Lat, "N", "S") + "," + side(m.Lon, "E", "W") + ",")
	b.WriteString(float(m.SpeedKmh) + "," + float(m.Course) + "," + float(m.Altitude) + ",")
	for _, n := range []*int{m.Satellites, m.Signal, m.Battery, m.Steps} {
		b.WriteString(whole(n) + ",")
	}
	var status uint32
	if m.StatusBits != nil {
		status = *m.StatusBits
	}
	fmt.Fprintf(&b, "0,%08x,%d,1", status, len(m.Cells))
	for i, c := range m.Cells {
		if i == 0 {
			b.WriteString("," + whole(c.MCC) + "," + whole(c.MNC))
		}
		fmt.Fprintf(&b, ",%d,%d,%s", c.LAC, c.CID, whole(c.RSSI))
	}
	fmt.Fprintf(&b, ",%d", len(m.Wifi))
	for _, w := range m.Wifi {
		name := ""
		if w.SSID != nil {
			name = *w.SSID
		}
		b.WriteString("," + name + "," + w.MAC + "," + whole(w.RSSI))
	}
	if m.Accuracy != nil {
		b.WriteString("," + strconv.FormatFloat(*m.Accuracy, 'f', 3, 64))
	}
	return h.Encode([]byte(b.String()))
}

// Link writes the heartbeat LK,steps,rolls,battery; without battery the bare LK.
func Link(h Header, steps, battery *int) []byte {
	if steps == nil || battery == nil {
		return h.Encode([]byte("LK"))
	}
	return h.Encode([]byte("LK," + whole(steps) + ",0," + whole(battery)))
}

func side(v *float64, positive, negative string) string {
	if v == nil {
		return "," + positive
	}
	if *v < 0 {
		positive = negative
	}
	return strconv.FormatFloat(math.Abs(*v), 'f', 6, 64) + "," + positive
}

func float(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

func whole(v *int) string {
	if v == nil {
		return ""
	}
	return strconv.Itoa(*v)
}
