package configs

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"sidenote/internal/yamlfile"
)

// Config is every setting. Default makes one that is valid.
type Config struct {
	File  string // the configuration file that was read, "" for none
	Found bool   // it was found, not named

	Listen string // address of the proxy, host:port
	Admin  string // address of the admin server, host:port, or "off"

	Intercept        []string // "all", "none", or the hosts whose TLS is intercepted; "-HOST" leaves one out
	ClientCerts      []ClientCert
	ShareConnections bool     // connections to origin servers serve further clients
	ClientTLSMin     string   // "1.0" to "1.3"
	UpstreamProxy    string   // URL of the next proxy, with credentials if it wants them; "" for that of the environment
	NoProxy          []string // hosts that are reached without it
	Reverse          []Reverse
	UpstreamCA       string   // PEM file of further roots for origin servers; "" for none
	InsecureUpstream []string // hosts whose certificate is not verified, or "all"
	CADir            string   // folder of the local CA; "" for the user's configuration folder
	ProxyAuth        string   // USER:PASSWORD that clients of proxy and admin server must give; "" for none

	Annotate           string            // "off", "summary" or "full"
	Profile            string            // which rules are on: one of annotate.ProfileNames
	Proto              []string          // .proto files and descriptor sets, or ProtoReflection
	OpenAPI            []string          // OpenAPI descriptions, each FILE or URL=FILE
	Rules              map[string]string // rule ID, "topic/*" or "*" → "off", "info", "warn", "error" or "on"
	ConversationBytes  int64             // of memory for what rules over several exchanges remember
	ConversationLimits []string          // NAME=NUMBER, their thresholds
	SlowAfter          time.Duration     // time to first octet from which a response is slow
	LargeField         int64             // octets of a field line above which it is too large
	LargeHead          int64             // octets of a request's field lines above which they are too large
	LongURI            int64             // octets of a target URI above which it is too long

	Policy         string      // YAML file of the policy; "" for none
	PolicyPart     *PolicyPart // the policy, when it is in the configuration file; then Policy is ""
	Expect         []string    // each NAME: CONDITION
	Budget         []string    // each NAME=VALUE
	Baseline       string      // YAML file of accepted notes; "" for none
	PrintPolicy    bool
	FailOn         string // what fails, as policy.SetFailOn reads it
	UpdateBaseline bool   // notes that fail are put into the baseline

	RequireTraffic bool
	MinExchanges   int
	Grace          time.Duration
	KeepNoProxy    bool
	AllowBypass    []string // as ParsePeer reads them
	Compare        string   // capture of an earlier run; "" for none
	BaselineRun    string   // capture that the last green run left, and this one replaces; "" for none
	FailOnChanges  string   // one of ChangesThatFail
	CompareReports []string // each FORMAT=FILE

	Format      string // "auto", "text" or "json"
	Severity    string // lowest severity shown: "info", "warn" or "error"
	Color       string // "auto", "always" or "never"
	Quiet       bool
	Save        string // JSONL file for whole exchanges; "" for none
	SaveFilter  string // which of them; "" for all
	Filter      string // which are printed; "" for all
	Reports     []Report
	LogFile     string        // file for the JSON log; "" for none
	LogMaxSize  int64         // octets from which it is set aside; 0 for never
	LogMaxAge   time.Duration // of its first record, from which it is set aside; 0 for never
	LogKeep     int           // how many that were set aside are kept; 0 for all
	Digests     bool          // records have the SHA-256 of each body
	LogNotes    bool          // JSON output has a record of each note too
	LogMessages bool          // JSON output has a record of each message of a stream too
	ShowSecrets bool

	OTLP               string            // URL of the OpenTelemetry collector, or "env"; "" for none
	OTLPHeaders        map[string]string // field name → value, of requests to it
	OTLPCA             string            // PEM file of further roots for it; "" for none
	TraceContext       string            // "forward", "start" or "off"
	MetricsLabels      []string          // LabelHost, LabelRoute, or both; empty for none
	MetricsLabelValues int               // how many of each are told apart

	ConnectTimeout        time.Duration
	ResponseHeaderTimeout time.Duration
	IdleTimeout           time.Duration
	ClientHeadTimeout     time.Duration
	ClientBodyTimeout     time.Duration
	ClientIdleTimeout     time.Duration
	ClientBodyRate        int64 // octets a second that request content comes in at least; 0 for none
	ClientWriteTimeout    time.Duration
	OriginWriteTimeout    time.Duration
	MaxClients            int
	DrainTimeout          time.Duration
	StoreBytes            int64
	Store                 string
	MaxHeadBytes          int64
	KeepContent           int64 // octets of each message's content
	KeepMessages          int64 // octets of memory for the messages of each stream; 0 for none

	from map[string]origin // where each setting that was set came from, by name
}

