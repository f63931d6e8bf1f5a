package voice

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
)

// ChunkFrames is how much sound one sealed chunk holds: two seconds.
const ChunkFrames = 100

// Sealer encrypts under the key of one recording; crypto.Subject is one.
type Sealer interface {
	Seal(aad, plaintext string) string
	Open(aad, sealed string) (string, error)
}

// Recorder writes both sides of a conversation to a file, sealed. It is a
// Sink; the work is done beside the room.
type Recorder struct {
	frames chan [2]Frame
	done   chan struct{}
	mu     sync.Mutex
	closed bool
	err    error
	lost   int
	count  int
}

// aad binds a chunk to its recording and its place in it.
func aad(name string, n int) string { return "hotline.recording:" + name + ":" + strconv.Itoa(n) }

// Record begins a recording in a new file. name binds the chunks to it.
func Record(path, name string, seal Sealer) (*Recorder, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	r := &Recorder{frames: make(chan [2]Frame, 10*ChunkFrames), done: make(chan struct{})}
	go r.run(f, name, seal)
	return r, nil
}

// Write implements Sink. Where the disk can't follow, sound is left out of the
// recording, never out of the call.
func (r *Recorder) Write(caller, others Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	select {
	case r.frames <- [2]Frame{caller, others}:
	default:
		r.lost++
	}
}

func (r *Recorder) run(f *os.File, name string, seal Sealer) {
	defer close(r.done)
	var err error
	n := 0
	chunk := make([]byte, 0, 2*Samples*ChunkFrames)
	flush := func() {
		if len(chunk) == 0 || err != nil {
			return
		}
		if _, err = f.WriteString(seal.Seal(aad(name, n), string(chunk)) + "\n"); err == nil {
			err = f.Sync()
		}
		n++
		chunk = chunk[:0]
	}
	for pair := range r.frames {
		left, right := PCMA.Encode(pair[0]), PCMA.Encode(pair[1])
		for i := range left {
			chunk = append(chunk, left[i], right[i])
		}
		r.mu.Lock()
		r.count++
		r.mu.Unlock()
		if len(chunk) >= 2*Samples*ChunkFrames {
			flush()
		}
	}
	flush()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	r.mu.Lock()
	r.err = err
	r.mu.Unlock()
}

// Close ends the recording and gives its length in frames, and how many were
// left out.
func (r *Recorder) Close() (frames, lost int, err error) {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.frames)
	}
	r.mu.Unlock()
	<-r.done
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count, r.lost, r.err
}

// ErrNoRecording says that the file holds no whole chunk.
var ErrNoRecording = errors.New("voice: nothing recorded")

// maxChunk bounds one line of a recording file.
const maxChunk = 1 << 20

// Play opens a recording as a WAV file of two channels: the caller left, what
// the caller heard right.
func Play(in io.Reader, name string, open Sealer) ([]byte, error) {
	sound, err := Sound(in, name, open)
	if err != nil {
		return nil, err
	}
	if len(sound) == 0 {
		return nil, ErrNoRecording
	}
	return WAV(2, sound), nil
}

// Sound opens a recording as interleaved A-law of two channels. A torn last
// chunk, as a kill leaves it, is left out.
func Sound(in io.Reader, name string, open Sealer) ([]byte, error) {
	lines := bufio.NewReaderSize(in, 1<<16)
	var sound strings.Builder
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil || len(line) > maxChunk { // without its end of line it is torn
			break
		}
		chunk, err := open.Open(aad(name, n), strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		sound.WriteString(chunk)
	}
	return []byte(sound.String()), nil
}
