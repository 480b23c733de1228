package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shellStep finds the shell examples of a page; one that is marked fails.
var shellStep = regexp.MustCompile("(?ms)^```sh( fails)?\n(.*?)^```")

// TestSoakNewcomer does in a clean clone what README and each start page say, word
// for word, with an empty home and nothing beside Go, git, make, curl and a shell.
func TestSoakNewcomer(t *testing.T) {
	dir := t.TempDir()
	clone, bin, home := filepath.Join(dir, "clone"), filepath.Join(dir, "bin"), filepath.Join(dir, "home")
	if out, err := exec.Command("git", "clone", "-q", "--no-hardlinks", "--depth", "1", "file://"+absolute(t, ".."), clone).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, folder := range []string{bin, home} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range strings.Fields("go git make curl bash sh env cat grep sed tail mkdir rm uname sort dirname sleep") {
		if err := os.Symlink(need(t, name), filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /v1/cart", http.RedirectHandler("/ok", http.StatusFound))
	mux.Handle("/", gateOrigin())
	origin := onChosenPort(t, mux)
	api := strings.Replace(origin.URL, "127.0.0.1", "localhost", 1)
	smoke := fmt.Sprintf("#!/bin/sh\ncurl -s %s/ok && curl -s %s/warn\n", api, api)
	if err := os.WriteFile(filepath.Join(clone, "smoke.sh"), []byte(smoke), 0o755); err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, 3)
	real := strings.NewReplacer("http://localhost:3000", api, "8080", fmt.Sprint(ports[0]), "8081", fmt.Sprint(ports[1]), "9000", fmt.Sprint(ports[2]))
	environ := []string{
		"PATH=" + bin, "HOME=" + home, "SHELL=/bin/bash", "LANG=C.UTF-8", "GOFLAGS=" + os.Getenv("GOFLAGS"),
		fmt.Sprintf("SIDENOTE_LISTEN=127.0.0.1:%d", ports[0]), fmt.Sprintf("SIDENOTE_ADMIN=127.0.0.1:%d", ports[1]),
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOTOOLCHAIN"} { // what was fetched and built is not fetched and built again
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		environ = append(environ, name+"="+strings.TrimSpace(string(value)))
	}
	for _, page := range []string{"docs/start-laptop.md", "docs/start-ci.md", "docs/start-fleet.md"} {
		t.Run(page, func(t *testing.T) {
			follow(t, clone, page, real, environ, page != "docs/start-laptop.md")
		})
	}
}

// follow runs the shell examples of a page one after another in one shell.
func follow(t *testing.T, clone, page string, real *strings.Replacer, environ []string, built bool) {
	text, err := os.ReadFile(filepath.Join(clone, filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString("set -um\n")
	if built { // the first page builds it
		script.WriteString("export PATH=\"$PWD/bin:$PATH\"\n")
	}
	steps := shellStep.FindAllStringSubmatch(string(text), -1)
	if len(steps) < 5 {
		t.Fatalf("only %d steps", len(steps))
	}
	for i, step := range steps {
		for command := range strings.Lines(strings.ReplaceAll(real.Replace(step[2]), "\\\n", " ")) {
			command = strings.TrimRight(command, "\n")
			wants := "-eq"
			if step[1] != "" {
				wants = "-ne"
			}
			fmt.Fprintf(&script, "%s\ncode=$?; if ! [ $code %s 0 ]; then echo 'STEP %d FAILED:' %s with $code; kill %%1; exit 1; fi\n", command, wants, i+1, quoted(command))
			if strings.HasSuffix(command, "&") { // a reader sees that it is ready
				script.WriteString("until sidenote healthcheck 2>/dev/null; do sleep 0.1; done\n")
			}
		}
	}
	script.WriteString("echo ALL STEPS WORKED\n")
	shell := exec.Command("bash", "-c", script.String())
	shell.Dir, shell.Env = clone, environ
	out, err := shell.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\nALL STEPS WORKED\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "command not found") {
		t.Errorf("a command is not there:\n%s", out)
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
