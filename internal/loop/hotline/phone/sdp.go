package phone

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"zugou/internal/loop/hotline/voice"
)

// media is where and how the other side wants its sound.
type media struct {
	to    netip.AddrPort
	codec voice.Codec
	keys  uint8 // payload type of telephone-event; 0 = none
	held  bool
}

var errNoSpeech = errors.New("phone: the other side offers no G.711")

// readSDP reads an offer or an answer (RFC 4566): the first audio line with
// G.711, A-law before µ-law as China's lines are.
func readSDP(body []byte) (media, error) {
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil {
		return media{}, err
	}
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 {
			continue
		}
		host := m.ConnectionInformation
		if host == nil {
			host = d.ConnectionInformation
		}
		if host == nil || host.Address == nil {
			return media{}, errNoSpeech
		}
		addr, err := netip.ParseAddr(strings.SplitN(host.Address.Address, "/", 2)[0])
		if err != nil {
			return media{}, fmt.Errorf("phone: address of the sound: %w", err)
		}
		out := media{to: netip.AddrPortFrom(addr, uint16(m.MediaName.Port.Value))}
		found := false
		for _, want := range []voice.Codec{voice.PCMA, voice.PCMU} {
			for _, f := range m.MediaName.Formats {
				if !found && f == strconv.Itoa(int(want)) {
					out.codec, found = want, true
				}
			}
		}
		if !found {
			return media{}, errNoSpeech
		}
		for _, a := range m.Attributes {
			switch a.Key {
			case "rtpmap":
				pt, name, _ := strings.Cut(a.Value, " ")
				if n, err := strconv.ParseUint(pt, 10, 7); err == nil && strings.HasPrefix(strings.ToLower(name), "telephone-event/8000") {
					out.keys = uint8(n)
				}
			case "sendonly", "inactive":
				out.held = true
			}
		}
		return out, nil
	}
	return media{}, errNoSpeech
}

// writeSDP gives our side: one codec in an answer, both in an offer.
func writeSDP(host string, port int, session uint64, codecs []voice.Codec, keys uint8) []byte {
	ip := "IP4"
	if a := net.ParseIP(host); a != nil && a.To4() == nil {
		ip = "IP6"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- %d 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\nm=audio %d RTP/AVP", session, ip, host, ip, host, port)
	for _, c := range codecs {
		fmt.Fprintf(&b, " %d", c)
	}
	if keys != 0 {
		fmt.Fprintf(&b, " %d", keys)
	}
	b.WriteString("\r\n")
	for _, c := range codecs {
		name := "PCMA"
		if c == voice.PCMU {
			name = "PCMU"
		}
		fmt.Fprintf(&b, "a=rtpmap:%d %s/8000\r\n", c, name)
	}
	if keys != 0 {
		fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", keys, keys)
	}
	b.WriteString("a=ptime:20\r\na=sendrecv\r\n")
	return []byte(b.String())
}
