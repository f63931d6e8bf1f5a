// Package geo turns coordinates of China's three systems into one another and
// measures distances.
//
//	WGS-84  what satellites give, what the product stores and fences with
//	GCJ-02  what maps sold in China use (AMap, Tencent); 300 to 600 m off
//	BD-09   Baidu's, on top of GCJ-02
//
// GCJ-02 is not published; this is the formula that everybody uses, good to a
// metre or two against the official plug-in, and never a substitute for it
// where the law asks for the plug-in. Outside of China all three are one.
package geo

import "math"

// System names a coordinate system.
type System string

// The systems.
const (
	WGS84 System = "wgs84"
	GCJ02 System = "gcj02"
	BD09  System = "bd09"
)

// Point is a place in degrees.
type Point struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Zero tells whether the point is 0, 0: what devices say without a fix.
func (p Point) Zero() bool { return p.Lat == 0 && p.Lon == 0 }

// Valid tells whether the point is on the globe.
func (p Point) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180
}

// To converts p, which is in the system from. An unknown system is taken for
// WGS-84.
func To(p Point, from, to System) Point {
	if from == to {
		return p
	}
	switch from {
	case GCJ02:
		p = gcjToWGS(p)
	case BD09:
		p = gcjToWGS(bdToGCJ(p))
	}
	switch to {
	case GCJ02:
		return wgsToGCJ(p)
	case BD09:
		return gcjToBD(wgsToGCJ(p))
	}
	return p
}

// Krasovsky 1940, which the formula is built on.
const (
	axis         = 6378245.0
	eccentricity = 0.00669342162296594323
)

func inChina(p Point) bool {
	return p.Lon >= 72.004 && p.Lon <= 137.8347 && p.Lat >= 0.8293 && p.Lat <= 55.8271
}

func wgsToGCJ(p Point) Point {
	if !inChina(p) {
		return p
	}
	dLat, dLon := shift(p)
	return Point{p.Lat + dLat, p.Lon + dLon}
}

// gcjToWGS has no closed form: six rounds bring it below a nanodegree.
func gcjToWGS(p Point) Point {
	if !inChina(p) {
		return p
	}
	w := p
	for range 6 {
		g := wgsToGCJ(w)
		w = Point{w.Lat + p.Lat - g.Lat, w.Lon + p.Lon - g.Lon}
	}
	return w
}

func shift(p Point) (dLat, dLon float64) {
	x, y := p.Lon-105, p.Lat-35
	wave := (20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)) * 2 / 3
	lat := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + wave +
		(20*math.Sin(y*math.Pi)+40*math.Sin(y/3*math.Pi))*2/3 + (160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	lon := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + wave +
		(20*math.Sin(x*math.Pi)+40*math.Sin(x/3*math.Pi))*2/3 + (150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	rad := p.Lat / 180 * math.Pi
	magic := 1 - eccentricity*math.Sin(rad)*math.Sin(rad)
	root := math.Sqrt(magic)
	return lat * 180 / (axis * (1 - eccentricity) / (magic * root) * math.Pi), lon * 180 / (axis / root * math.Cos(rad) * math.Pi)
}

const baidu = math.Pi * 3000 / 180

func gcjToBD(p Point) Point {
	if !inChina(p) {
		return p
	}
	z := math.Hypot(p.Lon, p.Lat) + 0.00002*math.Sin(p.Lat*baidu)
	theta := math.Atan2(p.Lat, p.Lon) + 0.000003*math.Cos(p.Lon*baidu)
	return Point{z*math.Sin(theta) + 0.006, z*math.Cos(theta) + 0.0065}
}

// bdToGCJ begins with the formula in use, which is some decimetres off, and
// mends it.
func bdToGCJ(p Point) Point {
	if !inChina(p) {
		return p
	}
	x, y := p.Lon-0.0065, p.Lat-0.006
	z := math.Hypot(x, y) - 0.00002*math.Sin(y*baidu)
	theta := math.Atan2(y, x) - 0.000003*math.Cos(x*baidu)
	g := Point{z * math.Sin(theta), z * math.Cos(theta)}
	for range 6 {
		b := gcjToBD(g)
		g = Point{g.Lat + p.Lat - b.Lat, g.Lon + p.Lon - b.Lon}
	}
	return g
}

// earth is the mean radius in metres.
const earth = 6371008.8

// Metres is the distance along the great circle.
func Metres(a, b Point) float64 {
	const rad = math.Pi / 180
	sinLat, sinLon := math.Sin((b.Lat-a.Lat)*rad/2), math.Sin((b.Lon-a.Lon)*rad/2)
	h := sinLat*sinLat + math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*sinLon*sinLon
	return 2 * earth * math.Asin(math.Sqrt(min(1, h)))
}

// Plane gives b as metres east and north of a: exact to a thousandth within
// ten kilometres, which is what fences need.
func Plane(a, b Point) (east, north float64) {
	const perDegree = earth * math.Pi / 180
	return (b.Lon - a.Lon) * perDegree * math.Cos((a.Lat+b.Lat)/2*math.Pi/180), (b.Lat - a.Lat) * perDegree
}
