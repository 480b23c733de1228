package configs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"sidenote/configs"
	"sidenote/internal/golden"
)

var ignoreWhere = cmp.Options{cmpopts.IgnoreUnexported(configs.Config{}), cmpopts.IgnoreFields(configs.Config{}, "File")}

func load(t *testing.T, file string, env []string, args ...string) (configs.Config, []string, error) {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	configs.AddFlags(fs)
	if file != "" {
		name := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", name)
	}
	if err := fs.Parse(args); err != nil {
		return configs.Config{}, nil, err
	}
	return configs.Load(fs, env, "")
}

func TestDefaults(t *testing.T) {
	c := configs.Default()
	want := configs.Config{
		Listen: "127.0.0.1:8080", Admin: "127.0.0.1:8081", Intercept: []string{"all"}, ClientTLSMin: "1.2",
		Profile: "default", Annotate: "full", Format: "auto", Severity: "warn", Color: "auto", SlowAfter: time.Second, ConversationBytes: 16 << 20, FailOn: "error", RequireTraffic: true, Grace: 5 * time.Second, FailOnChanges: "breaking",
		LargeField: 8000, LargeHead: 16 << 10, LongURI: 8000,
		TraceContext: "forward", LogMaxSize: 100 << 20, LogKeep: 10,
		ConnectTimeout: 30 * time.Second, ResponseHeaderTimeout: 10 * time.Minute, IdleTimeout: time.Hour,
		ClientHeadTimeout: time.Minute, ClientBodyTimeout: 10 * time.Minute, ClientIdleTimeout: 10 * time.Minute,
		ClientWriteTimeout: 10 * time.Minute, OriginWriteTimeout: 10 * time.Minute, MaxClients: 10000, DrainTimeout: 10 * time.Second,
		StoreBytes: 256 << 20, MaxHeadBytes: 256 << 10, KeepContent: 64 << 10, KeepMessages: 4 << 20, MetricsLabelValues: 100,
	}
	if d := cmp.Diff(want, c, ignoreWhere); d != "" {
		t.Error(d)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	loaded, warnings, err := load(t, "", nil)
	if err != nil || warnings != nil {
		t.Fatal(err, warnings)
	}
	if d := cmp.Diff(want, loaded, ignoreWhere); d != "" {
		t.Error(d)
	}
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	const file = "severity: info\nslow-after: 2s\nlisten: 127.0.0.1:1\nquiet: true\n"
	env := []string{"SIDENOTE_SLOW_AFTER=3s", "SIDENOTE_LISTEN=127.0.0.1:2", "SIDENOTE_QUIET=", "OTHER=x"}
	// The flag is given with its default, which must still beat the others.
	c, _, err := load(t, file, env, "--listen", "127.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	if c.Severity != "info" || c.SlowAfter != 3*time.Second || c.Listen != "127.0.0.1:8080" || !c.Quiet || c.Format != "auto" {
		t.Errorf("%+v", c)
	}
	for name, want := range map[string]string{"listen": "--listen", "slow-after": "SIDENOTE_SLOW_AFTER", "severity": "c.yaml:1", "format": "the default"} {
		if got := c.Where(name); !strings.HasSuffix(got, want) {
			t.Errorf("%s came from %q, want %q", name, got, want)
		}
	}
	if !c.WasSet("listen") || c.WasSet("format") {
		t.Error("WasSet")
	}
	c, _, err = load(t, file, env, "--quiet=false")
	if err != nil || c.Quiet {
		t.Errorf("--quiet=false must beat the file: %v %v", c.Quiet, err)
	}
}

func TestListsAndMaps(t *testing.T) {
	file := "intercept: [a.test, '*.b.test']\nreverse:\n  - http://x.test\n  - 127.0.0.1:9000=https://y.test/base\nrules:\n  cache/*: info\n  cache/no-validator: off\n  '*': on\nno-proxy: a,b\ninsecure-upstream: all\n"
	c, _, err := load(t, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a.test", "*.b.test"}, c.Intercept); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]configs.Reverse{{URL: "http://x.test"}, {Listen: "127.0.0.1:9000", URL: "https://y.test/base"}}, c.Reverse); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"a", "b"}, c.NoProxy); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]configs.RuleChange{{"*", "on"}, {"cache/*", "info"}, {"cache/no-validator", "off"}}, c.RuleChanges()); d != "" {
		t.Error(d)
	}
	c, _, err = load(t, file, nil, "--reverse", "http://one.test", "--reverse", "http://two.test", "--rules", "a/b=off")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Reverse) != 2 || c.Reverse[1].URL != "http://two.test" || len(c.Rules) != 1 {
		t.Errorf("%+v %v", c.Reverse, c.Rules)
	}
}

