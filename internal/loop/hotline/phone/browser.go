package phone

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"zugou/internal/loop/hotline/voice"
)

// browser is a seat's end in its browser.
type browser struct {
	leg  *voice.Leg
	pc   *webrtc.PeerConnection
	gone chan struct{} // closed when the line is lost or closed
	once sync.Once
}

// gatherWithin bounds the search for our own addresses: on the district's own
// network the first ones do.
const gatherWithin = 3 * time.Second

// newAPI gives a WebRTC that speaks G.711 only, so that nothing is coded anew.
func newAPI(host string, portFrom, portTo uint16) (*webrtc.API, error) {
	var engine webrtc.MediaEngine
	for _, c := range []struct {
		mime string
		pt   webrtc.PayloadType
	}{{webrtc.MimeTypePCMA, 8}, {webrtc.MimeTypePCMU, 0}} {
		err := engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: c.mime, ClockRate: voice.Rate}, PayloadType: c.pt}, webrtc.RTPCodecTypeAudio)
		if err != nil {
			return nil, err
		}
	}
	var s webrtc.SettingEngine
	if portFrom > 0 {
		if err := s.SetEphemeralUDPPortRange(portFrom, portTo); err != nil {
			return nil, err
		}
	}
	s.SetIncludeLoopbackCandidate(true) // the demonstration and the tests run on one machine
	if host != "" && host != "0.0.0.0" && host != "127.0.0.1" {
		s.SetNAT1To1IPs([]string{host}, webrtc.ICECandidateTypeHost)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithSettingEngine(s)), nil
}

// newBrowser answers a browser's offer. The answer holds all of our addresses,
// so that one exchange is enough.
func newBrowser(ctx context.Context, api *webrtc.API, offer string) (b *browser, answer string, err error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			_ = pc.Close()
		}
	}()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: voice.Rate}, "call", "call")
	if err != nil {
		return nil, "", err
	}
	if _, err = pc.AddTrack(track); err != nil {
		return nil, "", err
	}
	b = &browser{pc: pc, gone: make(chan struct{})}
	seq, ts := uint16(rand.Uint32()), rand.Uint32()
	b.leg = &voice.Leg{Name: "seat", Send: func(f voice.Frame) {
		seq++
		ts += voice.Samples
		p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts}, Payload: voice.PCMA.Encode(f)}
		_ = track.WriteRTP(&p) // a lost packet is silence
	}}
	pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := remote.ReadRTP()
			if err != nil {
				return
			}
			b.leg.Put(p.SequenceNumber, voice.Codec(p.PayloadType).Decode(p.Payload))
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed, webrtc.PeerConnectionStateDisconnected:
			b.lose()
		}
	})
	if err = pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return nil, "", fmt.Errorf("phone: the browser's offer: %w", err)
	}
	ours, err := pc.CreateAnswer(nil)
	if err != nil {
		return nil, "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err = pc.SetLocalDescription(ours); err != nil {
		return nil, "", err
	}
	wait, cancel := context.WithTimeout(ctx, gatherWithin)
	defer cancel()
	select {
	case <-gathered:
	case <-wait.Done():
	}
	return b, pc.LocalDescription().SDP, nil
}

func (b *browser) lose() { b.once.Do(func() { close(b.gone) }) }

func (b *browser) close() {
	b.lose()
	_ = b.pc.Close()
}
