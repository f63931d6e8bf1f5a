package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// write is the one writer: it appends what waits and syncs it as a group.
func (j *Journal) write() {
	defer j.done.Done()
	defer close(j.ended)
	var buf []byte
	for {
		var group []*entry
		select {
		case e := <-j.writes:
			group = append(group, e)
		case <-j.idle:
			j.rest()
			continue
		case <-j.stop:
			for { // nobody may be left waiting
				select {
				case e := <-j.writes:
					group = append(group, e)
					continue
				default:
				}
				break
			}
			j.answer(group, errs.Busy("storage.closed", nil))
			if j.current != nil {
				j.finish()
			}
			return
		}
	collect:
		for len(group) < mostGroup {
			select {
			case e := <-j.writes:
				group = append(group, e)
			default:
				break collect
			}
		}
		buf = buf[:0]
		for _, e := range group {
			buf, e.record = append(buf, e.record...), nil
		}
		j.answer(group, j.put(buf, group))
	}
}

// put writes the records and syncs them.
func (j *Journal) put(buf []byte, group []*entry) error {
	if err := j.begin(); err != nil {
		return errs.Busy("storage.unavailable", err)
	}
	seg := j.current
	_, err := seg.f.WriteAt(buf, int64(seg.size))
	if err == nil {
		err = seg.f.Sync()
	}
	if err != nil {
		// What stands in the file now nobody knows: it is not written to again.
		j.finish()
		return errs.Busy("storage.unavailable", err)
	}
	seg.size += len(buf)
	j.mu.Lock()
	seg.left += len(group)
	for _, e := range group {
		e.seg = seg
	}
	j.mu.Unlock()
	if seg.size >= segmentSize {
		j.finish()
	}
	return nil
}

// begin has a file to write to: one that was laid out, or, until that is ready,
// one that grows.
func (j *Journal) begin() error {
	if j.current != nil && j.current.laid {
		return nil
	}
	select {
	case f := <-j.spare:
		j.asked = false
		if f == nil {
			break // the next file asks again
		}
		name := j.name()
		if err := errors.Join(os.Rename(filepath.Join(j.p.Dir, spareName), name), syncDir(j.p.Dir)); err != nil {
			return errors.Join(err, f.Close())
		}
		if j.current != nil {
			j.finish()
		}
		j.current = &segment{name: name, f: f, laid: true}
		j.ask()
		return nil
	default:
	}
	if j.current != nil {
		return nil
	}
	name := j.name()
	f, err := j.create(name)
	if err != nil {
		return err
	}
	j.current = &segment{name: name, f: f}
	j.ask()
	return nil
}

// name gives each file a name that none had, whatever becomes of it.
func (j *Journal) name() string {
	j.next++
	return filepath.Join(j.p.Dir, fmt.Sprintf("%012d%s", j.next-1, suffix))
}

// ask has a file laid out, unless one is, or is being.
func (j *Journal) ask() {
	if !j.asked {
		j.asked = true
		j.wanted <- struct{}{}
	}
}

// prepare lays out the file of the next segment. The first storm begins
// without one.
func (j *Journal) prepare() {
	defer j.done.Done()
	name := filepath.Join(j.p.Dir, spareName)
	for {
		select {
		case <-j.wanted:
		case <-j.ended:
			select {
			case f := <-j.spare:
				if f != nil {
					_ = f.Close()
				}
			default:
			}
			_ = os.Remove(name) // if there is one
			return
		}
		f, err := j.layOut(name)
		if err != nil {
			j.p.Log.Warn("no file is laid out for the journal, it goes on with one that grows", "error", err)
			f = nil
		}
		j.spare <- f
	}
}

// finish ends the current file; it goes when all its records are taken in.
func (j *Journal) finish() {
	seg := j.current
	j.current = nil
	_ = seg.f.Close()
	j.mu.Lock()
	seg.closed = true
	gone := seg.left == 0
	j.mu.Unlock()
	if gone {
		_ = os.Remove(seg.name)
	}
}

// rest ends the current file if all of it is taken in: where children were
// does not stay on disk beside the database.
func (j *Journal) rest() {
	if j.current == nil {
		return
	}
	j.mu.Lock()
	over := j.current.left == 0
	j.mu.Unlock()
	if over {
		j.finish()
	}
}

// answer tells those who wait, and hands on what is on disk.
func (j *Journal) answer(group []*entry, err error) {
	if len(group) == 0 {
		return
	}
	if err != nil {
		j.p.Log.Error("reports not written, no reply given", "reports", len(group), "error", err)
		j.release(group...)
		j.mu.Lock()
		j.counts.Failed += int64(len(group))
		j.mu.Unlock()
	} else {
		j.mu.Lock()
		j.queue = append(j.queue, group...)
		j.counts.Appended += int64(len(group))
		j.counts.Groups++
		j.last = clock.Of(j.p.Clock.Now())
		j.wake()
		j.mu.Unlock()
	}
	for _, e := range group {
		e.err = err
		close(e.synced)
	}
}
