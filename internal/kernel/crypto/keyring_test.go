package crypto

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zugou/internal/kernel/errs"
)

var noon = time.Date(2025, 3, 1, 4, 0, 0, 0, time.UTC)

func create(t *testing.T, alg Alg) (*Keyring, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	k, err := Create(dir, alg, noon)
	if err != nil {
		t.Fatal(err)
	}
	return k, dir
}

func wantKey(t *testing.T, err error, kind errs.Kind, key string) {
	t.Helper()
	if !errs.Is(err, kind) || errs.KeyOf(err) != key {
		t.Fatalf("error %v, want %v %q", err, kind, key)
	}
}

func TestEveryTextComesBackInItsPlaceOnly(t *testing.T) {
	for _, alg := range Algs() {
		t.Run(string(alg), func(t *testing.T) {
			k := Ephemeral(alg)
			rapid.Check(t, func(t *rapid.T) {
				aad, other := rapid.String().Draw(t, "aad"), rapid.String().Draw(t, "other")
				text := rapid.StringN(1, 200, -1).Draw(t, "text")
				cell := k.Seal(aad, text)
				if strings.Contains(cell, text) && len(text) > 8 {
					t.Fatal("text stands in the cell")
				}
				if got, err := k.Open(aad, cell); err != nil || got != text {
					t.Fatalf("Open gave %q, %v", got, err)
				}
				if other != aad {
					if _, err := k.Open(other, cell); errs.KeyOf(err) != "keys.cell_tampered" {
						t.Fatalf("a moved cell gave %v", err)
					}
				}
				if again := k.Seal(aad, text); again == cell {
					t.Fatal("two cells of one text are the same")
				}
			})
		})
	}
}

func TestEmptyStaysEmpty(t *testing.T) {
	k := Ephemeral(SM4)
	s, _ := k.NewSubject()
	if k.Seal("a", "") != "" || s.Seal("a", "") != "" || k.Index("f", "") != "" {
		t.Error("empty text was sealed")
	}
	for _, open := range []func(string, string) (string, error){k.Open, s.Open, Subject{}.Open} {
		if got, err := open("a", ""); got != "" || err != nil {
			t.Errorf("empty cell gave %q, %v", got, err)
		}
	}
	if again, changed, err := k.Reseal("a", ""); again != "" || changed || err != nil {
		t.Errorf("Reseal of empty gave %q %v %v", again, changed, err)
	}
}

// A change of any one sign of a cell is noticed.
func TestTamperedCell(t *testing.T) {
	for _, alg := range Algs() {
		k := Ephemeral(alg)
		s, wrapped := k.NewSubject()
		cells := map[string]func(string) error{
			k.Seal("a", "text"): func(c string) error { _, err := k.Open("a", c); return err },
			s.Seal("a", "text"): func(c string) error { _, err := s.Open("a", c); return err },
			wrapped:             func(c string) error { _, err := k.Subject(c); return err },
		}
		for cell, open := range cells {
			if err := open(cell); err != nil {
				t.Fatal(err)
			}
			for i := range cell {
				for _, sign := range "Ab0-_:\n=" {
					if rune(cell[i]) == sign {
						continue
					}
					changed := cell[:i] + string(sign) + cell[i+1:]
					if err := open(changed); errs.KindOf(err) != errs.KindInternal || err == nil {
						t.Fatalf("%s: sign %d as %q: %v", alg, i, sign, err)
					}
					if err := open(cell[:i] + string(sign) + cell[i:]); err == nil {
						t.Fatalf("%s: %q put in at %d was not noticed", alg, sign, i)
					}
				}
				if i > 0 {
					if err := open(cell[:i]); err == nil {
						t.Fatalf("%s: cell cut at %d opened", alg, i)
					}
				}
			}
		}
	}
}

func TestPurposesDontMix(t *testing.T) {
	k := Ephemeral(SM4)
	_, wrapped := k.NewSubject()
	if _, err := k.Open(wrapAAD, wrapped); errs.KeyOf(err) != "keys.cell_tampered" {
		t.Errorf("a wrapped key opened as a field: %v", err)
	}
	if _, err := k.Subject(k.Seal(wrapAAD, "x\x00sm4-gcm\x000123456789abcdef")); errs.KeyOf(err) != "keys.cell_tampered" {
		t.Errorf("a field opened as a wrapped key: %v", err)
	}
}

