package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A ran is a run of a command under "sidenote run" that has ended.
type ran struct {
	*process // for its records
	code     int
	stdout   string
	stderr   string
}

// runUnder runs a command under "sidenote run", in a home of its own.
func runUnder(t *testing.T, flags []string, command ...string) *ran {
	t.Helper()
	p := newRun(t, flags, command...)
	p.cmd.Stdout, p.cmd.Stderr = p.process.stdout, p.process.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p.end()
}

// newRun prepares one that is not started.
func newRun(t *testing.T, flags []string, command ...string) *ran {
	t.Helper()
	dir := t.TempDir()
	p := &process{t: t, stdout: &output{}, stderr: &output{}, caDir: filepath.Join(dir, "ca"), logFile: filepath.Join(dir, "log.jsonl"), save: filepath.Join(dir, "save.jsonl")}
	args := append([]string{"run", "--ca-dir", p.caDir, "--log-file", p.logFile, "--save", p.save}, flags...)
	p.cmd = exec.Command(program(t), append(append(args, "--"), command...)...)
	p.cmd.Env = append(plainEnv(dir), "TMPDIR="+dir)
	p.cmd.Dir = dir
	return &ran{process: p}
}

// end waits for the end.
func (r *ran) end() *ran {
	r.t.Helper()
	timer := time.AfterFunc(time.Minute, func() { _ = r.cmd.Process.Kill() })
	defer timer.Stop()
	err := r.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	r.code = r.cmd.ProcessState.ExitCode()
	r.stdout, r.stderr = r.process.stdout.String(), r.process.stderr.String()
	if strings.Contains(r.stderr, "DATA RACE") || strings.Contains(r.stderr, "panic:") {
		r.t.Errorf("stderr: %s", r.stderr)
	}
	return r
}

// greeting is what the origin server says of a path.
func greeting(path string) string { return "hello from " + path }

