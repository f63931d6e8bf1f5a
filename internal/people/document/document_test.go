package document_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/document"
	files "zugou/policy/document"
)

// picture draws a w×h picture, red in its upper left quarter.
func picture(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{40, 90, 200, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{220, 20, 20, 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func jpegOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exifBlock writes a TIFF block as cameras do: orientation, time, GPS.
func exifBlock(order binary.AppendByteOrder, orientation uint16) []byte {
	var b []byte
	u16 := func(v uint16) { b = order.AppendUint16(b, v) }
	u32 := func(v uint32) { b = order.AppendUint32(b, v) }
	field := func(tag, kind uint16, count, value uint32) { u16(tag); u16(kind); u32(count); u32(value) }
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = append(b, "II"...)
	} else {
		b = append(b, "MM"...)
	}
	u16(42)
	u32(8)
	// First directory at 8: 3 fields, 2 + 36 + 4 bytes → 50.
	u16(3)
	u16(0x0112)
	u16(3)
	u32(1)
	u16(orientation)
	u16(0)
	field(0x8769, 4, 1, 50)
	field(0x8825, 4, 1, 100)
	u32(0)
	// Exif directory at 50: 1 field; its text at 70.
	u16(1)
	field(0x9003, 2, 20, 70)
	u32(0)
	b = append(b, make([]byte, 70-len(b))...)
	b = append(b, "2024:05:01 12:30:00\x00"...)
	b = append(b, make([]byte, 100-len(b))...)
	// GPS directory at 100: 4 fields, ends at 154; rationals at 160 and 184.
	u16(4)
	b = append(b, gpsText(order, 1, 'N')...)
	field(2, 5, 3, 160)
	b = append(b, gpsText(order, 3, 'E')...)
	field(4, 5, 3, 184)
	u32(0)
	b = append(b, make([]byte, 160-len(b))...)
	for _, v := range []uint32{29, 1, 42, 1, 1830, 100, 105, 1, 43, 1, 0, 0} {
		u32(v)
	}
	return b
}

func gpsText(order binary.AppendByteOrder, tag uint16, letter byte) []byte {
	b := order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, tag), 2), 2)
	return append(b, letter, 0, 0, 0)
}

// withSegments puts segments behind JPEG's first marker.
func withSegments(img []byte, segments ...[]byte) []byte {
	out := bytes.Clone(img[:2])
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(out, img[2:]...)
}

