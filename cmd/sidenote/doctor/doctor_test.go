package doctor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sidenote/cmd/sidenote/environ"
	"sidenote/proxy/ca"
)

// playVariable says which program this test's own binary is to play.
const playVariable = "DOCTOR_TEST_PLAY"

func TestMain(m *testing.M) {
	if part := os.Getenv(playVariable); part != "" {
		play(part, os.Args[1])
		return
	}
	os.Exit(m.Run())
}

// play behaves as programs do, well and badly.
func play(part, target string) {
	fmt.Println("version 1.2.3")
	if target == "version" {
		return
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	switch part {
	case "past": // the proxy, to the right place
		u, _ := url.Parse(target)
		transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+u.Port())
		}}
	case "blind":
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	case "distrustful":
		os.Unsetenv("SSL_CERT_FILE")
	case "idle":
		fmt.Println("fatal error: no idea\nbye")
		return
	case "forever":
		child := exec.Command("sleep", "60")
		if child.Start() == nil {
			_ = os.WriteFile(os.Getenv("DOCTOR_TEST_PID"), []byte(strconv.Itoa(child.Process.Pid)), 0o600)
		}
		time.Sleep(time.Minute)
	}
	resp, err := (&http.Client{Transport: transport}).Get(target)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	resp.Body.Close()
}

// part is a probe for which this test's own binary plays the program.
func part(name string) Probe {
	return Probe{
		Name: name, Programs: []string{"no-such-program", filepath.Base(os.Args[0])}, Version: []string{"version"}, Args: []string{"{url}"},
		Proxy: one("https_proxy", "HTTPS_PROXY"), Trust: one("CURL_CA_BUNDLE", "SSL_CERT_FILE"),
		FixProxy: "fix the proxy", FixTrust: "fix the trust",
	}
}

func newDoctor(t *testing.T, play string, env ...string) *Doctor {
	t.Helper()
	dir := t.TempDir()
	authority, err := ca.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := authority.WriteBundle()
	if err != nil {
		t.Fatal(err)
	}
	return &Doctor{
		Authority: authority, Settings: environ.Settings{CAFile: authority.CertFile(), BundleFile: bundle},
		Environ: append([]string{"PATH=relative:" + filepath.Dir(os.Args[0]) + ":/usr/bin:/bin", playVariable + "=" + play}, env...),
		Folder:  dir, Timeout: 20 * time.Second,
	}
}

func TestParts(t *testing.T) {
	for _, c := range []struct {
		play string
		want Result
	}{
		{"good", Result{Proxied: true, Trusted: true, Verifies: true, ProxiedBy: []string{"https_proxy"}, TrustedBy: []string{"SSL_CERT_FILE"}}},
		{"blind", Result{Proxied: true, Trusted: true, ProxiedBy: []string{"https_proxy"}, Problem: "it takes any certificate", Fix: "find the setting that turns verification off, and remove it"}},
		{"distrustful", Result{Proxied: true, Problem: "it uses the proxy, but does not trust its CA", Fix: "fix the trust"}},
		{"past", Result{Problem: "it went past the proxy", Fix: "fix the proxy"}},
		{"idle", Result{Problem: "it did not connect to the proxy", Fix: "fix the proxy", Said: "fatal error: no idea"}},
	} {
		t.Run(c.play, func(t *testing.T) {
			t.Parallel()
			var got *Result
			// What is inherited is out of the way: of the two only one names our CA.
			d := newDoctor(t, c.play, "CURL_CA_BUNDLE=/nowhere", "https_proxy=http://127.0.0.1:1", "NO_PROXY=*")
			if err := d.Examine(t.Context(), []Probe{part(c.play)}, func(r *Result) error { got = r; return nil }); err != nil {
				t.Fatal(err)
			}
			if c.play == "distrustful" && strings.Contains(got.Said, "certificate") {
				got.Said = ""
			}
			c.want.Name, c.want.Found, c.want.Version = c.play, true, "1.2.3"
			if c.play == "past" {
				got.Said = ""
			}
			got.Path = ""
			if g, w := asJSON(t, got), asJSON(t, &c.want); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
		})
	}
}

