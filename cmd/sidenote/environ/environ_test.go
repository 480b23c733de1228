package environ

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func settings() Settings {
	return Settings{ProxyURL: "http://127.0.0.1:8080", CAFile: "/c/ca.pem", BundleFile: "/c/bundle.pem"}
}

func valueOf(t *testing.T, p Plan, name string) string {
	t.Helper()
	for _, v := range p.Variables {
		if v.Name == name {
			if v.Unset {
				return "(unset)"
			}
			return v.Value
		}
	}
	return "(alone)"
}

func TestValues(t *testing.T) {
	full := settings()
	full.TrustStore, full.WgetRC, full.NodeShim, full.PHPDir = "/c/my trust.jks", "/c/wgetrc", "/c/shim.cjs", "/c/php"
	for _, c := range []struct {
		name      string
		settings  Settings
		inherited []string
		want      string
	}{
		{"http_proxy", settings(), nil, "http://127.0.0.1:8080"},
		{"HTTPS_PROXY", settings(), []string{"HTTPS_PROXY=http://old:1"}, "http://127.0.0.1:8080"},
		{"SSL_CERT_FILE", settings(), nil, "/c/bundle.pem"},
		{"SSL_CERT_DIR", settings(), nil, "(unset)"},
		{"SSL_CERT_DIR", Settings{ProxyURL: "http://127.0.0.1:1"}, nil, "(alone)"},
		{"CURL_CA_BUNDLE", settings(), []string{"CURL_CA_BUNDLE=/theirs.pem"}, "/c/bundle.pem"},
		{"NODE_EXTRA_CA_CERTS", settings(), nil, "/c/ca.pem"},
		{"NODE_EXTRA_CA_CERTS", settings(), []string{"NODE_EXTRA_CA_CERTS=/theirs.pem"}, "/c/bundle.pem"},
		{"DENO_CERT", settings(), nil, "/c/ca.pem"},
		{"WGETRC", settings(), nil, "(alone)"},
		{"WGETRC", full, nil, "/c/wgetrc"},
		{"NODE_OPTIONS", settings(), []string{"NODE_OPTIONS=--trace-warnings"}, "(alone)"},
		{"NODE_OPTIONS", full, []string{"NODE_OPTIONS=--trace-warnings"}, "--trace-warnings --require /c/shim.cjs"},
		{"PHP_INI_SCAN_DIR", full, nil, ":/c/php"},
		{"JAVA_TOOL_OPTIONS", settings(), nil, "(alone)"},
		{"JAVA_TOOL_OPTIONS", full, []string{"JAVA_TOOL_OPTIONS=-Xmx1g"}, "-Xmx1g -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8080 " +
			"-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8080 -Dhttp.nonProxyHosts= \"-Djavax.net.ssl.trustStore=/c/my trust.jks\""},
		{"npm_config_noproxy", settings(), []string{"npm_config_noproxy=a.test"}, ""},
		{"SIDENOTE", settings(), nil, "1"},
	} {
		if got := valueOf(t, New(c.settings, c.inherited), c.name); got != c.want {
			t.Errorf("%s with %q: got %q, want %q", c.name, c.inherited, got, c.want)
		}
	}
}

func TestNoProxy(t *testing.T) {
	inherited := []string{"NO_PROXY=localhost,db.test,127.0.0.1:8080,[::1]:80,.localhost,127.0.0.0/8,169.254.169.254", "no_proxy=db.test, api.test,*"}
	for _, c := range []struct {
		keep          bool
		value         string
		cleared, kept []string
	}{
		{false, "169.254.169.254",
			[]string{"localhost", "db.test", "127.0.0.1:8080", "[::1]:80", ".localhost", "127.0.0.0/8", "api.test", "*"},
			[]string{"169.254.169.254"}},
		{true, "169.254.169.254,db.test,api.test",
			[]string{"localhost", "127.0.0.1:8080", "[::1]:80", ".localhost", "127.0.0.0/8", "*"},
			[]string{"169.254.169.254", "db.test", "api.test"}},
	} {
		s := settings()
		s.KeepNoProxy = c.keep
		p := New(s, inherited)
		if got := valueOf(t, p, "no_proxy"); got != c.value || got != valueOf(t, p, "NO_PROXY") {
			t.Errorf("keep %v: no_proxy is %q, want %q", c.keep, got, c.value)
		}
		if !slices.Equal(p.NoProxy.Cleared, c.cleared) || !slices.Equal(p.NoProxy.Kept, c.kept) {
			t.Errorf("keep %v: cleared %q, kept %q; want %q, %q", c.keep, p.NoProxy.Cleared, p.NoProxy.Kept, c.cleared, c.kept)
		}
	}
}

