// Package watch speaks the protocol of children's GPS watches and badges that
// is sold under many names (SeTracker, Beesure; vendors 3G, SG, CS, ZJ …):
//
//	[VV*ID*LLLL*CONTENT]  or with a sequence  [VV*ID*IIII*LLLL*CONTENT]
//
// It holds no connection, no clock and no state beyond the bytes of one
// connection. A gateway does, per connection:
//
//	var f watch.Framer
//	f.Feed(bytes read)
//	for {
//		raw, ok, err := f.Next()     // err: drop the connection
//		if !ok { break }
//		frame, err := watch.Parse(raw)
//		m := frame.Message()         // store it …
//		write(m.Reply)               // … and only then answer; nil: no answer is due
//	}
//	// nothing read for a second while f.Pending() > 0:
//	raw, ok := f.Flush()
//
// Flush is there for devices that announce more bytes than they send: such a
// frame is complete by its brackets only, and waits for its length or for the
// next frame. It keeps one promise: however the stream is cut into reads, the
// frames are the same.
//
// Rules kept from the field: LEN is taken when a ']' stands there, else
// brackets are counted; nothing but line ends may stand between frames; a
// frame is at most 64 KiB; all alarm bits are read, SOS first; an alarm whose
// position can't be read stays an alarm.
package watch
