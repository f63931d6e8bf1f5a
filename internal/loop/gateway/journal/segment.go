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
	"zugou/internal/loop/gateway"
)

// file is what a segment is written to.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

// segment is one file of the journal. left counts its records that are not in
// the database yet.
type segment struct {
	name   string
	f      file // nil: closed
	size   int
	left   int
	closed bool
}

const (
	suffix      = ".journal"
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

// appendRecord adds an entry to buf; ok is false if it is none for a journal.
func appendRecord(buf []byte, at clock.Millis, n signal.New) (out []byte, ok bool) {
	said, ok := gateway.Pack(n)
	if !ok {
		return buf, false
	}
	start := len(buf)
	buf = append(buf, make([]byte, headerSize)...)
	buf = fmt.Appendf(buf, `{"at":%d,"said":`, at)
	buf = append(append(buf, said...), '}')
	text := buf[start+headerSize:]
	if len(text) > mostRecord {
		return buf[:start], false
	}
	binary.BigEndian.PutUint32(buf[start:], uint32(len(text)))
	binary.BigEndian.PutUint32(buf[start+4:], crc32.Checksum(text, castagnoli))
	return buf, true
}

// readSegment gives the entries of a file. What follows a record that is cut
// short or broken was never answered: it is left out, and torn tells so.
func readSegment(name string) (entries []*entry, torn bool, err error) {
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
		var rec record
		if err := json.Unmarshal(text, &rec); err != nil {
			return entries, true, nil
		}
		n, err := gateway.Unpack(rec.Said)
		if err != nil {
			return entries, true, nil
		}
		entries = append(entries, &entry{at: rec.At, n: n})
	}
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
	return f, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}
