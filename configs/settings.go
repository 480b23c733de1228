package configs

import (
	"math"
	"slices"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/internal/wording"
	"sidenote/sink/report"
)

// ChangesThatFail lists which changes between two runs can be asked to fail; the
// first is the default.
func ChangesThatFail() []string { return []string{"breaking", "any", "none"} }

// A Kind says what a setting's value looks like.
type Kind string

// The kinds.
const (
	KindText     Kind = "text"
	KindChoice   Kind = "choice"
	KindSwitch   Kind = "switch" // true or false
	KindDuration Kind = "duration"
	KindSize     Kind = "size" // octets
	KindList     Kind = "list" // in text, separated by commas
	KindNumber   Kind = "number"
	KindMap      Kind = "map"   // in text, KEY=VALUE separated by commas
	KindLines    Kind = "lines" // in text, separated by line feeds
)

// A Setting is all that is known of one setting.
type Setting struct {
	Name    string // of the flag and of the key
	Kind    Kind
	Default string // as text, as a flag takes it
	Value   string // what stands for the value in usage texts: "HOST:PORT"
	Group   string // under which it is documented
	Help    string // one clause
	More    string // what else to know; plain sentences
	Short   string // one-letter flag, or ""

	Choices    []string // the words that can be chosen from; none where any text may stand
	Chosen     Part     // what has to be one of them
	Common     bool     // one of those that most people need, which help prints first
	Repeatable bool     // the flag may be given several times, which adds up
	Secret     bool     // its value is never printed
	Command    string   // the only command that has the flag; "" for all
	InPolicy   bool     // in the file it is a part of the policy, and no key of its own

	set func(*Config, string) error // puts a text into a Config; the choices are checked elsewhere
}

// A Part says what of a setting's text has to be one of its choices.
type Part uint8

// The parts.
const (
	Whole     Part = iota
	EachItem       // each item of a list
	ItemName       // of each item NAME=VALUE, the name
	ItemValue      // of each item NAME=VALUE, the value
)

// Env is the environment variable of the setting: "SIDENOTE_MAX_HEAD_BYTES".
func (s *Setting) Env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

// separator is between the values of a flag that is given several times.
func (s *Setting) separator() string {
	if s.Kind == KindLines {
		return "\n"
	}
	return ","
}

// policySetting is the key below which a file may hold the policy itself.
const policySetting = "policy"

const envPrefix = "SIDENOTE_"

// The groups, in the order of the documentation.
const (
	groupListen  = "Listening"
	groupForward = "Forwarding"
	groupNotes   = "Notes"
	groupPolicy  = "Policy"
	groupRun     = "Running a command (sidenote run)"
	groupOutput  = "Output"
	groupTraces  = "Traces"
	groupMetrics = "Metrics"
	groupLimits  = "Limits"
)

// Settings lists every setting, by group.
func Settings() []Setting {
	all := table()
	for i := range all {
		all[i].Help = strings.ReplaceAll(all[i].Help, "{choices}", wording.Or(all[i].Choices))
	}
	return all
}

