package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"
)

// online has n badges in a process of their own connect and link, and keep
// talking as badges do, until the bench ends.
func online(b *testing.B, watch string, n int) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "ZUGOU_BENCH_BADGES="+strconv.Itoa(n), "ZUGOU_BENCH_ADDR="+watch)
	cmd.Stderr = os.Stderr
	hold, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = hold.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		b.Fatalf("the badges did not come online: %v", err)
	}
	b.Logf("%s", line[:len(line)-1])
}

// A badge links every five minutes and tells its place every ten.
const (
	linkEvery = 5 * time.Minute
	dialers   = 64
)

// beBadges is the process of the badges: it ends when its input does.
func beBadges(count, addr string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	conns := make([]net.Conn, n)
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	faults := make(chan error, dialers)
	var wg sync.WaitGroup
	for range dialers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				conn, err := net.Dial("tcp", addr)
				if err == nil {
					_, err = fmt.Fprintf(conn, "[3G*%s*0002*LK]", badgeID(i))
				}
				if err == nil {
					_, err = io.ReadFull(conn, make([]byte, len("[3G**0002*LK]")+len(badgeID(i))))
				}
				if err != nil {
					faults <- fmt.Errorf("badge %d: %w", i, err)
					return
				}
				conns[i] = conn
			}
		}()
	}
	wg.Wait()
	select {
	case err := <-faults:
		return err
	default:
	}
	fmt.Printf("%d badges online, each linked and answered; together they say %.1f frames/s\n", n, float64(n)/linkEvery.Seconds()*1.5)
	for _, conn := range conns {
		go func() { _, _ = io.Copy(io.Discard, conn) }()
	}
	over := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); close(over) }()
	beat := time.NewTicker(linkEvery / time.Duration(n))
	defer beat.Stop()
	for i := 0; ; i++ {
		select {
		case <-over:
			return nil
		case <-beat.C:
		}
		conn := conns[i%n]
		_, _ = fmt.Fprintf(conn, "[3G*%s*0002*LK]", badgeID(i%n))
		if i%2 == 0 {
			content := fmt.Sprintf("UD,%s,A,29.6%03d,N,105.7%03d,E,0,0,0,9,100,50,%d,0,00000000,0,0,0", time.Now().UTC().Format("020106,150405"), i%1000, i%1000, i)
			_, _ = fmt.Fprintf(conn, "[3G*%s*%04X*%s]", badgeID(i%n), len(content), content)
		}
	}
}

// badgeID numbers the badges that only keep the line busy: none of them is one
// of the demo district's, which press the button.
func badgeID(i int) string { return fmt.Sprintf("77%08d", i) }
