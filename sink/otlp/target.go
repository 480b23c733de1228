package otlp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidenote/exchange/field"
)

// A Target is where one signal, spans or log records, is sent.
type Target struct {
	URL     *url.URL // http or https; of the signal itself, where it is not a gRPC
	GRPC    bool
	Header  http.Header // fields of each request, such as credentials
	Timeout time.Duration
	Gzip    bool
	TLS     *tls.Config // nil for the usual
}

// Targets are where the signals are sent; nil for one that is not.
type Targets struct {
	Traces, Logs *Target
	Off          string // why neither is sent, where the environment says so
}

// Any reports whether something is sent.
func (t Targets) Any() bool { return t.Traces != nil || t.Logs != nil }

// A signal is a kind of record that OTLP has a request for.
type signal struct {
	name     string // in variables and metrics
	path     string // over HTTP (OTLP specification, "OTLP/HTTP Request")
	service  string // over gRPC
	variable string
}

var (
	traces = signal{"spans", "/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", "TRACES"}
	logs   = signal{"log records", "/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export", "LOGS"}
)

// sendTimeout is the time that a collector has to answer, as the specification
// has it.
const sendTimeout = 10 * time.Second

// grpcPort is where collectors listen for gRPC.
const grpcPort = "4317"

// ParseTarget reads the endpoint of a collector: an http:// or https:// URL for
// OTLP/HTTP, below which the signals have their paths, or a grpc:// or grpcs://
// one for gRPC, which needs no port where it is 4317. header is sent with each
// request, and tls may be nil.
func ParseTarget(endpoint string, header http.Header, tls *tls.Config) (Targets, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return Targets{}, errEndpoint
	}
	t := Target{URL: u, Header: header, Timeout: sendTimeout, TLS: tls}
	switch u.Scheme {
	case "http", "https":
	case "grpc", "grpcs":
		t.GRPC = true
		if strings.Trim(u.Path, "/") != "" {
			return Targets{}, errEndpoint
		}
	default:
		return Targets{}, errEndpoint
	}
	return Targets{Traces: t.of(traces), Logs: t.of(logs)}, nil
}

// Not quoted, since people put credentials into URLs.
var errEndpoint = errors.New("want the URL of a collector, such as http://localhost:4318 or grpc://localhost:4317; credentials belong in a field of their own")

// of returns the target of one signal below an endpoint.
func (t Target) of(s signal) *Target {
	u := *t.URL
	if t.GRPC {
		u.Path, u.Scheme = "", map[string]string{"grpc": "http", "grpcs": "https"}[u.Scheme]
		if u.Port() == "" {
			u.Host += ":" + grpcPort
		}
	} else {
		u.Path = strings.TrimSuffix(u.Path, "/") + s.path
	}
	t.URL = &u
	return &t
}

// TargetsFromEnviron reads the variables of the OpenTelemetry specification
// ("Environment Variable Specification", "OpenTelemetry Protocol Exporter"):
// OTEL_EXPORTER_OTLP_ENDPOINT, _INSECURE, _PROTOCOL, _HEADERS, _TIMEOUT,
// _COMPRESSION, _CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY, each also for
// one signal alone; OTEL_TRACES_EXPORTER, OTEL_LOGS_EXPORTER and
// OTEL_SDK_DISABLED. A variable that is empty is not set. An error names the
// variable, and no value that may be secret.
func TargetsFromEnviron(lookup func(name string) string) (t Targets, err error) {
	if isTrue(lookup(disabledVariable)) {
		return Targets{Off: disabledVariable + " is true"}, nil
	}
	if t.Traces, err = (variables{lookup, traces}).target(); err != nil {
		return Targets{}, err
	}
	if t.Logs, err = (variables{lookup, logs}).target(); err != nil {
		return Targets{}, err
	}
	if !t.Any() {
		t.Off = traces.exporterVariable() + " and " + logs.exporterVariable() + " are none"
	}
	return t, nil
}

const disabledVariable = "OTEL_SDK_DISABLED"

// isTrue reads a boolean variable, as the specification has it: whatever is not
// "true" is false.
func isTrue(value string) bool { return strings.EqualFold(value, "true") }

// exporterVariable reports whether a signal is sent at all.
func (s signal) exporterVariable() string { return "OTEL_" + s.variable + "_EXPORTER" }

// variables reads the settings of one signal.
type variables struct {
	lookup func(string) string
	signal signal
}

// get finds a setting, that of the signal before that of all, and the name of
// its variable.
func (v variables) get(setting string) (value, name string) {
	name = "OTEL_EXPORTER_OTLP_" + v.signal.variable + "_" + setting
	if value = v.lookup(name); value != "" {
		return value, name
	}
	name = "OTEL_EXPORTER_OTLP_" + setting
	return v.lookup(name), name
}

// target returns where the signal is sent, nil where it is not.
func (v variables) target() (*Target, error) {
	wanted, err := v.wanted()
	if err != nil || !wanted {
		return nil, err
	}
	t := Target{Timeout: sendTimeout}
	for _, read := range [...]func(*Target) error{v.protocol, v.endpoint, v.header, v.timeout, v.compression, v.certificates} {
		if err := read(&t); err != nil {
			return nil, err
		}
	}
	return &t, nil
}