// table has one row for each setting, and is the place to add one: the flag, the
// variable, the key of the file, their help, completion, checks and documentation
// are made of it. In Help, {choices} stands for the choices in words.
func table() []Setting {
	return []Setting{
		{
			Name: "listen", Common: true, Kind: KindText, Default: "127.0.0.1:8080", Value: "HOST:PORT", Group: groupListen,
			Help: "address of the proxy",
			More: "Port 0 picks a free port and prints it. An address that other machines can reach needs --proxy-auth.",
			set:  text(func(c *Config) *string { return &c.Listen }, address),
		},
		{
			Name: "admin", Common: true, Kind: KindText, Default: "127.0.0.1:8081", Value: "HOST:PORT", Group: groupListen,
			Help: "address of the inspector, metrics and health checks, or off",
			More: "An address that other machines can reach needs --proxy-auth.",
			set:  text(func(c *Config) *string { return &c.Admin }, addressOrOff),
		},
		{
			Name: "reverse", Common: true, Kind: KindList, Value: "[HOST:PORT=]URL", Group: groupListen, Repeatable: true,
			Help: "also listen for clients that ignore proxy settings, and forward their requests to this URL",
			More: "Each URL gets its own listener, on a free loopback port unless you give an address.",
			set:  setReverse,
		},
		{
			Name: "proxy-auth", Kind: KindText, Value: "USER:PASSWORD", Group: groupListen, Secret: true,
			Help: "credentials that clients must send to the proxy and the admin server",
			More: "Prefer the environment variable: other users of the machine can see flags.",
			set:  text(func(c *Config) *string { return &c.ProxyAuth }, credentials),
		},
		{
			Name: "ca-dir", Kind: KindText, Value: "DIR", Group: groupListen,
			Help: "folder for the local CA",
			More: "The default is sidenote/ in your configuration folder. sidenote creates it when it first needs it.",
			set:  text(func(c *Config) *string { return &c.CADir }, anyText),
		},

		{
			Name: "intercept", Common: true, Kind: KindList, Default: "all", Value: "all|none|[-]HOST,...", Group: groupForward, Repeatable: true,
			Help: "hosts whose TLS to intercept: all, none, a list, or all but -HOST",
			More: "*.example.com means every name below example.com. A minus leaves a host out: all,-bank.example. Other connections are tunnelled unchanged.",
			set:  list(func(c *Config) *[]string { return &c.Intercept }, intercepted),
		},
		{
			Name: "upstream-proxy", Common: true, Kind: KindText, Value: "URL|none", Group: groupForward, Secret: true,
			Help: "proxy to send requests through: http://, https:// or socks5://",
			More: "Put credentials in the URL: http://USER:PASSWORD@HOST:PORT. Without this setting the proxy that http_proxy, https_proxy or all_proxy names is used, and no_proxy with it; none goes straight.",
			set:  text(func(c *Config) *string { return &c.UpstreamProxy }, proxyURL),
		},
		{
			Name: "no-proxy", Kind: KindList, Value: "HOST,...", Group: groupForward, Repeatable: true,
			Help: "hosts to reach without the upstream proxy",
			More: "Takes what NO_PROXY takes: names (with all names below them), addresses, networks such as 10.0.0.0/8, or *.",
			set:  list(func(c *Config) *[]string { return &c.NoProxy }, anyItem),
		},
		{
			Name: "upstream-ca", Kind: KindText, Value: "FILE", Group: groupForward,
			Help: "PEM file of CAs to trust for origin servers, in addition to the system's",
			set:  text(func(c *Config) *string { return &c.UpstreamCA }, anyText),
		},
		{
			Name: "client-cert", Kind: KindLines, Value: "HOST=CERT,KEY", Group: groupForward, Repeatable: true,
			Help: "certificate and key to show to an origin server that asks for a client certificate",
			More: "Both are PEM files; HOST=FILE names one that holds both. *.example.com means every name below example.com.",
			set:  setClientCerts,
		},
		{
			Name: "share-connections", Kind: KindSwitch, Default: "false", Group: groupForward,
			Help: "let a connection to an origin server serve other clients after its own has gone",
			More: "For many short-lived clients. Requests with credentials, tunnels and requests with a body never share. Without it, each client connection has its own.",
			set:  onOff(func(c *Config) *bool { return &c.ShareConnections }),
		},
		{
			Name: "client-tls-min", Kind: KindChoice, Default: "1.2", Value: "VERSION", Group: groupForward,
			Choices: []string{"1.0", "1.1", "1.2", "1.3"},
			Help:    "lowest TLS version to accept from clients: {choices}",
			More:    "With 1.0 or 1.1, sidenote also accepts cipher suites with CBC, which old clients need.",
			set:     text(func(c *Config) *string { return &c.ClientTLSMin }, anyText),
		},
		{
			Name: "insecure-upstream", Kind: KindList, Value: "HOST,...", Group: groupForward, Repeatable: true,
			Help: "origin servers whose certificate not to verify, or all",
			More: "Anyone on the network path can then read and change that traffic.",
			set:  list(func(c *Config) *[]string { return &c.InsecureUpstream }, hosts("all")),
		},

		{
			Name: "annotate", Common: true, Kind: KindChoice, Default: "full", Value: "MODE", Group: groupNotes,
			Choices: []string{"off", "summary", "full"},
			Help:    "what to add to responses: {choices}",
			More:    "summary adds only Sidenote-Exchange; full also adds Sidenote and Server-Timing.",
			set:     text(func(c *Config) *string { return &c.Annotate }, anyText),
		},
		{
			Name: "severity", Common: true, Kind: KindChoice, Default: "warn", Value: "LEVEL", Group: groupNotes,
			Choices: annotate.SeverityWords(),
			Help:    "lowest severity of notes to show: {choices}",
			More:    "Unless you set it, notes that fail the policy are shown too.",
			set:     text(func(c *Config) *string { return &c.Severity }, anyText),
		},
		{
			Name: "profile", Kind: KindChoice, Default: annotate.DefaultProfile, Value: "NAME", Group: groupNotes,
			Choices: annotate.ProfileNames(),
			Help:    "which rules are on: {choices}",
			More:    "rest is for APIs, browser for web pages, security for protective headers and cookies, strict turns on every rule. The rules setting is applied after it.",
			set:     text(func(c *Config) *string { return &c.Profile }, anyText),
		},
		{
			Name: "openapi", Kind: KindList, Value: "[URL=]FILE", Group: groupNotes, Repeatable: true,
			Help: "OpenAPI description to compare exchanges with",
			More: "With a URL, the paths are below that URL instead of below the servers in the description. sidenote fetches nothing that the description refers to.",
			set:  list(func(c *Config) *[]string { return &c.OpenAPI }, anyItem),
		},
		{
			Name: "proto", Kind: KindList, Value: "FILE|reflection", Group: groupNotes, Repeatable: true,
			Help: "description of gRPC services: a .proto file or a descriptor set",
			More: "With reflection, sidenote asks each gRPC server for its services. It sends no credentials. Without a description, messages are shown by field numbers.",
			set:  list(func(c *Config) *[]string { return &c.Proto }, anyItem),
		},
		{
			Name: "rules", Common: true, Kind: KindMap, Value: "RULE=LEVEL,...", Group: groupNotes, Repeatable: true,
			Choices: slices.Concat([]string{"off"}, annotate.SeverityWords(), []string{"on"}), Chosen: ItemValue,
			Help: "change rules: off, info, warn, error, or on with the rule's own severity",
			More: "Name one rule by its ID, or several by topic/* or *. The more specific name wins.",
			set:  setRules,
		},
		{
			Name: "conversation-bytes", Kind: KindSize, Default: "16MiB", Value: "SIZE", Group: groupNotes,
			Help: "memory for what rules over several exchanges remember",
			More: "The oldest exchanges are forgotten first. sidenote_conversation_forgotten_total counts them.",
			set:  size(func(c *Config) *int64 { return &c.ConversationBytes }),
		},
		{
			Name: "conversation-limits", Kind: KindList, Value: "NAME=NUMBER", Group: groupNotes, Repeatable: true,
			Help: "change a threshold of rules over several exchanges, such as polls=50",
			More: "docs/conversations.md lists the thresholds.",
			set:  list(func(c *Config) *[]string { return &c.ConversationLimits }, anyItem),
		},
		{
			Name: "slow-after", Kind: KindDuration, Default: "1s", Value: "DURATION", Group: groupNotes,
			Help: "report a response as slow when its first byte takes at least this long",
			set:  duration(func(c *Config) *time.Duration { return &c.SlowAfter }),
		},
		{
			Name: "large-field", Kind: KindSize, Default: "8000", Value: "SIZE", Group: groupNotes,
			Help: "report a header line as too large above this size",
			set:  size(func(c *Config) *int64 { return &c.LargeField }),
		},
		{
			Name: "large-head", Kind: KindSize, Default: "16KiB", Value: "SIZE", Group: groupNotes,
			Help: "report the headers of a request as too large above this total size",
			More: "Response headers may be twice as large.",
			set:  size(func(c *Config) *int64 { return &c.LargeHead }),
		},
		{
			Name: "long-uri", Kind: KindSize, Default: "8000", Value: "SIZE", Group: groupNotes,
			Help: "report a request URL as too long above this size",
			set:  size(func(c *Config) *int64 { return &c.LongURI }),
		},

		{
			Name: policySetting, Kind: KindText, Value: "FILE", Group: groupPolicy,
			Help: "YAML file with the policy: what fails and what passes",
			More: "In the configuration file, you can write the policy itself below this key. See docs/policy.md.",
			set: func(c *Config, s string) error {
				c.Policy, c.PolicyPart = s, nil
				return nil
			},
		},
		{
			Name: "fail-on", Common: true, Kind: KindChoice, Default: "error", Value: "LEVEL[,bypass]", Group: groupPolicy, InPolicy: true,
			Choices: append(annotate.SeverityWords(), "never", "bypass"), Chosen: EachItem,
			Help: "lowest severity of notes that fail the policy: info, warn, error or never",
			More: "With bypass as well, as in error,bypass, run fails if the command connected anywhere without the proxy. bypass alone means error,bypass.",
			set:  text(func(c *Config) *string { return &c.FailOn }, anyText),
		},
		{
			Name: "expect", Kind: KindLines, Value: "NAME: CONDITION", Group: groupPolicy, Repeatable: true, InPolicy: true,
			Help: "condition that every exchange must meet, such as fast: duration < 0.5",
			set: func(c *Config, s string) error {
				c.Expect = splitLines(s)
				return nil
			},
		},
		{
			Name: "budget", Kind: KindList, Value: "NAME=VALUE,...", Group: groupPolicy, Repeatable: true, InPolicy: true,
			Help: "limit for all exchanges together, such as max-5xx-rate=1% or p95=800ms",
			set:  list(func(c *Config) *[]string { return &c.Budget }, anyItem),
		},
		{
			Name: "baseline", Common: true, Kind: KindText, Value: "FILE", Group: groupPolicy,
			Help: "YAML file of known notes to accept for now",
			More: "sidenote shows accepted notes but doesn't fail because of them. Write the file with: sidenote baseline update.",
			set:  text(func(c *Config) *string { return &c.Baseline }, anyText),
		},
		{
			Name: "update-baseline", Common: true, Kind: KindSwitch, Default: "false", Group: groupPolicy, Command: "run, check and lint",
			Help: "add every note that fails to the baseline, so that it is accepted from now on",
			More: "Creates the file that --baseline names if there is none. Notes below --fail-on are left out.",
			set:  onOff(func(c *Config) *bool { return &c.UpdateBaseline }),
		},
		{
			Name: "print-policy", Kind: KindSwitch, Default: "false", Group: groupPolicy,
			Help: "first print the policy, and where each part was set",
			set:  onOff(func(c *Config) *bool { return &c.PrintPolicy }),
		},

		{
			Name: "require-traffic", Kind: KindSwitch, Default: "true", Group: groupRun, Command: "run",
			Help: "exit with code 11 if nothing came through the proxy",
			More: "A command that sends nothing through the proxy can't be judged. With false, it passes.",
			set:  onOff(func(c *Config) *bool { return &c.RequireTraffic }),
		},
		{
			Name: "min-exchanges", Common: true, Kind: KindNumber, Default: "0", Value: "N", Group: groupRun, Command: "run",
			Help: "exit with code 11 if fewer exchanges than this came through the proxy",
			set:  number(func(c *Config) *int { return &c.MinExchanges }, 0, math.MaxInt32),
		},
		{
			Name: "allow-bypass", Common: true, Kind: KindList, Value: "ADDRESS[:PORT],...", Group: groupRun, Command: "run", Repeatable: true,
			Help: "where the command may connect without the proxy, such as 127.0.0.1:5432",
			More: "For databases and the like. :5432 means this port at any address; localhost means this machine. sidenote doesn't list these connections, and they don't fail --fail-on bypass.",
			set:  list(func(c *Config) *[]string { return &c.AllowBypass }, peers),
		},
		{
			Name: "compare", Common: true, Kind: KindText, Value: "FILE", Group: groupRun, Command: "run",
			Help: "compare this run with an earlier one: a JSONL file from --save, or a HAR",
			More: "sidenote prints what changed, as sidenote diff does. See docs/diff.md.",
			set:  text(func(c *Config) *string { return &c.Compare }, anyText),
		},
		{
			Name: "baseline-run", Kind: KindText, Value: "FILE", Group: groupRun, Command: "run",
			Help: "compare this run with the last green one, which this file keeps",
			More: "If the file doesn't exist, there is nothing to compare. When the run ends with exit code 0, sidenote replaces the file with the exchanges of this run.",
			set:  text(func(c *Config) *string { return &c.BaselineRun }, anyText),
		},
		{
			Name: "fail-on-changes", Kind: KindChoice, Default: "breaking", Group: groupRun, Command: "run",
			Choices: ChangesThatFail(),
			Help:    "which changes fail, with exit code 10: {choices} (with --compare or --baseline-run)",
			set:     text(func(c *Config) *string { return &c.FailOnChanges }, anyText),
		},
		{
			Name: "compare-report", Kind: KindList, Value: "FORMAT=FILE", Group: groupRun, Command: "run", Repeatable: true,
			Help: "also write the changes to this file, as text, markdown, json or html (with --compare or --baseline-run)",
			set:  list(func(c *Config) *[]string { return &c.CompareReports }, anyItem),
		},
		{
			Name: "grace", Kind: KindDuration, Default: "5s", Value: "DURATION", Group: groupRun, Command: "run",
			Help: "how long to wait for open exchanges after the command has ended",
			set:  durationOrNone(func(c *Config) *time.Duration { return &c.Grace }),
		},
		{
			Name: "keep-no-proxy", Kind: KindSwitch, Default: "false", Group: groupRun, Command: "run",
			Help: "keep the hosts in NO_PROXY out of the proxy, except loopback",
			set:  onOff(func(c *Config) *bool { return &c.KeepNoProxy }),
		},

		{
			Name: "format", Common: true, Kind: KindChoice, Default: "auto", Value: "FORMAT", Group: groupOutput,
			Choices: []string{"auto", "text", "json"},
			Help:    "how to print exchanges: {choices}",
			More:    "auto prints text: laid out on a terminal, plain lines elsewhere. json prints one record per line.",
			set:     text(func(c *Config) *string { return &c.Format }, anyText),
		},
		{
			Name: "quiet", Kind: KindSwitch, Default: "false", Group: groupOutput, Short: "q",
			Help: "print only exchanges that failed or have notes to show",
			set:  onOff(func(c *Config) *bool { return &c.Quiet }),
		},
		{
			Name: "color", Kind: KindChoice, Default: "auto", Value: "WHEN", Group: groupOutput,
			Choices: []string{"auto", "always", "never"},
			Help:    "when to use colour: {choices}",
			More:    "auto checks FORCE_COLOR, NO_COLOR, TERM and whether the output is a terminal, in this order.",
			set:     text(func(c *Config) *string { return &c.Color }, anyText),
		},
		{
			Name: "save", Common: true, Kind: KindText, Value: "FILE", Group: groupOutput,
			Help: "save exchanges with their bodies to this JSONL file",
			set:  text(func(c *Config) *string { return &c.Save }, anyText),
		},
		{
			Name: "save-filter", Kind: KindText, Value: "FILTER", Group: groupOutput,
			Help: "save only exchanges that match this filter (with --save)",
			More: "See docs/filters.md.",
			set:  text(func(c *Config) *string { return &c.SaveFilter }, anyText),
		},
		{
			Name: "filter", Kind: KindText, Value: "FILTER", Group: groupOutput,
			Help: "print only exchanges that match this filter, such as status:4xx",
			More: "The others are still counted and judged. See docs/filters.md.",
			set:  text(func(c *Config) *string { return &c.Filter }, anyText),
		},
		{
			Name: "store", Kind: KindText, Value: "FILE", Group: groupOutput,
			Help: "keep the inspector's exchanges in this file across restarts",
			More: "It holds the latest exchanges that fit into --store-bytes, with pins and comments, without secrets.",
			set:  text(func(c *Config) *string { return &c.Store }, anyText),
		},
		{
			Name: "report", Common: true, Kind: KindList, Value: "KIND=FILE", Group: groupOutput, Repeatable: true,
			Choices: report.KindNames(), Chosen: ItemName,
			Help: "write a report of this kind: {choices}",
			More: "- as FILE means standard output. An existing file is replaced.",
			set:  setReports,
		},
		{
			Name: "log-file", Kind: KindText, Value: "FILE", Group: groupOutput,
			Help: "append a JSON record of each exchange, without bodies, to this file",
			More: "On SIGHUP, sidenote reopens this file and the file of --save.",
			set:  text(func(c *Config) *string { return &c.LogFile }, anyText),
		},
		{
			Name: "log-max-size", Kind: KindSize, Default: "100MiB", Value: "SIZE", Group: groupOutput,
			Help: "rotate the log file at this size; 0 for never",
			set:  size(func(c *Config) *int64 { return &c.LogMaxSize }),
		},
		{
			Name: "log-max-age", Kind: KindDuration, Default: "0s", Value: "DURATION", Group: groupOutput,
			Help: "rotate the log file when its first record is this old; 0s for never",
			set:  durationOrNone(func(c *Config) *time.Duration { return &c.LogMaxAge }),
		},
		{
			Name: "log-keep", Kind: KindNumber, Default: "10", Value: "N", Group: groupOutput,
			Help: "how many rotated log files to keep; 0 for all",
			set:  number(func(c *Config) *int { return &c.LogKeep }, 0, math.MaxInt32),
		},
		{
			Name: "log-notes", Kind: KindSwitch, Default: "false", Group: groupOutput,
			Help: "also write each note as its own JSON record",
			set:  onOff(func(c *Config) *bool { return &c.LogNotes }),
		},
		{
			Name: "log-messages", Kind: KindSwitch, Default: "false", Group: groupOutput,
			Help: "also write each WebSocket message, event and gRPC message as its own JSON record",
			More: "sidenote writes it as soon as the message has passed.",
			set:  onOff(func(c *Config) *bool { return &c.LogMessages }),
		},
		{
			Name: "digests", Kind: KindSwitch, Default: "false", Group: groupOutput,
			Help: "write the SHA-256 of each body to the records",
			More: "Exchanges that sidenote saves or stores in a file have it anyway.",
			set:  onOff(func(c *Config) *bool { return &c.Digests }),
		},
		{
			Name: "show-secrets", Kind: KindSwitch, Default: "false", Group: groupOutput,
			Help: "do not redact credentials, cookies and tokens",
			set:  onOff(func(c *Config) *bool { return &c.ShowSecrets }),
		},

		{
			Name: "otlp", Kind: KindText, Value: "URL", Group: groupTraces,
			Help: "send spans and notes to this OpenTelemetry collector: http://, https://, grpc:// or grpcs://",
			More: "http and https use OTLP/HTTP, such as http://localhost:4318; grpc and grpcs use OTLP/gRPC, such as grpc://localhost:4317. env takes the settings from the OTEL_EXPORTER_OTLP_ variables, which sidenote otherwise ignores.",
			set:  text(func(c *Config) *string { return &c.OTLP }, anyText),
		},
		{
			Name: "otlp-headers", Kind: KindMap, Value: "NAME=VALUE,...", Group: groupTraces, Repeatable: true, Secret: true,
			Help: "headers of each request to the collector, such as credentials",
			More: "Prefer the environment variable: other users of the machine can see flags.",
			set:  setOTLPHeaders,
		},
		{
			Name: "otlp-ca", Kind: KindText, Value: "FILE", Group: groupTraces,
			Help: "PEM file of CAs to trust for the collector, in addition to the system's",
			set:  text(func(c *Config) *string { return &c.OTLPCA }, anyText),
		},
		{
			Name: "trace-context", Kind: KindChoice, Default: "forward", Value: "MODE", Group: groupTraces,
			Choices: []string{"forward", "start", "off"},
			Help:    "what to do with W3C Trace Context: {choices}",
			More:    "forward reads traceparent and passes it on unchanged. start also adds one to requests without it. off passes it on without reading it.",
			set:     text(func(c *Config) *string { return &c.TraceContext }, anyText),
		},

		{
			Name: "metrics-labels", Kind: KindList, Value: "host,route", Group: groupMetrics,
			Choices: []string{LabelHost, LabelRoute}, Chosen: EachItem,
			Help: "also count by host, by route, or both",
			More: "A route is a path with its IDs replaced by {id}. Anyone who can read the metrics can read hosts and routes.",
			set:  list(func(c *Config) *[]string { return &c.MetricsLabels }, anyItem),
		},
		{
			Name: "metrics-label-values", Kind: KindNumber, Default: "100", Value: "N", Group: groupMetrics,
			Help: "how many hosts and how many routes to count separately, at most 10000",
			More: "Further ones count as other.",
			set:  number(func(c *Config) *int { return &c.MetricsLabelValues }, 1, 10000),
		},

		{
			Name: "connect-timeout", Kind: KindDuration, Default: "30s", Value: "DURATION", Group: groupLimits,
			Help: "how long to wait for a connection to an origin server, including TLS",
			set:  duration(func(c *Config) *time.Duration { return &c.ConnectTimeout }),
		},
		{
			Name: "response-header-timeout", Kind: KindDuration, Default: "10m", Value: "DURATION", Group: groupLimits,
			Help: "how long to wait for the response headers after a request has been sent",
			set:  duration(func(c *Config) *time.Duration { return &c.ResponseHeaderTimeout }),
		},
		{
			Name: "idle-timeout", Kind: KindDuration, Default: "1h", Value: "DURATION", Group: groupLimits,
			Help: "close a connection after this time without a byte",
			set:  duration(func(c *Config) *time.Duration { return &c.IdleTimeout }),
		},
		{
			Name: "client-head-timeout", Kind: KindDuration, Default: "1m", Value: "DURATION", Group: groupLimits,
			Help: "time that a client has to send the head of a request",
			More: "It begins with the first byte. A client that takes longer gets 408.",
			set:  duration(func(c *Config) *time.Duration { return &c.ClientHeadTimeout }),
		},
		{
			Name: "client-body-timeout", Kind: KindDuration, Default: "10m", Value: "DURATION", Group: groupLimits,
			Help: "time that a client may pause while it sends the body of a request",
			set:  duration(func(c *Config) *time.Duration { return &c.ClientBodyTimeout }),
		},
		{
			Name: "client-body-rate", Kind: KindSize, Default: "0", Value: "SIZE", Group: groupLimits,
			Help: "slowest average rate, in bytes a second, at which a client may send a body; 0 for any",
			More: "A client may take --client-body-timeout, and a second more for each SIZE bytes that it has sent.",
			set:  size(func(c *Config) *int64 { return &c.ClientBodyRate }),
		},
		{
			Name: "client-write-timeout", Kind: KindDuration, Default: "10m", Value: "DURATION", Group: groupLimits,
			Help: "time that a client may take to read the next 64 KiB of a response",
			set:  duration(func(c *Config) *time.Duration { return &c.ClientWriteTimeout }),
		},
		{
			Name: "origin-write-timeout", Kind: KindDuration, Default: "10m", Value: "DURATION", Group: groupLimits,
			Help: "time that an origin server may take to read the next 64 KiB of a request",
			set:  duration(func(c *Config) *time.Duration { return &c.OriginWriteTimeout }),
		},
		{
			Name: "client-idle-timeout", Kind: KindDuration, Default: "10m", Value: "DURATION", Group: groupLimits,
			Help: "time that a client may keep a connection open between two requests",
			set:  duration(func(c *Config) *time.Duration { return &c.ClientIdleTimeout }),
		},
		{
			Name: "max-clients", Kind: KindNumber, Default: "10000", Value: "N", Group: groupLimits,
			Help: "how many connections from clients may be open at once",
			More: "When there are more, sidenote closes those that have been idle longest. If all are busy, the new client gets 503.",
			set:  number(func(c *Config) *int { return &c.MaxClients }, 1, 1000000),
		},
		{
			Name: "drain-timeout", Kind: KindDuration, Default: "10s", Value: "DURATION", Group: groupLimits,
			Help: "how long to wait for open exchanges when sidenote stops",
			set:  duration(func(c *Config) *time.Duration { return &c.DrainTimeout }),
		},
		{
			Name: "store-bytes", Kind: KindSize, Default: "256MiB", Value: "SIZE", Group: groupLimits,
			Help: "memory for the exchanges in the inspector",
			More: "When it is full, the oldest exchanges are dropped.",
			set:  size(func(c *Config) *int64 { return &c.StoreBytes }),
		},
		{
			Name: "max-head-bytes", Kind: KindSize, Default: "256KiB", Value: "SIZE", Group: groupLimits,
			Help: "largest size of all headers of a message",
			set:  size(func(c *Config) *int64 { return &c.MaxHeadBytes }),
		},
		{
			Name: "keep-content", Kind: KindSize, Default: "64KiB", Value: "SIZE", Group: groupLimits,
			Help: "how much of each body to keep for rules, the inspector and reports",
			More: "Bodies of any size pass through. Rules that need a whole body don't run on a longer one.",
			set:  size(func(c *Config) *int64 { return &c.KeepContent }),
		},
		{
			Name: "keep-messages", Kind: KindSize, Default: "4MiB", Value: "SIZE", Group: groupLimits,
			Help: "memory for the messages of one WebSocket, event stream or gRPC call; 0 to not read them",
			More: "When it is full, the oldest messages are dropped. Messages of any number and size pass through.",
			set:  size(func(c *Config) *int64 { return &c.KeepMessages }),
		},
	}
}