func TestTrustedFiles(t *testing.T) {
	files, dirs := TrustedFiles([]string{
		"SSL_CERT_FILE=/a.pem", "CURL_CA_BUNDLE=/a.pem", "NODE_EXTRA_CA_CERTS=/b.pem", "HTTP_PROXY=http://x", "SSL_CERT_DIR=/d:/e::/d", "WGETRC=/w",
	})
	if !slices.Equal(files, []string{"/a.pem", "/b.pem"}) || !slices.Equal(dirs, []string{"/d", "/e"}) {
		t.Errorf("files %q, dirs %q", files, dirs)
	}
}

// TestRestore applies plans and expects to find back what was there.
func TestRestore(t *testing.T) {
	inherited := []string{"HOME=/h", "HTTP_PROXY=http://office:3128", "SSL_CERT_DIR=/d", "NO_PROXY=", "NODE_EXTRA_CA_CERTS=/theirs.pem"}
	once := New(settings(), inherited).Apply(inherited)
	if slices.Contains(once, "SSL_CERT_DIR=/d") || !slices.Contains(once, "HTTP_PROXY=http://127.0.0.1:8080") || !slices.Contains(once, "HOME=/h") {
		t.Errorf("after the plan: %q", once)
	}
	twice := New(settings(), once).Apply(once)
	if !sameSet(once, twice) {
		t.Errorf("applied twice:\n%q\nonce:\n%q", twice, once)
	}
	if got := Restore(twice); !sameSet(got, inherited) {
		t.Errorf("restored %q, want %q", got, inherited)
	}
	if files, _ := TrustedFiles(once); !slices.Equal(files, []string{"/theirs.pem"}) {
		t.Errorf("trusted before: %q", files)
	}
	if undo := Undo(inherited); undo != nil {
		t.Errorf("undo of nothing: %v", undo)
	}
	if strings.Join(inherited, " ") != "HOME=/h HTTP_PROXY=http://office:3128 SSL_CERT_DIR=/d NO_PROXY= NODE_EXTRA_CA_CERTS=/theirs.pem" {
		t.Errorf("the environment given was changed: %q", inherited)
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func TestTableNamesOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range table {
		if seen[r.name] || !isName(r.name) || r.readBy == "" || r.kind.String() == "" {
			t.Errorf("row %+v", r.name)
		}
		seen[r.name] = true
	}
	if len(table) < 40 {
		t.Errorf("%d rows", len(table))
	}
}

func TestDetectShell(t *testing.T) {
	for _, c := range []struct {
		env  string
		want Shell
	}{
		{"SHELL=/bin/bash", Bash}, {"SHELL=/usr/bin/zsh", Zsh}, {"SHELL=/opt/fish", Fish}, {"SHELL=/bin/dash", POSIX},
		{"SHELL=C:\\Program Files\\Git\\bin\\bash.exe", Bash}, {"PSModulePath=x", PowerShell}, {"ComSpec=x", Cmd}, {"A=b", POSIX},
	} {
		if got, err := DetectShell([]string{c.env}); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.env, got, err)
		}
	}
	if got, err := DetectShell([]string{"SHELL=/bin/tcsh"}); err == nil {
		t.Errorf("tcsh is %v", got)
	}
}