func TestFileFaultsShowTheLine(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"listen: 127.0.0.1:1\nlistn: x\n", "c.yaml:2:1: there is no setting \"listn\"; did you mean \"listen\"?\n   2 | listn: x\n       ^"},
		{"severity: wran\n", ":1:11: severity: want info, warn or error, not \"wran\"; did you mean \"warn\"?\n   1 | severity: wran\n                 ^"},
		{"metrics-labels: [host, rout]\n", "metrics-labels: want host or route, not \"rout\"; did you mean \"route\"?"},
		{"metrics-label-values: 0\n", "metrics-label-values: want a number from 1 to 10000, not \"0\""},
		{"metrics-label-values: many\n", "metrics-label-values: want a number from 1 to 10000, not \"many\""},
		{"a: 1\n", "there is no setting \"a\"\n"},
		{"connect-timeout: 30\n", ":1:18: connect-timeout: want a duration with its unit"},
		{"connect-timeout: -1s\n", "above 0"},
		{"max-head-bytes: lots\n", "want a number of bytes"},
		{"listen: [a, b]\n", "listen: want one value, not a list"},
		{"listen:\n  a: b\n", "listen: want one value, not a mapping"},
		{"rules: off\n", "want one rule per line"},
		{"rules:\n  a/b: offf\n", ":2:8: rule a/b: want off, info, warn, error or on, not \"offf\"; did you mean \"off\"?"},
		{"reverse:\n  - http://ok\n  - ftp://x\n", ":3:5: reverse: want an http"},
		{"reverse: [http://ok, {a: b}]\n", "want a plain value"},
		{"listen: a\nlisten: b\n", ":2:1:"},
		{"listen: [\n", "c.yaml:1:"},
		{"- a\n", "want one setting per line"},
		{"just text\n", "want one setting per line"},
		{"listen: 127.0.0.1:1\n---\nlisten: 127.0.0.1:2\n", ":3:"},
		{"config: other.yaml\n", "can't name another"},
		{"listen: &a 127.0.0.1:1\n", "want a plain value"},
		{"quiet: maybe\n", "want true or false"},
		{"intercept: [all, a.test]\n", "be combined with other hosts"},
		{"no-proxy: ['a,b']\n", "without commas"},
	} {
		_, _, err := load(t, c.file, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error\n%v\nwant\n%s", c.file, err, c.want)
		}
	}
}

func TestEmptyFiles(t *testing.T) {
	for _, file := range []string{"\n", "# nothing\n", "---\n", "listen:\nrules:\nreverse:\n"} {
		c, _, err := load(t, file, nil)
		if err != nil {
			t.Errorf("%q: %v", file, err)
		} else if d := cmp.Diff(configs.Default(), c, ignoreWhere); d != "" {
			t.Errorf("%q: %s", file, d)
		}
	}
}

func TestPolicyIsAFileOrAPart(t *testing.T) {
	const file = "quiet: true\npolicy:\n  anything: goes\n"
	c, _, err := load(t, file, nil)
	if err != nil || c.PolicyPart == nil || c.Policy != "" || !strings.HasSuffix(c.Where("policy"), "c.yaml:2") {
		t.Errorf("%+v, %v", c.PolicyPart, err)
	}
	c, _, err = load(t, file, []string{"SIDENOTE_POLICY=p.yaml", "SIDENOTE_EXPECT=a: f(1, 2)\nb: c\n"}, "--budget", "p95=1s,p99=2s", "--budget", "max-redirects=3")
	if err != nil || c.PolicyPart != nil || c.Policy != "p.yaml" {
		t.Errorf("the environment beats the file: %q %v %v", c.Policy, c.PolicyPart, err)
	}
	if d := cmp.Diff([]string{"a: f(1, 2)", "b: c"}, c.Expect); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"p95=1s", "p99=2s", "max-redirects=3"}, c.Budget); d != "" {
		t.Error(d)
	}
	if c, _, err = load(t, "policy: mine.yaml\n", nil, "--expect", "a: b, c", "--expect", "d: e"); err != nil || filepath.Base(c.Policy) != "mine.yaml" || len(c.Expect) != 2 || c.Expect[0] != "a: b, c" {
		t.Errorf("%q %q %v", c.Policy, c.Expect, err)
	}
}

