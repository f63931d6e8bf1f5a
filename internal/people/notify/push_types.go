package notify

// Subscription is what a browser gives for Web Push (RFC 8030, RFC 8291).
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"`
	Auth     string `json:"auth"`
}