func segment(marker byte, body []byte) []byte {
	return append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

func policies(t *testing.T) document.Policies {
	t.Helper()
	p, err := dated.Read[document.Policy](files.Files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAServedPictureTellsNothingButPixels(t *testing.T) {
	p := policies(t).On("2026-01-01")
	for name, order := range map[string]binary.AppendByteOrder{"little endian": binary.LittleEndian, "big endian": binary.BigEndian} {
		t.Run(name, func(t *testing.T) {
			raw := withSegments(jpegOf(t, picture(80, 40)), segment(0xe1, append([]byte("Exif\x00\x00"), exifBlock(order, 1)...)),
				segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x>SECRET-PLACE</x>")), segment(0xed, []byte("Photoshop 3.0\x00SECRET-IPTC")),
				segment(0xfe, []byte("SECRET-COMMENT")), segment(0xe2, []byte("MPF\x00SECRET-MPF")), segment(0xe2, []byte("ICC_PROFILE\x00\x01\x01profile")))
			raw = append(raw, "SECRET-VIDEO-BEHIND-THE-END"...)
			got, err := document.Prepare(raw, "image/jpeg", p)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"SECRET", "Exif", "2024:05:01"} {
				if bytes.Contains(got.Bytes, []byte(word)) || bytes.Contains(got.Thumb, []byte(word)) {
					t.Errorf("%s is still in the served picture", word)
				}
			}
			if !bytes.Contains(got.Bytes, []byte("ICC_PROFILE")) {
				t.Error("the colour profile is gone")
			}
			want := document.Meta{TakenAt: clock.Of(time.Date(2024, 5, 1, 4, 30, 0, 0, time.UTC)), Lat: 29 + 42./60 + 18.3/3600, Lon: 105 + 43./60, Source: "camera", Orientation: 1}
			if d := got.Meta.Lat - want.Lat; d > 1e-9 || d < -1e-9 {
				t.Errorf("latitude %v, want %v", got.Meta.Lat, want.Lat)
			}
			got.Meta.Lat = want.Lat
			if got.Meta != want {
				t.Errorf("kept %+v, want %+v", got.Meta, want)
			}
			if _, err := jpeg.Decode(bytes.NewReader(got.Bytes)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Where the red quarter of a picture lies after turning it upright.
func TestAPictureStandsUpright(t *testing.T) {
	p := policies(t).On("2026-01-01")
	for orientation, want := range map[uint16]struct{ w, h, x, y int }{
		1: {80, 40, 10, 5}, 2: {80, 40, 70, 5}, 3: {80, 40, 70, 35}, 4: {80, 40, 10, 35},
		5: {40, 80, 5, 10}, 6: {40, 80, 35, 10}, 7: {40, 80, 35, 70}, 8: {40, 80, 5, 70},
	} {
		raw := withSegments(jpegOf(t, picture(80, 40)), segment(0xe1, append([]byte("Exif\x00\x00"), exifBlock(binary.BigEndian, orientation)...)))
		got, err := document.Prepare(raw, "image/jpeg", p)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(got.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		if got.Width != want.w || got.Height != want.h || img.Bounds().Dx() != want.w {
			t.Errorf("orientation %d: %d×%d, want %d×%d", orientation, got.Width, got.Height, want.w, want.h)
		}
		if r, _, b, _ := img.At(want.x, want.y).RGBA(); r < b {
			t.Errorf("orientation %d: the red corner is not at %d,%d", orientation, want.x, want.y)
		}
	}
}

func TestPNGLosesItsTexts(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, picture(500, 100)); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	chunk := func(name, body string) []byte {
		out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		return append(append(append(out, name...), body...), 0, 0, 0, 0) // nobody checks a chunk that is dropped
	}
	at := 8 + 25 // behind IHDR
	raw = append(append(append(bytes.Clone(raw[:at]), chunk("tEXt", "Author\x00SECRET")...), chunk("eXIf", string(exifBlock(binary.LittleEndian, 1)))...), raw[at:]...)
	got, err := document.Prepare(raw, "image/png", policies(t).On("2026-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(got.Bytes, []byte("SECRET")) || bytes.Contains(got.Bytes, []byte("eXIf")) || got.Meta.Source != "camera" {
		t.Errorf("kept texts, or lost what they said: %+v", got.Meta)
	}
	small, err := jpeg.DecodeConfig(bytes.NewReader(got.Thumb))
	if err != nil || small.Width != 360 || small.Height != 72 {
		t.Errorf("small copy %v %v", small, err)
	}
}

func TestSniffGoesByContent(t *testing.T) {
	for _, c := range []struct {
		bytes string
		media string
	}{
		{"\xff\xd8\xff\xe0....", "image/jpeg"}, {"\x89PNG\r\n\x1a\n", "image/png"}, {"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"},
		{"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"}, {"OggS\x00", "audio/ogg"}, {"\x1a\x45\xdf\xa3\x01\x00webm", "audio/webm"},
		{"#!AMR\n", "audio/amr"}, {"\x00\x00\x00\x18ftypM4A ", "audio/mp4"}, {"ID3\x04", "audio/mpeg"}, {"\xff\xfb\x90\x00", "audio/mpeg"}, {"%PDF-1.7", "application/pdf"},
		{"<html><script>", ""}, {"<svg xmlns=", ""}, {"GIF89a", ""}, {"PK\x03\x04", ""}, {"MZ", ""}, {"", ""}, {"\x00\x00\x00\x18ftypheic", ""}, {"\xff\xff\xff\xff", ""},
	} {
		got, ok := document.Sniff([]byte(c.bytes))
		if got.Media != c.media || ok != (c.media != "") {
			t.Errorf("%q is taken for %q, want %q", c.bytes, got.Media, c.media)
		}
	}
}

func FuzzPrepare(f *testing.F) {
	p, err := dated.Read[document.Policy](files.Files)
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, picture(16, 16), nil)
	f.Add(withSegments(b.Bytes(), segment(0xe1, append([]byte("Exif\x00\x00"), exifBlock(binary.LittleEndian, 6)...))))
	b.Reset()
	_ = png.Encode(&b, picture(16, 16))
	f.Add(b.Bytes())
	f.Add([]byte("RIFF\x10\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\xff"))
	pol := p[0]
	pol.Limits = map[document.Kind]document.Limit{document.Image: {Bytes: 1 << 20, Pixels: 1 << 16}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		what, ok := document.Sniff(raw)
		if !ok || what.Kind != document.Image {
			return
		}
		got, err := document.Prepare(raw, what.Media, pol)
		if err != nil {
			if !errs.Is(err, errs.KindInvalid) {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		if bytes.Contains(got.Bytes, []byte("Exif\x00\x00")) && what.Media == "image/jpeg" && bytes.Contains(got.Bytes[:min(64, len(got.Bytes))], []byte("Exif\x00\x00")) {
			t.Fatal("the camera's block is still there")
		}
		if again, ok := document.Sniff(got.Bytes); !ok || again.Kind != document.Image {
			t.Fatal("what is served is no picture")
		}
	})
}

// The house of the stories: orders of two villages, and who carries them.
type house struct {
	t      *testing.T
	db     *db.DB
	clk    *clock.Fake
	dir    string
	files  *document.Service
	told   []id.ID
	ended  bool
	regOf  map[id.ID]string
	keys   *crypto.Keyring
	helper map[id.ID]id.ID
}

func (h *house) Held(ctx context.Context, _ db.Reader, record id.ID) (document.Held, error) {
	region, ok := h.regOf[record]
	if !ok {
		return document.Held{}, errs.NotFound("record.not_found")
	}
	t := access.Target{Region: region}
	if h.helper[record] == access.From(ctx).Account && !h.ended {
		t.Task = record
	}
	return document.Held{Target: t, Read: "order.read", Write: "order.progress", Child: "child-of-" + record, Region: region}, nil
}

func (h *house) Attached(_ context.Context, _ *db.Tx, _ document.Held, d document.Document) error {
	h.told = append(h.told, d.ID)
	return nil
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		h := &house{t: t, db: d, clk: clk, dir: t.TempDir(), regOf: map[id.ID]string{"order-1": "500111113203", "order-2": "500111114001"},
			helper: map[id.ID]id.ID{"order-1": "chen", "order-2": "wang"}, keys: crypto.Ephemeral(crypto.SM4)}
		h.files = document.New(document.Parts{DB: d, Keys: h.keys, Folder: h.dir, Policies: policies(t), Records: map[string]document.Record{"order": h}})
		fn(h)
	})
}

func as(account id.ID, role access.Role, region string) context.Context {
	ctx, _ := audit.With(context.Background(), "request-"+string(account))
	return access.With(ctx, access.Actor{Account: account, Grants: []access.Grant{{Role: role, Region: region}}})
}

func (h *house) put(ctx context.Context, order id.ID, key string, content []byte) (document.Document, error) {
	return h.files.Put(ctx, document.Upload{RecordKind: "order", RecordID: order, Key: key, Content: content, TakenAt: 1_716_000_000_000, Lat: 29.7, Lon: 105.7})
}

func (h *house) onDisk() (n int) {
	_ = filepath.WalkDir(h.dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	return n
}

func TestThePhoneSendsAPhotoTwiceAndTheSeatSeesOne(t *testing.T) {
	each(t, func(h *house) {
		chen, seat := as("chen", access.GridWorker, "500111113203001"), as("op", access.SeatOperator, "500111")
		photo := jpegOf(h.t, picture(900, 600))
		first, err := h.put(chen, "order-1", "press-000001", photo)
		if err != nil {
			h.t.Fatal(err)
		}
		again, err := h.put(chen, "order-1", "press-000001", photo)
		if err != nil || again.ID != first.ID {
			h.t.Fatalf("the repeat gives %v %v", again.ID, err)
		}
		h.ended = true // the phone never heard the answer, and the order ended meanwhile
		if again, err = h.put(chen, "order-1", "press-000001", photo); err != nil || again.ID != first.ID {
			h.t.Errorf("the repeat after the end gives %v %v", again.ID, err)
		}
		if h.onDisk() != 2 || len(h.told) != 1 {
			h.t.Errorf("%d files on disk, told %d times", h.onDisk(), len(h.told))
		}
		if _, err := h.put(chen, "order-2", "press-000001", photo); errs.KeyOf(err) != "document.key_used" {
			h.t.Errorf("the key on another order: %v", err)
		}
		var list []document.Document
		if err := h.db.View(seat, func(ctx context.Context, r db.Reader) error {
			list, err = h.files.List(ctx, r, "order", "order-1")
			return err
		}); err != nil || len(list) != 1 {
			h.t.Fatalf("%v %v", list, err)
		}
		if s := list[0].Said; s == nil || s.Lat != 29.7 || s.Source != "phone" || s.TakenAt != 1_716_000_000_000 {
			h.t.Errorf("the photo says %+v", list[0].Said)
		}
		full, err := h.files.Open(seat, first.ID, false)
		if err != nil || !bytes.Equal(full.Body, photo) {
			h.t.Errorf("the photo comes back changed: %d bytes, %v", len(full.Body), err)
		}
		small, err := h.files.Open(seat, first.ID, true)
		if cfg, e := jpeg.DecodeConfig(bytes.NewReader(small.Body)); err != nil || e != nil || cfg.Width != 360 || cfg.Height != 240 {
			h.t.Errorf("small copy %+v %v %v", cfg, err, e)
		}
	})
}

func TestARecordsRightsAreItsFilesRights(t *testing.T) {
	each(t, func(h *house) {
		chen := as("chen", access.GridWorker, "500111113203001")
		photo := jpegOf(h.t, picture(30, 30))
		d, err := h.put(chen, "order-1", "press-000001", photo)
		if err != nil {
			h.t.Fatal(err)
		}
		for who, c := range map[string]struct {
			ctx        context.Context
			read, send errs.Kind
		}{
			"its carrier":               {chen, fine, fine},
			"the seat":                  {as("op", access.SeatOperator, "500111"), fine, errs.KindForbidden},
			"the township's officer":    {as("town", access.TownshipOfficer, "500111113"), fine, errs.KindForbidden},
			"another township":          {as("town2", access.TownshipOfficer, "500111114"), errs.KindNotFound, errs.KindNotFound},
			"a grid worker next door":   {as("wang", access.GridWorker, "500111113203002"), errs.KindNotFound, errs.KindNotFound},
			"the system administrator":  {as("adm", access.SystemAdmin, "500111"), errs.KindForbidden, errs.KindForbidden},
			"the auditor":               {as("aud", access.Auditor, "500111"), errs.KindForbidden, errs.KindForbidden},
			"a citizen":                 {as("cit", access.Citizen, "500111"), errs.KindForbidden, errs.KindForbidden},
			"nobody who is signed in":   {context.Background(), errs.KindForbidden, errs.KindForbidden},
			"the head of the bureau":    {as("head", access.BureauHead, "500111"), fine, errs.KindForbidden},
			"a counsellor with no task": {as("co", access.Counsellor, "500111"), errs.KindNotFound, errs.KindNotFound},
		} {
			if _, err := h.files.Open(c.ctx, d.ID, false); kindOf(err) != c.read {
				h.t.Errorf("%s opens it: %v", who, err)
			}
			if _, err := h.put(c.ctx, "order-1", "press-of-"+who, photo); kindOf(err) != c.send {
				h.t.Errorf("%s adds one: %v", who, err)
			}
		}
		if _, err := h.put(chen, "order-9", "press-000009", photo); kindOf(err) != errs.KindNotFound {
			h.t.Errorf("an order that is not there: %v", err)
		}
	})
}

// fine is no kind at all: the act went through.
const fine = errs.Kind(255)

func kindOf(err error) errs.Kind {
	if err == nil {
		return fine
	}
	return errs.KindOf(err)
}

func TestWhatIsRefused(t *testing.T) {
	each(t, func(h *house) {
		chen := as("chen", access.GridWorker, "500111113203001")
		for name, c := range map[string]struct {
			content []byte
			key     string
			want    string
		}{
			"nothing":               {nil, "press-000001", "document.empty"},
			"a page":                {[]byte("<html><script>alert(1)</script>"), "press-000001", "document.kind"},
			"half a photo":          {jpegOf(h.t, picture(300, 300))[:900], "press-000001", "document.broken"},
			"a photo of no size":    {[]byte("\xff\xd8\xff\xe0junk"), "press-000001", "document.broken"},
			"a recording too large": {append([]byte("OggS"), make([]byte, 21<<20)...), "press-000001", "document.too_large"},
			"no key":                {jpegOf(h.t, picture(9, 9)), "", "signal.key"},
		} {
			_, err := h.files.Put(chen, document.Upload{RecordKind: "order", RecordID: "order-1", Key: c.key, Content: c.content})
			var own *errs.Error
			if !asOwn(err, &own) || own.Kind != errs.KindInvalid || len(own.Fields) != 1 || own.Fields[0].Key != c.want {
				h.t.Errorf("%s: %v", name, err)
			}
		}
		if h.onDisk() != 0 {
			h.t.Errorf("%d files left behind", h.onDisk())
		}
		for i := range 60 {
			if _, err := h.put(chen, "order-1", "press-"+strings.Repeat("x", i+8), jpegOf(h.t, picture(4, 4))); err != nil {
				h.t.Fatal(err)
			}
		}
		if _, err := h.put(chen, "order-1", "one-more-press", jpegOf(h.t, picture(4, 4))); errs.KeyOf(err) != "document.too_many" {
			h.t.Errorf("the 61st: %v", err)
		}
		if h.onDisk() != 120 {
			h.t.Errorf("%d parts on disk, want 120", h.onDisk())
		}
	})
}

func asOwn(err error, target **errs.Error) bool {
	own, ok := err.(*errs.Error) //nolint:errorlint // the service gives it bare
	*target = own
	return ok
}

func TestAnErasedChildsPhotosAreUnreadableEverywhere(t *testing.T) {
	each(t, func(h *house) {
		chen, seat := as("chen", access.GridWorker, "500111113203001"), as("op", access.SeatOperator, "500111")
		d, err := h.put(chen, "order-1", "press-000001", jpegOf(h.t, picture(30, 30)))
		if err != nil {
			h.t.Fatal(err)
		}
		if err := h.db.Update(seat, func(ctx context.Context, tx *db.Tx) error { return document.EraseOf(ctx, tx, "child-of-order-1") }); err != nil {
			h.t.Fatal(err)
		}
		if _, err := h.files.Open(seat, d.ID, false); kindOf(err) != errs.KindNotFound {
			h.t.Errorf("still opens: %v", err)
		}
		var keys []string
		if err := h.db.View(seat, func(ctx context.Context, r db.Reader) error {
			return r.List(ctx, &keys, "SELECT subject || meta FROM document WHERE id = ?", d.ID)
		}); err != nil || len(keys) != 1 || keys[0] != "" {
			h.t.Errorf("the key is still there: %q %v", keys, err)
		}
		if err := h.files.Sweep(context.Background()); err != nil || h.onDisk() != 0 {
			h.t.Errorf("after the sweep %d files, %v", h.onDisk(), err)
		}
	})
}

func TestFilesGoWhenTheirTimeIsOver(t *testing.T) {
	each(t, func(h *house) {
		chen, seat := as("chen", access.GridWorker, "500111113203001"), as("op", access.SeatOperator, "500111")
		d, err := h.put(chen, "order-1", "press-000001", jpegOf(h.t, picture(30, 30)))
		if err != nil {
			h.t.Fatal(err)
		}
		h.clk.Advance(1825 * 24 * time.Hour)
		if err := h.files.Sweep(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		if _, err := h.files.Open(seat, d.ID, false); err != nil {
			h.t.Fatalf("gone a day early: %v", err)
		}
		h.clk.Advance(25 * time.Hour)
		if err := h.files.Sweep(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		if _, err := h.files.Open(seat, d.ID, false); kindOf(err) != errs.KindNotFound || h.onDisk() != 0 {
			h.t.Errorf("after five years: %v, %d files", err, h.onDisk())
		}
	})
}

func TestBytesThatNoRowNamesAreSweptAfterADay(t *testing.T) {
	each(t, func(h *house) {
		d, err := h.put(as("chen", access.GridWorker, "500111113203001"), "order-1", "press-000001", jpegOf(h.t, picture(30, 30)))
		if err != nil {
			h.t.Fatal(err)
		}
		place := func() string {
			x := string(id.New())
			return filepath.Join(h.dir, x[len(x)-2:], x+".full")
		}
		orphan, fresh := place(), place()
		now := h.clk.Now()
		for path, age := range map[string]time.Duration{orphan: 25 * time.Hour, fresh: time.Hour} {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				h.t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				h.t.Fatal(err)
			}
			if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
				h.t.Fatal(err)
			}
		}
		if err := h.files.Sweep(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		if _, err := os.Stat(orphan); err == nil {
			h.t.Error("the orphan is still there")
		}
		if _, err := os.Stat(fresh); err != nil {
			h.t.Error("a file that is just being written was taken away")
		}
		if _, err := h.files.Open(as("op", access.SeatOperator, "500111"), d.ID, false); err != nil {
			h.t.Error(err)
		}
	})
}

func TestAFullDiskIsBusyAndLeavesNothing(t *testing.T) {
	each(t, func(h *house) {
		blocked := filepath.Join(h.t.TempDir(), "file")
		if err := os.WriteFile(blocked, nil, 0o600); err != nil {
			h.t.Fatal(err)
		}
		s := document.New(document.Parts{DB: h.db, Keys: h.keys, Folder: filepath.Join(blocked, "under"), Policies: policies(h.t), Records: map[string]document.Record{"order": h}})
		_, err := s.Put(as("chen", access.GridWorker, "500111113203001"), document.Upload{RecordKind: "order", RecordID: "order-1", Key: "press-000001", Content: jpegOf(h.t, picture(9, 9))})
		if kindOf(err) != errs.KindBusy || len(h.told) != 0 {
			h.t.Errorf("%v, told %d", err, len(h.told))
		}
	})
}
