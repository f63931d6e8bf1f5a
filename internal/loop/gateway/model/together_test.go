package model_test

import (
	"fmt"
	"sync"
	"testing"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// together runs n things at once and gives how each ended.
func together(n int, do func(i int) error) []error {
	out := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			out[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	return out
}

// won tells that exactly one got through and the others read the same clear
// words.
func won(t *testing.T, ends []error, key string) {
	t.Helper()
	through := 0
	for _, err := range ends {
		switch {
		case err == nil:
			through++
		case !errs.Is(err, errs.KindConflict) || errs.KeyOf(err) != key:
			t.Errorf("%v (%s), want %s", err, errs.KeyOf(err), key)
		}
	}
	if through != 1 {
		t.Errorf("%d of %d got through", through, len(ends))
	}
}

func TestOfPeopleWhoProposeOneModelAtOnceOneDoesAndTheOthersAreToldWhy(t *testing.T) {
	each(t, func(w *world) {
		const n = 6
		for range 3 {
			won(t, together(n, func(i int) error {
				_, err := w.process().Propose(as(id.ID(fmt.Sprint("proposer", i)), access.BureauSection), own, "同一批学生卡")
				return err
			}), "model.waits_already")
			w.count("SELECT count(*) FROM device_model WHERE state = 'waiting'", 1)
			// Several approve it at once: it is published once.
			list, err := w.models.List(head)
			w.must(err)
			var waits id.ID
			for _, e := range list {
				if e.Waits != nil {
					waits = e.Waits.ID
				}
			}
			won(t, together(n, func(i int) error {
				_, err := w.process().Approve(as(id.ID(fmt.Sprint("approver", i)), access.BureauHead), waits)
				return err
			}), "model.decided_already")
		}
		w.count("SELECT count(*) FROM device_model WHERE state = 'published'", 3)
		w.count("SELECT max(edition) FROM device_model", 3)
	})
}
