package intake

import (
	"context"
	"errors"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
	"zugou/internal/people/person"
	"zugou/internal/people/roster"
)

// The size of a change follows the time that the last one took, so that a slow
// disk makes it smaller: a signal waits for one change at most.
const (
	chunkFirst = 24
	chunkLeast = 4
	chunkMost  = 60
	chunkAim   = 22 * time.Millisecond
	markMost   = 200 // marks put on or taken off in one change
	removeMost = 40  // people removed in one change
)

const (
	stepWithin = 20 * time.Second // of one run of the job: well below its lease
	sweepEvery = time.Hour
	againAfter = 90 * time.Second // the net under a call that works itself
)

// Commit begins to write an import. Up to the policy's number of rows it is
// done when the call returns; above, it goes on in the background. Errors:
// NotFound, Conflict "intake.moved", "intake.other_writes", Invalid
// "intake.nothing".
func (s *Service) Commit(ctx context.Context, intake id.ID) (View, error) {
	var i Intake
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		i, err = findFor(ctx, r, intake)
		return err
	})
	if err != nil {
		return View{}, err
	}
	if i.State != Draft {
		return View{}, errs.Conflict("intake.moved")
	}
	r, err := s.load(ctx, i, true)
	if err != nil {
		return View{}, err
	}
	if r.res == nil {
		return View{}, errs.Invalid("file", r.problem)
	}
	ok, warn := r.res.Count(roster.OK), r.res.Count(roster.Warn)
	dup, bad := r.res.Count(roster.Duplicate), r.res.Count(roster.Refuse)
	if ok+warn+dup == 0 {
		return View{}, errs.Invalid("file", "intake.nothing")
	}
	policy := s.Policies.On(civil.DateOf(s.DB.Clock().Now()))
	small := len(r.res.Rows) <= policy.BackgroundAbove || s.Jobs == nil
	err = s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "intake"); err != nil {
			return err
		}
		if other, err := writing(ctx, tx); err != nil || other != "" {
			return errors.Join(err, errs.Conflict("intake.other_writes"))
		}
		if err := move(ctx, tx, i.ID, Draft, Writing); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE intake SET rows_ok = ?, rows_warn = ?, rows_duplicate = ?, rows_refuse = ?, committed_at = ?, problem = '',
			keep_until = ? WHERE id = ?`, ok, warn, dup, bad, tx.Now, tx.Now.Add(time.Duration(policy.KeepDays)*24*time.Hour), i.ID); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: action(i.Kind), SubjectKind: "import", Subject: i.ID, Result: "committed", Region: i.Region}); err != nil {
			return err
		}
		return s.begin(ctx, tx, i, small)
	})
	if err != nil {
		return View{}, err
	}
	return s.carry(ctx, i.ID, small)
}

// begin schedules the work: at once in the background, or as the net under a
// call that works itself.
func (s *Service) begin(ctx context.Context, tx *db.Tx, i Intake, small bool) error {
	due := tx.Now
	if small {
		due = tx.Now.Add(againAfter)
	}
	if err := job.Schedule(ctx, tx, JobRun, string(i.ID), due, ""); err != nil {
		return err
	}
	return s.tell(ctx, tx, i)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, i Intake) error {
	return tx.Emit(ctx, db.Event{Topic: "import", Kind: "changed", Region: i.Region, Ref: string(i.ID)})
}

func (s *Service) carry(ctx context.Context, intake id.ID, small bool) (View, error) {
	if small {
		// A fault here is no fault of the call's: the job goes on with it.
		if err := s.Work(context.WithoutCancel(ctx), intake, time.Hour); err != nil && s.Log != nil {
			s.Log.Error("import goes on in the background", "error", err)
		}
	}
	return s.Find(ctx, intake)
}

// runJob works for a while and puts itself back while there is more.
func (s *Service) runJob(ctx context.Context, j job.Job) error {
	return s.Work(ctx, id.ID(j.Key), stepWithin)
}

// Work drives an import on from wherever it stands until it rests, or until
// the time is over; then the job is scheduled again. It may be called by any
// process at any time.
func (s *Service) Work(ctx context.Context, intake id.ID, within time.Duration) error {
	end := s.DB.Clock().Now().Add(within)
	for {
		var i Intake
		err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
			var err error
			i, err = find(ctx, r, intake)
			return err
		})
		if err != nil {
			return err
		}
		by := i.CreatedBy
		if i.UndoneBy != "" {
			by = i.UndoneBy
		}
		// Rights were asked when it began; what is written is written in the name
		// of who began it.
		ctx := access.With(ctx, access.Actor{Account: by, System: true})
		stop := func() bool { return !s.DB.Clock().Now().Before(end) }
		switch i.State {
		case Writing:
			err = s.write(ctx, i, stop)
		case Finishing:
			err = s.finish(ctx, i, stop)
		case Undoing:
			err = s.mark(ctx, i, stop)
		case Removing:
			err = s.remove(ctx, i, stop)
		default:
			return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return job.Cancel(ctx, tx, JobRun, string(i.ID)) })
		}
		if err != nil {
			return err
		}
		if stop() {
			return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
				return job.Schedule(ctx, tx, JobRun, string(i.ID), tx.Now, "")
			})
		}
	}
}

// prepared is a change made ready outside of it.
type prepared struct {
	rows    []int
	intake  *person.Intake
	ids     []id.ID
	devices []device.Registration
	follows []follow
}

// write brings the rows into the registers, change by change, and shows them
// all when the last is written. While one change is stored the next is made.
func (s *Service) write(ctx context.Context, i Intake, stop func() bool) error {
	for again := 0; ; again++ {
		err := s.writeOnce(ctx, i, stop, again > 0)
		// A number that was registered by hand since: judge anew, once more.
		if errs.Is(err, errs.KindConflict) && errs.KeyOf(err) == "person.id_registered" && again < 5 {
			continue
		}
		return err
	}
}

func (s *Service) writeOnce(ctx context.Context, i Intake, stop func() bool, fresh bool) error {
	r, err := s.load(ctx, i, fresh)
	if err != nil {
		return err
	}
	var done []made
	if err := s.DB.View(ctx, func(ctx context.Context, v db.Reader) error {
		done, err = chunks(ctx, v, i.ID)
		return err
	}); err != nil {
		return err
	}
	has := map[int]bool{}
	for _, m := range done {
		for _, row := range m.Rows {
			has[row.Row] = true
		}
	}
	var todo []int
	for n, row := range r.res.Rows {
		e := r.entries[n]
		if !has[n] && (taken(row.Outcome) || row.Outcome == roster.Duplicate && e.known.Child && i.Kind == roster.Children) {
			todo = append(todo, n)
		}
	}
	number := len(done)
	type ahead struct {
		p   prepared
		err error
	}
	next := func(rows []int) chan ahead {
		out := make(chan ahead, 1)
		go func() {
			p, err := s.prepare(ctx, i, r, rows)
			out <- ahead{p, err}
		}()
		return out
	}
	take := func() []int {
		n := min(s.size(), len(todo))
		rows := todo[:n]
		todo = todo[n:]
		return rows
	}
	var coming chan ahead
	if len(todo) > 0 {
		coming = next(take())
	}
	for coming != nil {
		a := <-coming
		coming = nil
		if a.err != nil {
			return a.err
		}
		more := len(todo) > 0 && !stop()
		// Guardians are found again in what is stored: siblings of two changes
		// would each get a mother if the next were looked up before this is
		// stored. Look-up is quick; sealing, which is not, runs beside.
		if err := s.store(ctx, i, number, a.p); err != nil {
			return err
		}
		number++
		if more {
			coming = next(take())
		}
	}
	if len(todo) > 0 {
		return nil
	}
	return s.show(ctx, i)
}

func (s *Service) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chunk
}

// learn fits the size of the next change to the time that the last one took.
func (s *Service) learn(rows int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if took <= 0 || rows == 0 {
		return
	}
	fit := int(float64(rows) * float64(chunkAim) / float64(took))
	s.chunk = max(chunkLeast, min(chunkMost, (s.chunk+fit)/2+1))
}

// prepare reads, judges and seals what the rows become.
func (s *Service) prepare(ctx context.Context, i Intake, r *reading, rows []int) (prepared, error) {
	p := prepared{rows: rows}
	err := s.DB.View(ctx, func(ctx context.Context, v db.Reader) error {
		if i.Kind == roster.Devices {
			s.prepareDevices(i, r, &p)
			return nil
		}
		var fresh []person.NewChild
		var at []int
		for _, n := range rows {
			if taken(r.res.Rows[n].Outcome) {
				fresh, at = append(fresh, r.entries[n].child), append(at, n)
				continue
			}
			f, ok, err := s.followKnown(ctx, v, i, r, n)
			if err != nil {
				return err
			}
			if ok {
				p.follows = append(p.follows, f)
			}
		}
		p.rows = at
		var err error
		if p.intake, p.ids, err = person.Prepare(ctx, v, s.Keys, i.ID, fresh); err != nil {
			return err
		}
		for k, n := range at {
			if m := r.entries[n].match; m != nil {
				p.follows = append(p.follows, follow{Intake: i.ID, N: n, Kind: followMatch, State: waiting, Record: m.ID, Other: p.ids[k], Region: m.Region, Fields: m.Why})
			}
		}
		return nil
	})
	return p, err
}

func (s *Service) prepareDevices(i Intake, r *reading, p *prepared) {
	var at []int
	for _, n := range p.rows {
		row, e := r.res.Rows[n], r.entries[n]
		if e.device != nil {
			p.follows = append(p.follows, follow{Intake: i.ID, N: n, Kind: followAdopt, State: waiting, Record: e.device.ID, Other: e.wearer, Region: e.region})
			continue
		}
		at = append(at, n)
		p.devices = append(p.devices, s.registration(row, e, i.ID))
	}
	p.rows = at
}

// followKnown says what a row about a child who is there already leads to.
func (s *Service) followKnown(ctx context.Context, v db.Reader, i Intake, r *reading, n int) (follow, bool, error) {
	e := r.entries[n]
	f := follow{Intake: i.ID, N: n, State: waiting, Record: e.known.ID, Region: e.known.Region}
	if len(e.region) >= 9 && township(e.region) != township(e.known.Region) {
		f.Kind, f.Fields = followCase, e.region
		return f, true, nil
	}
	p, ok, err := s.Person.Propose(ctx, v, e.known.ID, e.child)
	if errs.Is(err, errs.KindNotFound) {
		return follow{}, false, nil
	}
	f.Kind, f.Detail = followProposal, p.Sealed
	for k, name := range p.Fields {
		if k > 0 {
			f.Fields += ","
		}
		f.Fields += name
	}
	return f, ok, err
}

// store writes one change.
func (s *Service) store(ctx context.Context, i Intake, number int, p prepared) error {
	var took time.Duration
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		began := s.DB.Clock().Now()
		var now State
		if err := tx.Get(ctx, db.To(&now), "SELECT state FROM intake WHERE id = ?", i.ID); err != nil {
			return err
		}
		if now != Writing { // cancelled meanwhile
			return errs.Conflict("intake.moved")
		}
		m := made{}
		people := 0
		if p.intake != nil && len(p.rows) > 0 {
			if err := p.intake.Write(ctx, tx); err != nil {
				return err
			}
			for k, n := range p.rows {
				m.Rows = append(m.Rows, madeRow{n, p.ids[k]})
			}
			for _, a := range p.intake.Added() {
				if people++; !a.Child {
					m.Adults = append(m.Adults, a.ID)
				}
			}
		}
		if len(p.devices) > 0 {
			ids, err := device.Register(ctx, tx, s.Keys, p.devices)
			if err != nil {
				return err
			}
			for k, n := range p.rows {
				m.Rows = append(m.Rows, madeRow{n, ids[k]})
			}
			people += len(ids)
		}
		if err := insertFollows(ctx, tx, p.follows); err != nil {
			return err
		}
		if err := insertChunk(ctx, tx, i.ID, number, m); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE intake SET written = written + ?, people = people + ? WHERE id = ?", len(m.Rows), people, i.ID)
		took = s.DB.Clock().Now().Sub(began)
		return err
	})
	if err == nil {
		s.learn(len(p.rows)+len(p.follows), took)
	}
	return err
}

// show makes the whole import appear at once.
func (s *Service) show(ctx context.Context, i Intake) error {
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := move(ctx, tx, i.ID, Writing, Finishing); err != nil {
			return err
		}
		if err := person.Show(ctx, tx, i.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE intake SET shown_at = ? WHERE id = ?", tx.Now, i.ID); err != nil {
			return err
		}
		topic := "child"
		if i.Kind == roster.Devices {
			topic = "device"
		}
		if err := tx.Emit(ctx, db.Event{Topic: topic, Kind: "imported", Region: i.Region, Ref: string(i.ID)}); err != nil {
			return err
		}
		return s.tell(ctx, tx, i)
	})
}

// finish does what follows from the rows, then takes off the marks.
func (s *Service) finish(ctx context.Context, i Intake, stop func() bool) error {
	for !stop() {
		var list []follow
		if err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
			var err error
			list, err = follows(ctx, r, i.ID, waiting, 8)
			return err
		}); err != nil {
			return err
		}
		if len(list) == 0 {
			return s.settle(ctx, i, Finishing, Done, stop)
		}
		if err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, f := range list {
				if err := s.doFollow(ctx, tx, i, f); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) doFollow(ctx context.Context, tx *db.Tx, i Intake, f follow) error {
	var err error
	to := followed
	switch f.Kind {
	case followProposal:
		to = open
	case followCase:
		err = s.Person.Claimed(ctx, tx, f.Record, f.Fields)
	case followMatch:
		err = s.Person.Resembles(ctx, tx, f.Record, f.Other, f.Fields)
	case followAdopt:
		err = device.New(s.DB, s.Keys, device.Ports{}).HandOutListed(ctx, tx, f.Record, device.Registration{Kind: "badge", Wearer: f.Other})
	}
	// What was there is gone or taken by now: there is nothing left to follow.
	if errs.Is(err, errs.KindNotFound) || errs.Is(err, errs.KindConflict) {
		to, err = rejected, nil
	}
	if err != nil {
		return err
	}
	return setFollow(ctx, tx, f, waiting, to)
}

// settle takes off the marks and rests in the state to.
func (s *Service) settle(ctx context.Context, i Intake, from, to State, stop func() bool) error {
	for !stop() {
		var n int64
		err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			var err error
			if i.Kind == roster.Devices {
				n, err = device.Settle(ctx, tx, i.ID, markMost)
			} else {
				n, err = person.Settle(ctx, tx, i.ID, markMost)
			}
			if err != nil || n > 0 {
				return err
			}
			if err := person.Hide(ctx, tx, i.ID); err != nil { // nobody bears the mark any more
				return err
			}
			if err := move(ctx, tx, i.ID, from, to); err != nil {
				return err
			}
			return s.tell(ctx, tx, i)
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
	return nil
}

// Sweep erases the files whose time is over: the counts stay.
func (s *Service) Sweep(ctx context.Context) error {
	ctx = access.With(ctx, access.System("intake"))
	for {
		var over []Intake
		now := clock.Of(s.DB.Clock().Now())
		if err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
			var err error
			over, err = list(ctx, r, "i.subject <> '' AND i.keep_until <= ? AND i.state NOT IN "+underWay, []any{now}, "", 50)
			return err
		}); err != nil || len(over) == 0 {
			return err
		}
		for _, i := range over {
			if err := s.erase(ctx, i); err != nil {
				return err
			}
		}
	}
}

// erase destroys the file's key and takes its pieces away.
func (s *Service) erase(ctx context.Context, i Intake) error {
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE intake SET subject = '', state = CASE WHEN state = 'draft' THEN 'dropped' ELSE state END WHERE id = ?`, i.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: action(i.Kind), SubjectKind: "import", Subject: i.ID, Result: "file_erased", Region: i.Region})
	})
	if err != nil {
		return err
	}
	if i.Subject != "" {
		s.Keys.Forget(i.Subject)
	}
	s.mu.Lock()
	kept := s.read[:0]
	for _, r := range s.read {
		if r.intake != i.ID {
			kept = append(kept, r)
		}
	}
	s.read = kept
	s.mu.Unlock()
	for n := range i.Pieces {
		if err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM intake_piece WHERE intake = ? AND n = ?", i.ID, n)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
