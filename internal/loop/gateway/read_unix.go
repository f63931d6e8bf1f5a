//go:build unix

package gateway

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

// buffers are lent for the moment in which bytes are there: a line that waits,
// and nearly all do, holds none.
var buffers = sync.Pool{New: func() any { b := make([]byte, readBuffer); return &b }}

// lender gives the reader of a connection; nil where it must have a buffer of
// its own.
func lender(c net.Conn) func(take func(p []byte)) error {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return func(take func(p []byte)) error {
		var buf *[]byte
		n, fault := 0, error(nil)
		err := raw.Read(func(fd uintptr) bool {
			buf, _ = buffers.Get().(*[]byte) // the pool holds nothing else
			for {
				n, fault = syscall.Read(int(fd), *buf)
				if !errors.Is(fault, syscall.EINTR) {
					break
				}
			}
			if errors.Is(fault, syscall.EAGAIN) {
				buffers.Put(buf)
				return false
			}
			return true
		})
		switch {
		case err != nil:
			return err
		case fault != nil:
			buffers.Put(buf)
			return fault
		case n <= 0:
			buffers.Put(buf)
			return io.EOF
		}
		take((*buf)[:n])
		buffers.Put(buf)
		return nil
	}
}