func asJSON(t *testing.T, r *Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTimeout has a program hang, and leave a child behind: both end.
func TestTimeout(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	d := newDoctor(t, "forever", "DOCTOR_TEST_PID="+pidFile)
	d.Timeout = 2 * time.Second
	var got *Result
	if err := d.Examine(t.Context(), []Probe{part("forever")}, func(r *Result) error { got = r; return nil }); err != nil {
		t.Fatal(err)
	}
	if got.Works() || got.Problem != "it had not ended after 2s" {
		t.Errorf("%+v", got)
	}
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		stat, err := os.ReadFile("/proc/" + string(b) + "/stat")
		if errors.Is(err, os.ErrNotExist) || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("process %s, started by the program, still runs", b)
}

func TestMissing(t *testing.T) {
	d := newDoctor(t, "good")
	probes := []Probe{part("good"), {Name: "none", Programs: []string{"no-such-program"}}, {Name: "mute", Programs: []string{"false"}}}
	d.Parallel = 3
	var got []string
	if err := d.Examine(t.Context(), probes, func(r *Result) error {
		got = append(got, fmt.Sprint(r.Name, " ", r.Found))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"good true", "none false", "mute false"}; !slices.Equal(got, want) {
		t.Errorf("%q, wanted %q", got, want)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	err := newDoctor(t, "forever").Examine(ctx, []Probe{part("forever"), part("forever")}, func(*Result) error { return nil })
	if err == nil || time.Since(begun) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}

// TestTable holds the table to what environ knows.
func TestTable(t *testing.T) {
	known := map[string]bool{}
	s := environ.Settings{ProxyURL: "http://127.0.0.1:1", CAFile: "a", BundleFile: "b", TrustStore: "c", WgetRC: "d", NodeShim: "e", PHPDir: "f"}
	for _, v := range environ.New(s, nil).Variables {
		known[v.Name] = true
	}
	names := map[string]bool{}
	for _, p := range Probes() {
		if names[p.Name] || len(p.Programs) == 0 || len(p.Version) == 0 || p.FixProxy == "" || p.FixTrust == "" || len(p.Proxy) == 0 || len(p.Trust) == 0 {
			t.Errorf("%s stands twice or lacks something", p.Name)
		}
		names[p.Name] = true
		for _, set := range slices.Concat(p.Proxy, p.Trust) {
			for _, name := range set {
				if !known[name] {
					t.Errorf("%s: environ does not know %s", p.Name, name)
				}
			}
		}
		if !slices.ContainsFunc(p.Args, func(a string) bool { return strings.Contains(a, "{url}") }) && !slices.ContainsFunc(p.Env, func(a string) bool { return strings.Contains(a, "{url}") }) {
			t.Errorf("%s makes no request", p.Name)
		}
	}
}

func TestTail(t *testing.T) {
	var w tail
	for i := range 3000 {
		fmt.Fprintf(&w, "line %d\n", i)
	}
	if len(w.kept) != mostKept || !strings.HasSuffix(string(w.kept), "line 2999\n") {
		t.Errorf("%d octets kept, the last %q", len(w.kept), w.kept[len(w.kept)-10:])
	}
	if _, _ = w.Write(make([]byte, 3*mostKept)); len(w.kept) != mostKept {
		t.Errorf("%d octets kept", len(w.kept))
	}
}

func TestVersionIn(t *testing.T) {
	for in, want := range map[string]string{
		"curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1": "7.88.1", "go version go1.26.8 linux/amd64": "1.26.8", "v20.20.2": "20.20.2",
		"nothing": "", "x 1.2-" + strings.Repeat("a", 100): "1.2-" + strings.Repeat("a", 20),
	} {
		if got := versionIn(in); got != want {
			t.Errorf("%q has version %q, wanted %q", in, got, want)
		}
	}
}
