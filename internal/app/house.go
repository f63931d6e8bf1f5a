package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"zugou/internal/app/backup"
	"zugou/internal/centre/matter"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/notify"
	"zugou/internal/people/staff"
	"zugou/internal/web/api"
)

// staffNotices tells administrators what waits for them.
type staffNotices struct{}

// Waiting implements staff.Notices.
func (staffNotices) Waiting(ctx context.Context, tx *db.Tx, to id.ID, text string, ref id.ID, region string) error {
	return notify.Send(ctx, tx, notify.Message{To: to, Policy: notify.Ordinary, Key: text + ":" + string(ref), Text: text, Ref: ref, Region: region})
}

// Settled implements staff.Notices.
func (staffNotices) Settled(ctx context.Context, tx *db.Tx, ref id.ID) error {
	return notify.CancelRef(ctx, tx, ref, "")
}

// staffOptions gives the accounts their settings. A time for a role that is
// none would hold for nobody, and is refused.
func (a *App) staffOptions() (staff.Options, error) {
	o := staff.Options{District: a.Config.District, Demo: a.Config.Demo, Sender: smsCodes{a.Notify}, Notices: staffNotices{}, Hidden: matter.ConflictsOf, Idle: map[access.Role]time.Duration{}}
	known := map[access.Role]bool{}
	for _, r := range access.Roles() {
		known[r] = true
	}
	for name, d := range a.Config.SessionIdle {
		if !known[access.Role(name)] {
			return o, fmt.Errorf("setting session-idle: %q is not a role", name)
		}
		o.Idle[access.Role(name)] = d
	}
	return o, nil
}

// backups reads the folder of backups by the names of what is in it: the
// stamp is part of the name.
func backups(c config.Config) api.Backups {
	b := api.Backups{Known: c.Backups != ""}
	if !b.Known {
		return b
	}
	all, err := backup.List(c.Backups)
	if err != nil || len(all) == 0 {
		return b
	}
	b.Count = len(all)
	if at, ok := backup.MadeAt(filepath.Base(all[len(all)-1])); ok {
		b.MadeAt = clock.Of(at)
	}
	return b
}

// countedTables are those whose size tells how full the house is.
var countedTables = []string{"account", "person", "device", "signal", "matter", "dispatch_order", "audit_row"}

// report is the state of the house for who keeps it running.
func (a *App) report(ctx context.Context) (api.HouseReport, error) {
	out := api.HouseReport{System: a.system(ctx), StartedAt: a.startedAt, Cipher: a.Config.Cipher, Keys: a.Keys.Status(), Backups: backups(a.Config),
		Digests: a.digests.State(), Open: []api.Listener{}, Channels: []api.Channel{}, Jobs: []api.Jobs{}, Rows: []api.Count{},
		Findings: Examine(ctx, a.DB, a.Config, a.Keys.ID(), true)}
	on := map[string]string{}
	for _, l := range a.Config.Listeners() {
		on[l.Name] = l.Addr
	}
	for _, name := range []string{"http", "watch", "jt808", "gt06", "mqtt", "sip", "metrics"} {
		out.Open = append(out.Open, api.Listener{Name: name, Addr: on[name]})
	}
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var jobs []struct {
			Kind    string       `bun:"kind"`
			Waiting int          `bun:"waiting"`
			Late    int          `bun:"late"`
			Failing int          `bun:"failing"`
			NextAt  clock.Millis `bun:"next_at"`
			Error   string       `bun:"last_error"`
		}
		if err := r.List(ctx, &jobs, `SELECT kind, count(*) AS waiting, sum(CASE WHEN due_at < ? THEN 1 ELSE 0 END) AS late,
			sum(CASE WHEN attempts > ? THEN 1 ELSE 0 END) AS failing, min(due_at) AS next_at, max(last_error) AS last_error FROM job GROUP BY kind ORDER BY kind`,
			r.At().Add(-jobLate), jobTries); err != nil {
			return err
		}
		for _, j := range jobs {
			out.Jobs = append(out.Jobs, api.Jobs{Kind: j.Kind, Waiting: j.Waiting, Late: j.Late, Failing: j.Failing, NextAt: j.NextAt, LastError: j.Error})
		}
		var sent []struct {
			Channel string `bun:"channel"`
			State   string `bun:"state"`
			N       int    `bun:"n"`
		}
		if err := r.List(ctx, &sent, "SELECT channel, state, count(*) AS n FROM outbox WHERE created_at >= ? GROUP BY channel, state", r.At().Add(-24*time.Hour)); err != nil {
			return err
		}
		for name, configured := range map[notify.ChannelName]bool{notify.SMS: a.Config.SMS.On(), notify.WeCom: a.Config.WeCom.On(), notify.DingTalk: a.Config.DingTalk.On(), notify.WebPush: a.Config.WebPush} {
			ch := api.Channel{Name: string(name), On: configured}
			for _, s := range sent {
				switch {
				case s.Channel != string(name):
				case s.State == "sent":
					ch.Sent += s.N
				case s.State == "failed":
					ch.Failed += s.N
				case s.State != "cancelled":
					ch.Queued += s.N
				}
			}
			out.Channels = append(out.Channels, ch)
		}
		var err error
		if out.Schema, err = schemaOf(ctx, r); err != nil {
			return err
		}
		for _, table := range countedTables {
			c := api.Count{Kind: table}
			if err := r.Get(ctx, db.To(&c.N), "SELECT count(*) FROM "+table); err != nil {
				return err
			}
			out.Rows = append(out.Rows, c)
		}
		return nil
	})
	sortChannels(out.Channels)
	return out, err
}

func sortChannels(list []api.Channel) {
	order := func(name string) int { return strings.Index("sms web_push wecom dingtalk", name) }
	for i := range list {
		for k := i + 1; k < len(list); k++ {
			if order(list[k].Name) < order(list[i].Name) {
				list[i], list[k] = list[k], list[i]
			}
		}
	}
}

func schemaOf(ctx context.Context, r db.Reader) (int64, error) {
	var n int64
	err := r.Get(ctx, db.To(&n), "SELECT coalesce(max(version_id), 0) FROM goose_db_version")
	return n, err
}
