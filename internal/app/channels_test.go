package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/people/notify"
)

// A gateway is described by settings or by a file; what the file says wrong is
// told, and a gateway in clear stands only in a network that was named.
func TestTheGatewayIsWhatTheSettingsSay(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		p := filepath.Join(dir, "gateway.json")
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	full := `{"url":"http://10.1.2.3/send","body":"to={{.Phone}}&text={{.Text}}","headers":{"Content-Type":"application/x-www-form-urlencoded"},"ok_field":"code","ok_value":"0"}`
	for _, c := range []struct {
		name, file, nets, refused string
	}{
		{"in full", full, "10.0.0.0/8", ""},
		{"in clear without a network", full, "", "notify.url_form"},
		{"a word that nobody knows", `{"uri":"https://s.example"}`, "", "uri"},
		{"not JSON", `url=x`, "", "sms-gateway"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"--data", dir, "--sms-gateway", write(c.file), "--sms-secret", "s"}
			if c.nets != "" {
				args = append(args, "--channel-networks", c.nets)
			}
			conf, err := config.Load(args, func(string) string { return "" }, os.ReadFile)
			if err != nil {
				t.Fatal(err)
			}
			g, err := smsGateway(conf)
			if err == nil {
				client, cerr := notify.Outside{Allow: conf.Outside.Networks}.Client()
				if cerr != nil {
					t.Fatal(cerr)
				}
				_, err = notify.NewSMS(g, client, clock.System())
			}
			if c.refused == "" && (err != nil || g.Secret != "s" || g.OKField != "code") || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("%+v %v", g, err)
			}
		})
	}
}
