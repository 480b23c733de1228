package configs

import (
	"math"
	"strings"
	"time"

	"sidenote/internal/wording"
)

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

	Choices    []string // for KindChoice, and for the values of KindMap
	Repeatable bool     // the flag may be given several times, which adds up
	Secret     bool     // its value is never printed
	Command    string   // the only command that has the flag; "" for all
	InPolicy   bool     // in the file it is a part of the policy, and no key of its own

	set func(*Config, string) error
}

// Env is the environment variable of the setting: "SIDENOTE_MAX_HEAD_BYTES".
func (s *Setting) Env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

// separator stands between the values of a flag that is given several times.
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
	return []Setting{
		{
			Name: "listen", Kind: KindText, Default: "127.0.0.1:8080", Value: "HOST:PORT", Group: groupListen,
			Help: "address of the proxy",
			More: "Port 0 takes a free one and prints it. An address that others can reach needs --proxy-auth.",
			set:  text(func(c *Config) *string { return &c.Listen }, address),
		},
		{
			Name: "admin", Kind: KindText, Default: "127.0.0.1:8081", Value: "HOST:PORT", Group: groupListen,
			Help: "address of the inspector, metrics and health checks, or off",
			More: "An address that others can reach needs --proxy-auth.",
			set:  text(func(c *Config) *string { return &c.Admin }, addressOrOff),
		},
		{
			Name: "reverse", Kind: KindList, Value: "[HOST:PORT=]URL", Group: groupListen, Repeatable: true,
			Help: "also listen for clients that ignore proxy settings, and forward all to this URL",
			More: "Each one gets a listener of its own, on a free port of loopback unless an address is given.",
			set:  setReverse,
		},
		{
			Name: "proxy-auth", Kind: KindText, Value: "USER:PASSWORD", Group: groupListen, Secret: true,
			Help: "credentials that clients of the proxy and of the admin server must give",
			More: "Better given in the environment than as a flag, which other users of the machine can see.",
			set:  text(func(c *Config) *string { return &c.ProxyAuth }, credentials),
		},
		{
			Name: "ca-dir", Kind: KindText, Value: "DIR", Group: groupListen,
			Help: "folder of the local CA",
			More: "Where none is given it is sidenote/ in the user's configuration folder. It is made when it is first needed.",
			set:  text(func(c *Config) *string { return &c.CADir }, anyText),
		},

		{
			Name: "intercept", Kind: KindList, Default: "all", Value: "all|none|HOST,...", Group: groupForward, Repeatable: true,
			Help: "whose TLS to look into: all, none, or these hosts",
			More: "*.example.com stands for every name below example.com. Any other connection is tunnelled untouched.",
			set:  list(func(c *Config) *[]string { return &c.Intercept }, hosts("all", "none")),
		},
		{
			Name: "upstream-proxy", Kind: KindText, Value: "URL", Group: groupForward, Secret: true,
			Help: "next proxy on the way: http://, https:// or socks5://",
			More: "Credentials go into the URL: http://USER:PASSWORD@HOST:PORT.",
			set:  text(func(c *Config) *string { return &c.UpstreamProxy }, proxyURL),
		},
		{
			Name: "no-proxy", Kind: KindList, Value: "HOST,...", Group: groupForward, Repeatable: true,
			Help: "hosts that are reached without the upstream proxy",
			More: "As in NO_PROXY: names, which cover the names below them, addresses, networks such as 10.0.0.0/8, or *.",
			set:  list(func(c *Config) *[]string { return &c.NoProxy }, anyItem),
		},
		{
			Name: "upstream-ca", Kind: KindText, Value: "FILE", Group: groupForward,
			Help: "PEM file of CAs to trust for origin servers, beside the system's",
			set:  text(func(c *Config) *string { return &c.UpstreamCA }, anyText),
		},
		{
			Name: "insecure-upstream", Kind: KindList, Value: "HOST,...", Group: groupForward, Repeatable: true,
			Help: "origin servers whose certificate is not verified, or all",
			More: "Whoever is on the way can then read and change what is sent to them.",
			set:  list(func(c *Config) *[]string { return &c.InsecureUpstream }, hosts("all")),
		},

		{
			Name: "annotate", Kind: KindChoice, Default: "full", Value: "MODE", Group: groupNotes,
			Choices: []string{"off", "summary", "full"},
			Help:    "what to add to responses: off, summary or full",
			More:    "summary adds Sidenote-Exchange alone; full adds Sidenote and Server-Timing too.",
			set:     choice(func(c *Config) *string { return &c.Annotate }, "off", "summary", "full"),
		},
		{
			Name: "severity", Kind: KindChoice, Default: "warn", Value: "LEVEL", Group: groupNotes,
			Choices: []string{"info", "warn", "error"},
			Help:    "lowest severity of the notes that are shown: info, warn or error",
			More:    "Where it is not set, notes that fail are shown too.",
			set:     choice(func(c *Config) *string { return &c.Severity }, "info", "warn", "error"),
		},
		{
			Name: "profile", Kind: KindChoice, Default: "default", Value: "NAME", Group: groupNotes,
			Choices: profiles(),
			Help:    "which rules are on: " + wording.Or(profiles()),
			More:    "rest is for APIs, browser for web pages, security for a look at protection, strict for every rule. The setting rules comes after it.",
			set:     choice(func(c *Config) *string { return &c.Profile }, profiles()...),
		},
		{
			Name: "openapi", Kind: KindList, Value: "[URL=]FILE", Group: groupNotes, Repeatable: true,
			Help: "OpenAPI description to compare exchanges with",
			More: "With a URL its paths lie under that, instead of under the servers that it names. Nothing it refers to is fetched.",
			set:  list(func(c *Config) *[]string { return &c.OpenAPI }, anyItem),
		},
		{
			Name: "rules", Kind: KindMap, Value: "RULE=LEVEL,...", Group: groupNotes, Repeatable: true,
			Choices: ruleLevels(),
			Help:    "change rules: off, info, warn, error, or on with the rule's own severity",
			More:    "A rule is named by its ID, or with others by topic/* or *; the more exact name wins.",
			set:     setRules,
		},
		{
			Name: "slow-after", Kind: KindDuration, Default: "1s", Value: "DURATION", Group: groupNotes,
			Help: "time to the first octet of a response from which it is slow",
			set:  duration(func(c *Config) *time.Duration { return &c.SlowAfter }),
		},
		{
			Name: "large-field", Kind: KindSize, Default: "8000", Value: "SIZE", Group: groupNotes,
			Help: "size of a field line above which it is too large",
			set:  size(func(c *Config) *int64 { return &c.LargeField }),
		},
		{
			Name: "large-head", Kind: KindSize, Default: "16KiB", Value: "SIZE", Group: groupNotes,
			Help: "size of all field lines of a request above which they are too large",
			More: "Those of a response may be twice as large.",
			set:  size(func(c *Config) *int64 { return &c.LargeHead }),
		},
		{
			Name: "long-uri", Kind: KindSize, Default: "8000", Value: "SIZE", Group: groupNotes,
			Help: "size of a target URI above which it is too long",
			set:  size(func(c *Config) *int64 { return &c.LongURI }),
		},

		{
			Name: policySetting, Kind: KindText, Value: "FILE", Group: groupPolicy,
			Help: "YAML file that says what is good enough",
			More: "In the configuration file the policy itself can stand below this key. What a policy says is in policy.md.",
			set: func(c *Config, s string) error {
				c.Policy, c.PolicyPart = s, nil
				return nil
			},
		},
		{
			Name: "fail-on", Kind: KindChoice, Default: "error", Value: "LEVEL", Group: groupPolicy, InPolicy: true,
			Choices: []string{"info", "warn", "error", "never"},
			Help:    "lowest severity of a note that fails: info, warn, error or never",
			set:     choice(func(c *Config) *string { return &c.FailOn }, "info", "warn", "error", "never"),
		},
		{
			Name: "expect", Kind: KindLines, Value: "NAME: CONDITION", Group: groupPolicy, Repeatable: true, InPolicy: true,
			Help: "what has to be so of every exchange, such as fast: duration < 0.5",
			set: func(c *Config, s string) error {
				c.Expect = splitLines(s)
				return nil
			},
		},
		{
			Name: "budget", Kind: KindList, Value: "NAME=VALUE,...", Group: groupPolicy, Repeatable: true, InPolicy: true,
			Help: "bound on all exchanges together, such as max-5xx-rate=1% or p95=800ms",
			set:  list(func(c *Config) *[]string { return &c.Budget }, anyItem),
		},
		{
			Name: "baseline", Kind: KindText, Value: "FILE", Group: groupPolicy,
			Help: "YAML file of the notes that are accepted for now",
			More: "What is in it is shown and does not fail. sidenote baseline update writes it.",
			set:  text(func(c *Config) *string { return &c.Baseline }, anyText),
		},
		{
			Name: "print-policy", Kind: KindSwitch, Default: "false", Group: groupPolicy,
			Help: "print the policy, every part with where it was set, before anything else",
			set:  onOff(func(c *Config) *bool { return &c.PrintPolicy }),
		},

		{
			Name: "require-traffic", Kind: KindSwitch, Default: "true", Group: groupRun, Command: "run",
			Help: "end with exit code 11 when nothing came through the proxy",
			More: "A command that sends nothing through it has not been judged. false lets that pass.",
			set:  onOff(func(c *Config) *bool { return &c.RequireTraffic }),
		},
		{
			Name: "min-exchanges", Kind: KindNumber, Default: "0", Value: "N", Group: groupRun, Command: "run",
			Help: "end with exit code 11 when fewer exchanges than this came through the proxy",
			set:  number(func(c *Config) *int { return &c.MinExchanges }, 0, math.MaxInt32),
		},
		{
			Name: "grace", Kind: KindDuration, Default: "5s", Value: "DURATION", Group: groupRun, Command: "run",
			Help: "time that running exchanges get when the command has ended",
			set:  durationOrNone(func(c *Config) *time.Duration { return &c.Grace }),
		},
		{
			Name: "keep-no-proxy", Kind: KindSwitch, Default: "false", Group: groupRun, Command: "run",
			Help: "keep what NO_PROXY lets pass the proxy by, but for loopback",
			set:  onOff(func(c *Config) *bool { return &c.KeepNoProxy }),
		},

		{
			Name: "format", Kind: KindChoice, Default: "auto", Value: "FORMAT", Group: groupOutput,
			Choices: []string{"auto", "text", "json"},
			Help:    "how exchanges are printed: auto, text or json",
			More:    "auto is text, set out for people on a terminal and as plain lines elsewhere. json is one record a line.",
			set:     choice(func(c *Config) *string { return &c.Format }, "auto", "text", "json"),
		},
		{
			Name: "quiet", Kind: KindSwitch, Default: "false", Group: groupOutput, Short: "q",
			Help: "print only exchanges that failed or have notes to show",
			set:  onOff(func(c *Config) *bool { return &c.Quiet }),
		},
		{
			Name: "color", Kind: KindChoice, Default: "auto", Value: "WHEN", Group: groupOutput,
			Choices: []string{"auto", "always", "never"},
			Help:    "colour: auto, always or never",
			More:    "auto asks FORCE_COLOR, NO_COLOR, TERM and whether the output is a terminal, in this order.",
			set:     choice(func(c *Config) *string { return &c.Color }, "auto", "always", "never"),
		},
		{
			Name: "save", Kind: KindText, Value: "FILE", Group: groupOutput,
			Help: "write whole exchanges to this JSONL file",
			set:  text(func(c *Config) *string { return &c.Save }, anyText),
		},
		{
			Name: "save-filter", Kind: KindText, Value: "FILTER", Group: groupOutput,
			Help: "write only exchanges that this filter lets through to the file of --save",
			More: "See docs/filters.md.",
			set:  text(func(c *Config) *string { return &c.SaveFilter }, anyText),
		},
		{
			Name: "filter", Kind: KindText, Value: "FILTER", Group: groupOutput,
			Help: "print only exchanges that this filter lets through, such as status:4xx",
			More: "The others are counted and judged all the same. See docs/filters.md.",
			set:  text(func(c *Config) *string { return &c.Filter }, anyText),
		},
		{
			Name: "store", Kind: KindText, Value: "FILE", Group: groupOutput,
			Help: "keep what the inspector shows in this file, so that it survives a restart",
			More: "It has the latest exchanges, as many as --store-bytes holds, with pins and comments, and without secrets.",
			set:  text(func(c *Config) *string { return &c.Store }, anyText),
		},
		{
			Name: "report", Kind: KindList, Value: "KIND=FILE", Group: groupOutput, Repeatable: true,
			Choices: ReportKinds(),
			Help:    "write a report of this kind: " + wording.Or(ReportKinds()),
			More:    "- as FILE stands for standard output. An existing file is replaced.",
			set:     setReports,
		},
		{
			Name: "log-file", Kind: KindText, Value: "FILE", Group: groupOutput,
			Help: "write a JSON record of each exchange, without contents, to this file",
			More: "SIGHUP opens it and the file of saved exchanges anew.",
			set:  text(func(c *Config) *string { return &c.LogFile }, anyText),
		},
		{
			Name: "log-max-size", Kind: KindSize, Default: "100MiB", Value: "SIZE", Group: groupOutput,
			Help: "size from which the log file is set aside, with the time in its name, and a new one begun; 0 for never",
			set:  size(func(c *Config) *int64 { return &c.LogMaxSize }),
		},
		{
			Name: "log-max-age", Kind: KindDuration, Default: "0s", Value: "DURATION", Group: groupOutput,
			Help: "age of its first record from which the log file is set aside; 0s for never",
			set:  durationOrNone(func(c *Config) *time.Duration { return &c.LogMaxAge }),
		},
		{
			Name: "log-keep", Kind: KindNumber, Default: "10", Value: "N", Group: groupOutput,
			Help: "how many log files that were set aside are kept; 0 for all",
			set:  number(func(c *Config) *int { return &c.LogKeep }, 0, math.MaxInt32),
		},
		{
			Name: "log-notes", Kind: KindSwitch, Default: "false", Group: groupOutput,
			Help: "JSON output has a record of each note too, on a line of its own",
			set:  onOff(func(c *Config) *bool { return &c.LogNotes }),
		},
		{
			Name: "show-secrets", Kind: KindSwitch, Default: "false", Group: groupOutput,
			Help: "do not redact credentials, cookies and tokens",
			set:  onOff(func(c *Config) *bool { return &c.ShowSecrets }),
		},

		{
			Name: "otlp", Kind: KindText, Value: "URL", Group: groupTraces,
			Help: "send spans and notes to this OpenTelemetry collector: http://, https://, grpc:// or grpcs://",
			More: "http and https are OTLP/HTTP, as http://localhost:4318; grpc and grpcs are OTLP/gRPC, as grpc://localhost:4317. The word env takes all from the OTEL_EXPORTER_OTLP_ variables, which otherwise are not read.",
			set:  text(func(c *Config) *string { return &c.OTLP }, anyText),
		},
		{
			Name: "otlp-headers", Kind: KindMap, Value: "NAME=VALUE,...", Group: groupTraces, Repeatable: true, Secret: true,
			Help: "fields of each request to the collector, such as its credentials",
			More: "Better given in the environment than as a flag, which other users of the machine can see.",
			set:  setOTLPHeaders,
		},
		{
			Name: "otlp-ca", Kind: KindText, Value: "FILE", Group: groupTraces,
			Help: "PEM file of CAs to trust for the collector, beside the system's",
			set:  text(func(c *Config) *string { return &c.OTLPCA }, anyText),
		},
		{
			Name: "trace-context", Kind: KindChoice, Default: "forward", Value: "MODE", Group: groupTraces,
			Choices: []string{"forward", "start", "off"},
			Help:    "W3C Trace Context of requests: forward, start or off",
			More:    "forward reads traceparent and sends it on as it came. start also adds one to requests that have none. off does not read it, and sends it on as it came.",
			set:     choice(func(c *Config) *string { return &c.TraceContext }, "forward", "start", "off"),
		},

		{
			Name: "metrics-labels", Kind: KindList, Value: "host,route", Group: groupMetrics,
			Help: "also count by host, by route, or by both",
			More: "Routes are paths in which what names one thing of many is {id}. Who can read the metrics can read them.",
			set:  list(func(c *Config) *[]string { return &c.MetricsLabels }, items(LabelHost, LabelRoute)),
		},
		{
			Name: "metrics-label-values", Kind: KindNumber, Default: "100", Value: "N", Group: groupMetrics,
			Help: "how many hosts, and how many routes, are told apart, at most 10000",
			More: "What comes when there is no more room is counted as other.",
			set:  number(func(c *Config) *int { return &c.MetricsLabelValues }, 1, 10000),
		},

		{
			Name: "connect-timeout", Kind: KindDuration, Default: "30s", Value: "DURATION", Group: groupLimits,
			Help: "time to connect to an origin server, TLS handshake included",
			set:  duration(func(c *Config) *time.Duration { return &c.ConnectTimeout }),
		},
		{
			Name: "response-header-timeout", Kind: KindDuration, Default: "10m", Value: "DURATION", Group: groupLimits,
			Help: "time from the end of a request to the head of its response",
			set:  duration(func(c *Config) *time.Duration { return &c.ResponseHeaderTimeout }),
		},
		{
			Name: "idle-timeout", Kind: KindDuration, Default: "1h", Value: "DURATION", Group: groupLimits,
			Help: "time without an octet after which a connection is closed",
			set:  duration(func(c *Config) *time.Duration { return &c.IdleTimeout }),
		},
		{
			Name: "drain-timeout", Kind: KindDuration, Default: "10s", Value: "DURATION", Group: groupLimits,
			Help: "time that running exchanges get when sidenote stops",
			set:  duration(func(c *Config) *time.Duration { return &c.DrainTimeout }),
		},
		{
			Name: "store-bytes", Kind: KindSize, Default: "256MiB", Value: "SIZE", Group: groupLimits,
			Help: "memory for the exchanges that the inspector shows",
			More: "The oldest make room for new ones.",
			set:  size(func(c *Config) *int64 { return &c.StoreBytes }),
		},
		{
			Name: "max-head-bytes", Kind: KindSize, Default: "256KiB", Value: "SIZE", Group: groupLimits,
			Help: "largest message head",
			set:  size(func(c *Config) *int64 { return &c.MaxHeadBytes }),
		},
		{
			Name: "keep-content", Kind: KindSize, Default: "64KiB", Value: "SIZE", Group: groupLimits,
			Help: "how much of each message's content is kept to be looked at",
			More: "Content itself passes at any size; it is only looked at so far. Rules that need the whole of a longer content stay silent.",
			set:  size(func(c *Config) *int64 { return &c.KeepContent }),
		},
	}
}

// profiles names those of package annotate, which a test compares.
func profiles() []string { return []string{"default", "strict", "rest", "security", "browser"} }

// ReportKinds names the kinds of package report, which a test compares.
func ReportKinds() []string {
	return []string{"github", "gitlab", "har", "html", "jsonl", "junit", "markdown", "sarif"}
}

func ruleLevels() []string { return []string{"off", "info", "warn", "error", "on"} }
