package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/crypto"
)

var certNoon = time.Date(2025, 3, 1, 4, 0, 0, 0, time.UTC)

// zugou runs a subcommand with empty environment.
func zugou(t *testing.T, in string, args ...string) (out, errOut string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	err = run(t.Context(), env{In: strings.NewReader(in), Out: &o, Err: &e, Getenv: func(string) string { return "" }}, args)
	return o.String(), e.String(), err
}

// The machine burns down; the copy and the passphrase come from the safe.
func TestKeysComeBackFromTheSafe(t *testing.T) {
	dir := t.TempDir()
	data, again := filepath.Join(dir, "data"), filepath.Join(dir, "again")
	if _, _, err := zugou(t, "", "keys", "status", "--data", data); err == nil || !strings.Contains(err.Error(), "no keyring in") {
		t.Errorf("status without keys: %v", err)
	}
	k, err := crypto.Create(filepath.Join(data, "keys"), crypto.SM4, certNoon)
	if err != nil {
		t.Fatal(err)
	}
	cell := k.Seal("a", "text")
	copyFile := filepath.Join(dir, "copy.txt")
	_, shown, err := zugou(t, "", "keys", "export", "--data", data, "--out", copyFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(shown, "once: ")
	pass, _, _ := strings.Cut(rest, "\n")
	if info, err := os.Stat(copyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("copy: %v %v", info, err)
	}
	if _, _, err := zugou(t, "", "keys", "export", "--data", data, "--out", copyFile); !errors.Is(err, os.ErrExist) {
		t.Errorf("a copy was written over: %v", err)
	}

	if _, _, err := zugou(t, "wrong-pass-phrase\n", "keys", "import", "--data", again, "--in", copyFile); err == nil ||
		!strings.Contains(err.Error(), "passphrase is wrong") {
		t.Errorf("wrong passphrase: %v", err)
	}
	if out, _, err := zugou(t, pass+"\n", "keys", "import", "--data", again, "--in", copyFile); err != nil || !strings.Contains(out, k.ID()) {
		t.Fatal(out, err)
	}
	back, err := crypto.Open(filepath.Join(again, "keys"), crypto.SM4)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := back.Open("a", cell); text != "text" || err != nil {
		t.Error(text, err)
	}

	// The other way round: the passphrase in a file, the copy on a pipe.
	passFile := filepath.Join(dir, "pass")
	if err := os.WriteFile(passFile, []byte("correct horse 7 battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text, shown, err := zugou(t, "", "keys", "export", "--data", data, "--passphrase-file", passFile)
	if err != nil || shown != "" {
		t.Fatal(shown, err)
	}
	third := filepath.Join(dir, "third")
	if _, _, err := zugou(t, text, "keys", "import", "--data", third, "--passphrase-file", passFile); err != nil {
		t.Fatal(err)
	}
	if _, _, err := zugou(t, "", "keys", "import", "--data", third); err == nil {
		t.Error("import without copy and passphrase")
	}

	if out, _, err := zugou(t, "", "keys", "rotate", "--data", data); err != nil || !strings.Contains(out, "New keys are in use") {
		t.Fatal(out, err)
	}
	out, _, err := zugou(t, "", "keys", "status", "--data", data)
	if err != nil || strings.Count(out, "sm4-gcm") != 2 || strings.Count(out, "current") != 1 {
		t.Error(out, err)
	}
	out, _, err = zugou(t, "", "keys", "status", "--json", "--data", data, "--cipher", "aes-gcm")
	if err != nil || strings.Count(out, "\n") != 4 || strings.Contains(out, "secret") {
		t.Error(out, err)
	}
	for _, args := range [][]string{{"keys"}, {"keys", "lose"}, {"keys", "status", "more"}} {
		if _, _, err := zugou(t, "", args...); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestConfigPrints(t *testing.T) {
	out, _, err := zugou(t, "", "config", "--http", ":8080", "--sms-secret", "hunter-two", "--sms-url", "https://s.example?{phone}{text}")
	if err != nil || !strings.Contains(out, "flag --http") || strings.Contains(out, "hunter-two") {
		t.Error(out, err)
	}
	if _, _, err := zugou(t, "", "config", "--http", "8080"); err == nil {
		t.Error("a wrong setting was taken")
	}
	out, _, err = zugou(t, "", "config", "-h")
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(out, "-dingtalk-url") {
		t.Error(out, err)
	}
}

// A browser that installed ca.pem reaches the server, under each of its names
// and under no other.
func TestCertificateOfAClosedNetwork(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	if _, _, err := zugou(t, "", "cert", "--out", dir); err == nil || !strings.Contains(err.Error(), "--host") {
		t.Errorf("without names: %v", err)
	}
	first, err := makeCert(dir, []string{"Zugou.lan", "10.0.0.5", "fd00::5"}, certNoon)
	if err != nil || !first.newCA {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"ca-key.pem": 0o600, "server-key.pem": 0o600, "ca.pem": 0o644, "server.pem": 0o644} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	handshake(t, dir, "zugou.lan", certNoon.Add(time.Hour), true)
	handshake(t, dir, "10.0.0.5", certNoon.Add(time.Hour), true)
	handshake(t, dir, "fd00::5", certNoon.Add(-time.Hour), true) // a clock that is behind
	handshake(t, dir, "other.lan", certNoon.Add(time.Hour), false)
	handshake(t, dir, "zugou.lan", certNoon.Add(serverLife+time.Hour), false)

	// Renewed two years later for the same names by the same authority.
	later := certNoon.Add(2 * 365 * 24 * time.Hour)
	second, err := makeCert(dir, nil, later)
	if err != nil || second.newCA || !bytes.Equal(second.ca.Raw, first.ca.Raw) || bytes.Equal(second.server.Raw, first.server.Raw) {
		t.Fatal(err)
	}
	handshake(t, dir, "zugou.lan", later.Add(serverLife-time.Hour), true)
	last, err := makeCert(dir, nil, certNoon.Add(caLife-time.Hour))
	if err != nil || last.server.NotAfter.After(last.ca.NotAfter) {
		t.Error("a server certificate outlives its authority", err)
	}
	if _, err := makeCert(dir, nil, certNoon.Add(caLife+time.Hour)); err == nil || !strings.Contains(err.Error(), "authority ended") {
		t.Errorf("an authority that ended: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "ca-key.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := makeCert(dir, nil, later); err == nil || !strings.Contains(err.Error(), "bring ca-key.pem back") {
		t.Errorf("without the authority's key: %v", err)
	}
	for _, host := range []string{"", "https://zugou.lan", "zugou.lan:443", "*.lan", "足够.lan", "a b", "-a"} {
		if checkHost(host) == nil {
			t.Errorf("host %q was taken", host)
		}
	}
}

// handshake speaks TLS with the pair in dir as a client that trusts ca.pem.
func handshake(t *testing.T, dir, host string, now time.Time, want bool) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "server.pem"), filepath.Join(dir, "server-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	go func() { _ = tls.Server(a, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake() }()
	err = tls.Client(b, &tls.Config{RootCAs: roots, ServerName: host, Time: func() time.Time { return now }}).Handshake()
	if (err == nil) != want {
		t.Errorf("%s at %s: %v", host, now, err)
	}
}
