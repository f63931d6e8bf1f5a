package simulate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/mochi-mqtt/server/v2/packets"

	"zugou/internal/loop/gateway/report"
)

// said is a moment in the words of our own contract.
type said struct {
	Mid     string        `json:"mid"`
	Kind    report.Alarm  `json:"kind,omitempty"`
	At      int64         `json:"t"`
	Lat     *float64      `json:"lat,omitempty"`
	Lon     *float64      `json:"lon,omitempty"`
	Src     string        `json:"src,omitempty"`
	Speed   *float64      `json:"speed,omitempty"`
	Course  *float64      `json:"course,omitempty"`
	Battery int           `json:"batt"`
	Steps   int           `json:"steps,omitempty"`
	Sats    *int          `json:"sats,omitempty"`
	Signal  int           `json:"signal,omitempty"`
	Cells   []report.Cell `json:"cells,omitempty"`
	Wifi    []report.Wifi `json:"wifi,omitempty"`
	History bool          `json:"history,omitempty"`
}

// contract writes messages of our own contract and names them. A mid is made
// of the moment, so that the same moment said again has the same.
type contract struct{ id string }

func (c contract) mid(m Moment, about string) string {
	return fmt.Sprintf("%x-%s", m.At.UnixMilli(), about)
}

func (c contract) beat(m Moment) said {
	return said{Mid: c.mid(m, "beat"), At: m.At.UnixMilli(), Battery: m.Battery, Steps: m.Steps}
}

func (c contract) place(m Moment, about string) said {
	s := said{Mid: c.mid(m, about), At: m.At.UnixMilli(), Battery: m.Battery, Steps: m.Steps, Cells: m.Cells, Wifi: m.Wifi, Signal: 20 + int(m.At.Unix()/600)%10}
	if m.Fixed {
		msg := m.message()
		s.Lat, s.Lon, s.Speed, s.Course, s.Sats, s.Src = msg.Lat, msg.Lon, msg.SpeedKmh, msg.Course, msg.Satellites, "gnss"
	}
	return s
}

func text(s said) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return nil // numbers and names: there is no such value
	}
	return b
}

// mqttVoice speaks MQTT 3.1.1 or 5 with one credential.
type mqttVoice struct {
	contract
	token   string
	version byte
	packet  uint16
	buf     []byte
}

// aliveFor is the keepalive in seconds; the link message comes more often.
const aliveFor = 900

func encoded(write func(*bytes.Buffer) error) []byte {
	var b bytes.Buffer
	if write(&b) != nil {
		return nil // only for packets that say too much
	}
	return b.Bytes()
}

func (v *mqttVoice) next() uint16 {
	if v.packet++; v.packet == 0 {
		v.packet = 1
	}
	return v.packet
}

func (v *mqttVoice) open() ([]byte, bool) {
	v.buf = nil
	pk := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: v.version}
	pk.Connect = packets.ConnectParams{ProtocolName: []byte("MQTT"), ClientIdentifier: v.id, Clean: true, Keepalive: aliveFor, Username: []byte(v.id), UsernameFlag: true,
		Password: []byte(v.token), PasswordFlag: true, WillFlag: true, WillTopic: "up/" + v.id + "/will", WillPayload: []byte(`{}`)}
	return encoded(pk.ConnectEncode), false
}

func (v *mqttVoice) publish(subject string, s said) []byte {
	pk := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}, ProtocolVersion: v.version, TopicName: "up/" + v.id + "/" + subject, PacketID: v.next(), Payload: text(s)}
	return encoded(pk.PublishEncode)
}

func (v *mqttVoice) link(m Moment) []byte { return v.publish("beat", v.beat(m)) }

func (v *mqttVoice) position(m Moment, history bool) []byte {
	s := v.place(m, "pos")
	s.History = history
	return v.publish("pos", s)
}

func (v *mqttVoice) alarm(m Moment, a report.Alarm) ([]byte, string) {
	s := v.place(m, string(a))
	s.Kind = a
	return v.publish("alarm", s), s.Mid
}

func (v *mqttVoice) hear(p []byte) ([]heard, error) {
	v.buf = append(v.buf, p...)
	var out []heard
	for {
		pk, ok, err := v.cut()
		if err != nil || !ok {
			return out, err
		}
		switch pk.FixedHeader.Type {
		case packets.Connack:
			if pk.ReasonCode != 0 {
				return append(out, heard{refused: true}), nil
			}
			sub := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Subscribe, Qos: 1}, ProtocolVersion: v.version, PacketID: v.next(),
				Filters: packets.Subscriptions{{Filter: "down/" + v.id + "/#", Qos: 1}}}
			out = append(out, heard{say: encoded(sub.SubscribeEncode)})
		case packets.Suback: // what is said from here on is acknowledged where it is heard
			out = append(out, heard{ready: true})
		case packets.Publish:
			out = append(out, v.told(pk))
		}
	}
}

