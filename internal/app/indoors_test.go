package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/people/device"
)

// An SOS from indoors says V and 0,0, with a flat battery, on a line that is
// flooded with the same place: nothing that filters positions may touch it. The
// second press joins the first, and neither moves the child into the Atlantic.
func TestAnSOSFromIndoorsPassesEveryFilter(t *testing.T) {
	h := openHouse(t)
	number := device.DemoDeviceID(3)
	conn, err := net.Dial("tcp", h.watch)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	frame := func(kind string, at time.Time, status string) []byte {
		content := kind + at.UTC().Format(",020106,150405") + ",V,0.0,N,0.0,E,0,0,0,0,30,4,0,0," + status + ",0,0"
		return fmt.Appendf(nil, "[3G*%s*%04x*%s]", number, len(content), content)
	}
	now := time.Now()
	said := bytes.Repeat(frame("UD", now.Add(-time.Minute), "00000001"), 300)
	said = append(said, frame("AL", now.Add(-30*time.Second), "00010001")...)
	said = append(said, bytes.Repeat(frame("UD", now.Add(-20*time.Second), "00010001"), 20)...) // the bit stays, the press is over
	said = append(said, frame("AL", now, "00010001")...)
	if _, err := conn.Write(said); err != nil {
		t.Fatal(err)
	}
	var heard strings.Builder
	for buf := make([]byte, 4096); strings.Count(heard.String(), "*AL]") < 2; {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("heard %q: %v", heard.String(), err)
		}
		heard.Write(buf[:n])
	}
	var presses, matters, known, both int
	var placed int64
	if err := h.a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		if err := r.Get(ctx, db.To(&presses, &matters, &known), `SELECT count(*), count(DISTINCT m.id), count(CASE WHEN m.child_id <> '' THEN 1 END) FROM signal s JOIN matter m ON m.id = s.matter_id
			WHERE s.device_id = ? AND s.kind = 'sos' AND m.kind = 'sos' AND m.state = 'open'`, number); err != nil {
			return err
		}
		if err := r.Get(ctx, db.To(&both), "SELECT count(*) FROM signal WHERE device_id = ? AND kind = 'sos' AND alarms LIKE '%sos%low_battery%'", number); err != nil {
			return err
		}
		return r.Get(ctx, db.To(&placed), "SELECT l.position_at FROM device_last l JOIN device d ON d.id = l.device WHERE d.device_id = ?", number)
	}); err != nil {
		t.Fatal(err)
	}
	if presses != 2 || matters != 1 || known != 2 || both != 2 {
		t.Errorf("%d presses in %d matters, %d with the child; %d tell both alarms", presses, matters, known, both)
	}
	if placed != 0 {
		t.Error("0,0 was taken for a place")
	}
}
