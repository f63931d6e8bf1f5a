package mqtt_test

import (
	"errors"
	"net"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// result makes mochi's OnPublish end in one way.
type result struct {
	mochi.HookBase
	stop bool
	err  error
}

func (r *result) Provides(b byte) bool {
	return b == mochi.OnPublish || b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

func (r *result) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

func (r *result) OnACLCheck(*mochi.Client, string, bool) bool { return true }

func (r *result) OnPublish(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if r.stop {
		cl.Stop(r.err)
	}
	return pk, r.err
}

// TestMochiIsWhatWeBuiltOn holds the pinned broker to its measured behaviour
// (reference, 2.1): an upgrade that changes a cell shows here. "silent" means
// that no reply came before that of a ping.
func TestMochiIsWhatWeBuiltOn(t *testing.T) {
	const (
		success = "success"
		refused = "refused"
		silent  = "silent"
		ended   = "ended"
	)
	for _, row := range []struct {
		name         string
		hook         result
		v3, v5, v3q2 string
	}{
		{"nil", result{}, success, success, success},
		{"a plain error", result{err: errors.New("no")}, success, success, success},
		{"server busy", result{err: packets.ErrServerBusy}, success, refused, success},
		{"reject", result{err: packets.ErrRejectPacket}, silent, silent, silent},
		{"stop and reject", result{stop: true, err: packets.ErrRejectPacket}, ended, ended, ended},
	} {
		for _, c := range []struct {
			v5   bool
			qos  byte
			want string
		}{{false, 1, row.v3}, {true, 1, row.v5}, {false, 2, row.v3q2}} {
			t.Run(row.name, func(t *testing.T) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				s := mochi.New(&mochi.Options{Logger: quiet})
				hook := row.hook
				if errors.Join(s.AddHook(&hook, nil), s.AddListener(listeners.NewNet("t", l)), s.Serve()) != nil {
					t.Fatal("no server")
				}
				defer s.Close()
				w := open(t, l.Addr().String(), c.v5)
				if w.connect("a", "a", "a") != 0 {
					t.Fatal("refused")
				}
				w.publish("x", "y", c.qos, 7)
				switch c.want {
				case silent:
					w.silent()
				case ended:
					w.ended()
				default:
					f := w.want(acked(c.qos))
					if bad := len(f.body) > 2 && f.body[2] >= 0x80; bad != (c.want == refused) {
						t.Errorf("v5=%v qos=%d: %x, want %s", c.v5, c.qos, f.body, c.want)
					}
				}
			})
		}
	}
}
