package voice

import "sync"

// Depths of the buffer that evens out the arrival of packets.
const (
	jitterStart = 2  // frames held before the first is played: 40 ms
	jitterMost  = 10 // more than this and the oldest are dropped: 200 ms
)

// jitter hands out received frames in the order of their numbers, one a tick.
type jitter struct {
	mu      sync.Mutex
	frames  map[uint16]Frame
	next    uint16
	playing bool
	last    uint16 // newest number seen
	any     bool
	dropped int
}

// put takes in a frame by its RTP sequence number. A frame that is late or
// doubled is dropped; a number far away starts anew (the sender restarted).
func (j *jitter) put(seq uint16, f Frame) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.frames == nil {
		j.frames = map[uint16]Frame{}
	}
	if d := int16(seq - j.last); j.any && (d > 200 || d < -200) {
		clear(j.frames)
		j.playing, j.any = false, false
	}
	if j.playing && int16(seq-j.next) < 0 {
		j.dropped++
		return
	}
	j.frames[seq] = f
	if !j.any || int16(seq-j.last) > 0 {
		j.last, j.any = seq, true
	}
	if !j.playing && len(j.frames) >= jitterStart {
		j.next, j.playing = j.lowest(), true
	}
	for j.playing && len(j.frames) > jitterMost {
		j.next = j.lowest()
		delete(j.frames, j.next)
		j.next++
		j.dropped++
	}
}

func (j *jitter) lowest() uint16 {
	first, low := true, uint16(0)
	for s := range j.frames {
		if first || int16(s-low) < 0 {
			first, low = false, s
		}
	}
	return low
}

// take gives the frame of this tick; ok is false where there is none, which
// sounds as silence.
func (j *jitter) take() (f Frame, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.playing {
		return f, false
	}
	if f, ok = j.frames[j.next]; ok {
		delete(j.frames, j.next)
		j.next++
		return f, true
	}
	if len(j.frames) == 0 { // nothing more: gather again before playing on
		j.playing = false
		return f, false
	}
	j.next++ // a lost packet
	return f, false
}
