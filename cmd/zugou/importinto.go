package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/people/access"
	"zugou/internal/people/intake"
	"zugou/internal/people/roster"
)

// intoFlags say how an import into a register goes.
type intoFlags struct {
	dryRun, asJSON, yes bool
	refused             string
}

// importInto holds a list against the register of a data folder, and imports
// it unless only a look was asked for.
func importInto(ctx context.Context, e env, c config.Config, kind roster.Kind, path string, fixes mapFlag, f intoFlags) error {
	if !c.Postgres() {
		if _, err := os.Stat(c.Database()); err != nil {
			return fmt.Errorf("no database at %s: start serve first", c.Database())
		}
	}
	a, err := app.Open(ctx, app.Options{Config: c, Log: slog.New(slog.NewTextHandler(e.Err, nil)), Version: version})
	if err != nil {
		return explainKeys(c, err)
	}
	defer func() { _ = a.Close() }()
	ctx = access.With(ctx, access.System("user-command"))
	body, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: no such file", path)
	}
	v, err := a.Intake.Upload(ctx, kind, filepath.Base(path), body)
	if err == nil && len(fixes) > 0 {
		v, err = a.Intake.Correct(ctx, v.ID, fixes)
	}
	if err == nil && v.Problem != "" {
		err = fmt.Errorf("%s: %s", path, chinese(v.Problem))
	}
	if err != nil {
		if t := roster.ErrorText(err); t != "" {
			err = fmt.Errorf("%s: %s (%w)", path, t, err)
		}
		return err
	}
	if f.refused != "" {
		book, err := a.Intake.Refused(ctx, v.ID)
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.refused, book, 0o600); err != nil {
			return err
		}
	}
	if f.dryRun {
		defer func() { _, _ = a.Intake.Cancel(ctx, v.ID) }() // a look leaves nothing behind; what stays is swept within a day
		res, err := a.Intake.Result(ctx, v.ID)
		if err != nil {
			return err
		}
		if f.asJSON {
			return printRowsJSON(e.Out, res)
		}
		return printRows(e.Out, res)
	}
	if _, err := fmt.Fprintf(e.Out, "可导入 %d，留意 %d，重复 %d，不能导入 %d\n", v.Counts.OK, v.Counts.Warn, v.Counts.Duplicate, v.Counts.Refuse); err != nil {
		return err
	}
	if !f.yes {
		if _, err := fmt.Fprint(e.Out, "现在导入吗？输入 yes 继续："); err != nil {
			return err
		}
		answer, _ := bufio.NewReader(e.In).ReadString('\n') // no answer is a no
		if strings.TrimSpace(answer) != "yes" {
			_, err := a.Intake.Cancel(ctx, v.ID)
			return errors.Join(errors.New("not imported"), err)
		}
	}
	if v, err = a.Intake.Commit(ctx, v.ID); err != nil {
		return err
	}
	for v.State == intake.Writing || v.State == intake.Finishing {
		if err := a.Intake.Work(ctx, v.ID, time.Minute); err != nil {
			return err
		}
		if v, err = a.Intake.Find(ctx, v.ID); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(e.Out, "已导入 %d 行，新建 %d 份记录，待核对更正 %d 条，转查重 %d 件\n", v.Written, v.People, v.Follows, v.Cases)
	return err
}

func chinese(key string) string { return roster.Reason(key).Text() }