func TestBothCiphersStayReadable(t *testing.T) {
	k, dir := create(t, SM4)
	sm4Cell := k.Seal("a", "one")
	sub, wrapped := k.NewSubject()
	subCell := sub.Seal("b", "two")

	k2, err := Open(dir, AES)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k2.Open("a", sm4Cell); got != "one" || err != nil {
		t.Fatalf("under the other setting: %q %v", got, err)
	}
	s2, err := k2.Subject(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s2.Open("b", subCell); got != "two" || err != nil {
		t.Fatalf("subject under the other setting: %q %v", got, err)
	}
	if !k2.Stale(sm4Cell) {
		t.Error("a cell of the other cipher isn't stale")
	}
	aesCell, changed, err := k2.Reseal("a", sm4Cell)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	if got, err := k.Open("a", aesCell); got != "one" || err != nil {
		t.Fatalf("back under the first setting: %q %v", got, err)
	}
	if k.Index("f", "v") != k2.Index("f", "v") || !Equal(k.MAC("d", []byte("m")), k2.MAC("d", []byte("m"))) {
		t.Error("look-up or MAC depend on the setting")
	}
}

func TestRotation(t *testing.T) {
	k, dir := create(t, SM4)
	old := k.Seal("a", "text")
	_, wrapped := k.NewSubject()
	index, mac, witness := k.Index("f", "v"), k.MAC("d", nil), k.Witness()

	server, err := Open(dir, SM4) // a process that runs meanwhile
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Rotate(noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open("a", old); got != "text" || err != nil {
		t.Fatalf("old cell after rotation: %q %v", got, err)
	}
	cell, changed, err := k.Reseal("a", old)
	if err != nil || !changed || cell == old || k.Stale(cell) {
		t.Fatal("reseal", changed, err)
	}
	if same, changed, err := k.Reseal("a", cell); same != cell || changed || err != nil {
		t.Fatal("second reseal", changed, err)
	}
	if kept, changed, err := k.Reseal("b", old); kept != old || changed || err == nil {
		t.Fatal("reseal of a moved cell", changed, err)
	}
	rewrapped, changed, err := k.Rewrap(wrapped)
	if err != nil || !changed {
		t.Fatal("rewrap", changed, err)
	}
	if _, err := k.Subject(rewrapped); err != nil {
		t.Fatal(err)
	}
	if k.Index("f", "v") != index || !Equal(k.MAC("d", nil), mac) || k.CheckWitness(witness) != nil {
		t.Error("rotation changed look-up, MAC or witness")
	}

	// The running process meets the new key in a cell, and seals with it then.
	if got, err := server.Open("a", cell); got != "text" || err != nil {
		t.Fatalf("running process: %q %v", got, err)
	}
	if server.Stale(cell) {
		t.Error("running process still seals by the old key")
	}
	// Two processes rotate one after the other: no key is lost.
	if err := server.Rotate(noon.Add(2 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := k.Rotate(noon.Add(3 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := k.Status(); len(got) != 8 || !got[6].Current || got[6].Alg != SM4 {
		t.Errorf("status %+v", got)
	}
}

func TestRotationsAtOnceLoseNoKey(t *testing.T) {
	_, dir := create(t, AES)
	const n = 6
	cells := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			k, err := Open(dir, AES)
			if err != nil {
				t.Error(err)
				return
			}
			if err := k.Rotate(noon); err != nil {
				t.Error(err)
			}
			cells[i] = k.Seal("a", "text")
		})
	}
	wg.Wait()
	k, err := Open(dir, AES)
	if err != nil {
		t.Fatal(err)
	}
	for i, cell := range cells {
		if _, err := k.Open("a", cell); err != nil {
			t.Errorf("cell %d: %v", i, err)
		}
	}
}

func TestCreateAndOpen(t *testing.T) {
	k, dir := create(t, SM4)
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder mode %v, %v", info.Mode(), err)
	}
	path := filepath.Join(dir, FileName)
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file mode %v, %v", info.Mode(), err)
	}
	_, err = Create(dir, SM4, noon)
	wantKey(t, err, errs.KindConflict, "keys.exist")
	_, err = Open(t.TempDir(), SM4)
	wantKey(t, err, errs.KindNotFound, "keys.missing")
	if _, err = Open(dir, "rot13"); !errs.Is(err, errs.KindInvalid) {
		t.Errorf("unknown cipher: %v", err)
	}
	again, err := Open(dir, "")
	if err != nil || again.ID() != k.ID() {
		t.Fatal(err)
	}
	if err := again.CheckWitness(k.Witness()); err != nil {
		t.Error(err)
	}
	wantKey(t, Ephemeral(SM4).CheckWitness(k.Witness()), errs.KindConflict, "keys.other_house")
	wantKey(t, k.CheckWitness(""), errs.KindConflict, "keys.other_house")

	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err = Open(dir, SM4); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("a keyring that others can read: %v", err)
	}
}

