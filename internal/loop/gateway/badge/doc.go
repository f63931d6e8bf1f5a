// Package badge reads what badges of our own contract say, by MQTT or HTTP: a
// JSON object under one of the subjects alarm, pos, vital, beat and answer.
//
//	{"mid":"k7…","t":1718900000000,"kind":"sos","lat":29.6,"lon":105.7,
//	 "crs":"wgs84","acc":12,"src":"gnss","batt":77,"seq":12}
//
// mid names the message: the badge says it again with the same mid until it is
// acknowledged, and the same mid is the same message for ever. kind belongs to
// alarms (sos, fall, removed, voice_help …; several in "alarms").
//
// Always true:
//   - An alarm stays one whatever else of it can't be read: a wrong field is
//     named and left out, an unknown kind is a general alarm, and bytes that
//     are no JSON under "alarm" are a general alarm too.
//   - The door answers after the commit: 200, or the acknowledgement of MQTT;
//     never "accepted, will be stored".
package badge
