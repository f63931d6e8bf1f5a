package phones

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"zugou/internal/people/notify"
)

// ear is a browser that takes pushed messages.
type ear struct {
	name string
	key  *ecdh.PrivateKey
	auth []byte
}

// Browser makes a browser's subscription; messages to it arrive under name.
func (n *Network) Browser(name string) notify.Subscription {
	n.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		n.t.Fatal(err)
	}
	e := &ear{name: name, key: key, auth: make([]byte, 16)}
	if _, err := io.ReadFull(rand.Reader, e.auth); err != nil {
		n.t.Fatal(err)
	}
	path := base64.RawURLEncoding.EncodeToString(e.auth)
	n.mu.Lock()
	n.ears[path] = e
	n.mu.Unlock()
	return notify.Subscription{
		Endpoint: n.server.URL + "/push/" + path,
		P256dh:   base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
		Auth:     base64.RawURLEncoding.EncodeToString(e.auth),
	}
}

// Forget has the push service answer that the browser is gone.
func (n *Network) Forget(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for path, e := range n.ears {
		if e.name == name {
			delete(n.ears, path)
		}
	}
}

func (n *Network) push(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	e := n.ears[r.PathValue("ear")]
	n.mu.Unlock()
	if e == nil {
		http.Error(w, "gone", http.StatusGone)
		return
	}
	if f, failing := n.fault(e.name); failing && f == Down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") || r.Header.Get("TTL") == "" {
		n.t.Errorf("a push without VAPID or TTL")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		n.t.Errorf("push: %v", err)
		return
	}
	plain, err := e.open(body)
	var m struct{ Text string }
	if err == nil {
		err = json.Unmarshal(plain, &m)
	}
	if err != nil {
		n.t.Errorf("the browser can't read the push: %v", err)
	}
	n.arrive(Message{To: e.name, Text: m.Text})
	w.WriteHeader(http.StatusCreated)
}

// open decrypts one record as RFC 8291 section 3.4 tells the user agent to.
func (e *ear) open(body []byte) ([]byte, error) {
	if len(body) < 21 || len(body) < 21+int(body[20]) {
		return nil, errors.New("short record")
	}
	salt, senderRaw, sealed := body[:16], body[21:21+int(body[20])], body[21+int(body[20]):]
	sender, err := ecdh.P256().NewPublicKey(senderRaw)
	if err != nil {
		return nil, err
	}
	shared, err := e.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(e.key.PublicKey().Bytes()) + string(senderRaw)
	ikm, err := hkdf.Key(sha256.New, shared, e.auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, err
	}
	end := len(plain) - 1
	for end >= 0 && plain[end] == 0 {
		end--
	}
	if end < 0 || plain[end] != 2 { // the delimiter of the last record
		return nil, errors.New("no delimiter")
	}
	return plain[:end], nil
}
