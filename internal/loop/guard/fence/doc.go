// Package fence is the geometry of fences: circles and polygons in WGS-84,
// how far a place is outside of one, whether a way led through it, and which
// of many lie near.
//
//	Outline (as drawn, GeoJSON) ── Compile ──► Shape (metres around its middle)
//	                                             ├─ Distance  negative: inside
//	                                             ├─ Crossed   a way went through
//	                                             └─ Index     which are near
//
// Distances are exact to a thousandth within ten kilometres of the middle,
// which is far below what any badge can measure. Nothing here knows time,
// people or alarms.
package fence
