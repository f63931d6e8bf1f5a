package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/errs"
)

func TestARecordCutShortIsLeftOut(t *testing.T) {
	w := newWorld(t)
	var buf []byte
	for n := range 3 {
		buf, _ = appendRecord(keys, buf, clock.Millis(n+1), word(n, n))
	}
	two, _ := appendRecord(keys, nil, 1, word(0, 0))
	whole, flipped := buf, append([]byte(nil), buf...)
	flipped[len(two)+headerSize+3] ^= 1
	name := filepath.Join(t.TempDir(), "000000000001.journal")
	for _, tt := range []struct {
		text []byte
		n    int
		torn bool
	}{{whole, 3, false}, {whole[:len(whole)-1], 2, true}, {whole[:len(whole)-len(two)+3], 2, true}, {flipped, 1, true}, {nil, 0, false}, {[]byte("no journal at all"), 0, true}} {
		if err := os.WriteFile(name, tt.text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, torn, err := readSegment(keys, name)
		if err != nil || len(got) != tt.n || torn != tt.torn {
			t.Errorf("%d entries (torn %v, %v), want %d (%v)", len(got), torn, err, tt.n, tt.torn)
		}
	}
	// The rest of a folder with a file that is cut short is taken in.
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i, text := range [][]byte{whole[:len(whole)-1], two, nil} {
		if err := os.WriteFile(filepath.Join(w.dir, fmt.Sprintf("%012d.journal", i+1)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	j := w.open()
	w.until(func() bool { return j.Counts().Waiting == 0 && len(files(t, w.dir)) == 0 })
	if len(w.stored(t)) != 2 {
		t.Errorf("%v", w.stored(t))
	}
	end(j)
}

// full is a disk that takes no more.
type full struct {
	file
	write, sync bool
}

var errFull = errors.New("no space left on device")

func (f full) WriteAt(p []byte, at int64) (int, error) {
	if f.write {
		_, _ = f.file.WriteAt(p[:len(p)/2], at)
		return len(p) / 2, errFull
	}
	return f.file.WriteAt(p, at)
}

func (f full) Sync() error {
	if f.sync {
		return errFull
	}
	return f.file.Sync()
}

func TestAFullDiskGivesNoAnswer(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	j.layOut = func(string) (file, error) { return nil, errFull }
	var broken atomic.Pointer[full]
	j.create = func(name string) (file, error) {
		b := broken.Load()
		if b == nil {
			return create(name)
		}
		if !b.write && !b.sync {
			return nil, errFull
		}
		f, err := create(name)
		return full{f, b.write, b.sync}, err
	}
	_ = w.busy(j)
	n := 0
	for _, b := range []*full{{write: true}, {sync: true}, {}} {
		broken.Store(b)
		n++
		if _, err := j.Take(w.ctx, word(n, n)); errs.KindOf(err) != errs.KindBusy {
			t.Errorf("%+v: %v", b, err)
		}
	}
	broken.Store(nil)
	w.take(j, word(9, 9)) // in a file of its own
	if c := j.Counts(); c.Failed != 3 || c.Waiting != 1 {
		t.Errorf("%+v", c)
	}
	w.free()
	w.until(func() bool { return j.Counts().Waiting == 0 && len(files(t, w.dir)) == 0 })
	if _, ok := w.stored(t)[word(9, 9).Key]; !ok {
		t.Error("the report after the full disk is not there")
	}
	end(j)
}

func FuzzReadSegment(f *testing.F) {
	whole, _ := appendRecord(keys, nil, 1, word(1, 1))
	f.Add(whole)
	f.Add([]byte{0, 0, 0, 2, 0, 0, 0, 0, '{', '}'})
	f.Fuzz(func(t *testing.T, text []byte) {
		name := filepath.Join(t.TempDir(), "a.journal")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readSegment(keys, name); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAFailedSyncOfAFileThatWasLaidOutGivesNoAnswer(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	var bad atomic.Bool
	bad.Store(true)
	j.layOut = func(name string) (file, error) {
		f, err := layOut(name)
		return full{f, false, bad.Swap(false)}, err // the first alone
	}
	_ = w.busy(j)
	said, refused := 0, 0
	w.until(func() bool {
		said++
		switch _, err := j.Take(w.ctx, word(2, said)); errs.KindOf(err) {
		case errs.KindBusy:
			refused++
		default:
			if err != nil {
				t.Fatal(err)
			}
		}
		return refused == 1
	})
	w.laidOut(j, 1000) // another file is laid out, and holds
	c := j.Counts()
	if c.Failed != 1 {
		t.Errorf("%+v", c)
	}
	w.free()
	w.until(func() bool { return j.Counts().Waiting == 0 && len(files(t, w.dir)) == 0 })
	if int64(len(w.stored(t))) != c.Appended+manyUnderWay {
		t.Errorf("%d stored of %d", len(w.stored(t)), c.Appended)
	}
	end(j)
}

// laidOut waits until the next group goes into a file that was laid out.
func (w *world) laidOut(j *Journal, n int) *segment {
	w.t.Helper()
	var last *segment
	w.until(func() bool {
		w.take(j, word(1, n))
		n++
		j.mu.Lock()
		defer j.mu.Unlock()
		last = j.queue[len(j.queue)-1].seg
		return last.laid
	})
	return last
}

func TestAFileThatWasLaidOutEndsAtItsZeros(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	_ = w.busy(j)
	seg := w.laidOut(j, 0)
	text, err := os.ReadFile(seg.name)
	if err != nil || len(text) != segmentSize {
		t.Fatal(len(text), err)
	}
	got, torn, err := readSegment(keys, seg.name)
	if err != nil || torn || len(got) != seg.left {
		t.Errorf("%d entries (torn %v, %v), want %d", len(got), torn, err, seg.left)
	}
	for _, clear := range []string{"29.6", "105.7", `"said"`, word(1, 0).DeviceID} {
		if bytes.Contains(text, []byte(clear)) {
			t.Errorf("%q stands in clear", clear)
		}
	}
	// What lies behind the zeros is the end of a group that was never synced.
	text[segmentSize-1] = 1
	name := filepath.Join(t.TempDir(), "1.journal")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if again, torn, err := readSegment(keys, name); err != nil || !torn || len(again) != len(got) {
		t.Errorf("%d entries (torn %v, %v)", len(again), torn, err)
	}
	all := j.Counts().Appended
	w.free()
	w.until(func() bool { return j.Counts().Waiting == 0 && len(files(t, w.dir)) == 0 })
	if int64(len(w.stored(t))) != all+manyUnderWay {
		t.Errorf("%d stored, %d through the journal", len(w.stored(t)), all)
	}
	end(j)
	if left, _ := filepath.Glob(filepath.Join(w.dir, "*")); len(left) != 1 || filepath.Base(left[0]) != "lock" {
		t.Errorf("left behind: %v", left)
	}
}

func TestWithoutRoomForAWholeFileItGrows(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	var asked atomic.Int32
	var room atomic.Bool
	j.layOut = func(name string) (file, error) {
		asked.Add(1)
		if !room.Load() {
			return nil, errFull
		}
		return layOut(name)
	}
	_ = w.busy(j)
	for n := range 5 {
		w.take(j, word(n, n))
		w.until(func() bool { return asked.Load() == 1 })
	}
	if names := files(t, w.dir); len(names) != 1 {
		t.Errorf("%v", names)
	}
	w.free()
	w.until(func() bool { return j.Counts().Waiting == 0 && len(files(t, w.dir)) == 0 })
	room.Store(true) // a later storm asks again
	w.gate = make(chan struct{})
	_ = w.busy(j)
	w.laidOut(j, 10)
	w.free()
	end(j)
}

func TestWhatOtherKeysSealedStaysWhereItIs(t *testing.T) {
	w := newWorld(t)
	text, _ := appendRecord(crypto.Ephemeral(crypto.AES), nil, 1, word(1, 1))
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(w.dir, "000000000001.journal")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(w.parts()); err == nil {
		t.Fatal("reports that nobody can read were passed over")
	}
	if again, err := os.ReadFile(name); err != nil || !bytes.Equal(again, text) {
		t.Errorf("the file is not what it was: %v", err)
	}
}
