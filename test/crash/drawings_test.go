package crash

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/test/photo"
)

// drawingCount is how many drawings the pile has: few in `make test`, 8,150 in
// `make soak`, which is what the district of the issue collects in one go.
func drawingCount() int {
	if n, err := strconv.Atoi(os.Getenv("ZUGOU_DRAWINGS")); err == nil {
		return n
	}
	return 60
}

const (
	perZip    = 500
	mostMiB   = 1024 // of the program's memory, whatever the size of the pile
	demoWords = "Haitang-7.Qiao"
)

// One batch of drawings of two megapixels, handed in as zips that are made as
// they go. The program is killed while it takes them and while it reads; what
// was interrupted is sent again. In the end each sheet has one drawing.
func TestABatchOfDrawingsSurvivesKillsAndKeepsItsMemory(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "zugou")
	if out, err := exec.Command("go", "build", "-o", bin, "zugou/cmd/zugou").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	d := &desk{t: t, bin: bin, data: filepath.Join(t.TempDir(), "data"), http: freeAddr(t), watch: freeAddr(t)}
	d.start()
	defer func() { d.kill() }()
	began := time.Now()
	numbers := d.print(drawingCount())
	t.Logf("%d sheets printed in %v", len(numbers), time.Since(began).Round(time.Second))
	pile := photo.NewPile(min(24, 4+len(numbers)/50), 1224, 1632)

	var batch struct{ ID string }
	d.must("POST", "/drawings/batches", map[string]any{"title": "整批", "drawn_on": time.Now().UTC().Add(8 * time.Hour).Format(time.DateOnly), "colours": true, "time_limit": 40, "material": "彩笔", "region": ""}, &batch)
	began = time.Now()
	inZip := min(perZip, 1+len(numbers)/3)
	kills, reading, sent := 0, 0, 0
	for at := 0; at < len(numbers); at += inZip {
		part := numbers[at:min(at+inZip, len(numbers))]
		// A third of the sendings die on the way.
		dies := sent%3 == 0
		for {
			err := d.send(batch.ID, pile, at, part, dies)
			if err == nil {
				break
			}
			if !dies {
				t.Fatalf("sending %d: %v", sent, err)
			}
			dies, kills = false, kills+1
			d.kill()
			d.start()
		}
		sent++
		if c := d.counts(batch.ID); c.Photos != at+len(part) {
			t.Fatalf("%d photos after %d were sent: one is lost or doubled", c.Photos, at+len(part))
		}
		t.Logf("%v: %d sent, %d wait, memory at most %d MiB", time.Since(began).Round(time.Second), at+len(part), d.counts(batch.ID).Waiting, d.memory())
	}
	// Killed again and again while it reads.
	c := d.counts(batch.ID)
	for left := c.Waiting; left > 0; left = c.Waiting {
		time.Sleep(time.Duration(300+rand.IntN(1200)) * time.Millisecond)
		c = d.counts(batch.ID)
		if c.Waiting > 0 && c.SecondsLeft <= 0 {
			t.Errorf("%d wait and no time is told", c.Waiting)
		}
		if reading < 2 && c.Waiting > 0 && c.Waiting < left {
			reading++
			kills++
			d.kill()
			d.start()
		}
	}
	took := time.Since(began)
	most := d.memory()
	if c.Photos != len(numbers) || c.Read+c.Mend+c.Again != len(numbers) || c.Dropped != 0 {
		t.Errorf("in the end %+v", c)
	}
	if c.Mend+c.Again > len(numbers)/100 {
		t.Errorf("%d of %d wait to be mended", c.Mend+c.Again, len(numbers))
	}
	if most > mostMiB {
		t.Errorf("the program took %d MiB", most)
	}
	d.stop()
	drawn, frames := d.stored()
	if len(drawn) != c.Read || frames < c.Read {
		t.Errorf("%d numbers have a drawing, %d were read, %d pictures", len(drawn), c.Read, frames)
	}
	for number, n := range drawn {
		if n != 1 {
			t.Errorf("sheet %s has %d drawings", number, n)
		}
	}
	for _, n := range numbers {
		delete(drawn, n)
	}
	if len(drawn) > 0 {
		t.Errorf("%d drawings of sheets that were not handed in: WRONG identity", len(drawn))
	}
	t.Logf("%d drawings, %d kills, %v in all (making them included), %d to mend, %d to compare, memory at most %d MiB", len(numbers), kills, took.Round(time.Second), c.Mend+c.Again, c.Compare, most)
}

// counts is how far the batch is, as the page shows it.
type counts struct {
	Photos      int   `json:"photos"`
	Waiting     int   `json:"waiting"`
	Read        int   `json:"read"`
	Mend        int   `json:"mend"`
	Again       int   `json:"again"`
	Dropped     int   `json:"dropped"`
	Compare     int   `json:"compare"`
	SecondsLeft int64 `json:"seconds_left"`
}

// desk is a section's officer at the real program.
type desk struct {
	t           *testing.T
	bin, data   string
	http, watch string
	cmd         *exec.Cmd
	client      *http.Client
	most        int // MiB, of all lives
}