// wanted reports whether the signal is sent: its exporters, of which there may
// be several, are OTLP or none.
func (v variables) wanted() (bool, error) {
	name := v.signal.exporterVariable()
	value := v.lookup(name)
	exporters := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	switch {
	case len(exporters) == 0 || slices.Contains(exporters, "otlp"):
		return true, nil
	case slices.Contains(exporters, "none"):
		return false, nil
	}
	return false, fmt.Errorf("%s is %q: sidenote sends OTLP; set it to otlp or none", name, value)
}

func (v variables) protocol(t *Target) error {
	switch value, name := v.get("PROTOCOL"); value {
	case "", "http/protobuf":
	case "grpc":
		t.GRPC = true
	default:
		return fmt.Errorf("%s is %q: sidenote speaks http/protobuf and grpc; set it to one of them", name, value)
	}
	return nil
}

// endpoint reads where to send. That of a signal alone is taken as it is, and
// below that of all it has a path.
func (v variables) endpoint(t *Target) error {
	value, name := v.get("ENDPOINT")
	own := strings.Contains(name, v.signal.variable)
	switch {
	case value == "" && t.GRPC:
		value = "http://localhost:" + grpcPort
	case value == "":
		value = "http://localhost:4318"
	case t.GRPC && !strings.Contains(value, "://"):
		value = "https://" + value // as SDKs do, unless they are told that it is insecure
		if insecure, _ := v.get("INSECURE"); isTrue(insecure) {
			value = "http://" + value[len("https://"):]
		}
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s: want an http:// or https:// URL; credentials belong in OTEL_EXPORTER_OTLP_HEADERS", name)
	}
	t.URL = u
	switch {
	case t.GRPC:
		u.Scheme = map[string]string{"http": "grpc", "https": "grpcs"}[u.Scheme]
		*t = *t.of(v.signal)
	case !own:
		*t = *t.of(v.signal)
	case u.Path == "":
		u.Path = "/"
	}
	return nil
}

func (v variables) header(t *Target) error {
	value, name := v.get("HEADERS")
	t.Header = http.Header{}
	for item := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		key, text, ok := strings.Cut(item, "=")
		text, err := url.PathUnescape(strings.TrimSpace(text))
		if key = strings.TrimSpace(key); !ok || err != nil || !ValidHeader(key, text) {
			return fmt.Errorf("%s: want NAME=VALUE, separated by commas; write a comma or a percent sign of a value as %%2C or %%25", name)
		}
		t.Header.Set(key, text)
	}
	return nil
}

// ValidHeader reports whether a field can be sent: a token for its name, and a
// value without control characters (RFC 9110 §5).
func ValidHeader(name, value string) bool {
	return field.IsToken(name) && field.ControlIn(value) < 0
}

func (v variables) timeout(t *Target) error {
	value, name := v.get("TIMEOUT")
	if value == "" {
		return nil
	}
	ms, err := strconv.Atoi(value)
	if err != nil || ms <= 0 || ms > 600_000 {
		return fmt.Errorf("%s is %q: want milliseconds, from 1 to 600000", name, value)
	}
	t.Timeout = time.Duration(ms) * time.Millisecond
	return nil
}

func (v variables) compression(t *Target) error {
	switch value, name := v.get("COMPRESSION"); value {
	case "", "none":
	case "gzip":
		t.Gzip = true
	default:
		return fmt.Errorf("%s is %q: want gzip or none", name, value)
	}
	return nil
}

// certificates reads the files that name whom to trust, and who sidenote is.
func (v variables) certificates(t *Target) error {
	roots, err := v.roots()
	if err != nil {
		return err
	}
	own, err := v.clientCertificate()
	if err != nil || roots == nil && own == nil {
		return err
	}
	t.TLS = &tls.Config{RootCAs: roots, Certificates: own}
	return nil
}

// roots reads the CAs that the collector is verified with, in place of the
// system's; nil where no variable names any.
func (v variables) roots() (*x509.CertPool, error) {
	file, name := v.get("CERTIFICATE")
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; name a PEM file with the CA of the collector", name, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%s: no certificate in PEM form in %s; name a file with the CA of the collector", name, file)
	}
	return pool, nil
}

// clientCertificate reads what sidenote shows a collector that asks who it is;
// none where no variable names any.
func (v variables) clientCertificate() ([]tls.Certificate, error) {
	file, name := v.get("CLIENT_CERTIFICATE")
	key, keyName := v.get("CLIENT_KEY")
	switch {
	case file == "" && key == "":
		return nil, nil
	case key == "":
		return nil, fmt.Errorf("%s is set and %s is not; name the PEM file of its private key", name, keyName)
	case file == "":
		return nil, fmt.Errorf("%s is set and %s is not; name the PEM file of its certificate", keyName, name)
	}
	pair, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w; name PEM files with a certificate and its private key", name, keyName, err)
	}
	return []tls.Certificate{pair}, nil
}
