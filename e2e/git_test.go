package e2e_test

import (
	"net/http"
	"net/http/cgi"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGit clones and pushes over git's own protocol.
func TestGit(t *testing.T) {
	t.Parallel()
	git := need(t, "git")
	a := newAuthority(t)
	root := t.TempDir()
	local := way{env: append(plainEnv(root), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@a.test", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@a.test"), dir: root}
	makeRepository(t, local, git)
	out, _ := local.run(t, nil, nil, git, "--exec-path")
	backend := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		lacks(t, "git http-backend")
	}
	_, secure := servers(t, a, &cgi.Handler{
		Path: backend, Dir: root, InheritEnv: []string{"PATH"},
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + root, "REMOTE_USER=tester", "GIT_CONFIG_NOSYSTEM=1"},
	})
	p := start(t, "--upstream-ca", a.file)

	url := secure.URL + "/origin.git"
	head := func(w way) string {
		w.env = append(w.env, local.env[len(local.env)-4:]...)
		w.run(t, nil, nil, git, "clone", "--quiet", url, "copy")
		copied := filepath.Join(w.dir, "copy")
		w.run(t, nil, nil, git, "-C", copied, "fsck", "--strict")
		out, _ := w.run(t, nil, nil, git, "-C", copied, "rev-parse", "HEAD")
		return string(out)
	}
	through := p.way(t)
	if direct, got := head(directly(t, a)), head(through); direct != got {
		t.Errorf("the clone has %q, and through the proxy %q", direct, got)
	}
	through.env = append(through.env, local.env[len(local.env)-4:]...)
	copied := filepath.Join(through.dir, "copy")
	through.run(t, nil, nil, git, "-C", copied, "commit", "--quiet", "--allow-empty", "-m", "second")
	through.run(t, nil, nil, git, "-C", copied, "push", "--quiet", "origin", "HEAD")
	pushed, _ := local.run(t, nil, nil, git, "-C", filepath.Join(root, "origin.git"), "log", "--format=%s")
	if !strings.HasPrefix(string(pushed), "second\n") {
		t.Errorf("the origin has %q", pushed)
	}

	p.stop()
	services := map[string]int{}
	for _, r := range p.records(p.logFile) {
		if r.number("http.response.status_code") != http.StatusOK || !strings.HasPrefix(r.text("url.full"), url) {
			t.Errorf("record of %s, status %v, %v", r.text("url.full"), r["http.response.status_code"], r["error.type"])
		}
		services[r.text("http.request.method")+" "+strings.TrimPrefix(r.text("url.full"), url)]++
	}
	for _, want := range []string{"GET /info/refs?service=git-upload-pack", "POST /git-upload-pack", "GET /info/refs?service=git-receive-pack", "POST /git-receive-pack"} {
		if services[want] == 0 {
			t.Errorf("no record of %s in %v", want, services)
		}
	}
	if lines := len(p.lines()); lines != len(p.records(p.logFile)) {
		t.Errorf("%d lines for %d records", lines, len(p.records(p.logFile)))
	}
}

// makeRepository makes origin.git with some content.
func makeRepository(t *testing.T, w way, git string) {
	t.Helper()
	work := filepath.Join(w.dir, "work")
	w.run(t, nil, nil, git, "init", "--quiet", "-b", "main", work)
	for name, size := range map[string]int{"small": 10, "large": 300_000} {
		if err := os.WriteFile(filepath.Join(work, name), pseudoRandom(size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.run(t, nil, nil, git, "-C", work, "add", ".")
	w.run(t, nil, nil, git, "-C", work, "commit", "--quiet", "-m", "first")
	w.run(t, nil, nil, git, "clone", "--quiet", "--bare", work, filepath.Join(w.dir, "origin.git"))
}