func TestOtherFaults(t *testing.T) {
	for _, c := range []struct {
		env  []string
		args []string
		want string
	}{
		{args: []string{"--listen", "8080"}, want: "want HOST:PORT"},
		{args: []string{"--listen", "127.0.0.1:99999"}, want: "not a number from 0 to 65535"},
		{args: []string{"--listen", "0.0.0.0:8080"}, want: "other machines can reach 0.0.0.0:8080 (--listen): also give --proxy-auth"},
		{args: []string{"--listen", ":8080"}, want: "other machines can reach"},
		{env: []string{"SIDENOTE_ADMIN=[::]:81"}, want: "(SIDENOTE_ADMIN)"},
		{args: []string{"--listen", "127.0.0.1:8081"}, want: "can't both listen"},
		{args: []string{"--reverse", "0.0.0.0:81=http://x"}, want: "use a loopback address"},
		{args: []string{"--save", "a", "--log-file", "a"}, want: "can't be both"},
		{env: []string{"SIDENOTE_SEVERITY=high"}, want: "environment variable SIDENOTE_SEVERITY: want info"},
		{args: []string{"--config", "/does/not/exist"}, want: "the configuration file that --config names: /does/not/exist: cannot be read: no such file"},
		{env: []string{"SIDENOTE_CONFIG=/does/not/exist"}, want: "that SIDENOTE_CONFIG names"},
		{args: []string{"--upstream-proxy", "ftp://u:hidden@h"}, want: "not ftp://"},
		{env: []string{"SIDENOTE_UPSTREAM_PROXY=u:hidden@h"}, want: "want a URL"},
		{args: []string{"--proxy-auth", "alone"}, want: "want USER:PASSWORD"},
		{args: []string{"--intercept", "http://a/b"}, want: "want a host"},
	} {
		_, _, err := load(t, "", c.env, c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: error %v, want %q", c.env, c.args, err, c.want)
		}
		if err != nil && len(c.env) > 0 && strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
	if _, _, err := load(t, "", nil, "--listen", "0.0.0.0:8080", "--admin", "off", "--proxy-auth", "u:p"); err != nil {
		t.Error(err)
	}
}

func TestNearlyKnownVariablesAreWarnedOf(t *testing.T) {
	_, warnings, err := load(t, "", []string{"SIDENOTE_LISTN=x", "SIDENOTE_PORT=tcp://10.0.0.1:80", "SIDENOTE_SERVICE_HOST=10.0.0.1", "SIDENOTE_SEVERITY=info"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"environment variable SIDENOTE_LISTN is not a setting; did you mean SIDENOTE_LISTEN?"}, warnings); d != "" {
		t.Error(d)
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "65536": 65536, "64KiB": 65536, "64k": 65536, "64 KiB": 65536, "64kB": 64000, "1MiB": 1 << 20, "2G": 2 << 30, "7b": 7} {
		if got, err := configs.ParseSize(in); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "k", "-1", "1.5k", "1TiB", "9999999999G", "0x10"} {
		if _, err := configs.ParseSize(in); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
}

func TestExampleFileIsTheDefaults(t *testing.T) {
	const name = "sidenote.yaml"
	want := configs.Example()
	golden.Compare(t, name, want)
	c, _, err := load(t, want, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(configs.Default(), c, ignoreWhere, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	for _, s := range configs.Settings() {
		if !c.WasSet(s.Name) && !s.InPolicy {
			t.Errorf("%s is missing", s.Name)
		}
	}
}

func TestEverySettingIsDocumented(t *testing.T) {
	doc := configs.Markdown()
	for _, s := range configs.Settings() {
		if s.Help == "" || strings.HasSuffix(s.Help, ".") || s.Group == "" {
			t.Errorf("%s: help %q, group %q", s.Name, s.Help, s.Group)
		}
		if !strings.Contains(doc, "`"+s.Env()+"`") {
			t.Errorf("%s is not in the documentation", s.Name)
		}
	}
}

func FuzzYAML(f *testing.F) {
	f.Add("listen: 127.0.0.1:1\nrules:\n  a/b: off\n")
	f.Add("a: &x [*x]\n? b\n: c\n--- !!map {}\n")
	f.Add("reverse: [http://a, |\n x]\n")
	f.Fuzz(func(t *testing.T, file string) {
		name := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Skip()
		}
		c, _, err := configs.Load(nil, []string{"SIDENOTE_CONFIG=" + name}, "")
		if err == nil {
			if err := c.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}
