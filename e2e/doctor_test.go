package e2e_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A finding is what "sidenote doctor --format json" says of a program.
type finding struct {
	Name, Version, Problem, Fix       string
	Found, Proxied, Trusted, Verifies bool
	ProxiedBy                         []string `json:"proxied_by"`
	TrustedBy                         []string `json:"trusted_by"`
}

// examine runs doctor with a home folder of its own and further variables.
func examine(t *testing.T, files map[string]string, env []string, programs ...string) (code int, found map[string]finding) {
	t.Helper()
	home, tmp := t.TempDir(), t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command(program(t), append([]string{"doctor", "--format", "json", "--timeout", "60s"}, programs...)...)
	c.Env = append(plainEnv(home), "TMPDIR="+tmp, "GOCACHE="+filepath.Join(home, "go-build"), "GOPATH="+filepath.Join(home, "go"))
	c.Env = append(c.Env, env...)
	timer := time.AfterFunc(5*time.Minute, func() { c.Process.Kill() })
	defer timer.Stop()
	out, err := c.Output()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	var report struct {
		Works    bool
		Programs []finding
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if code = c.ProcessState.ExitCode(); report.Works != (code == 0) {
		t.Errorf("works is %v, the exit code %d", report.Works, code)
	}
	found = map[string]finding{}
	for _, f := range report.Programs {
		found[f.Name] = f
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return code, found
}

// TestDoctor examines real programs: each uses the proxy and trusts the CA by
// the variable that is known to do it, and by no other.
func TestDoctor(t *testing.T) {
	t.Parallel()
	want := map[string][2]string{
		"curl":            {"https_proxy", "CURL_CA_BUNDLE"},
		"wget":            {"https_proxy", "WGETRC"},
		"git":             {"https_proxy", "GIT_SSL_CAINFO"},
		"python urllib":   {"https_proxy", "SSL_CERT_FILE"},
		"python requests": {"https_proxy", "REQUESTS_CA_BUNDLE"},
		"npm":             {"npm_config_https_proxy", "npm_config_cafile"},
		"go":              {"HTTPS_PROXY", "SSL_CERT_FILE"},
		"java":            {"JAVA_TOOL_OPTIONS", "JAVA_TOOL_OPTIONS"},
		"perl HTTP::Tiny": {"https_proxy", "SSL_CERT_FILE"},
		"perl LWP":        {"https_proxy", "PERL_LWP_SSL_CA_FILE"},
		"ruby":            {"http_proxy", "SSL_CERT_FILE"},
		"php curl":        {"https_proxy", "PHP_INI_SCAN_DIR"},
	}
	for _, name := range []string{"node fetch", "node https"} { // by what depends on the version
		want[name] = [2]string{"", "NODE_EXTRA_CA_CERTS"}
	}
	python := needPython(t, "requests")
	_, found := examine(t, nil, []string{"PATH=" + filepath.Dir(python) + ":" + os.Getenv("PATH")})
	for name, by := range want {
		f := found[name]
		if !f.Found {
			lacks(t, name)
		}
		if !f.Proxied || !f.Trusted || !f.Verifies || f.Version == "" || f.Problem != "" {
			t.Errorf("%s: %+v", name, f)
		}
		if by[0] == "" && slices.Contains(f.ProxiedBy, "NODE_USE_ENV_PROXY") != slices.Contains(f.ProxiedBy, "NODE_OPTIONS") {
			f.ProxiedBy = by[:1]
		}
		if !slices.Equal(f.ProxiedBy, by[:1]) || !slices.Equal(f.TrustedBy, by[1:]) {
			t.Errorf("%s: proxied by %q, trusted by %q; wanted %q", name, f.ProxiedBy, f.TrustedBy, by)
		}
	}
}

// TestDoctorFindsFault has programs whose own configuration beats the variables.
func TestDoctorFindsFault(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	need(t, "git")
	files := map[string]string{
		".curlrc":    "noproxy = \"*\"\nmax-time = 20\n",
		".gitconfig": "[http]\n\tsslVerify = false\n",
	}
	code, found := examine(t, files, nil, "curl", "git")
	if f := found["curl"]; f.Proxied || !strings.Contains(f.Fix, ".curlrc") {
		t.Errorf("curl that bypasses the proxy: %+v", f)
	}
	if f := found["git"]; !f.Proxied || !f.Trusted || f.Verifies || f.Problem != "it takes any certificate" {
		t.Errorf("git that does not verify: %+v", f)
	}
	if code != 10 {
		t.Errorf("exit code %d", code)
	}
	none := filepath.Join(t.TempDir(), "none.pem")
	files = map[string]string{".curlrc": "cacert = \"" + none + "\"\n", ".gitconfig": "[http]\n\tproxy = http://127.0.0.1:1\n"}
	if err := os.WriteFile(none, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, found = examine(t, files, nil, "curl", "git")
	if f := found["curl"]; f.Trusted || !strings.Contains(f.Fix, "cacert") {
		t.Errorf("curl that trusts nothing: %+v", f)
	}
	if f := found["git"]; f.Proxied || !strings.Contains(f.Fix, "http.proxy") {
		t.Errorf("git with a proxy of its own: %+v", f)
	}
}
