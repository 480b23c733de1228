package web_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sidenote/inspector/web"
)

// noSkipVariable, set to 1, makes a missing program a failure.
const noSkipVariable = "SIDENOTE_TEST_NO_SKIP"

// npm runs a command of npm's packages in this folder.
func npm(t *testing.T, args ...string) {
	t.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		if os.Getenv(noSkipVariable) == "1" {
			t.Fatal("the packages of npm are not installed; internal/project/prepare does that")
		}
		t.Skip("the packages of npm are not installed")
	}
	cmd := exec.Command(filepath.Join("node_modules", ".bin", args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "CI=1", "NO_COLOR=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestPageIsFresh builds the page again and compares it with what is embedded.
func TestPageIsFresh(t *testing.T) {
	built := t.TempDir()
	npm(t, "vite", "build", "--logLevel", "warn", "--emptyOutDir", "--outDir", built)
	want, got := contents(t, os.DirFS(built)), contents(t, web.Files())
	for name := range got {
		if _, found := want[name]; !found {
			t.Errorf("dist/%s is not built any more; npm run build", name)
		}
	}
	for name, b := range want {
		if !bytes.Equal(got[name], b) {
			t.Errorf("dist/%s is stale; npm run build", name)
		}
	}
}

func contents(t *testing.T, files fs.FS) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found[name], err = fs.ReadFile(files, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 3 {
		t.Fatalf("only %d files", len(found))
	}
	return found
}

func TestTypesOfThePage(t *testing.T) {
	npm(t, "svelte-check", "--fail-on-warnings", "--tsconfig", "./tsconfig.json")
}

func TestPartsOfThePage(t *testing.T) { npm(t, "vitest", "run") }

// makesMarkup finds ways in which text could become part of the page as markup
// or script. What is captured is hostile.
var makesMarkup = regexp.MustCompile(`\{@html|\b(innerHTML|outerHTML|insertAdjacentHTML|srcdoc|createContextualFragment)\b|document\.write|new Function|\beval\(`)

func TestNothingMakesMarkupOfText(t *testing.T) {
	for text, want := range map[string]bool{"{@html x}": true, "a.innerHTML = b": true, "<p>{text}</p>": false, "evaluate(x)": false, "eval(x)": true} {
		if makesMarkup.MatchString(text) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
	for name, b := range contents(t, os.DirFS("src")) {
		if m := makesMarkup.Find(b); m != nil {
			t.Errorf("src/%s has %s", name, m)
		}
	}
}

// TestPageNamesNoOtherHost looks at what the page loads when it begins.
func TestPageNamesNoOtherHost(t *testing.T) {
	index, err := fs.ReadFile(web.Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(index, []byte("://")) || bytes.Contains(index, []byte("<script>")) {
		t.Errorf("index.html: %s", index)
	}
}
