package config

import (
	"bytes"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zugou/internal/kernel/crypto"
)

// load runs Load with a made environment and made files.
func load(args []string, env, files map[string]string) (Config, error) {
	return Load(args, func(k string) string { return env[k] }, func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
		}
		return []byte(text), nil
	})
}

func must(t *testing.T, args []string, env, files map[string]string) Config {
	t.Helper()
	c, err := load(args, env, files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaultsListenNowhere(t *testing.T) {
	c := must(t, nil, nil, nil)
	if l := c.Listeners(); len(l) != 0 {
		t.Errorf("listens at %v", l)
	}
	if c.District != "500111" || c.Cipher != crypto.SM4 || !c.WebPush || c.Demo || c.LogLevel != slog.LevelInfo {
		t.Errorf("defaults %+v", c)
	}
	if c.Database() != filepath.Join("data", "zugou.db") || c.Keys() != filepath.Join("data", "keys") || c.Postgres() {
		t.Error(c.Database(), c.Keys())
	}
	if c.SMS.On() || c.WeCom.On() || c.DingTalk.On() || c.Broker.On() {
		t.Error("a channel is on")
	}
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	files := map[string]string{"z.json": "\ufeff{\n// the district's box\n\"data\": \"file\", \"http\": \":1\", \"watch\": \":2\", \"demo\": true, \"keep-frames\": 3}"}
	env := map[string]string{"ZUGOU_CONFIG": "z.json", "ZUGOU_HTTP": ":10", "ZUGOU_WATCH": ":20", "ZUGOU_DISTRICT": ""}
	c := must(t, []string{"--watch", ":200", "--demo=false"}, env, files)
	if c.DataDir != "file" || c.HTTP != ":10" || c.Watch != ":200" || c.Demo || c.KeepFrames != 3 || c.District != "500111" {
		t.Errorf("%+v", c)
	}
	for name, want := range map[string]string{
		"config": "environment ZUGOU_CONFIG", "data": "file z.json", "http": "environment ZUGOU_HTTP", "watch": "flag --watch",
		"demo": "flag --demo", "district": "default",
	} {
		if got := c.Source(name).String(); got != want {
			t.Errorf("%s from %s, want %s", name, got, want)
		}
	}
}

// Whatever source a value comes from, it means the same.
func TestEverySettingFromEverySource(t *testing.T) {
	sample := map[string][2]string{ // flag or environment, JSON
		"data": {"d", `"d"`}, "db": {"postgres://u@h/d", `"postgres://u@h/d"`}, "keys": {"k", `"k"`}, "cipher": {"aes-gcm", `"aes-gcm"`},
		"http": {":1", `":1"`}, "watch": {":2", `":2"`}, "jt808": {":3", `":3"`}, "gt06": {":4", `":4"`}, "mqtt": {":5", `":5"`}, "mqtts": {":8", `":8"`}, "badge-http": {":9", `":9"`}, "mqtt-ca": {"ca.pem", `"ca.pem"`},
		"sip": {":6", `":6"`}, "sip-public": {"10.0.0.1", `"10.0.0.1"`}, "sip-ports": {"30000-31000", `"30000-31000"`},
		"sip-allow": {"10.9.0.0/16", `["10.9.0.0/16"]`}, "sip-trunk": {"pbx.example", `"pbx.example"`}, "sip-user": {"line", `"line"`}, "sip-password": {"p", `"p"`}, "metrics": {":7", `":7"`}, "tls-cert": {"c.pem", `"c.pem"`}, "tls-key": {"k.pem", `"k.pem"`},
		"base-url": {"https://z.example", `"https://z.example"`}, "trusted-proxies": {"10.0.0.0/8,192.0.2.1", `["10.0.0.0/8","192.0.2.1"]`},
		"district": {"500112", `"500112"`}, "demo": {"true", `true`}, "demo-still": {"true", `true`}, "session-idle": {"seat_operator=30m;auditor=1h", `{"seat_operator":"30m","auditor":"1h"}`},
		"audit-digests": {"dd", `"dd"`}, "backups": {"bb", `"bb"`}, "keep-positions": {"60", `60`}, "keep-frames": {"2", `2`}, "channel-networks": {"10.0.0.0/8", `["10.0.0.0/8"]`}, "channel-ca": {"ca.pem", `"ca.pem"`}, "sms-gateway": {"g.json", `"g.json"`},
		"sms-url":    {"https://s.example/?p={phone}", `"https://s.example/?p={phone}"`},
		"sms-method": {"POST", `"POST"`}, "sms-body": {"{text}", `"{text}"`},
		"sms-headers": {`{"Content-Type":"text/plain; charset=GBK"}`, `{"Content-Type":"text/plain; charset=GBK"}`}, "sms-secret": {"s", `"s"`},
		"wecom-url": {"https://w.example/?key=1", `"https://w.example/?key=1"`}, "wecom-secret": {"s", `"s"`},
		"dingtalk-url": {"https://d.example/?t=1", `"https://d.example/?t=1"`}, "dingtalk-secret": {"s", `"s"`}, "web-push": {"false", `false`},
		"gateway-id": {"g1", `"g1"`}, "gateway-peers": {"http://g2:1,http://g3:1", `["http://g2:1","http://g3:1"]`},
		"mqtt-external": {"mqtts://b:8883", `"mqtts://b:8883"`}, "mqtt-user": {"u", `"u"`}, "mqtt-password": {"p", `"p"`},
		"locate-url": {"https://l.example", `"https://l.example"`}, "locate-key": {"k", `"k"`}, "locate-form": {"amap", `"amap"`},
		"log-level": {"debug", `"debug"`}, "log-format": {"json", `"json"`},
	}
	var args, object []string
	env := map[string]string{}
	for _, s := range settings() {
		v, ok := sample[s.name]
		if !ok {
			t.Fatalf("no sample of %s", s.name)
		}
		args = append(args, "--"+s.name+"="+v[0])
		env[Env(s.name)] = v[0]
		object = append(object, `"`+s.name+`":`+v[1])
	}
	file := map[string]string{"z.json": "{" + strings.Join(object, ",") + "}"}
	byFlag, byEnv, byFile := must(t, args, nil, nil), must(t, nil, env, nil), must(t, []string{"--config", "z.json"}, nil, file)
	defaults := must(t, nil, nil, nil)
	for _, s := range settings() {
		a, b, c := s.get(byFlag), s.get(byEnv), s.get(byFile)
		if a != b || b != c {
			t.Errorf("%s: flag %q, environment %q, file %q", s.name, a, b, c)
		}
		if a == s.get(defaults) && s.name != "sms-method" {
			t.Errorf("%s: the sample %q is the default, so this proves nothing", s.name, a)
		}
		again := Config{}
		if err := s.set(&again, a); err != nil || s.get(again) != a {
			t.Errorf("%s: %q read again is %q, %v", s.name, a, s.get(again), err)
		}
	}
	if byFile.SessionIdle["seat_operator"] != 30*time.Minute || byFile.SMS.Headers["Content-Type"] != "text/plain; charset=GBK" ||
		len(byFile.TrustedProxies) != 2 || byFile.TrustedProxies[1].Bits() != 32 || len(byFile.Listeners()) != 9 {
		t.Errorf("%+v", byFile)
	}
}

func TestRefusedFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"unknown near":  {"{\n\"htp\": \":1\"}", `line 2: unknown setting "htp"; did you mean "http"?`},
		"underscore":    {`{"sms_url": "x"}`, `did you mean "sms-url"?`},
		"unknown far":   {`{"frobnicate": 1}`, "unknown setting \"frobnicate\"; `zugou config -h` lists them"},
		"twice":         {`{"http": ":1", "http": ":2"}`, `setting "http" is given twice`},
		"text for flag": {`{"demo": "yes"}`, `setting "demo" must be true or false`},
		"number":        {`{"keep-frames": "7"}`, `setting "keep-frames" must be a number`},
		"float days":    {`{"keep-frames": 7.5}`, `must be a number of days`},
		"list":          {`{"gateway-peers": "a"}`, `must be a list of texts`},
		"list of lists": {`{"gateway-peers": [["a"]]}`, `must be a list of texts`},
		"map":           {`{"sms-headers": ["a"]}`, `must be an object of texts`},
		"map of number": {`{"sms-headers": {"a": 1}}`, `must be an object of texts`},
		"text":          {`{"http": 8080}`, `setting "http" must be a text in quotes`},
		"null":          {`{"http": null}`, `setting "http" must be a text in quotes`},
		"array":         {`[]`, `must be one JSON object`},
		"empty":         {``, `ends too early`},
		"half":          {`{"http": ":1"`, `ends too early`},
		"half text":     {`{"http": ":1`, `ends too early`},
		"no comma":      {"{\"http\": \":1\"\n\"watch\": \":2\"}", `line 2`},
		"two objects":   {`{} {}`, `something follows`},
		"nested":        {`{"sms": {"url": "x"}}`, `unknown setting "sms"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load([]string{"--config", "z.json"}, nil, map[string]string{"z.json": c.file})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want …%s…", err, c.want)
			}
		})
	}
	if _, err := load([]string{"--config", "away.json"}, nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestRefusedValues(t *testing.T) {
	for name, c := range map[string]struct{ args, want string }{
		"no port":          {"--http 127.0.0.1", "setting http (flag --http): must be HOST:PORT"},
		"named port":       {"--http :http", "port must be a number"},
		"big port":         {"--watch :70000", "setting watch (flag --watch): port must be"},
		"url for address":  {"--http http://:80", "setting http"},
		"same address":     {"--http :80 --watch :80", "setting watch (flag --watch): has the same address as http"},
		"certificate only": {"--tls-cert c.pem", "set both tls-cert and tls-key"},
		"no data":          {"--data=", "setting data (flag --data): must name a folder"},
		"mysql":            {"--db mysql://h/d", "setting db"},
		"postgres, no db":  {"--db postgres://h", "must be postgres://USER@HOST/DATABASE"},
		"district":         {"--district 永川", "six digits"},
		"cipher":           {"--cipher des", "must be sm4-gcm or aes-gcm"},
		"base url path":    {"--base-url https://z.example/a", "must be without a path"},
		"base url":         {"--base-url z.example", "must be http://… or https://…"},
		"proxies":          {"--trusted-proxies 10.0.0.0/8,proxy", `"proxy" is not a network`},
		"days":             {"--keep-frames 0", "from 1 to 3660"},
		"idle":             {"--session-idle auditor=2s", "time of auditor must be from 1m to 24h"},
		"idle form":        {"--session-idle 30m", "not NAME=VALUE"},
		"idle twice":       {"--session-idle auditor=2m;auditor=3m", "auditor is given twice"},
		"idle role":        {"--session-idle Auditor=2m", `"Auditor" is not the name of a role`},
		"level":            {"--log-level loud", "must be debug, info, warn or error"},
		"format":           {"--log-format xml", "must be text or json"},
		"sms in clear":     {"--sms-url http://s.example?{phone}{text}", "http:// will do only inside channel-networks"},
		"sms no mark":      {"--sms-url https://s.example --sms-body {text}", "{phone} is missing"},
		"sms no url":       {"--sms-secret s", "setting sms-url (default): is missing"},
		"sms method":       {"--sms-method PUT", "must be GET or POST"},
		"sms GET body":     {"--sms-url https://s.example --sms-method get --sms-body {text}{phone}", "can't go with method GET"},
		"sms header":       {"--sms-url https://s.example?{phone}{text} --sms-headers a:b=c", `"a:b" is not a header`},
		"robot":            {"--wecom-url ftp://x", "setting wecom-url"},
		"robot secret":     {"--dingtalk-secret s", "setting dingtalk-url (default): is missing"},
		"peers alone":      {"--gateway-peers http://g2:1", "setting gateway-id (default): is needed"},
		"peer":             {"--gateway-id g1 --gateway-peers g2", "setting gateway-peers"},
		"gateway":          {"--gateway-id G_1", "setting gateway-id"},
		"broker":           {"--mqtt-external broker", "setting mqtt-external"},
		"broker account":   {"--mqtt-user u", "setting mqtt-external (default): is missing"},
		"demo":             {"--demo=perhaps", "must be true or false"},
		"secret's file":    {"--sms-secret @away", "can't be read from its file"},
		"word":             {"start", `unexpected "start"`},
		"unknown flag":     {"--htp :1", "htp"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(strings.Fields(c.args), nil, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want …%s…", err, c.want)
			}
		})
	}
	_, err := load([]string{"--http", "x", "--district", "1", "--log-level", "z"}, nil, nil)
	if err == nil || strings.Count(err.Error(), "setting ") != 3 {
		t.Errorf("three faults told as: %v", err)
	}
	if _, err := load([]string{"-h"}, nil, nil); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help: %v", err)
	}
}

const secretWord = "hunter-two"

// Nothing that Print or an error shows holds a secret, whichever way it came.
func TestSecretsAreHidden(t *testing.T) {
	env := map[string]string{
		"ZUGOU_DB":              "postgres://zugou:" + secretWord + "@db.example:5432/zugou?sslmode=verify-full&password=" + secretWord,
		"ZUGOU_SMS_URL":         "https://u:" + secretWord + "@sms.example/send?key=" + secretWord + "&to={phone}&" + secretWord,
		"ZUGOU_SMS_BODY":        `{"password":"` + secretWord + `","text":"{text}"}`,
		"ZUGOU_SMS_HEADERS":     "Authorization=Bearer " + secretWord,
		"ZUGOU_SMS_SECRET":      "@/run/secret",
		"ZUGOU_WECOM_URL":       "https://wecom.example/send?key=" + secretWord,
		"ZUGOU_WECOM_SECRET":    secretWord,
		"ZUGOU_DINGTALK_URL":    "https://ding.example/send?access_token=" + secretWord,
		"ZUGOU_DINGTALK_SECRET": secretWord,
		"ZUGOU_MQTT_EXTERNAL":   "mqtts://u:" + secretWord + "@b.example",
		"ZUGOU_MQTT_PASSWORD":   secretWord,
		"ZUGOU_SIP_PASSWORD":    secretWord,
	}
	files := map[string]string{"/run/secret": secretWord + "\r\n"}
	c := must(t, []string{"--http", "127.0.0.1:8080", "--data", "/var/lib/zugou"}, env, files)
	if c.SMS.Secret != secretWord {
		t.Errorf("secret from a file: %q", c.SMS.Secret)
	}
	var b bytes.Buffer
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), secretWord) {
		t.Errorf("a secret is printed:\n%s", b.String())
	}
	golden := filepath.Join("testdata", "print.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("printed\n%s\nwant\n%s", b.String(), want)
	}

	// The same values, each made wrong.
	for name := range env {
		broken := map[string]string{}
		for k, v := range env {
			broken[k] = v
		}
		broken[name] = "\x7f://" + secretWord + "\n:"
		broken["ZUGOU_DISTRICT"] = "x"
		if _, err := load(nil, broken, files); err == nil || strings.Contains(err.Error(), secretWord) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHidingNeverShowsPasswordOrQuery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-zA-Z0-9%@:/?#&=.-]{1,30}`).Draw(t, "word") + secretWord
		for _, s := range []string{"https://h/?key=" + word, "postgres://u:" + word + "@h/d", "https://h/?" + word} {
			// A word with / ? # or @ may end the password early: such an
			// address is refused or hidden as a whole, never printed in part.
			if got := hideAddress(s); strings.Contains(got, secretWord) && !strings.ContainsAny(word, "/?#@") {
				t.Fatalf("%s shown as %s", s, got)
			}
		}
	})
}

