package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zugou/internal/app"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/job"
)

// A house of today is well: that no backup was made yet and no digest written
// is told and is no fault. What needs a person is one.
func TestTheDoctorTellsAFreshHouseFromASickOne(t *testing.T) {
	data := t.TempDir()
	if out, _, err := zugou(t, "", "doctor", "--data", data); err == nil || !strings.Contains(out, "需要处理  密钥不能读取") {
		t.Errorf("an empty folder: %v\n%s", err, out)
	}
	c, err := config.Load([]string{"--data", data}, func(string) string { return "" }, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(context.Background(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	out, _, err := zugou(t, "", "doctor", "--data", data)
	if err != nil || strings.Contains(out, "需要处理") || !strings.Contains(out, "请留意  没有设置备份目录") || !strings.Contains(out, "请留意  还没有库外审计摘要") || !strings.Contains(out, "正常  存储写入正常") {
		t.Errorf("a fresh house: %v\n%s", err, out)
	}
	if strings.Contains(out, "finding.") || strings.Contains(out, "{n}") {
		t.Errorf("a line has no words:\n%s", out)
	}
	d, err := db.Open(context.Background(), filepath.Join(data, "zugou.db"), clock.System())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		if err := job.Schedule(ctx, tx, "test", "sick", tx.Now, ""); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE job SET attempts = 9 WHERE kind = 'test'")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if out, _, err = zugou(t, "", "doctor", "--data", data); err == nil || !strings.Contains(out, "需要处理  1 个后台任务反复失败") {
		t.Errorf("a house with a sick job: %v\n%s", err, out)
	}
}
