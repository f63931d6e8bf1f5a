package keep

import (
	"math"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/geo"
	"zugou/internal/loop/gateway/report"
)

// Fix is a place that a device was at.
type Fix struct {
	geo.Point  // WGS-84
	At         clock.Millis
	Source     string  // gps, wifi, cell
	AccuracyM  float64 // radius in metres
	Satellites int     // 0: not told
	Raw        geo.Point
	System     geo.System // of Raw
}

// Accuracies in metres where the device tells none (reference: Wi-Fi 30 to 80,
// cells 300 to 2000).
const (
	gpsGood    = 15
	gpsFair    = 30
	gpsPoor    = 100
	fewSats    = 4
	manySats   = 6
	wifiRadius = 50
	cellRadius = 1000
)

// Place gives the fix of a message, nil if it has none that can be believed.
func Place(m *report.Message, at clock.Millis) *Fix {
	if m.Valid == nil || !*m.Valid || m.Lat == nil || m.Lon == nil {
		return nil
	}
	f := &Fix{At: at, Source: "gps", AccuracyM: gpsFair, Raw: geo.Point{Lat: *m.Lat, Lon: *m.Lon}, System: geo.WGS84}
	if f.Raw.Zero() || !f.Raw.Valid() || math.IsNaN(f.Raw.Lat) || math.IsNaN(f.Raw.Lon) {
		return nil
	}
	if m.Secret { // through the secrecy plug-in: what comes out is GCJ-02
		f.System = geo.GCJ02
	}
	switch m.System {
	case string(geo.GCJ02), string(geo.BD09):
		f.System = geo.System(m.System)
	}
	switch m.Locator {
	case "wifi":
		f.Source, f.AccuracyM = "wifi", wifiRadius
	case "cell":
		f.Source, f.AccuracyM = "cell", cellRadius
	}
	f.Point = geo.To(f.Raw, f.System, geo.WGS84)
	if m.Satellites != nil && f.Source == "gps" {
		f.Satellites = *m.Satellites
		switch {
		case f.Satellites >= manySats:
			f.AccuracyM = gpsGood
		case f.Satellites < fewSats:
			f.AccuracyM = gpsPoor
		}
	}
	if m.Accuracy != nil && *m.Accuracy > 0 && *m.Accuracy < 5000 {
		f.AccuracyM = *m.Accuracy
	}
	return f
}

// Teaches tells whether the fix is good enough to tell where the access points
// around it stand.
func (f *Fix) Teaches() bool {
	return f != nil && f.Source == "gps" && f.AccuracyM <= gpsFair && f.Satellites >= fewSats
}

// point is what is known of an access point.
type point struct {
	MAC     string       `bun:"mac"`
	Lat     float64      `bun:"lat"`
	Lon     float64      `bun:"lon"`
	Samples int          `bun:"samples"`
	Moves   int          `bun:"moves"`
	At      clock.Millis `bun:"at"`
}

// Bounds of what is believed of access points.
const (
	apart     = 500 // metres: further, it was carried elsewhere
	tooMobile = 2   // moves: a hotspot in a bus, in a phone
	enough    = 20  // samples
)

// locate gives the middle of the known access points, nil if none is known or
// they contradict one another.
func locate(known []point, at clock.Millis) *Fix {
	var lat, lon, n float64
	var used []geo.Point
	for _, p := range known {
		if p.Moves < tooMobile {
			lat, lon, n = lat+p.Lat, lon+p.Lon, n+1
			used = append(used, geo.Point{Lat: p.Lat, Lon: p.Lon})
		}
	}
	if n == 0 {
		return nil
	}
	mid, radius := geo.Point{Lat: lat / n, Lon: lon / n}, float64(wifiRadius)
	for _, p := range used {
		d := geo.Metres(mid, p)
		if d > apart {
			return nil
		}
		radius = max(radius, d)
	}
	return &Fix{Point: mid, At: at, Source: "wifi", AccuracyM: radius, Raw: mid, System: geo.WGS84}
}

// taught gives p after a fix saw it; changed is false when nothing is new.
func (p point) taught(f *Fix) (next point, changed bool) {
	next = p
	switch {
	case p.Samples == 0:
		next.Lat, next.Lon, next.Samples = f.Lat, f.Lon, 1
	case geo.Metres(f.Point, geo.Point{Lat: p.Lat, Lon: p.Lon}) > apart:
		next.Lat, next.Lon, next.Samples, next.Moves = f.Lat, f.Lon, 1, p.Moves+1
	case p.Samples >= enough && f.At.Sub(p.At) < refresh:
		return p, false
	default:
		w := float64(min(p.Samples, enough))
		next.Lat, next.Lon = (p.Lat*w+f.Lat)/(w+1), (p.Lon*w+f.Lon)/(w+1)
		next.Samples = min(p.Samples+1, enough)
	}
	next.At = f.At
	return next, true
}
