package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSoakDist makes a release twice, and looks at what is in it as those who
// install it do.
func TestSoakDist(t *testing.T) {
	source, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	first, second := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	for _, out := range []string{first, second} {
		c := exec.Command("go", "run", ".", "-source", source, "-out", out, "-only", "linux/amd64", "-version", "v1.2.3")
		c.Dir = filepath.Join(source, "tools", "dist")
		if b, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
	}
	files, err := os.ReadDir(first)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
		a, _ := os.ReadFile(filepath.Join(first, f.Name()))
		b, err := os.ReadFile(filepath.Join(second, f.Name()))
		if err != nil || string(a) != string(b) {
			t.Errorf("%s is not the same twice: %v", f.Name(), err)
		}
	}
	if got, want := strings.Join(names, " "), "sha256sums.txt sidenote-1.2.3-1.x86_64.rpm sidenote-1.2.3-linux-amd64.cdx.json sidenote-1.2.3-linux-amd64.tar.gz sidenote_1.2.3_amd64.deb"; got != want {
		t.Errorf("made %s", got)
	}
	in := func(dir, name string, args ...string) string {
		t.Helper()
		c := exec.Command(name, args...)
		c.Dir, c.Env = dir, append(os.Environ(), "HOME="+t.TempDir())
		b, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%s %s: %v: %s", name, strings.Join(args, " "), err, b)
		}
		return string(b)
	}
	in(first, "sha256sum", "--strict", "-c", "sha256sums.txt")
	in(first, "tar", "xzf", "sidenote-1.2.3-linux-amd64.tar.gz")
	unpacked := filepath.Join(first, "sidenote-1.2.3-linux-amd64")
	version := in(unpacked, "./sidenote", "version")
	if !strings.HasPrefix(version, "sidenote v1.2.3 ") || !strings.Contains(version, " of 20") {
		t.Errorf("version: %s", version)
	}
	if out := in(unpacked, "./sidenote", "explain", "429"); !strings.Contains(out, "Retry-After") {
		t.Errorf("explain: %s", out)
	}
	for _, name := range []string{"README.md", "LICENSE", "CHANGELOG.md", "sidenote.yaml", "man/sidenote.1", "man/sidenote-run.1", "completions/sidenote.bash", "completions/sidenote.zsh"} {
		if info, err := os.Stat(filepath.Join(unpacked, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	in(first, "dpkg-deb", "-x", "sidenote_1.2.3_amd64.deb", "installed")
	if out := in(first, "installed/usr/bin/sidenote", "version"); out != version {
		t.Errorf("the package has %s", out)
	}
	if out := in(first, "dpkg-deb", "-f", "sidenote_1.2.3_amd64.deb", "Package", "Version", "Architecture"); !strings.Contains(out, "Version: 1.2.3") || !strings.Contains(out, "Architecture: amd64") {
		t.Errorf("the package says %s", out)
	}
	checkBill(t, filepath.Join(first, "sidenote-1.2.3-linux-amd64.cdx.json"))
}

// checkBill reads a bill of materials, which names what go.mod requires.
func checkBill(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BOMFormat  string
		Components []struct{ Name, Version, Purl string }
	}
	if err := json.Unmarshal(b, &bill); err != nil || bill.BOMFormat != "CycloneDX" {
		t.Fatalf("%v: %s", err, bill.BOMFormat)
	}
	named := make(map[string]string)
	for _, c := range bill.Components {
		named[c.Name] = c.Version
	}
	for _, module := range []string{"stdlib", "github.com/elazarl/goproxy", "github.com/rs/zerolog", "github.com/prometheus/client_golang"} {
		if named[module] == "" {
			t.Errorf("it lacks %s", module)
		}
	}
}