// greeter answers like a server that programs are tested against, with a
// package for npm and a repository for git.
func greeter(t *testing.T, root string) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprint(w, greeting(r.URL.Path))
	})
	mux.HandleFunc("/registry/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprintf(w, `{"name":"greeting","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"greeting","version":"1.0.0","description":%q,"dist":{}}}}`, greeting("/npm"))
	})
	if git, err := exec.Command("git", "--exec-path").Output(); err == nil {
		mux.Handle("/git/", http.StripPrefix("/git", &cgi.Handler{
			Path: filepath.Join(strings.TrimSpace(string(git)), "git-http-backend"), Dir: root, InheritEnv: []string{"PATH"},
			Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + root, "GIT_CONFIG_NOSYSTEM=1"},
		}))
	}
	return mux
}

// A runClient is a command that requests a URL and prints the response.
type runClient struct {
	name    string
	command func(t *testing.T, url string) []string
	path    string // "" for its name
	want    string // on standard output; "" for the greeting of the path
}

func scriptClient(name, program string, args ...string) runClient {
	return runClient{name: name, command: func(t *testing.T, url string) []string {
		return append(append([]string{need(t, program)}, args...), url)
	}}
}

func pythonClient(module, script string) runClient {
	return runClient{name: "Python-" + module, command: func(t *testing.T, url string) []string {
		return []string{needPython(t, module), "-c", script, url}
	}}
}

func javaClient(api string) runClient {
	return runClient{name: "Java-" + api, command: func(t *testing.T, url string) []string {
		classes := t.TempDir()
		if out, err := exec.Command(need(t, "javac"), "-d", classes, "testdata/Get.java").CombinedOutput(); err != nil {
			t.Fatalf("javac: %v\n%s", err, out)
		}
		return []string{need(t, "java"), "-XX:TieredStopAtLevel=1", "-cp", classes, "Get", api, url}
	}}
}

// runClients are the clients of the matrix, each as users have it.
func runClients() []runClient {
	return []runClient{
		scriptClient("curl", "curl", "-sS", "--fail"),
		scriptClient("wget", "wget", "-q", "-O", "-", "--tries=1"),
		pythonClient("urllib", "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode(), end='')"),
		pythonClient("requests", "import sys, requests; print(requests.get(sys.argv[1]).text, end='')"),
		scriptClient("Node-fetch", "node", "-e", "fetch(process.argv[1]).then(r => r.text()).then(t => process.stdout.write(t))"),
		scriptClient("Node-https", "node", "-e", "require(new URL(process.argv[1]).protocol.slice(0, -1)).get(process.argv[1], r => r.pipe(process.stdout))"),
		scriptClient("Node-agent", "node", "-e", "const m = require(new URL(process.argv[1]).protocol.slice(0, -1)); m.get(process.argv[1], {agent: new m.Agent({keepAlive: false})}, r => r.pipe(process.stdout))"),
		scriptClient("Perl-HTTP-Tiny", "perl", "-MHTTP::Tiny", "-e", `my $r = HTTP::Tiny->new(verify_SSL => 1)->get($ARGV[0]); $r->{success} or die $r->{content}; print $r->{content}`),
		scriptClient("Perl-LWP", "perl", "-MLWP::UserAgent", "-e", `my $u = LWP::UserAgent->new; $u->env_proxy; my $r = $u->get($ARGV[0]); $r->is_success or die $r->status_line; print $r->decoded_content`),
		javaClient("HttpClient"),
		javaClient("HttpURLConnection"),
		{name: "git", path: "/git/origin.git", want: "refs/heads/main", command: func(t *testing.T, url string) []string {
			return []string{need(t, "git"), "ls-remote", url}
		}},
		{name: "npm", path: "/registry/", want: greeting("/npm"), command: func(t *testing.T, url string) []string {
			// Its library for proxies cannot verify a certificate for an address.
			return []string{need(t, "npm"), "view", "greeting", "description", "--fetch-retries=0", "--registry=" + strings.Replace(url, "127.0.0.1", "localhost", 1)}
		}},
		{name: "Go", command: func(t *testing.T, url string) []string {
			binary := filepath.Join(t.TempDir(), "get")
			if out, err := exec.Command("go", "build", "-o", binary, "./testdata/get").CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			// Go uses no proxy for localhost and 127.0.0.1, except for names
			// below.
			return []string{binary, strings.Replace(url, "127.0.0.1", "origin.localhost", 1)}
		}},
	}
}

// TestRunClients runs each client under "sidenote run" against an origin server
// whose certificate only --upstream-ca trusts. That a client is let in is proof
// that it uses the proxy and trusts its CA: without the run it is not.
func TestRunClients(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	root := t.TempDir()
	makeRepository(t, way{env: append(plainEnv(root), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@a.test", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@a.test"), dir: root}, need(t, "git"))
	clear, secure := servers(t, a, greeter(t, root))
	for _, c := range runClients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.path == "" {
				c.path, c.want = "/"+c.name, greeting("/"+c.name)
			}
			command := c.command(t, secure.URL+c.path)
			untrusted(t, command, c.want)
			captures(t, a, c, command)
			last := &command[len(command)-1] // has the URL
			*last = strings.Replace(strings.Replace(*last, "https:", "http:", 1), port(secure.URL), port(clear.URL), 1)
			captures(t, a, c, command)
		})
	}
}

func port(url string) string { return url[strings.LastIndexByte(url, ':'):] }

// untrusted makes sure that a client does not trust the origin server by itself.
func untrusted(t *testing.T, command []string, want string) {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	c.Dir = t.TempDir()
	c.Env = plainEnv(c.Dir)
	var out bytes.Buffer
	c.Stdout = &out
	if _ = c.Run(); strings.Contains(out.String(), want) {
		t.Fatalf("without sidenote the client trusts the origin server: %s", &out)
	}
}

// captures runs a command and looks whether its exchange was captured.
func captures(t *testing.T, a *authority, c runClient, command []string) {
	t.Helper()
	r := runUnder(t, []string{"--upstream-ca", a.file, "--fail-on", "never"}, command...)
	if r.code != 0 || !strings.Contains(r.stdout, c.want) {
		t.Fatalf("exit code %d, stdout %q, stderr:\n%s", r.code, r.stdout, tail(r.stderr, 4000))
	}
	if strings.Contains(r.stderr, "went past the proxy") {
		t.Errorf("stderr: %s", r.stderr)
	}
	found := 0
	for _, x := range r.records(r.logFile) {
		if strings.Contains(x.text("url.full"), strings.TrimSuffix(c.path, "/")) && x.number("http.response.status_code") == http.StatusOK {
			found++
		}
	}
	if found == 0 {
		t.Errorf("no exchange with %s in %v", c.path, r.records(r.logFile))
	}
	if left, _ := filepath.Glob(filepath.Join(r.cmd.Dir, "sidenote-run-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestRunSuites runs the test suites of real projects with sidenote and without.
func TestRunSuites(t *testing.T) {
	t.Parallel()
	for name, suite := range map[string]func(*testing.T) (dir string, command []string, least int){"npm": npmSuite, "Go": goSuite} {
		t.Run(name, func(t *testing.T) {
			dir, command, least := suite(t)
			direct := exec.Command(command[0], command[1:]...)
			direct.Dir, direct.Env = dir, plainEnv(t.TempDir())
			var out bytes.Buffer
			direct.Stdout = &out
			if err := direct.Run(); err != nil {
				t.Fatalf("without sidenote: %v\n%s", err, tail(out.String(), 4000))
			}
			r := newRun(t, []string{"--fail-on", "never", "--min-exchanges", strconv.Itoa(least)}, command...)
			r.cmd.Dir = dir
			r.cmd.Stdout, r.cmd.Stderr = r.process.stdout, r.process.stderr
			if err := r.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if r.end(); r.code != 0 {
				t.Fatalf("exit code %d\n%s%s", r.code, tail(r.stdout, 8000), tail(r.stderr, 2000))
			}
			if with, without := results(r.stdout), results(out.String()); with != without || strings.Count(with, "\n") < 5 {
				t.Errorf("without sidenote:\n%s\nwith:\n%s", without, with)
			}
			t.Logf("%d results, %d exchanges", strings.Count(results(r.stdout), "\n"), len(r.records(r.logFile)))
		})
	}
}

// results are the lines of TAP or of go test -v that name a test and the result
// of it, without times.
func results(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "not ok ") || strings.HasPrefix(line, "--- ") {
			if i := strings.LastIndex(line, " ("); i > 0 {
				line = line[:i]
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// npmSuite is that of needle, an HTTP client, without its tests of what it does
// in an environment that names no proxy. Its package lacks the keys of its
// tests.
func npmSuite(t *testing.T) (dir string, command []string, least int) {
	node, modules := need(t, "node"), absolute(t, "node/node_modules")
	if _, err := os.Stat(filepath.Join(modules, "needle", "test")); err != nil {
		lacks(t, "the package needle of npm")
	}
	dir = filepath.Join(t.TempDir(), "needle")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(modules, "needle"))); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "test", "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	cert, key, _ := newAuthority(t).leaf(t)
	for from, to := range map[string]string{cert: filepath.Join(dir, "test", "keys", "ssl.cert"), key: filepath.Join(dir, "test", "keys", "ssl.key"), modules: filepath.Join(dir, "node_modules")} {
		if err := os.Symlink(from, to); err != nil {
			t.Fatal(err)
		}
	}
	command = []string{node, filepath.Join(modules, "mocha", "bin", "mocha.js"), "--exit", "--timeout", "20000", "--reporter", "tap"}
	// Those of output wait for a time, which is too short on a busy machine.
	for _, spec := range []string{"basic_auth", "compression", "cookies", "parsing", "long_string"} {
		command = append(command, "test/"+spec+"_spec.js")
	}
	return dir, command, 50
}

// goSuite is that of sling, a builder of requests.
func goSuite(t *testing.T) (dir string, command []string, least int) {
	binary := filepath.Join(t.TempDir(), "suite")
	build := exec.Command("go", "test", "-c", "-o", binary, "github.com/dghubble/sling")
	build.Dir = "testdata/suite"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	return t.TempDir(), []string{binary, "-test.v"}, 5
}
