package guard

import (
	"context"
	"strconv"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/device"
)

func itoa(n int) string { return strconv.Itoa(n) }

// scheduleWindow has the fence looked at each time that it begins to hold.
func (s *Service) scheduleWindow(ctx context.Context, tx *db.Tx, f *Fence) error {
	if !f.Active || f.Mode != KeepIn || f.ChildID == "" || len(f.Schedule) == 0 {
		return job.Cancel(ctx, tx, JobWindow, string(f.ID))
	}
	rules, e, err := s.rulesFor(ctx, tx, "", f.Region)
	if err != nil {
		return err
	}
	cal, err := s.calendar(ctx, tx, e, f.Region)
	if err != nil {
		return err
	}
	next := f.Schedule.Next(tx.Now, cal)
	if next == 0 { // not within a hundred days: look again then
		return job.Schedule(ctx, tx, JobWindow, string(f.ID), tx.Now.Add(90*24*time.Hour), "")
	}
	return job.Schedule(ctx, tx, JobWindow, string(f.ID), next.Add(time.Duration(rules.Fence.GraceS)*time.Second), "")
}

// window is told some minutes after a fence began to hold: who should be
// inside by now and is known to be outside is absent. Nobody crossed the line
// just now, so that no fix will say so.
func (s *Service) window(ctx context.Context, tx *db.Tx, j job.Job) error {
	f, err := s.findFence(ctx, tx, id.ID(j.Key))
	if errs.Is(err, errs.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.scheduleWindow(ctx, tx, f); err != nil || !f.Active {
		return err
	}
	worn, err := device.WornBy(ctx, tx, f.ChildID)
	if err != nil {
		return err
	}
	for _, d := range worn[f.ChildID] {
		if err := s.absent(ctx, tx, f, d); err != nil {
			return err
		}
	}
	return nil
}

// fresh is how old the last fix may be to say that a child is not there now.
const fresh = 45 * time.Minute

func (s *Service) absent(ctx context.Context, tx *db.Tx, f *Fence, d device.Device) error {
	rules, e, err := s.rulesFor(ctx, tx, d.Profile, d.Region)
	if err != nil {
		return err
	}
	cal, err := s.calendar(ctx, tx, e, d.Region)
	if err != nil {
		return err
	}
	since, open := f.Schedule.Open(tx.Now, cal)
	if !open {
		return nil
	}
	// What was open from the window before is over: this one is told anew.
	left, err := openAlarms(ctx, tx, "device = ? AND fence = ? AND raised_at < ?", d.ID, f.ID, since)
	if err != nil {
		return err
	}
	for _, a := range left {
		if err := s.end(ctx, tx, a, "window_over"); err != nil {
			return err
		}
	}
	known, err := standings(ctx, tx, d.ID)
	if err != nil {
		return err
	}
	st := known[f.ID][live]
	last, err := device.LastOf(ctx, tx, d.ID)
	if err != nil {
		return err
	}
	l := last[d.ID]
	a := Alarm{Device: d.ID, ChildID: f.ChildID, Region: d.Region, Fence: f.ID, At: tx.Now, Kind: FenceExit}
	if f.Kind == "school" {
		a.Kind = Absent
	}
	where := l.Where()
	switch {
	case st.State == In && !st.Pending():
		return nil
	case where == nil || tx.Now.Sub(where.At) > fresh || where.Source == "cell" || st.State != Out:
		a.Kind = Unsure // no fix of this morning: nobody can say
	default:
		a.Value = f.shape.Distance(pointOf(*where))
	}
	return s.raise(ctx, tx, a, f, rules, cal)
}
