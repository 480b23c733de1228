package e2e_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBadInput starts the program with what it cannot work with: it says in one
// line what is wrong, where, and what to do, and ends.
func TestBadInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	busy := l.Addr().String()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := file("text", "nothing of use\n")
	brokenCA := filepath.Dir(file("broken/ca.key", "nothing of use\n"))
	file("broken/ca.pem", "nothing of use\n")

	for name, c := range map[string]struct {
		args []string
		env  string
		code int
		says []string // what, where, what to do
	}{
		"busy port":            {[]string{"--listen", busy}, "", 125, []string{"--listen " + busy, "(process ", "already listens there", "choose another port"}},
		"busy admin port":      {[]string{"--admin", busy}, "", 125, []string{"--admin " + busy, "(process ", "already listens there", "choose another port"}},
		"busy reverse port":    {[]string{"--reverse", busy + "=http://origin.test"}, "", 125, []string{"--reverse " + busy, "choose another port"}},
		"address of another":   {[]string{"--listen", "192.0.2.1:0", "--proxy-auth", "a:b"}, "", 125, []string{"--listen 192.0.2.1:0", "no such address", "127.0.0.1"}},
		"open to others":       {[]string{"--listen", "0.0.0.0:0"}, "", 2, []string{"--listen", "--proxy-auth"}},
		"no address":           {[]string{"--listen", "nonsense"}, "", 2, []string{"--listen", "nonsense", "127.0.0.1:8080"}},
		"CA folder is a file":  {[]string{"--ca-dir", text}, "", 125, []string{text, "--ca-dir"}},
		"CA key is none":       {[]string{"--ca-dir", brokenCA}, "", 125, []string{"ca.key", "not a PEM file", "remove the folder"}},
		"log in no folder":     {[]string{"--log-file", dir + "/none/log"}, "", 2, []string{"--log-file", dir + "/none/log", "no such file"}},
		"log is a folder":      {[]string{"--log-file", dir}, "", 2, []string{"--log-file", dir, "is a directory"}},
		"save in no folder":    {[]string{"--save", dir + "/none/save"}, "", 2, []string{"--save", dir + "/none/save"}},
		"no upstream CA":       {[]string{"--upstream-ca", dir + "/none.pem"}, "", 2, []string{"--upstream-ca", "none.pem", "PEM"}},
		"upstream CA is text":  {[]string{"--upstream-ca", text}, "", 2, []string{"--upstream-ca", text, "no PEM certificate"}},
		"unknown flag":         {[]string{"--sevrity", "warn"}, "", 2, []string{"--sevrity", "did you mean --severity", "--help"}},
		"unknown command":      {[]string{"srve"}, "", 2, []string{"srve", `did you mean "serve"`, "help"}},
		"unknown rule":         {[]string{"--rules", "status/405-missing-alow=off"}, "", 2, []string{"status/405-missing-alow", "status/405-missing-allow"}},
		"wrong value":          {[]string{"--severity", "loud"}, "", 2, []string{"--severity", "loud", "info, warn or error"}},
		"duration, no unit":    {[]string{"--connect-timeout", "5"}, "", 2, []string{"--connect-timeout", "unit", "5s"}},
		"argument":             {[]string{"serve", "extra"}, "", 2, []string{"extra", "no arguments"}},
		"wrong environment":    {nil, "SIDENOTE_SEVERITY=loud", 2, []string{"SIDENOTE_SEVERITY", "info, warn or error"}},
		"no configuration":     {[]string{"--config", dir + "/none.yaml"}, "", 2, []string{"none.yaml", "--config"}},
		"env without a port":   {[]string{"env", "--listen", "nonsense"}, "", 2, []string{"--listen", "nonsense", "HOST:PORT"}},
		"collector is no URL":  {[]string{"--otlp", "localhost:4318"}, "", 2, []string{"--otlp: want the URL of a collector", "http://localhost:4318"}},
		"collector, no CA":     {[]string{"--otlp", "https://c.test", "--otlp-ca", text}, "", 2, []string{"--otlp-ca " + text, "no PEM certificate"}},
		"collector of environ": {[]string{"--otlp", "env"}, "OTEL_EXPORTER_OTLP_PROTOCOL=http/json", 2, []string{"--otlp env: OTEL_EXPORTER_OTLP_PROTOCOL is", "set it to"}},
		"collector told twice": {[]string{"--otlp", "env", "--otlp-headers", "k=s3cret"}, "", 2, []string{"--otlp-headers needs a collector URL", "set OTEL_EXPORTER_OTLP_HEADERS"}},
		"CA told twice":        {[]string{"--otlp", "env", "--otlp-ca", text}, "", 2, []string{"--otlp-ca needs a collector URL", "set OTEL_EXPORTER_OTLP_CERTIFICATE"}},
		"resource attributes":  {[]string{"--otlp", "http://c.test"}, "OTEL_RESOURCE_ATTRIBUTES=shop", 2, []string{"OTEL_RESOURCE_ATTRIBUTES", "NAME=VALUE", "shop"}},
		"control characters":   {[]string{"\x1b[2J\x07"}, "", 2, []string{"unknown command"}},
		"control in a setting": {[]string{"--severity", "\x1b]0;x\x07"}, "", 2, []string{"--severity"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runBriefly(t, c.env, c.args...)
			if code != c.code || stdout != "" {
				t.Errorf("exit code %d, wanted %d; stdout %q", code, c.code, stdout)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "sidenote: ") || strings.ContainsAny(stderr, "\x1b\x07") {
				t.Errorf("not one line: %q", stderr)
			}
			for _, s := range c.says {
				if !strings.Contains(stderr, s) {
					t.Errorf("no %q in: %s", s, stderr)
				}
			}
		})
	}

	for name, c := range map[string]struct{ yaml, says string }{
		"unknown key": {"listen: 127.0.0.1:0\nsevrity: warn\n", `c.yaml:2:1: there is no setting "sevrity"; did you mean "severity"?
   2 | sevrity: warn
       ^`},
		"wrong value":   {"severity: loud\n", "info, warn or error"},
		"no YAML":       {"listen: [1\n", "   1 | listen: [1\n"},
		"control":       {"severity: \"\x1b[2J\"\n", "c.yaml:1:"},
		"not a mapping": {"- listen\n", "c.yaml"},
	} {
		t.Run("configuration/"+name, func(t *testing.T) {
			code, stdout, stderr := runBriefly(t, "", "--config", file("c.yaml", c.yaml))
			if code != 2 || stdout != "" || !strings.Contains(stderr, c.says) || strings.ContainsAny(stderr, "\x1b\x07") {
				t.Errorf("exit code %d, %q, wanted %q in:\n%s", code, stdout, c.says, stderr)
			}
		})
	}
}

// runBriefly runs the program, which should end by itself.
func runBriefly(t *testing.T, env string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	if len(args) == 0 || strings.HasPrefix(args[0], "-") { // free ports and a CA folder, where the case has none
		args = append([]string{"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--ca-dir", filepath.Join(t.TempDir(), "ca")}, args...)
	}
	c := exec.Command(program(t), args...)
	c.Env = plainEnv(t.TempDir())
	if env != "" {
		c.Env = append(c.Env, env)
	}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	timer := time.AfterFunc(patience, func() { c.Process.Kill() })
	defer timer.Stop()
	_ = c.Run()
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}
