// Package dbtest gives tests a fresh migrated database on each engine.
//
// PostgreSQL is a real server: the first test that needs it starts the local
// binaries as user postgres on a free port. The server ends with the test
// process: it hangs on a pipe whose other end this process holds.
package dbtest

import (
	"context"
	"database/sql"
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
		target = Postgres(t)
	}
	d, err := db.Open(context.Background(), target, clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if _, err := d.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
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
	serverOnce.Do(func() { serverURL, serverHold, serverErr = startServer() })
	if serverErr != nil {
		t.Fatalf("the tests need a PostgreSQL server (Debian package postgresql): %v", serverErr)
	}
	name := fmt.Sprintf("t%d", databases.Add(1))
	admin, err := sql.Open("pgx", fmt.Sprintf(serverURL, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin, err := sql.Open("pgx", fmt.Sprintf(serverURL, "postgres"))
		if err != nil {
			return
		}
		defer func() { _ = admin.Close() }()
		_, _ = admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
	})
	return fmt.Sprintf(serverURL, name)
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

// serverScript makes a cluster, runs the server until standard input closes,
// and removes the cluster.
const serverScript = `set -e
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$0/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
"$0/postgres" -D "$dir/data" -p "$1" -k "$dir" -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300 -c timezone=UTC >"$dir/log" 2>&1 &
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
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
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