func TestDamagedFile(t *testing.T) {
	_, dir := create(t, SM4)
	path := filepath.Join(dir, FileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"empty":         "",
		"half":          string(whole[:len(whole)/2]),
		"newer":         strings.Replace(string(whole), `"version": 1`, `"version": 2`, 1),
		"short key":     strings.Replace(string(whole), `"secret": "`, `"secret": "AAAA`, 1),
		"no id":         strings.Replace(string(whole), `"id": "h`, `"ix": "h`, 1),
		"other cipher":  strings.Replace(string(whole), `sm4-gcm`, `des`, 1),
		"unknown hash":  strings.Replace(string(whole), `"sm3"`, `"md5"`, 1),
		"key there two": strings.Replace(string(whole), `"keys": [`, `"keys": [{"id":"k1","alg":"aes-gcm","secret":"`+strings.Repeat("A", 43)+`="},{"id":"k1","alg":"aes-gcm","secret":"`+strings.Repeat("A", 43)+`="},`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if raw == string(whole) {
				t.Fatal("nothing was damaged")
			}
			if err := os.WriteFile(path, []byte(raw), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir, SM4)
			if err == nil {
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error speaks of the content: %v", err)
			}
		})
	}
}

// The program dies after the temporary file and before the rename: the old
// keyring is whole, and later work isn't hindered.
func TestCrashBeforeRename(t *testing.T) {
	k, dir := create(t, SM4)
	cell := k.Seal("a", "text")
	before, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	crash := errors.New("power cut")
	var left string
	k.rename = func(from, _ string) error {
		// A crash leaves the temporary file where it is.
		raw, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		left = from + "-left"
		if err := os.WriteFile(left, raw[:len(raw)/2], 0o600); err != nil {
			return err
		}
		return crash
	}
	if err := k.Rotate(noon); !errors.Is(err, crash) {
		t.Fatalf("Rotate: %v", err)
	}
	if got := len(k.Status()); got != 2 {
		t.Errorf("after a failed rotation the ring in use has %d keys", got)
	}
	after, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || string(after) != string(before) {
		t.Fatalf("the keyring changed: %v", err)
	}
	again, err := Open(dir, SM4)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Rotate(noon); err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open("a", cell); got != "text" || err != nil {
		t.Fatal(got, err)
	}
	if _, err := os.Stat(left); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, FileName+".new-*"))
	if err != nil || len(names) != 1 {
		t.Errorf("temporary files left: %v, %v", names, err)
	}
}

func TestExportAndImport(t *testing.T) {
	k, dir := create(t, SM4)
	cell := k.Seal("a", "text")
	pass := NewPassphrase()
	text, err := k.Export(pass)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Export("short"); !errs.Is(err, errs.KindInvalid) {
		t.Errorf("short passphrase: %v", err)
	}
	for _, key := range k.ring.Load().file.Keys {
		if strings.Contains(text, string(key.Secret)) {
			t.Fatal("a key stands in the copy")
		}
	}

	// The machine burnt down: a new folder, the copy from the safe.
	lost := filepath.Join(t.TempDir(), "keys")
	windows := "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n") // as an editor saves it
	back, err := Import(lost, windows, pass)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := back.Open("a", cell); got != "text" || err != nil {
		t.Fatal(got, err)
	}
	if err := back.CheckWitness(k.Witness()); err != nil {
		t.Error(err)
	}

	// Rotated since: importing the old copy again loses nothing.
	if err := k.Rotate(noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	newer := k.Seal("a", "newer")
	if k, err = Import(dir, text, pass); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open("a", newer); got != "newer" || err != nil || k.Stale(newer) {
		t.Fatal(got, err)
	}

	_, err = Import(lost, text, pass+"x")
	wantKey(t, err, errs.KindInvalid, "invalid")
	_, err = Import(lost, text[:len(text)/2], pass)
	wantKey(t, err, errs.KindInvalid, "invalid")
	_, other := create(t, SM4)
	_, err = Import(other, text, pass)
	wantKey(t, err, errs.KindConflict, "keys.other_house")
}

