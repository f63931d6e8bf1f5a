// Command sbom writes the bill of materials of a release: CycloneDX 1.6 in
// JSON, of what is in the binaries (the build information that the Go linker
// puts there) and in the pages (web/package-lock.json, without the tools that
// only build or test). It also refuses a binary that isn't static or was built
// with cgo, because the promise of a release is that it runs on any Linux of
// its architecture.
//
//	go run ./scripts/sbom -version V -made RFC3339 -lock web/package-lock.json BINARY… > zugou.cdx.json
//
// The same inputs give the same bytes.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sort"
	"strings"
)

// bom is the part of CycloneDX that we fill.
type bom struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Serial     string      `json:"serialNumber"`
	Version    int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	PURL       string     `json:"purl,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Licenses   []license  `json:"licenses,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type license struct {
	Expression string `json:"expression"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("sbom", flag.ContinueOnError)
	version := fs.String("version", "", "version of the release")
	made := fs.String("made", "", "instant of the release, RFC 3339")
	lock := fs.String("lock", "", "package-lock.json of the pages")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *version == "" || *made == "" || *lock == "" || fs.NArg() == 0 {
		return errors.New("needs -version, -made, -lock and the binaries")
	}
	components := map[string]component{}
	digest := sha256.New()
	for _, path := range fs.Args() {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := checkStatic(path); err != nil {
			return err
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		sum := sha256.Sum256(raw)
		digest.Write(sum[:])
		file := component{
			Type: "file", Ref: "file:" + filepath.Base(path), Name: filepath.Base(path),
			Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
		}
		for _, s := range info.Settings {
			if s.Key == "CGO_ENABLED" && s.Value != "0" {
				return fmt.Errorf("%s was built with cgo", path)
			}
			if slices.Contains([]string{"GOOS", "GOARCH", "vcs.revision", "vcs.modified"}, s.Key) {
				file.Properties = append(file.Properties, property{"go:" + s.Key, s.Value})
			}
		}
		components[file.Ref] = file
		std := goModule("std", strings.TrimPrefix(info.GoVersion, "go"), "")
		components[std.Ref] = std
		for _, m := range info.Deps {
			c := moduleOf(m)
			components[c.Ref] = c
		}
	}
	raw, err := os.ReadFile(*lock)
	if err != nil {
		return err
	}
	pages, err := npmPackages(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", *lock, err)
	}
	for _, c := range pages {
		components[c.Ref] = c
	}
	digest.Write([]byte(*version + "\n" + *made + "\n"))
	b := bom{
		Format: "CycloneDX", Spec: "1.6", Serial: serial(digest.Sum(nil)), Version: 1,
		Metadata: metadata{*made, component{Type: "application", Ref: "zugou", Name: "zugou", Version: *version}},
	}
	for _, c := range components {
		b.Components = append(b.Components, c)
	}
	sort.Slice(b.Components, func(i, j int) bool { return b.Components[i].Ref < b.Components[j].Ref })
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(b)
}

// checkStatic wants a program that asks for no interpreter and no library.
func checkStatic(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is not static: it asks for an interpreter", path)
		}
	}
	if libs, err := f.ImportedLibraries(); err == nil && len(libs) > 0 {
		return fmt.Errorf("%s is not static: it asks for %s", path, strings.Join(libs, ", "))
	}
	return nil
}

func moduleOf(m *debug.Module) component {
	if m.Replace != nil {
		m = m.Replace
	}
	return goModule(m.Path, m.Version, m.Sum)
}

// goModule describes a module. Its sum is of the module's tree (go.sum), not
// of one file, so it isn't one of CycloneDX's hashes.
func goModule(path, version, sum string) component {
	purl := "pkg:golang/" + path + "@" + url.PathEscape(version)
	c := component{Type: "library", Ref: purl, Name: path, Version: version, PURL: purl}
	if sum != "" {
		c.Properties = []property{{"go:sum", sum}}
	}
	return c
}

// npmPackages lists what the pages are made of, from a lock file of version 2
// or 3.
func npmPackages(raw []byte) ([]component, error) {
	var lock struct {
		Version  int `json:"lockfileVersion"`
		Packages map[string]struct {
			Name      string `json:"name"`
			Version   string `json:"version"`
			Integrity string `json:"integrity"`
			License   string `json:"license"`
			Dev       bool   `json:"dev"`
			Link      bool   `json:"link"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		return nil, err
	}
	if lock.Version != 2 && lock.Version != 3 {
		return nil, fmt.Errorf("lockfileVersion %d is not 2 or 3", lock.Version)
	}
	var out []component
	for at, p := range lock.Packages {
		if at == "" || p.Dev || p.Link {
			continue
		}
		name := p.Name
		if name == "" {
			name = at[strings.LastIndex(at, "node_modules/")+len("node_modules/"):]
		}
		purl := "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + url.PathEscape(p.Version)
		c := component{Type: "library", Ref: purl, Name: name, Version: p.Version, PURL: purl}
		if p.License != "" {
			c.Licenses = []license{{p.License}}
		}
		for part := range strings.FieldsSeq(p.Integrity) {
			if text, ok := strings.CutPrefix(part, "sha512-"); ok {
				sum, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					return nil, fmt.Errorf("%s: integrity: %w", name, err)
				}
				c.Hashes = append(c.Hashes, hash{"SHA-512", hex.EncodeToString(sum)})
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// serial makes a UUID (version 8, RFC 9562: of our own making) from a digest.
func serial(sum []byte) string {
	b := slices.Clone(sum[:16])
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
