package otlp_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"sidenote/sink/otlp"
)

// environ looks variables up as the shell has them; "" is not set.
type environ map[string]string

func (e environ) lookup(name string) string { return e[name] }

// told is what a target says of itself, in a form that a table can hold.
type told struct {
	URL     string
	GRPC    bool
	Gzip    bool
	Timeout time.Duration
	Header  http.Header
}

func tell(t *otlp.Target) *told {
	if t == nil {
		return nil
	}
	return &told{t.URL.String(), t.GRPC, t.Gzip, t.Timeout, t.Header}
}

// TestTargetsFromEnviron is what the variables of the specification come to.
func TestTargetsFromEnviron(t *testing.T) {
	usual := func(url string) *told { return &told{URL: url, Timeout: 10 * time.Second, Header: http.Header{}} }
	grpc := func(url string) *told { w := usual(url); w.GRPC = true; return w }
	for name, c := range map[string]struct {
		environ      environ
		traces, logs *told
		off          string
	}{
		"nothing is set": {nil, usual("http://localhost:4318/v1/traces"), usual("http://localhost:4318/v1/logs"), ""},
		"an endpoint has the signals below it": {environ{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.test/below/"},
			usual("https://c.test/below/v1/traces"), usual("https://c.test/below/v1/logs"), ""},
		"that of a signal is taken as it is": {environ{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c.test", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c.test/x?y=1"},
			usual("https://c.test/"), usual("http://c.test/x?y=1"), ""},
		"gRPC": {environ{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, grpc("http://localhost:4317"), grpc("http://localhost:4317"), ""},
		"gRPC for one, without a scheme": {environ{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "c.test:99"},
			usual("http://localhost:4318/v1/traces"), grpc("https://c.test:99"), ""},
		"insecure": {environ{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "c.test:99", "OTEL_EXPORTER_OTLP_INSECURE": "True", "OTEL_EXPORTER_OTLP_LOGS_INSECURE": "false"},
			grpc("http://c.test:99"), grpc("https://c.test:99"), ""},
		"the scheme goes before insecure": {environ{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.test", "OTEL_EXPORTER_OTLP_INSECURE": "true"},
			grpc("https://c.test:4317"), grpc("https://c.test:4317"), ""},
		"all the rest, and one for traces alone": {environ{
			"OTEL_EXPORTER_OTLP_HEADERS": "Api-Key=a%2Cb, x=1=2", "OTEL_EXPORTER_OTLP_TIMEOUT": "2500", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
			"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-t=1", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "1", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "none",
		}, &told{"http://localhost:4318/v1/traces", false, false, time.Millisecond, http.Header{"X-T": {"1"}}},
			&told{"http://localhost:4318/v1/logs", false, true, 2500 * time.Millisecond, http.Header{"Api-Key": {"a,b"}, "X": {"1=2"}}}, ""},
		"no spans":                    {environ{"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "console,otlp"}, nil, usual("http://localhost:4318/v1/logs"), ""},
		"what is not sent has faults": {environ{"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "soon"}, usual("http://localhost:4318/v1/traces"), nil, ""},
		"neither":                     {environ{"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}, nil, nil, "OTEL_TRACES_EXPORTER and OTEL_LOGS_EXPORTER are none"},
		"disabled":                    {environ{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"}, nil, nil, "OTEL_SDK_DISABLED is true"},
		"not disabled":                {environ{"OTEL_SDK_DISABLED": "1"}, usual("http://localhost:4318/v1/traces"), usual("http://localhost:4318/v1/logs"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := otlp.TargetsFromEnviron(c.environ.lookup)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]*told{c.traces, c.logs}, []*told{tell(got.Traces), tell(got.Logs)}); d != "" {
				t.Error(d)
			}
			if got.Off != c.off || got.Any() != (c.off == "") {
				t.Errorf("off because of %q, want %q", got.Off, c.off)
			}
		})
	}
}

// TestFaultsOfTheEnviron are settings that cannot be meant: what is said names
// the variable and what to do, in one line, and tells no secret.
func TestFaultsOfTheEnviron(t *testing.T) {
	a := newAuthority(t)
	other := newAuthority(t)
	text := filepath.Join(t.TempDir(), "text.pem")
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, e := range map[string]environ{
		`OTEL_EXPORTER_OTLP_PROTOCOL is "http/json": sidenote speaks http/protobuf and grpc; set it to one of them`:                            {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
		`OTEL_EXPORTER_OTLP_LOGS_PROTOCOL is "x": `:                                                                                            {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "x"},
		`OTEL_EXPORTER_OTLP_ENDPOINT: want an http:// or https:// URL; credentials belong in OTEL_EXPORTER_OTLP_HEADERS`:                       {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://u:s3cret@c.test"},
		`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: want an http:// or`:                                                                               {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "c.test:4318"},
		`OTEL_EXPORTER_OTLP_HEADERS: want NAME=VALUE, separated by commas; write a comma or a percent sign of a value as %2C or %25`:           {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=s3cret,more"},
		`OTEL_EXPORTER_OTLP_LOGS_HEADERS: want NAME=VALUE`:                                                                                     {"OTEL_EXPORTER_OTLP_LOGS_HEADERS": "k=s3cret%0d%0ax: y"},
		`OTEL_EXPORTER_OTLP_TIMEOUT is "10s": want milliseconds, from 1 to 600000`:                                                             {"OTEL_EXPORTER_OTLP_TIMEOUT": "10s"},
		`OTEL_EXPORTER_OTLP_TIMEOUT is "0": want`:                                                                                              {"OTEL_EXPORTER_OTLP_TIMEOUT": "0"},
		`OTEL_EXPORTER_OTLP_COMPRESSION is "zstd": want gzip or none`:                                                                          {"OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"},
		`OTEL_TRACES_EXPORTER is "zipkin": sidenote sends OTLP; set it to otlp or none`:                                                        {"OTEL_TRACES_EXPORTER": "zipkin"},
		`OTEL_EXPORTER_OTLP_CERTIFICATE: open /nowhere: no such file or directory; name a PEM file with the CA of the collector`:               {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere"},
		`OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE: no certificate in PEM form in ` + text + `; name a file with the CA of the collector`:            {"OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE": text},
		`OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is set and OTEL_EXPORTER_OTLP_CLIENT_KEY is not; name the PEM file of its private key`:          {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": a.cert},
		`OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY is set and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is not; name the PEM file of its certificate`:     {"OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY": a.key},
		`OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY: tls: private key does not match public key; name PEM files `: {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": a.cert, "OTEL_EXPORTER_OTLP_CLIENT_KEY": other.key},
		`OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: open /nowhere: no such file`:                          {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": a.cert, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY": "/nowhere"},
	} {
		got, err := otlp.TargetsFromEnviron(e.lookup)
		switch {
		case err == nil || got.Any():
			t.Errorf("%v is taken", e)
		case !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%v\n got %v\nwant %s", e, err, want)
		}
	}
}

func TestParseTarget(t *testing.T) {
	for endpoint, want := range map[string][2]string{
		"http://localhost:4318": {"http://localhost:4318/v1/traces", "http://localhost:4318/v1/logs"},
		"https://c.test/below/": {"https://c.test/below/v1/traces", "https://c.test/below/v1/logs"},
		"grpc://c.test":         {"http://c.test:4317", "http://c.test:4317"},
		"grpcs://[::1]:9/":      {"https://[::1]:9", "https://[::1]:9"},
	} {
		got, err := otlp.ParseTarget(endpoint, nil, nil)
		if err != nil || got.Traces.URL.String() != want[0] || got.Logs.URL.String() != want[1] || got.Traces.GRPC != strings.HasPrefix(endpoint, "grpc") {
			t.Errorf("%s: %v %v", endpoint, got, err)
		}
	}
	for _, endpoint := range []string{"", "c.test:4318", "unix:///x", "https://u:s3cret@c.test", "http://c.test?key=s3cret", "grpc://c.test/v1", "http://", "http://c.test/%zz"} {
		if _, err := otlp.ParseTarget(endpoint, nil, nil); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

// secured are collectors that show a certificate of a private CA and want to
// see one of a client.
var secured = map[string]struct {
	start   func(testing.TB, *authority) *receiver
	environ func(url string) environ
}{
	"HTTP": {receiveHTTPS, func(url string) environ {
		return environ{"OTEL_EXPORTER_OTLP_ENDPOINT": url + "/below"}
	}},
	"gRPC": {receiveGRPCS, func(url string) environ {
		return environ{"OTEL_EXPORTER_OTLP_ENDPOINT": strings.Replace(url, "grpcs", "https", 1), "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
	}},
}

// TestMutualTLS sends to them with certificates for all signals, and with those
// of one signal alone.
func TestMutualTLS(t *testing.T) {
	for name, c := range secured {
		for _, signal := range []string{"", "TRACES_", "LOGS_"} {
			t.Run(name+" "+signal, func(t *testing.T) {
				a := newAuthority(t)
				r := c.start(t, a)
				e := c.environ(r.url)
				for setting, file := range map[string]string{"CERTIFICATE": a.ca, "CLIENT_CERTIFICATE": a.cert, "CLIENT_KEY": a.key} {
					e["OTEL_EXPORTER_OTLP_"+signal+setting] = file
				}
				e["OTEL_EXPORTER_OTLP_COMPRESSION"], e["OTEL_EXPORTER_OTLP_HEADERS"] = "gzip", "x-tenant=shop"
				sent := sendWith(t, e)
				wantTraces, wantLogs := signal != "LOGS_", signal != "TRACES_"
				if got := sent.spans.Sent == 2 && len(r.allSpans()) == 2; got != wantTraces {
					t.Errorf("spans came: %v; %s", got, sent.log)
				}
				if got := sent.records.Sent == 1 && len(r.allLogs()) == 1; got != wantLogs {
					t.Errorf("log records came: %v; %s", got, sent.log)
				}
				for _, h := range r.headers {
					if got := append(h["x-tenant"], h["X-Tenant"]...); !cmp.Equal(got, []string{"shop"}) { //nolint:staticcheck // gRPC keeps lower case
						t.Errorf("x-tenant %q", got)
					}
				}
			})
		}
	}
}

// TestTLSThatFails leaves out one of the files each: nothing comes, and why is
// said once.
func TestTLSThatFails(t *testing.T) {
	for name, c := range secured {
		a := newAuthority(t)
		r := c.start(t, a)
		// Go does not always learn what the alert of TLS was.
		for missing, says := range map[string]string{"CERTIFICATE": "certificate signed by unknown authority", "CLIENT": "certificate required|client conn could not be established|wants a client certificate"} {
			t.Run(name+" "+missing, func(t *testing.T) {
				e := c.environ(r.url)
				if missing == "CLIENT" {
					e["OTEL_EXPORTER_OTLP_CERTIFICATE"] = a.ca
				} else {
					e["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"], e["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = a.cert, a.key
				}
				sent := sendWith(t, e)
				if sent.spans != (otlp.Counts{Failed: 2, Retries: sent.spans.Retries}) || sent.records.Failed != 1 || len(r.allSpans())+len(r.allLogs()) > 0 {
					t.Errorf("%+v %+v", sent.spans, sent.records)
				}
				if !regexp.MustCompile(says).MatchString(sent.log) || strings.Count(sent.log, "\n") != 1 {
					t.Errorf("it says %s, want %s", sent.log, says)
				}
			})
		}
	}
}

// TestTimeout has collectors that take their time: a request is given up after
// that of the environment, and sent again.
func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	var calls atomic.Int64
	wait := func() { calls.Add(1); <-release }
	url, _ := answerer(t, func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	address := serveGRPC(t, &failingServer{errs: func() error { wait(); return nil }, calls: new(atomic.Int64)}, &plogotlp.UnimplementedGRPCServer{})
	t.Cleanup(func() { close(release) }) // before the servers stop
	for name, e := range map[string]environ{
		"HTTP": {"OTEL_EXPORTER_OTLP_ENDPOINT": url},
		"gRPC": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + address, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
	} {
		t.Run(name, func(t *testing.T) {
			calls.Store(0)
			e["OTEL_EXPORTER_OTLP_TIMEOUT"], e["OTEL_LOGS_EXPORTER"] = "30", "none"
			targets, err := otlp.TargetsFromEnviron(e.lookup)
			if err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			x := otlp.NewFast(otlp.Options{Targets: targets, Tracer: otlp.Tracer{Mode: otlp.ContextForward}, Log: zerolog.New(&log), Where: "c"})
			write(t, x, conflicting(t, otlp.ContextForward))
			eventually(t, "it is tried again", func() bool { spans, _ := x.Stats(); return spans.Retries > 1 })
			closeIt(t, x)
			if calls.Load() < 2 || !strings.Contains(log.String(), "deadline exceeded") {
				t.Errorf("%d requests; %s", calls.Load(), &log)
			}
		})
	}
}

type sent struct {
	spans, records otlp.Counts
	log            string
}

// sendWith sends one exchange where the environment says.
func sendWith(t *testing.T, env environ) sent {
	t.Helper()
	targets, err := otlp.TargetsFromEnviron(env.lookup)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	e := otlp.NewFast(otlp.Options{Targets: targets, Tracer: otlp.Tracer{Mode: otlp.ContextForward}, Log: zerolog.New(&log), Where: "c"})
	write(t, e, conflicting(t, otlp.ContextForward))
	eventually(t, "it is settled", func() bool {
		spans, records := e.Stats()
		return spans.Sent+spans.Failed > 0 && records.Sent+records.Failed > 0
	})
	closeIt(t, e)
	spans, records := e.Stats()
	return sent{spans, records, log.String()}
}
