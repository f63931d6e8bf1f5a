package document

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Sniffed is what the content of a file says it is.
type Sniffed struct {
	Kind  Kind
	Media string // media type as it will be served
}

// Sniff tells what the bytes are; ok is false for what is not taken. The
// sender's word counts for nothing: a page that calls itself a photo would be
// run by a browser.
func Sniff(b []byte) (Sniffed, bool) {
	has := func(at int, sign string) bool { return len(b) >= at+len(sign) && string(b[at:at+len(sign)]) == sign }
	switch {
	case has(0, "\xff\xd8\xff"):
		return Sniffed{Image, "image/jpeg"}, true
	case has(0, "\x89PNG\r\n\x1a\n"):
		return Sniffed{Image, "image/png"}, true
	case has(0, "RIFF") && has(8, "WEBP"):
		return Sniffed{Image, "image/webp"}, true
	case has(0, "RIFF") && has(8, "WAVE"):
		return Sniffed{Audio, "audio/wav"}, true
	case has(0, "OggS"):
		return Sniffed{Audio, "audio/ogg"}, true
	case has(0, "\x1a\x45\xdf\xa3") && bytes.Contains(b[:min(len(b), 64)], []byte("webm")):
		return Sniffed{Audio, "audio/webm"}, true
	case has(0, "#!AMR"):
		return Sniffed{Audio, "audio/amr"}, true
	case has(0, "ID3"), isMPEGAudio(b):
		return Sniffed{Audio, "audio/mpeg"}, true
	case has(4, "ftyp") && slices.Contains([]string{"M4A ", "mp42", "mp41", "isom", "iso2", "3gp4", "3gp5", "3gp6", "3g2a"}, brand(b)):
		return Sniffed{Audio, "audio/mp4"}, true
	case has(0, "%PDF-"):
		return Sniffed{PDF, "application/pdf"}, true
	}
	return Sniffed{}, false
}

func brand(b []byte) string {
	if len(b) < 12 {
		return ""
	}
	return string(b[8:12])
}

// isMPEGAudio tells whether the bytes begin with a frame header of MPEG audio
// layer III with a bit rate and a sample rate that exist.
func isMPEGAudio(b []byte) bool {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return false
	}
	version, layer, rate, sample := b[1]>>3&3, b[1]>>1&3, b[2]>>4, b[2]>>2&3
	return version != 1 && layer == 1 && rate != 0 && rate != 15 && sample != 3
}

// withoutMediaTags blanks what a recorder wrote beside the sound: the place
// and the name in MP4's user data, the ID3 tag of MP3. The sound stays as it is.
func withoutMediaTags(media string, b []byte) []byte {
	switch media {
	case "audio/mp4":
		out := bytes.Clone(b)
		blankBoxes(out, 0)
		return out
	case "audio/mpeg":
		if len(b) > 10 && string(b[:3]) == "ID3" {
			size := int(b[6]&0x7f)<<21 | int(b[7]&0x7f)<<14 | int(b[8]&0x7f)<<7 | int(b[9]&0x7f)
			if 10+size < len(b) {
				return b[10+size:]
			}
		}
	}
	return b
}

// mostNested bounds the nesting of MP4 boxes: moov, trak, mdia are three.
const mostNested = 4

// blankBoxes turns MP4's free-text boxes into free space, in place: offsets of
// the sound stay right.
func blankBoxes(b []byte, depth int) {
	for len(b) >= 8 {
		size := int64(binary.BigEndian.Uint32(b))
		head := int64(8)
		if size == 1 && len(b) >= 16 {
			size, head = int64(binary.BigEndian.Uint64(b[8:])), 16
		}
		if size == 0 {
			size = int64(len(b))
		}
		if size < head || size > int64(len(b)) {
			return
		}
		switch string(b[4:8]) {
		case "udta", "meta", "uuid":
			copy(b[4:8], "free")
			clear(b[head:size])
		case "moov", "trak", "mdia":
			if depth < mostNested {
				blankBoxes(b[head:size], depth+1)
			}
		}
		b = b[size:]
	}
}
