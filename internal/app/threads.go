package app

import (
	"os"
	"runtime"
	"sync"
)

// spareThread lets one more thread run than there are processors. One of them
// waits for the disk nearly all the time, in an fsync of the journal or of the
// database, and keeps its place among the running ones while it waits; with two
// processors half of them would be lost. Whoever set GOMAXPROCS decided.
var spareThread = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
})