func TestSubcommandsBindSome(t *testing.T) {
	fs := flag.NewFlagSet("backup", flag.ContinueOnError)
	fs.SetOutput(&bytes.Buffer{})
	to := fs.String("to", "", "where")
	l := Bind(fs, "data", "db")
	if err := fs.Parse([]string{"--data", "d", "--to", "x"}); err != nil {
		t.Fatal(err)
	}
	c, err := l.Load(func(k string) string { return map[string]string{"ZUGOU_KEYS": "k"}[k] }, os.ReadFile)
	if err != nil || c.DataDir != "d" || c.Keys() != "k" || *to != "x" {
		t.Errorf("%+v %v", c, err)
	}
	if err := fs.Parse([]string{"--http", ":1"}); err == nil {
		t.Error("a flag that was not bound is there")
	}
}

func TestSecure(t *testing.T) {
	for args, want := range map[string]bool{
		"--http 127.0.0.1:8080": true, "--http localhost:8080": true, "--http [::1]:8080": true, "--http :8080": false, "--http 10.0.0.1:80": false, "": false,
		"--http :80 --base-url https://z.example": true, "--http :80 --base-url http://z.example": false,
		"--http :443 --tls-cert c --tls-key k": true, "--http 127.0.0.1:80 --base-url http://z.example": false,
	} {
		if got := must(t, strings.Fields(args), nil, nil).Secure(); got != want {
			t.Errorf("%q: %v", args, got)
		}
	}
}

func TestUsageNamesEverySetting(t *testing.T) {
	var b bytes.Buffer
	Usage(&b)
	for _, s := range settings() {
		if !strings.Contains(b.String(), "-"+s.name) {
			t.Errorf("%s is missing", s.name)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"http": ":1", "demo": true, "sms-headers": {"a": "b"}, "gateway-peers": ["x"], "keep-frames": 3}`))
	f.Add([]byte("// a\n{}"))
	f.Add([]byte(`{"htp": 1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := load([]string{"--config", "z.json"}, nil, map[string]string{"z.json": string(raw)})
		if err == nil && c.DataDir == "" {
			t.Error("an incomplete config was given")
		}
	})
}
