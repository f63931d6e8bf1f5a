// Package telephone is telephones for tests that nobody of us wrote: Debian's
// baresip, worked by its keys as a person would.
//
//	p := telephone.New(t, telephone.Account{Server: addr, User: "seat-1", Secret: s, Answers: true})
//	p.Dial("line")
//	p.Press('1')
package telephone

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zugou/internal/loop/hotline/voice"
)

// Account is whose telephone it is.
type Account struct {
	Server  string // host:port
	User    string
	Secret  string // empty: it does not register
	Answers bool   // by itself, at once
}

// Phone is one telephone. It ends with the test.
type Phone struct {
	t    testing.TB
	at   Account
	keys io.WriteCloser
	out  string
}

// New starts a telephone that says a tone for a minute.
func New(t testing.TB, at Account) *Phone {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	register, mode, secret := 0, "manual", "none" // without one it asks for it at the keys
	if at.Secret != "" {
		register, secret = 3600, at.Secret
	}
	if at.Answers {
		mode = "auto"
	}
	for name, text := range map[string]string{
		"config": "sip_listen 127.0.0.1:0\nmodule_path /usr/lib/baresip/modules\nmodule stdio.so\nmodule g711.so\nmodule aufile.so\nmodule_app account.so\nmodule_app menu.so\n" +
			"audio_source aufile," + file("said.wav") + "\naudio_player aufile," + file("heard.wav") + "\naudio_alert aufile," + file("alert.wav") + "\n",
		"accounts": fmt.Sprintf("<sip:%s@%s;transport=udp>;auth_user=%s;auth_pass=%s;answermode=%s;regint=%d;audio_codecs=PCMA\n", at.User, at.Server, at.User, secret, mode, register),
		"contacts": "",
		"said.wav": string(wav(voice.Tone(400, time.Minute, 0.3))),
	} {
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &Phone{t: t, at: at, out: file("out")}
	out, err := os.Create(p.out)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("stdbuf", "-oL", "baresip", "-f", dir) // its words come line by line
	cmd.Stdout, cmd.Stderr = out, out
	if p.keys, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = out.Close()
		if t.Failed() {
			t.Logf("%s said:\n%s", at.User, p.said())
		}
	})
	return p
}

// wav is linear sound as baresip wants it.
func wav(tone []voice.Frame) []byte {
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), 0)
	out = append(out, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(2*voice.Samples*len(tone)))
	for _, f := range tone {
		for _, v := range f {
			out = binary.LittleEndian.AppendUint16(out, uint16(v))
		}
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

// Dial calls a user at the server, once the telephone is ready.
func (p *Phone) Dial(user string) {
	p.t.Helper()
	p.wait("baresip is ready")
	p.write("/dial sip:" + user + "@" + p.at.Server + "\n")
}

// Press presses a key in a call.
func (p *Phone) Press(key byte) { p.write(string(key)) }

// HangUp ends the call.
func (p *Phone) HangUp() { p.write("b") }

// Rang tells whether somebody called.
func (p *Phone) Rang() bool { return strings.Contains(p.said(), "Incoming call") }

func (p *Phone) write(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.keys, keys); err != nil {
		p.t.Fatal(err)
	}
}

func (p *Phone) said() string {
	text, _ := os.ReadFile(p.out) // nothing yet
	return string(text)
}

func (p *Phone) wait(text string) {
	p.t.Helper()
	deadline := time.After(30 * time.Second)
	for !strings.Contains(p.said(), text) {
		select {
		case <-deadline:
			p.t.Fatalf("%s never said %q", p.at.User, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