var nasty = []string{
	"", "plain", "it's", `back\slash`, `$(touch x)`, "`id`", "two\nlines", `"quoted"`, "a'; rm -rf /'", "%PATH%", "‘typographic’", "tab\t", "ünï", "\\'",
}

func TestLinesByShell(t *testing.T) {
	for _, c := range []struct {
		shell Shell
		v     Variable
		want  string
	}{
		{POSIX, Variable{Name: "A", Value: "it's"}, `export A='it'\''s'`},
		{Bash, Variable{Name: "A", Unset: true}, "unset A"},
		{Fish, Variable{Name: "A", Value: `it's \`}, `set -gx A 'it\'s \\'`},
		{Fish, Variable{Name: "A", Unset: true}, "set -e A"},
		{PowerShell, Variable{Name: "A", Value: "it's ‘so’"}, "$env:A = 'it''s ‘‘so’’'"},
		{PowerShell, Variable{Name: "A", Unset: true}, "Remove-Item -ErrorAction SilentlyContinue Env:A"},
		{Cmd, Variable{Name: "A", Value: "a&b"}, `set "A=a&b"`},
		{Cmd, Variable{Name: "A", Value: "%PATH%"}, "rem A is left alone: this shell cannot hold its value"},
		{Cmd, Variable{Name: "A", Unset: true}, `set "A="`},
		{Zsh, Variable{Name: "A\x00", Value: "x"}, ": 'A? is left alone: this shell cannot hold its value'"},
		{POSIX, Variable{Name: "A;id", Value: "x"}, "# A;id is left alone: this shell cannot hold its value"},
	} {
		if got := c.shell.line(c.v); got != c.want {
			t.Errorf("%s: got %s, want %s", c.shell, got, c.want)
		}
	}
}

func TestCommentsStayOnTheirLine(t *testing.T) {
	if got, want := Zsh.Comment("it's"), `: 'it'\''s'`; got != want {
		t.Errorf("zsh: got %s, want %s", got, want)
	}
	for _, shell := range []Shell{POSIX, Zsh, Fish, PowerShell, Cmd} {
		if got := shell.Comment("a\nrm x\r\u2028b\x1b[31m & c"); strings.ContainsAny(got, "\n\r\u2028\x1b") || shell == Cmd && strings.Contains(got, "&") {
			t.Errorf("%s: %q", shell, got)
		}
	}
}

// TestShellsReadBack has each shell that this machine has read the script and
// print the values.
func TestShellsReadBack(t *testing.T) {
	for shell, command := range map[Shell][]string{
		POSIX: {"sh", "-c"}, Bash: {"bash", "--norc", "-c"}, Zsh: {"zsh", "-f", "-c"}, Fish: {"fish", "--no-config", "-c"},
	} {
		program, err := exec.LookPath(command[0])
		if err != nil {
			t.Logf("no %s on this machine: not tried", command[0])
			continue
		}
		for _, value := range nasty {
			script := shell.Script([]Variable{{Name: "OLD", Unset: true}, {Name: "V", Value: value}}) + `printf '%s|%s' "$V" "$OLD"`
			cmd := exec.Command(program, append(slices.Clone(command[1:]), script)...)
			cmd.Env = []string{"OLD=x", "PATH=/usr/bin:/bin", "HOME=/nonexistent"}
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != value+"|" {
				t.Errorf("%s: value %q comes out as %q, %v\n%s", shell, value, out, err, script)
			}
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add("localhost,[::1", "SHELL")
	f.Add("*, ,::/0", "x=")
	f.Fuzz(func(t *testing.T, noProxy, value string) {
		env := []string{"NO_PROXY=" + noProxy, "HTTP_PROXY=" + value, "SSL_CERT_DIR=" + value}
		p := New(settings(), env)
		if got := Restore(p.Apply(env)); !sameSet(got, env) {
			t.Fatalf("restored %q, want %q", got, env)
		}
		for _, host := range p.NoProxy.Cleared {
			if strings.Contains(POSIX.Comment(host), "\n") {
				t.Fatalf("comment breaks the line: %q", host)
			}
		}
	})
}