// cut takes one whole packet off the stream.
func (v *mqttVoice) cut() (pk packets.Packet, ok bool, err error) {
	if len(v.buf) < 2 {
		return pk, false, nil
	}
	size, used := 0, 0
	for shift := 0; ; shift += 7 {
		if 1+used == len(v.buf) {
			return pk, false, nil
		}
		if used == 4 {
			return pk, false, errors.New("mqtt: a length of more than four bytes")
		}
		b := v.buf[1+used]
		size |= int(b&0x7f) << shift
		used++
		if b&0x80 == 0 {
			break
		}
	}
	if len(v.buf) < 1+used+size {
		return pk, false, nil
	}
	body := bytes.Clone(v.buf[1+used : 1+used+size])
	pk.ProtocolVersion = v.version
	err = pk.FixedHeader.Decode(v.buf[0])
	v.buf = v.buf[1+used+size:]
	if err != nil {
		return pk, false, err
	}
	pk.FixedHeader.Remaining = size
	switch pk.FixedHeader.Type {
	case packets.Connack:
		err = pk.ConnackDecode(body)
	case packets.Publish:
		err = pk.PublishDecode(body)
	case packets.Suback:
		err = pk.SubackDecode(body)
	}
	return pk, err == nil, err
}

// told reads what came on down/{id}/….
func (v *mqttVoice) told(pk packets.Packet) heard {
	var f struct {
		Mid  string `json:"mid"`
		CID  string `json:"cid"`
		Kind string `json:"kind"`
	}
	h := heard{}
	if pk.FixedHeader.Qos == 1 {
		ack := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, ProtocolVersion: v.version, PacketID: pk.PacketID}
		h.say = encoded(ack.PubackEncode)
	}
	if json.Unmarshal(pk.Payload, &f) != nil {
		return h
	}
	if strings.HasSuffix(pk.TopicName, "/ack") {
		h.answer = f.Mid
		return h
	}
	h.command, h.locate = true, f.Kind == "locate"
	done := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}, ProtocolVersion: v.version, TopicName: "up/" + v.id + "/answer", PacketID: v.next()}
	done.Payload, _ = json.Marshal(map[string]any{"mid": "a-" + f.CID, "cid": f.CID, "ok": true})
	h.say = append(h.say, encoded(done.PublishEncode)...)
	return h
}

// httpVoice speaks HTTP on one kept connection.
type httpVoice struct {
	contract
	token string
	buf   []byte
}

func (v *httpVoice) open() ([]byte, bool) {
	v.buf = nil
	return nil, true
}

func (v *httpVoice) post(subject string, s said) []byte {
	body := text(s)
	var b bytes.Buffer
	b.WriteString("POST /api/device/" + v.id + "/" + subject + " HTTP/1.1\r\nHost: badge.invalid\r\nContent-Type: application/json\r\nAuthorization: Bearer " + v.token +
		"\r\nIdempotency-Key: " + s.Mid + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n")
	b.Write(body)
	return b.Bytes()
}

func (v *httpVoice) link(m Moment) []byte { return v.post("beat", v.beat(m)) }

func (v *httpVoice) position(m Moment, history bool) []byte {
	s := v.place(m, "pos")
	s.History = history
	return v.post("pos", s)
}

func (v *httpVoice) alarm(m Moment, a report.Alarm) ([]byte, string) {
	s := v.place(m, string(a))
	s.Kind = a
	return v.post("alarm", s), s.Mid
}

func (v *httpVoice) hear(p []byte) ([]heard, error) {
	v.buf = append(v.buf, p...)
	var out []heard
	for {
		left := bytes.NewReader(v.buf)
		r := bufio.NewReader(left)
		res, err := http.ReadResponse(r, nil)
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return out, nil // the rest is under way
		}
		if err != nil {
			return out, err
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		v.buf = v.buf[len(v.buf)-left.Len()-r.Buffered():]
		var f struct {
			Mid string `json:"mid"`
		}
		switch h := (heard{}); {
		case res.StatusCode == http.StatusUnauthorized:
			return append(out, heard{refused: true}), nil
		case res.StatusCode == http.StatusOK && json.Unmarshal(body, &f) == nil:
			h.answer = f.Mid
			out = append(out, h)
		}
	}
}
