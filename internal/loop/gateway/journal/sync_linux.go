package journal

import (
	"errors"
	"os"
	"syscall"
)

// datasync makes a file's text durable, and its length if that changed; its
// times are left to the kernel.
func datasync(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var said error
	err = raw.Control(func(fd uintptr) {
		for said = syscall.EINTR; said == syscall.EINTR; {
			said = syscall.Fdatasync(int(fd))
		}
	})
	return errors.Join(err, said)
}
