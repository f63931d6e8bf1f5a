package journal

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/loop/gateway"
)

// file is what a segment is written to. Sync returns when all that was written
// is on the disk and can be found there.
type file interface {
	io.WriterAt
	Sync() error
	Close() error
}

// segment is one file of the journal. left counts its records that are not in
// the database yet.
type segment struct {
	name   string
	f      file // nil: closed
	size   int
	laid   bool // was laid out before
	left   int
	closed bool
}

const (
	suffix      = ".journal"
	spareName   = "next" // of the file that is laid out for the next segment
	aad         = "journal.report"
	headerSize  = 8
	mostRecord  = 1 << 20 // a report has some hundred bytes
	segmentSize = 8 << 20 // a new file is begun beyond it
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is the text of one entry.
type record struct {
	At   clock.Millis    `json:"at"`
	Said json.RawMessage `json:"said"`
}

// appendRecord adds an entry to buf, sealed: it tells where a child was. ok is
// false if it is none for a journal.
func appendRecord(keys *crypto.Keyring, buf []byte, at clock.Millis, n signal.New) (out []byte, ok bool) {
	said, ok := gateway.Pack(n)
	if !ok {
		return buf, false
	}
	text := keys.Seal(aad, fmt.Sprintf(`{"at":%d,"said":%s}`, at, said))
	if len(text) > mostRecord {
		return buf, false
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(text)))
	buf = binary.BigEndian.AppendUint32(buf, crc32.Checksum([]byte(text), castagnoli))
	return append(buf, text...), true
}

// readSegment gives the entries of a file. What follows a record that is cut
// short or broken was never answered: it is left out, and torn tells so. The
// zeros of a file that was laid out end it. A whole record that can't be opened
// is an error: it was answered, and its key is missing.
func readSegment(keys *crypto.Keyring, name string) (entries []*entry, torn bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = f.Close() }()
	r := bufio.NewReaderSize(f, 64<<10)
	head := make([]byte, headerSize)
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			if errors.Is(err, io.EOF) {
				return entries, false, nil
			}
			return entries, true, unlessShort(err)
		}
		size := binary.BigEndian.Uint32(head)
		if size == 0 {
			torn, err := more(head, r)
			return entries, torn, err
		}
		if size > mostRecord {
			return entries, true, nil
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(r, text); err != nil {
			return entries, true, unlessShort(err)
		}
		if crc32.Checksum(text, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
			return entries, true, nil
		}
		plain, err := keys.Open(aad, string(text))
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		var rec record
		if err := json.Unmarshal([]byte(plain), &rec); err != nil {
			return entries, true, nil
		}
		n, err := gateway.Unpack(rec.Said)
		if err != nil {
			return entries, true, nil
		}
		entries = append(entries, &entry{at: rec.At, n: n})
	}
}

// more tells whether anything but zeros stands in the rest of a file.
func more(head []byte, r io.Reader) (bool, error) {
	rest, err := io.ReadAll(r)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(append(head, rest...), func(b byte) bool { return b != 0 }), nil
}

func unlessShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// segments lists the files of a folder, oldest first, and the number of the
// next.
func segments(dir string) (names []string, next int, err error) {
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 1, nil
	}
	if err != nil {
		return nil, 0, err
	}
	next = 1
	for _, e := range list {
		base, ok := strings.CutSuffix(e.Name(), suffix)
		n := 0
		if _, err := fmt.Sscanf(base, "%d", &n); !ok || err != nil {
			continue
		}
		names, next = append(names, filepath.Join(dir, e.Name())), max(next, n+1)
	}
	slices.Sort(names)
	return names, next, nil
}

// create begins a file and makes its name durable.
func create(name string) (file, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(name)); err != nil {
		_ = f.Close()
		return nil, err
	}
	return disk{f}, nil
}

// layOut makes a file of zeros as long as a segment. What is written over them
// changes neither the file's length nor where it lies, so that the disk has the
// text alone to write at each sync.
func layOut(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	zeros := make([]byte, 256<<10)
	for at := int64(0); at < segmentSize && err == nil; at += int64(len(zeros)) {
		_, err = f.WriteAt(zeros, at)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(name))
	}
	return disk{f}, nil
}

// disk is a file whose length is made durable with its text, its times not.
type disk struct{ *os.File }

func (d disk) Sync() error { return datasync(d.File) }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}
