// Package keep writes down what a device told, in the change that stores its
// message: last seen, battery, place, voice and pictures; and what is learnt
// of the device itself.
//
//	message ─► when was it? ─► where was it? ─► register (last known, track)
//	            │                │                └─► who watches (fences, silence)
//	            │                ├─ a good fix, in WGS-84
//	            │                └─ access points whose place our own badges told
//	            └─ the device's clock, less what it is known to be wrong by;
//	               a clock that can't be right: when it was received
//
// Always true:
//   - 0, 0 and a fix that the device itself calls bad are no place.
//   - History never moves "last known" backwards, and with a wrong clock it is
//     no place at all: nobody knows when it was.
//   - What is stored is WGS-84; what it was told as is kept beside it.
//   - Nothing here can lose an alarm: the message is stored already, and what
//     can't be read of it is left out.
package keep
