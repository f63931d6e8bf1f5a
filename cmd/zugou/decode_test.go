package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/decode"
	"zugou/internal/loop/gateway/model"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/people/access"
	"zugou/policy/devices"
)

var updateDecode = flag.Bool("update-decode", false, "write the golden files of decode anew")

// The golden files were read line by line against the frames when written;
// the frames were made by other code than ours.
func TestDecodeGolden(t *testing.T) {
	for _, protocol := range []string{"watch", "jt808", "gt06"} {
		in, err := os.ReadFile(filepath.Join("testdata", "decode", protocol+".in"))
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := zugou(t, string(in), "decode", protocol)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "decode", protocol+".golden")
		if *updateDecode {
			if err := os.WriteFile(golden, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		got, lines := strings.Split(out, "\n"), strings.Split(string(want), "\n")
		for i := range max(len(got), len(lines)) {
			a, b := "", ""
			if i < len(got) {
				a = got[i]
			}
			if i < len(lines) {
				b = lines[i]
			}
			if a != b {
				t.Errorf("%s line %d:\n got %s\nwant %s", protocol, i+1, a, b)
			}
		}
	}
}

// objects runs decode and gives its output, an object a line.
func objects(t *testing.T, in string, args ...string) []map[string]any {
	t.Helper()
	out, _, err := zugou(t, in, append([]string{"decode"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	for line := range strings.Lines(out) {
		m := map[string]any{}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, m)
	}
	return list
}

func TestDecodeLines(t *testing.T) {
	lk := "[3G*1540000001*0002*LK]"
	for _, in := range []string{lk + "\n\n  \n" + lk + "\n", lk + "\r\n\r\n\r\n" + lk, "\ufeff" + lk + "\n\n\n  " + lk + "  "} {
		got := objects(t, in, "watch")
		if len(got) != 2 || got[0]["n"] != 1.0 || got[1]["n"] != 4.0 || got[1]["reply"] != lk {
			t.Errorf("%q: %v", in, got)
		}
	}
	if got := objects(t, lk+"]", "watch"); len(got) != 2 || got[0]["type"] != "LK" || got[1]["error"] == nil { // a bracket is no part of a type
		t.Errorf("%v", got)
	}
	if got := objects(t, "", "watch"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	// A frame of nearly 64 KiB in hex with spaces, one above, and a line that is no frame at all.
	long := fmt.Sprintf("[3G*1540000001*%04x*TK,%s]", 60003, strings.Repeat("x", 60000))
	var spaced strings.Builder
	spaced.WriteString("hex:")
	for _, b := range []byte(long) {
		fmt.Fprintf(&spaced, "%02X ", b)
	}
	in := spaced.String() + "\n" + "[3G*1*0002*" + strings.Repeat("y", 300<<10) + "]\n" + strings.Repeat("z", decode.MostLine+10) + "\n" + lk
	got := objects(t, in, "watch")
	if len(got) != 4 || got[0]["media"].(map[string]any)["bytes"] != 60000.0 || got[0]["reply"] != "hex:5b33472a313534303030303030312a303030342a544b2c315d" ||
		got[1]["error"] == nil || got[2]["error"] == nil || got[3]["n"] != 4.0 || got[3]["reply"] != lk {
		t.Errorf("%d objects: %.300v", len(got), got)
	}
	if got := objects(t, "7E 00 02 00 00 01 54 00 00 00 01 00 01 57 7E\n hex:7e000200000154000000010001577e", "jt808"); len(got) != 2 || got[0]["type"] != "0x0002" ||
		got[0]["reply"] != "7e8001000501540000000100000001000200d37e" || got[1]["reply"] != "hex:7e8001000501540000000100000001000200d37e" {
		t.Errorf("%v", got)
	}
}

func TestDecodeTime(t *testing.T) {
	got := objects(t, "7878058a000688290d0a\n", "gt06")
	if reply, _ := got[0]["reply"].(string); !strings.HasPrefix(reply, "78780b8a") || len(reply) != 32 {
		t.Errorf("%v", got)
	}
}

// bit16 is a report of a card with the alarm bit that each maker means otherwise.
func bit16() string {
	raw := "7e0200001c0154000000010001 00010000 00000002 01b77400 065f2a20 0000 0000 0000 260102030405"
	sum := byte(0)
	for i, s := 0, strings.ReplaceAll(raw[2:], " ", ""); i < len(s); i += 2 {
		var b byte
		fmt.Sscanf(s[i:i+2], "%02x", &b)
		sum ^= b
	}
	return raw + fmt.Sprintf("%02x7e", sum)
}

func TestDecodeProfile(t *testing.T) {
	raw := bit16()
	for name, want := range map[string]string{"standard": "general", "g10ls": "vibration", "aovx": "movement", "generic": "tamper"} {
		got := objects(t, raw, "jt808", "--profile", name)
		if fmt.Sprint(got[0]["alarms"]) != "["+want+"]" {
			t.Errorf("%s: %v", name, got[0])
		}
	}
	for _, args := range [][]string{{"decode"}, {"decode", "udp"}, {"decode", "jt808", "--profile", "nix"}, {"decode", "watch", "--profile", "g10ls"}, {"decode", "gt06", "--nix"}} {
		if _, _, err := zugou(t, "", args...); err == nil {
			t.Errorf("%v passed", args)
		}
	}
}

// An installer holds a card against a draft before anybody publishes it.
func TestDecodeReadsAModelFromAFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	reads := func(want string, args ...string) {
		t.Helper()
		got := objects(t, bit16(), append([]string{"jt808"}, args...)...)
		if len(got) != 1 || fmt.Sprint(got[0]["alarms"]) != "["+want+"]" {
			t.Errorf("%v: %v, want %s", args, got, want)
		}
	}
	refused := func(want string, args ...string) {
		t.Helper()
		if _, _, err := zugou(t, bit16(), append([]string{"decode"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
	// With the mark that Windows puts before a text, and under a name of its own.
	own := file("学生卡 草稿.json", "\ufeff"+`{"name":"xk1","title":"小卡一型","source":"厂家附录三","protocol":"jt808","base":"standard","alarms":{"16":"sos"}}`)
	reads("sos", "--profile", own)
	t.Chdir(dir)
	reads("sos", "--profile", "./学生卡 草稿.json")
	reads("sos", "--profile=学生卡 草稿.json")
	// A shipped file read back is the shipped model; a draft goes over the one of its name.
	shipped, err := devices.Files.ReadFile("g10ls.json")
	if err != nil {
		t.Fatal(err)
	}
	reads("vibration", "--profile", file("g10ls.json", string(shipped)))
	reads("fall", "--profile", file("new.json", strings.Replace(string(shipped), `"vibration"`, `"fall"`, 1)))
	reads("vibration", "--profile", "g10ls")

	refused("no such file", "jt808", "--profile", filepath.Join(dir, "none.json"))
	refused("breaks off", "jt808", "--profile", file("torn.json", `{"name":"xk1",`))
	refused("call for help", "jt808", "--profile", file("silent.json", `{"name":"xk1","title":"小卡","source":"无","protocol":"jt808","alarms":{"0":""}}`))
	refused("base", "jt808", "--profile", file("base.json", `{"name":"xk1","title":"小卡","source":"无","protocol":"jt808","base":"nix"}`))
	refused("longer than", "jt808", "--profile", file("long.json", strings.Repeat(" ", 70_000)))
	refused("no profile", "gt06", "--profile", own)
	refused("one protocol", "jt808", "gt06", "--profile", own)
	refused("no database", "jt808", "--data", filepath.Join(dir, "nothing"))
	if _, err := os.Stat(filepath.Join(dir, "nothing")); err == nil {
		t.Error("it made the folder of a district that is none")
	}
}

func TestDecodeReadsTheModelsOfADistrict(t *testing.T) {
	data := t.TempDir()
	d, err := db.Open(t.Context(), filepath.Join(data, "zugou.db"), clock.System())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }() // a house that runs: it is read beside it
	shipped, err := profile.Read(devices.Files)
	if err != nil {
		t.Fatal(err)
	}
	models, err := model.New(d, shipped, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	as := func(name id.ID) context.Context {
		return access.With(t.Context(), access.Actor{Account: name, Grants: []access.Grant{{Role: access.BureauSection, Region: "500111"}}})
	}
	publish := func(body string) {
		t.Helper()
		v, err := models.Propose(as("one"), body, "按厂家附录录入")
		if err == nil {
			_, err = models.Approve(as("two"), v.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	reads := func(want string, args ...string) {
		t.Helper()
		got := objects(t, bit16(), append([]string{"jt808", "--data", data}, args...)...)
		if len(got) != 1 || fmt.Sprint(got[0]["alarms"]) != "["+want+"]" {
			t.Errorf("%v: %v, want %s", args, got, want)
		}
	}
	reads("vibration", "--profile", "g10ls")
	publish(`{"name":"xk1","title":"小卡一型","source":"厂家附录三","protocol":"jt808","base":"standard","alarms":{"16":"sos"}}`)
	reads("sos", "--profile", "xk1")
	reads("general")
	if _, err := models.Propose(as("one"), `{"name":"xk2","title":"小卡二型","source":"厂家附录四","protocol":"jt808","base":"standard","alarms":{"16":"fall"}}`, "还没有批准"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := zugou(t, "", "decode", "jt808", "--data", data, "--profile", "xk2"); err == nil || !strings.Contains(err.Error(), "xk1") {
		t.Errorf("a draft that nobody approved, or the district's models are not named: %v", err)
	}
	// A draft on the district's own model; it is what a draft may not take away.
	path := filepath.Join(data, "draft.json")
	for text, want := range map[string]string{`{"name":"xk1","title":"小卡一型","source":"新附录","protocol":"jt808","base":"standard","alarms":{"16":"sos","17":"fall"}}`: "",
		`{"name":"xk1","title":"小卡一型","source":"新附录","protocol":"jt808","base":"standard","alarms":{"16":"fall"}}`: "call for help"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := zugou(t, bit16(), "decode", "jt808", "--data", data, "--profile", path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
