package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
)

const certUsage = `Usage: zugou cert --out DIR --host NAME [--host NAME …]

Makes a certificate for a closed network, where no public authority can be
reached: an authority of your own (ca.pem, ca-key.pem) and a server certificate
signed by it (server.pem, server-key.pem). Run again, it keeps the authority
and makes a new server certificate for the same names, or for those given: the
PCs need nothing new.
`

// How long certificates live. Phones by Apple refuse server certificates of
// more than 825 days even from an authority that their owner installed.
const (
	caLife     = 10 * 365 * 24 * time.Hour
	serverLife = 820 * 24 * time.Hour
	// certEarly lets in machines whose clocks are behind.
	certEarly = 24 * time.Hour
)

func runCert(_ context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("cert", flag.ContinueOnError)
	fs.SetOutput(e.Out)
	fs.Usage = func() {
		fmt.Fprint(e.Out, certUsage, "\n")
		fs.PrintDefaults()
	}
	out := fs.String("out", "", "`DIR` to write to")
	var hosts []string
	fs.Func("host", "`NAME` or IP address that people type; several times, or with commas", func(s string) error {
		for h := range strings.SplitSeq(s, ",") {
			if err := checkHost(h); err != nil {
				return err
			}
			hosts = append(hosts, h)
		}
		return nil
	})
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("cert: unexpected %q", fs.Arg(0))
	}
	if *out == "" {
		return errors.New("cert: --out names the folder to write to")
	}
	made, err := makeCert(*out, hosts, clock.System().Now())
	if err != nil {
		return fmt.Errorf("cert: %w", err)
	}
	return printCert(e, *out, made)
}

var hostForm = regexp.MustCompile(`^([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)

func checkHost(h string) error {
	if net.ParseIP(h) == nil && (!hostForm.MatchString(h) || len(h) > 253) {
		return fmt.Errorf("%q is neither a host name nor an IP address; no scheme, port or wildcard", h)
	}
	return nil
}

// madeCert is what makeCert did.
type madeCert struct {
	ca, server *x509.Certificate
	newCA      bool
}

func makeCert(dir string, hosts []string, now time.Time) (madeCert, error) {
	var made madeCert
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return made, err
	}
	if len(hosts) == 0 {
		old, err := readCert(filepath.Join(dir, "server.pem"))
		if errors.Is(err, fs.ErrNotExist) {
			return made, errors.New("--host names what people type in the browser")
		} else if err != nil {
			return made, err
		}
		hosts = append(hosts, old.DNSNames...)
		for _, ip := range old.IPAddresses {
			hosts = append(hosts, ip.String())
		}
	}
	ca, caKey, newCA, err := authority(dir, now)
	if err != nil {
		return made, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return made, err
	}
	t := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: hosts[0][:min(64, len(hosts[0]))], Organization: []string{"zugou"}},
		NotBefore:    now.Add(-certEarly),
		NotAfter:     now.Add(serverLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if t.NotAfter.After(ca.NotAfter) {
		t.NotAfter = ca.NotAfter
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, strings.ToLower(h))
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca, &key.PublicKey, caKey)
	if err != nil {
		return made, err
	}
	server, err := x509.ParseCertificate(der)
	if err != nil {
		return made, err
	}
	keyPEM, err := pemKey(key)
	if err != nil {
		return made, err
	}
	// A crash between the two leaves a pair that doesn't match, which serve
	// refuses by name; running this again mends it.
	chain := append(pemCert(der), pemCert(ca.Raw)...)
	if err := replaceFile(filepath.Join(dir, "server-key.pem"), keyPEM, 0o600); err != nil {
		return made, err
	}
	if err := replaceFile(filepath.Join(dir, "server.pem"), chain, 0o644); err != nil {
		return made, err
	}
	return madeCert{ca, server, newCA}, nil
}

// authority reads the authority in dir, or makes one.
func authority(dir string, now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, bool, error) {
	certPath, keyPath := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem")
	cert, err := readCert(certPath)
	if err == nil {
		key, err := readKey(keyPath)
		if err != nil {
			return nil, nil, false, fmt.Errorf("the authority is there but its key isn't; bring ca-key.pem back from where it is kept: %w", err)
		}
		if !key.PublicKey.Equal(cert.PublicKey) {
			return nil, nil, false, errors.New("ca.pem and ca-key.pem don't belong together")
		}
		if !now.Before(cert.NotAfter) {
			return nil, nil, false, fmt.Errorf("the authority ended on %s; use an empty folder and install the new ca.pem", cert.NotAfter.Format(time.DateOnly))
		}
		return cert, key, false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, false, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, false, err
	}
	t := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "zugou closed network " + now.In(clock.Zone).Format("2006-01-02"), Organization: []string{"zugou"}},
		NotBefore:             now.Add(-certEarly),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, // vouches for web servers only
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, nil, false, err
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		return nil, nil, false, err
	}
	keyPEM, err := pemKey(key)
	if err != nil {
		return nil, nil, false, err
	}
	if err := replaceFile(keyPath, keyPEM, 0o600); err != nil {
		return nil, nil, false, err
	}
	return cert, key, true, replaceFile(certPath, pemCert(der), 0o644)
}

func printCert(e env, dir string, made madeCert) error {
	var b strings.Builder
	var hosts []string
	hosts = append(hosts, made.server.DNSNames...)
	for _, ip := range made.server.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	fmt.Fprintf(&b, "Server certificate for %s, good until %s.\n\n", strings.Join(hosts, ", "), made.server.NotAfter.In(clock.Zone).Format(time.DateOnly))
	fmt.Fprintf(&b, "On this machine:\n  zugou serve … --tls-cert %s --tls-key %s\n\n", filepath.Join(dir, "server.pem"), filepath.Join(dir, "server-key.pem"))
	if made.newCA {
		fmt.Fprintf(&b, "On every PC and phone, once: install %s as a trusted root authority.\n", filepath.Join(dir, "ca.pem"))
		b.WriteString("  Windows   certutil -addstore -f Root ca.pem     (as administrator, or by group policy)\n")
		b.WriteString("  Kylin/UOS cp ca.pem /usr/local/share/ca-certificates/zugou.crt && update-ca-certificates\n")
		b.WriteString("            browsers with a store of their own: settings, certificates, authorities, import\n")
		b.WriteString("  Android   settings, security, install a certificate, CA certificate\n")
	} else {
		b.WriteString("The authority is the same as before: PCs and phones need nothing new.\n")
	}
	fmt.Fprintf(&b, "Compare its SHA-256 fingerprint there before you trust it:\n  %s\n\n", fingerprint(made.ca.Raw))
	fmt.Fprintf(&b, "Move %s off this machine, to where the keys' copy is kept: whoever has it\ncan pose as any web site towards those PCs.\n", filepath.Join(dir, "ca-key.pem"))
	_, err := fmt.Fprint(e.Out, b.String())
	return err
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	parts := make([]string, len(sum))
	for i, c := range sum {
		parts[i] = fmt.Sprintf("%02X", c)
	}
	return strings.Join(parts, ":")
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

func pemCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func pemKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func readCert(path string) (*x509.Certificate, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s is not a certificate in PEM", path)
	}
	return x509.ParseCertificate(block.Bytes)
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s is not a private key in PEM", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is not an ECDSA key", path)
	}
	return ec, nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, data []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
