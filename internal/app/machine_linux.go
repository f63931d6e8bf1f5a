package app

import "golang.org/x/sys/unix"

// diskFree gives the free part of the folder's disk, in percent.
func diskFree(dir string) (percent float64, ok bool) {
	var s unix.Statfs_t
	if dir == "" || unix.Statfs(dir, &s) != nil || s.Blocks == 0 {
		return 0, false
	}
	return 100 * float64(s.Bavail) / float64(s.Blocks), true
}

// clockSynced tells whether the machine's clock follows a time server.
func clockSynced() (synced, ok bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, err == nil
}
