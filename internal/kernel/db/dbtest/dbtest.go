// Package dbtest gives tests a fresh migrated database on each engine.
//
// PostgreSQL is a real server: the first test that needs it starts the local
// binaries as user postgres on a free port. The server ends with the test
// process: it hangs on a pipe whose other end this process holds.
package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
)

// Start is the instant at which the fake clock of Each stands: 02:10 of
// 2024-06-01 in China, the hour the product is made for.
var Start = time.Date(2024, 5, 31, 18, 10, 0, 0, time.UTC)

// Each runs fn on a fresh database of every engine, with a fake clock.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB, clk *clock.Fake)) {
	t.Helper()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			clk := clock.NewFake(Start)
			fn(t, Open(t, engine, clk), clk)
		})
	}
}

// Open gives a fresh migrated database of one engine; it goes with the test.
func Open(t testing.TB, engine db.Engine, clk clock.Clock) *db.DB {
	t.Helper()
	target := filepath.Join(t.TempDir(), "zugou.db")
	if engine == db.Postgres {
		target = postgres(t, true)
	} else if err := os.WriteFile(target, liteTemplate(t), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(context.Background(), target, clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// The schema is made once for each engine and test process, and copied.
var (
	liteOnce sync.Once
	lite     []byte
	liteErr  error

	pgOnce sync.Once
	pgErr  error
)

func liteTemplate(t testing.TB) []byte {
	t.Helper()
	liteOnce.Do(func() {
		dir, err := os.MkdirTemp("", "zugou-template")
		if err != nil {
			liteErr = err
			return
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path := filepath.Join(dir, "template.db")
		if liteErr = migrate(path); liteErr == nil {
			lite, liteErr = os.ReadFile(path)
		}
	})
	if liteErr != nil {
		t.Fatal(liteErr)
	}
	return lite
}

// migrate makes the schema in an empty database. Closing it leaves all of it
// in the one file, on the embedded engine.
func migrate(target string) error {
	d, err := db.Open(context.Background(), target, clock.NewFake(Start))
	if err != nil {
		return err
	}
	_, err = d.Migrate(context.Background())
	return errors.Join(err, d.Close())
}

var (
	serverOnce sync.Once
	serverURL  string // with %s for the database
	serverErr  error
	serverHold io.Closer // the pipe the server hangs on
	databases  atomic.Int64
)

// Postgres makes a fresh empty database on the test server and gives its URL.
func Postgres(t testing.TB) string {
	t.Helper()
	return postgres(t, false)
}

const pgTemplate = "migrated"

func postgres(t testing.TB, migrated bool) string {
	t.Helper()
	serverOnce.Do(func() { serverURL, serverHold, serverErr = startServer() })
	if serverErr != nil {
		t.Fatalf("the tests need a PostgreSQL server (Debian package postgresql): %v", serverErr)
	}
	from := ""
	if migrated {
		pgOnce.Do(func() {
			if pgErr = execute("CREATE DATABASE " + pgTemplate); pgErr == nil {
				pgErr = migrate(fmt.Sprintf(serverURL, pgTemplate))
			}
		})
		if pgErr != nil {
			t.Fatal(pgErr)
		}
		from = " TEMPLATE " + pgTemplate
	}
	name := fmt.Sprintf("t%d", databases.Add(1))
	if err := execute("CREATE DATABASE " + name + from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	return fmt.Sprintf(serverURL, name)
}

// execute runs one statement in the server's own database.
func execute(statement string) error {
	admin, err := sql.Open("pgx", fmt.Sprintf(serverURL, "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close() }()
	_, err = admin.Exec(statement)
	return err
}

// binaries finds the folder of the newest installed PostgreSQL server.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	sort.Slice(found, func(i, j int) bool { return major(found[i]) > major(found[j]) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

func major(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// serverScript makes a cluster, in memory where there is a gigabyte of it, runs
// the server until standard input closes, and removes the cluster. Each test
// copies a database of some thousand files.
const serverScript = `set -e
base=/tmp
free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR==2 {print $4}')
if [ "${free:-0}" -gt 1048576 ] && [ -w /dev/shm ]; then base=/dev/shm; fi
dir=$(mktemp -d "$base/zugou-pg.XXXXXX")
trap 'rm -rf "$dir"' EXIT
"$0/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
"$0/postgres" -D "$dir/data" -p "$1" -k "$dir" -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c timezone=UTC >"$dir/log" 2>&1 &
pid=$!
cat >/dev/null
kill -QUIT $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
`

func startServer() (string, io.Closer, error) {
	bin, err := binaries()
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()

	args := []string{"sh", "-c", serverScript, bin, strconv.Itoa(port)}
	if os.Getuid() == 0 { // PostgreSQL refuses root
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = "/"
	var errOut strings.Builder
	cmd.Stderr = &errOut
	hold, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	gone := make(chan error, 1)
	go func() { gone <- cmd.Wait() }()

	target := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%%s?sslmode=disable", port)
	probe, err := sql.Open("pgx", fmt.Sprintf(target, "postgres"))
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = probe.Close() }()
	for try := 0; try < 3000; try++ { // a machine under load starts it in minutes
		select {
		case err := <-gone:
			return "", nil, fmt.Errorf("the server did not start: %v: %s", err, errOut.String())
		default:
		}
		if probe.Ping() == nil {
			return target, hold, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", nil, fmt.Errorf("the server did not answer within five minutes: %s", errOut.String())
}
