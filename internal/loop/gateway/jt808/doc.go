// Package jt808 speaks JT/T 808 of 2011, 2013 and 2019, which student cards
// and badges in China use:
//
//	7E | header | body | XOR | 7E      7E and 7D inside are escaped
//
// Numbers are big-endian, text is GBK, times are GMT+8. A gateway does, per
// connection:
//
//	var f jt808.Framer
//	var a jt808.Assembler
//	f.Feed(bytes read)
//	for {
//		raw, ok, err := f.Next()            // err: drop the connection
//		if !ok { break }
//		frame, err := jt808.Parse(raw)      // err: count it, stay silent: the terminal repeats
//		whole, ok, err := a.Add(frame)      // packets of one message
//		if !ok { continue }
//		ms := whole.Messages(jt808.Options{…})
//		// store all of ms, then write the Reply of the last one
//	}
//
// A message that came in packets is answered once, with the serial of the
// packet that completed it; until then nothing is durable and nothing is said.
// Missing packets are asked for with AskMissing.
//
// The texts of the standard are sold; what is marked 2019 here comes from
// public implementations.
package jt808
