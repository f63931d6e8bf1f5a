package keep

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/geo"
	"zugou/internal/loop/gateway/report"
)

// Bounds of what is kept of a locating service's answers, so that the same
// networks are not told to it again.
const (
	answerHolds = 30 * 24 * time.Hour
	answerDies  = 180 * 24 * time.Hour
	sharpWifi   = 200 // metres: a coarser answer says nothing of one access point
	taughtWifi  = 3   // the strongest few are where the device was
	agreeing    = 2   // known access points needed: one alone may have been carried off
)

func wifiKey(mac string) string { return "w:" + strings.ToLower(mac) }

func cellKey(c report.Cell) string {
	n := func(p *int) int {
		if p == nil {
			return -1
		}
		return *p
	}
	return fmt.Sprintf("c:%d-%d-%d-%d", n(c.MCC), n(c.MNC), c.LAC, c.CID)
}

// strongestOf gives the access points with the best reception, in a new list.
func strongestOf(wifi []report.Wifi, n int) []report.Wifi {
	out := slices.Clone(wifi)
	slices.SortStableFunc(out, func(a, b report.Wifi) int { return power(b) - power(a) })
	return out[:min(len(out), n)]
}

func power(w report.Wifi) int {
	if w.RSSI == nil {
		return -1000
	}
	if *w.RSSI > 0 {
		return -*w.RSSI // some write the number without its sign
	}
	return *w.RSSI
}

type answer struct {
	Key       string       `bun:"key"`
	Lat       float64      `bun:"lat"`
	Lon       float64      `bun:"lon"`
	AccuracyM float64      `bun:"accuracy_m"`
	Source    string       `bun:"source"`
	At        clock.Millis `bun:"at"`
}

// remember keeps what the service answered.
func remember(ctx context.Context, tx *db.Tx, cells []report.Cell, wifi []report.Wifi, f *Fix) error {
	var keys []string
	switch {
	case f.Source == "wifi" && f.AccuracyM <= sharpWifi:
		for _, w := range strongestOf(wifi, taughtWifi) {
			keys = append(keys, wifiKey(w.MAC))
		}
	case f.Source == "cell" && len(cells) > 0:
		keys = append(keys, cellKey(cells[0]))
	}
	for _, key := range keys {
		if _, err := tx.Exec(ctx, `INSERT INTO located (key, lat, lon, accuracy_m, source, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET lat = excluded.lat, lon = excluded.lon, accuracy_m = excluded.accuracy_m, source = excluded.source, at = excluded.at`,
			key, f.Lat, f.Lon, f.AccuracyM, f.Source, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

// recall gives the place of networks that the service told before, nil if it
// must be asked.
func recall(ctx context.Context, r db.Reader, cells []report.Cell, wifi []report.Wifi, at clock.Millis) (*Fix, error) {
	var keys []any
	for _, w := range strongestOf(wifi, strongest) {
		keys = append(keys, wifiKey(w.MAC))
	}
	if len(cells) > 0 {
		keys = append(keys, cellKey(cells[0]))
	}
	if len(keys) == 0 {
		return nil, nil
	}
	var rows []answer
	if err := r.List(ctx, &rows, "SELECT key, lat, lon, accuracy_m, source, at FROM located WHERE at > ? AND key IN ("+
		db.Marks(len(keys))+")", append([]any{r.At().Add(-answerHolds)}, keys...)...); err != nil {
		return nil, err
	}
	var known []point
	var cell *Fix
	radius := 0.0
	for _, a := range rows {
		if a.Source == "cell" {
			p := geo.Point{Lat: a.Lat, Lon: a.Lon}
			cell = &Fix{Point: p, At: at, Source: "cell", AccuracyM: a.AccuracyM, Raw: p, System: geo.WGS84}
			continue
		}
		known, radius = append(known, point{Lat: a.Lat, Lon: a.Lon}), max(radius, a.AccuracyM)
	}
	if len(known) >= agreeing {
		if f := locate(known, at); f != nil {
			f.AccuracyM = max(f.AccuracyM, radius)
			return f, nil
		}
	}
	if len(wifi) == 0 { // with access points around, asking tells more
		return cell, nil
	}
	return nil, nil
}

// ForgetLocated removes up to a page of answers that nobody may rely on any
// more and tells how many; call it again while it returns any.
func ForgetLocated(ctx context.Context, tx *db.Tx, _ clock.Millis) (int64, error) {
	return tx.Exec(ctx, "DELETE FROM located WHERE key IN (SELECT key FROM located WHERE at < ? LIMIT 1000)", tx.Now.Add(-answerDies))
}