func (d *desk) start() {
	d.t.Helper()
	d.cmd = exec.Command(d.bin, "demo", "--data", d.data, "--http", d.http, "--watch", d.watch)
	var log bytes.Buffer
	d.cmd.Stderr = &log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.client = &http.Client{Jar: jar}
	for try := 0; ; try++ {
		err := d.call("POST", "/sign-in", map[string]any{"account": "section1", "password": demoWords}, nil)
		if err == nil {
			return
		}
		if try > 1200 {
			d.t.Fatalf("the program does not answer: %v\n%s", err, log.String())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// memory gives the most that this and earlier lives held, in MiB; 0 where the
// system doesn't tell.
func (d *desk) memory() int {
	if runtime.GOOS == "linux" {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid)) // a dead one tells nothing
		if m := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(text); m != nil {
			if kib, err := strconv.Atoi(string(m[1])); err == nil {
				d.most = max(d.most, kib>>10)
			}
		}
	}
	return d.most
}

func (d *desk) kill() {
	d.memory()
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

func (d *desk) stop() {
	d.memory()
	_ = d.cmd.Process.Signal(os.Interrupt)
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("the graceful stop failed: %v", err)
	}
}

func (d *desk) call(method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return d.do(method, path, "application/json", bytes.NewReader(body), out)
}

func (d *desk) do(method, path, media string, body io.Reader, out any) error {
	q, err := http.NewRequest(method, "http://"+d.http+"/api"+path, body)
	if err != nil {
		return err
	}
	q.Header.Set("X-Zugou", "1")
	if method != "GET" {
		q.Header.Set("Content-Type", media)
	}
	res, err := d.client.Do(q)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, said)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(said, out)
}

func (d *desk) must(method, path string, in, out any) {
	d.t.Helper()
	if err := d.call(method, path, in, out); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) counts(batch string) counts {
	d.t.Helper()
	var row struct{ Counts counts }
	d.must("GET", "/drawings/batches/"+batch, nil, &row)
	return row.Counts
}

// print prints sheets of the district's schools until there are n, and gives
// their numbers.
func (d *desk) print(n int) []string {
	d.t.Helper()
	var classes struct {
		Items []struct {
			School   string `json:"school_id"`
			Children int
		}
	}
	d.must("GET", "/drawings/classes", nil, &classes)
	pupils := map[string]int{}
	var schools []string
	for _, c := range classes.Items {
		if c.School != "" && pupils[c.School] == 0 {
			schools = append(schools, c.School)
		}
		pupils[c.School] += c.Children
	}
	if len(schools) == 0 {
		d.t.Fatal("the demonstration has no school")
	}
	var out []string
	for round := 0; len(out) < n; round++ {
		school := schools[round%len(schools)]
		d.must("POST", "/drawings/sheets", map[string]any{"school": school}, nil)
		var sheets struct {
			Items []struct{ Number string }
		}
		d.must("GET", "/drawings/sheets?school="+url.QueryEscape(school), nil, &sheets)
		for _, s := range sheets.Items[:pupils[school]] { // the newest first
			out = append(out, strings.ReplaceAll(s.Number, "-", ""))
		}
	}
	return out[:n]
}

var errDied = errors.New("killed on the way")

// send hands in a zip of photos, each made when it is its turn; if it dies, the
// program is killed somewhere in the middle.
func (d *desk) send(batch string, pile *photo.Pile, first int, numbers []string, dies bool) error {
	r, w := io.Pipe()
	go func() {
		z := zip.NewWriter(w)
		at := rand.IntN(len(numbers))
		for i, n := range numbers {
			if dies && i == at {
				_ = d.cmd.Process.Kill()
				w.CloseWithError(errDied)
				return
			}
			f, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%05d.jpg", first+i), Method: zip.Store})
			if err == nil {
				_, err = f.Write(pile.Photo(first+i, "ZGHTP1"+n))
			}
			if err != nil {
				w.CloseWithError(err)
				return
			}
		}
		w.CloseWithError(z.Close())
	}()
	return d.do("POST", "/drawings/batches/"+batch+"/pile", "application/zip", r, nil)
}

// stored gives how many drawings each number has, and the pictures on disk.
func (d *desk) stored() (drawn map[string]int, frames int) {
	d.t.Helper()
	house, err := db.Open(context.Background(), filepath.Join(d.data, "zugou.db"), clock.System())
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = house.Close() }()
	drawn = map[string]int{}
	err = house.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		var rows []struct {
			Number string `bun:"number"`
			Child  string `bun:"child_id"`
			Sheet  string `bun:"sheet_child"`
		}
		err := r.List(ctx, &rows, "SELECT d.number, d.child_id, s.child_id AS sheet_child FROM drawing d JOIN drawing_sheet s ON s.number = d.number")
		for _, row := range rows {
			drawn[row.Number]++
			if row.Child != row.Sheet {
				d.t.Errorf("sheet %s is another child's", row.Number)
			}
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	list, err := filepath.Glob(filepath.Join(d.data, "drawings", "*", "*.frame"))
	if err != nil {
		d.t.Fatal(err)
	}
	return drawn, len(list)
}
