// Package gt06 speaks the protocol of GT06 trackers and the many badges that
// copy it:
//
//	78 78 | length u8  | type | data | serial u16 | CRC-16/X25 | 0D 0A
//	79 79 | length u16 | type | data | serial u16 | CRC-16/X25 | 0D 0A
//
// Numbers are big-endian, times are UTC. Only the login tells who speaks, so a
// connection has a Session. A gateway does:
//
//	var f gt06.Framer
//	var s gt06.Session
//	f.Feed(bytes read)
//	for {
//		raw, ok, err := f.Next()       // err: drop the connection
//		if !ok { break }
//		frame, err := gt06.Parse(raw)  // err: count it, stay silent: the device repeats
//		m := s.Message(frame, gt06.Options{…})
//		// store m, then write m.Reply
//	}
//	// nothing read for a second while f.Pending() > 0: f.Flush()
//
// An alarm is told twice, in bits 3 to 5 of the terminal's state and in the
// alarm byte, and models fill one, the other or both: both are read. What the
// alarm byte means differs by model too; a profile may say otherwise.
package gt06
