//go:build unix

package crypto

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir keeps two processes from changing one keyring at a time: the later
// would write the earlier's new key away, and with it all that was sealed by
// it since. The kernel drops the lock when a process dies.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, FileName+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keyring lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("keyring lock: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
