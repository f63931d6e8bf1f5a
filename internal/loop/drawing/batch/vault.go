package batch

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"io"
	"os"

	"zugou/internal/kernel/errs"
	"zugou/internal/people/document"
)

// vault is the folder of sealed pictures.
type vault struct{ document.Vault }

// The parts of a picture.
const (
	partPhoto = "photo" // as it came
	partFrame = "frame" // the rectified frame, which raters see
)

// spool is a file for what is too large for memory while it is unpacked: under
// a key that nobody keeps, and gone when closed. A crash leaves noise.
type spool struct {
	f     *os.File
	block cipher.Block
	nonce [8]byte
	size  int64
}

// spool takes what r gives, at most the limit. Errors: Invalid
// drawing.pile_large, Busy.
func (v vault) spool(r io.Reader, limit int64) (*spool, error) {
	if err := os.MkdirAll(v.Dir, 0o700); err != nil {
		return nil, errs.Busy("storage.unavailable", err)
	}
	f, err := os.CreateTemp(v.Dir, ".spool-*")
	if err != nil {
		return nil, errs.Busy("storage.unavailable", err)
	}
	// Without a name it goes with the process, however that ends.
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, errs.Busy("storage.unavailable", err)
	}
	key := make([]byte, 32)
	s := &spool{f: f}
	_, _ = rand.Read(key)
	_, _ = rand.Read(s.nonce[:])
	if s.block, err = aes.NewCipher(key); err != nil {
		_ = f.Close()
		return nil, errs.Internal(err)
	}
	buf := make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(r, buf)
		s.stream(s.size).XORKeyStream(buf[:n], buf[:n])
		if _, werr := f.Write(buf[:n]); werr != nil {
			_ = f.Close()
			return nil, errs.Busy("storage.unavailable", werr)
		}
		if s.size += int64(n); s.size > limit {
			_ = f.Close()
			return nil, errs.Invalid("file", "drawing.pile_large")
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return s, nil
		}
		if err != nil {
			_ = f.Close()
			return nil, errs.Invalid("file", "input.too_large")
		}
	}
}

// stream gives the key stream from an offset that is a multiple of 16.
func (s *spool) stream(at int64) cipher.Stream {
	var iv [16]byte
	copy(iv[:8], s.nonce[:])
	binary.BigEndian.PutUint64(iv[8:], uint64(at/16))
	return cipher.NewCTR(s.block, iv[:])
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	lead := off % 16
	buf := make([]byte, int64(len(p))+lead)
	n, err := s.f.ReadAt(buf, off-lead)
	s.stream(off-lead).XORKeyStream(buf[:n], buf[:n])
	n = copy(p, buf[min(int64(n), lead):n])
	if n < len(p) && err == nil {
		err = io.EOF
	}
	return n, err
}

func (s *spool) Close() error { return s.f.Close() }