func TestSubjects(t *testing.T) {
	for _, alg := range Algs() {
		k, dir := create(t, alg)
		s, wrapped := k.NewSubject()
		cell := s.Seal("person.phone/1", "15400000001")
		fresh, err := Open(dir, alg)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // unwrapped, then from memory
			got, err := fresh.Subject(wrapped)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := got.Open("person.phone/1", cell); text != "15400000001" || err != nil {
				t.Fatal(text, err)
			}
			if _, err := got.Open("person.phone/2", cell); err == nil {
				t.Error("a moved cell opened")
			}
		}
		other, _ := k.NewSubject()
		if _, err := other.Open("person.phone/1", cell); err == nil {
			t.Error("one person's key opened another's field")
		}
		if _, err := k.Open("person.phone/1", cell); err == nil {
			t.Error("the ring opened a person's field without the person's key")
		}
		k.Forget(wrapped)
		_, err = k.Subject("")
		wantKey(t, err, errs.KindNotFound, "keys.erased")
		_, err = Subject{}.Open("person.phone/1", cell)
		wantKey(t, err, errs.KindNotFound, "keys.erased")
	}
}

func TestSubjectCacheIsBounded(t *testing.T) {
	var c subjectCache
	s, err := newSealer("s1", SM4, make([]byte, SM4.keySize()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3*cacheHalf + 10 {
		c.put(fmt.Sprint(i), s)
		if i%1000 == 0 {
			c.get("0") // in use all the time, so it stays
		}
	}
	if n := len(c.young) + len(c.old); n > 2*cacheHalf {
		t.Errorf("holds %d", n)
	}
	if c.get("0") == nil {
		t.Error("what is used all the time was dropped")
	}
	if c.get("1") != nil {
		t.Error("what was not used for long is still there")
	}
	c.drop("0")
	if c.get("0") != nil {
		t.Error("a forgotten key is still there")
	}
}

func TestIndexAndMAC(t *testing.T) {
	k := Ephemeral(SM4)
	rapid.Check(t, func(t *rapid.T) {
		f1, v1 := rapid.String().Draw(t, "f1"), rapid.StringN(1, 30, -1).Draw(t, "v1")
		f2, v2 := rapid.String().Draw(t, "f2"), rapid.StringN(1, 30, -1).Draw(t, "v2")
		a, b := k.Index(f1, v1), k.Index(f2, v2)
		if len(a) != 22 || (a == b) != (f1 == f2 && v1 == v2) {
			t.Fatalf("%q/%q gave %s, %q/%q gave %s", f1, v1, a, f2, v2, b)
		}
		if Equal(k.MAC(f1, []byte(v1)), k.MAC(f2, []byte(v2))) != (f1 == f2 && v1 == v2) {
			t.Fatal("MAC doesn't keep domain and data apart")
		}
	})
	if k.Index("ab", "c") == k.Index("a", "bc") {
		t.Error("field and value run together")
	}
	if Ephemeral(SM4).Index("f", "v") == k.Index("f", "v") {
		t.Error("the look-up isn't keyed")
	}
	if !EqualText("a", "a") || EqualText("a", "b") || EqualText("a", "aa") {
		t.Error("EqualText")
	}
}

// HMAC-SM3 by hand, GB/T 32918's hash under RFC 2104, to know that the pool
// changes nothing.
func TestMACMatchesItsDefinition(t *testing.T) {
	for _, hash := range []string{hashSM3, hashSHA256} {
		key := newMACKey(hash)
		pool, err := key.pool()
		if err != nil {
			t.Fatal(err)
		}
		want := slowHMAC(hash, key.Secret, []byte("\x00\x00\x00\x01dmessage"))
		for range 3 {
			if got := pool.sum("d", []byte("message"), ""); !Equal(got[:], want) {
				t.Errorf("%s: %x, want %x", hash, got, want)
			}
			if got := pool.sum("d", nil, "message"); !Equal(got[:], want) {
				t.Errorf("%s of a text: %x, want %x", hash, got, want)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := Ephemeral(AES)
	s, wrapped := k.NewSubject()
	good := k.Seal("a", "text")
	f.Add(good)
	f.Add(wrapped)
	f.Add(s.Seal("a", "text"))
	f.Add("v1::")
	f.Add("v1:" + k.ring.Load().current.id + ":")
	f.Add("v2:x:AAAA")
	f.Fuzz(func(t *testing.T, cell string) {
		text, err := k.Open("a", cell)
		if err == nil && cell != "" && cell != good {
			t.Errorf("%q opened as %q", cell, text)
		}
		if _, err := s.Open("b", cell); err == nil && cell != "" {
			t.Errorf("%q opened as a person's", cell)
		}
		if _, err := k.Subject(cell); err == nil && cell != wrapped {
			t.Errorf("%q unwrapped", cell)
		}
	})
}