// A PolicyPart is a policy in a configuration file. What it means is for others
// to say.
type PolicyPart struct {
	File *yamlfile.File
	Node ast.Node
}

// A Reverse is one listener for clients that ignore proxy settings.
type Reverse struct {
	Listen string // host:port; "" for a free port on loopback
	URL    string // of the origin server, as "https://api.example"
}

// A ClientCert is a certificate that is shown to origin servers.
type ClientCert struct {
	Host string // or a pattern
	Cert string // PEM file
	Key  string // PEM file; may be the same
}

// What MetricsLabels can hold.
const (
	LabelHost  = "host"
	LabelRoute = "route"
)

// A Report is one report to write.
type Report struct {
	Kind string // one of report.KindNames
	File string // "-" for standard output
}

// Default returns the settings that hold where nothing is set.
func Default() Config {
	c := Config{}
	for _, s := range Settings() {
		if err := s.put(&c, s.Default); err != nil {
			panic("default of " + s.Name + ": " + err.Error()) // a fault in the table, which a test finds
		}
	}
	return c
}

// An origin is where a setting got its value, and the value as text.
type origin struct {
	where  string // in words
	byFlag bool
	text   string
	fault  func(message string) error // points at it in the file; nil where there is none
}

// WasSet reports whether a setting was given at all, even with its default.
func (c *Config) WasSet(name string) bool { return c.from[name].where != "" }

// WasFlag reports whether a setting was given as a flag of the command, and not
// by the file or the environment, which are meant for other commands too.
func (c *Config) WasFlag(name string) bool { return c.from[name].byFlag }

// Where says where a setting got its value: "--listen", "SIDENOTE_LISTEN",
// "sidenote.yaml:3", or "the default".
func (c *Config) Where(name string) string {
	if from := c.from[name]; from.where != "" {
		return from.where
	}
	return "the default"
}

func (c *Config) setFrom(s *Setting, text string, from origin) error {
	if err := s.put(c, text); err != nil {
		return err
	}
	from.text = text
	c.came(s.Name, from)
	return nil
}

func (c *Config) came(name string, from origin) {
	if c.from == nil {
		c.from = make(map[string]origin)
	}
	c.from[name] = from
}

// A RuleChange is one entry of the setting "rules".
type RuleChange struct {
	Rule  string // rule ID, "topic/*" or "*"
	Level string // "off", "info", "warn", "error" or "on"
}

// RuleChanges returns the entries of the setting "rules" in the order in which
// they are to be applied: the more exact after the more general.
func (c *Config) RuleChanges() []RuleChange {
	changes := make([]RuleChange, 0, len(c.Rules))
	for rule, level := range c.Rules {
		changes = append(changes, RuleChange{rule, level})
	}
	slices.SortFunc(changes, func(a, b RuleChange) int {
		return cmp.Or(cmp.Compare(exactness(a.Rule), exactness(b.Rule)), strings.Compare(a.Rule, b.Rule))
	})
	return changes
}

// RuleError makes an error of an entry of the setting "rules": it shows the line of
// the file, or names the flag or the variable.
func (c *Config) RuleError(rule, message string) error {
	if of := c.from["rules"]; of.fault == nil {
		return fmt.Errorf("%s: %s", cmp.Or(of.where, "rules"), message)
	}
	if entry := c.from[ruleKey(rule)]; entry.fault != nil {
		return entry.fault(message)
	}
	return c.from["rules"].fault(message)
}

// ruleKey is where it stands from where an entry of "rules" came.
func ruleKey(rule string) string { return "rules: " + rule }

// exactness rises with how few rules a pattern can name.
func exactness(pattern string) int {
	if topic, ok := strings.CutSuffix(pattern, "*"); ok {
		return len(topic)
	}
	return math.MaxInt
}
