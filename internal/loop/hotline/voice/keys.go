package voice

// Keys reads telephone keys from RTP packets of RFC 4733: every key is told
// once, when its first packet comes, however often it is repeated.
type Keys struct {
	last uint32
	any  bool
}

const keyNames = "0123456789*#ABCD"

// Read gives the key of a packet; ok is false for a repetition or a flaw.
func (k *Keys) Read(timestamp uint32, payload []byte) (key byte, ok bool) {
	if len(payload) < 4 || int(payload[0]) >= len(keyNames) {
		return 0, false
	}
	if k.any && k.last == timestamp {
		return 0, false
	}
	k.any, k.last = true, timestamp
	return keyNames[payload[0]], true
}
