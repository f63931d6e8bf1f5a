// Package locate asks a contracted service where access points and base
// stations are, over HTTP. It is what keep.Locator is for.
//
// Two forms are spoken:
//
//	json  POST {"wifi":[{"mac","rssi"}],"cells":[{"mcc","mnc","lac","cid","rssi"}]} with "Authorization: Bearer KEY";
//	      the answer is {"lat","lon","accuracy_m","source":"wifi|cell","crs":"WGS-84|GCJ-02|BD-09"}, or 204 when nothing is known
//	amap  the form of AMap's service for devices (GET, GCJ-02)
//
// Always true:
//   - Only MAC addresses, base stations and their strength leave the house: no
//     number of a device, no name of a network, no child.
//   - The address with its key stands in no error and no log.
//   - At most an answer of 64 KiB is read, within five seconds.
package locate
