package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

const demoUsage = `Usage: zugou demo [--data DIR] [--http ADDR] [--watch ADDR] [--sip ADDR] [flags of serve]

Starts the house with a synthetic district of children, staff and 549 badges
that speak the real watch protocol to the real port. Accounts of every role are
printed; they need no second factor and no change of password, and a banner
says so. A second run keeps its data. With --demo-still no badge raises an
alarm: for teaching a page in peace. With --sip the children's line answers
calls at that address; take them on the hotline page of a seat.
`

func runDemo(ctx context.Context, e env, args []string) error {
	for _, want := range [][2]string{{"data", "demo-data"}, {"http", "127.0.0.1:8080"}, {"watch", "127.0.0.1:5093"}} {
		if !given(args, want[0]) && e.Getenv(config.Env(want[0])) == "" {
			args = append([]string{"--" + want[0], want[1]}, args...)
		}
	}
	c, err := config.Load(append([]string{"--demo"}, args...), e.Getenv, os.ReadFile)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(e.Out, demoUsage, "\n")
		config.Usage(e.Out)
	}
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, app.Options{Config: c, Log: logger(c, e.Err), Version: version})
	if err != nil {
		return explainKeys(c, err)
	}
	defer func() { _ = a.Close() }()
	fmt.Fprintln(e.Out, "正在准备演示区县……")
	accounts, err := a.SeedDemo(ctx)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	living, stop := context.WithCancel(ctx)
	defer stop()
	return a.Serve(ctx, func(addrs map[string]string) {
		printDemo(e.Out, a.Words.Text, baseURL(c, addrs["http"]), addrs["watch"], accounts)
		if !c.DemoStill {
			fmt.Fprint(e.Out, "打开坐席页面约半分钟内会响起第一条 SOS。")
		}
		fmt.Fprintln(e.Out, "按 Ctrl-C 结束；再次运行保留数据。")
		if sip := addrs["sip"]; sip != "" {
			fmt.Fprintf(e.Out, "热线端口 sip:%s（用软电话呼叫 sip:line@%s）\n", sip, sip)
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := a.Live(living, addrs["watch"]); err != nil && living.Err() == nil {
				fmt.Fprintln(e.Err, "zugou: the badges do not live:", err)
			}
		}()
	})
}

// given tells whether the flag stands among the arguments.
func given(args []string, name string) bool {
	for _, a := range args {
		for _, dash := range []string{"-", "--"} {
			if a == dash+name || len(a) > len(dash+name) && a[:len(dash+name)+1] == dash+name+"=" {
				return true
			}
		}
	}
	return false
}

// printDemo shows one account for each role.
func printDemo(w io.Writer, words func(string) (string, bool), base, watch string, accounts []staff.DemoAccount) {
	fmt.Fprintf(w, "\n足够 演示已启动：%s （设备端口 %s）\n", base, watch)
	fmt.Fprintf(w, "全部演示账号的密码：%s\n\n", staff.DemoPassword)
	seen := map[access.Role]bool{}
	for _, acc := range accounts {
		if seen[acc.Role] {
			continue
		}
		seen[acc.Role] = true
		page := "/console"
		switch acc.Role {
		case access.TownshipOfficer, access.VillageDirector, access.GridWorker, access.PoliceLiaison:
			page = "/m"
		case access.Citizen:
			page = "/guardian"
		}
		role, _ := words("role." + string(acc.Role))
		fmt.Fprintf(w, "  %-14s %s%-12s %s\n", acc.Account, base, page, role)
	}
	fmt.Fprintf(w, "  %-14s %s%-12s 儿童、群众求助\n\n", "（不用账号）", base, "/help")
}
