package configs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"sidenote/configs"
)

// tree makes files below a new folder; a name that ends in a slash is a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		full := filepath.Join(root, filepath.FromSlash(name))
		folder := filepath.Dir(full)
		if strings.HasSuffix(name, "/") {
			folder = full
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name, in string
		files    []string
		want     string
	}{
		{"in the folder itself", ".", []string{"sidenote.yaml"}, "sidenote.yaml"},
		{"above, without a repository", "a/b", []string{"sidenote.yaml", "a/b/"}, ""},
		{"above, within a repository", "a/b", []string{"sidenote.yaml", ".git/", "a/b/"}, "sidenote.yaml"},
		{"the nearest", "a/b", []string{"sidenote.yaml", "a/sidenote.yaml", ".git/", "a/b/"}, "a/sidenote.yaml"},
		{"not above the repository", "a/b", []string{"sidenote.yaml", "a/.git/", "a/b/"}, ""},
		{"a repository that is a worktree", "a/b", []string{"a/sidenote.yaml", "a/.git", "a/b/"}, "a/sidenote.yaml"},
		{"another kind of repository", "a", []string{"sidenote.yaml", ".jj/", "a/"}, "sidenote.yaml"},
		{"a folder of that name", ".", []string{"sidenote.yaml/"}, ""},
		{"no file", ".", []string{".git/"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := make(map[string]string)
			for _, f := range c.files {
				files[f] = ""
			}
			root := tree(t, files)
			want := ""
			if c.want != "" {
				want = filepath.Join(root, filepath.FromSlash(c.want))
			}
			if got := configs.Find(filepath.Join(root, filepath.FromSlash(c.in))); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestLoadFinds(t *testing.T) {
	root := tree(t, map[string]string{"sidenote.yaml": "severity: info\n", "other.yaml": "severity: error\n", ".git/": "", "a/": ""})
	at := filepath.Join(root, "a")
	for _, c := range []struct {
		name, folder string
		args         []string
		env          string
		file, value  string
		fails        string
	}{
		{name: "found", folder: at, file: "../sidenote.yaml", value: "info"},
		{name: "not asked for", value: "warn"},
		{name: "left out", folder: at, args: []string{"--no-config"}, value: "warn"},
		{name: "another is named", folder: at, args: []string{"--config", filepath.Join(root, "other.yaml")}, file: filepath.Join(root, "other.yaml"), value: "error"},
		{name: "a variable names another", folder: at, env: filepath.Join(root, "other.yaml"), file: filepath.Join(root, "other.yaml"), value: "error"},
		{name: "the variable is left out too", folder: at, env: filepath.Join(root, "other.yaml"), args: []string{"--no-config"}, value: "warn"},
		{name: "both", folder: at, args: []string{"--no-config", "--config", "x"}, fails: "choose one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
			configs.AddFlags(fs)
			if err := fs.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			got, _, err := configs.Load(fs, []string{"SIDENOTE_CONFIG=" + c.env}, c.folder)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Error(err)
				}
				return
			}
			if err != nil || filepath.ToSlash(got.File) != filepath.ToSlash(c.file) || got.Severity != c.value || got.Found != (c.file == "../sidenote.yaml") {
				t.Errorf("file %q, found %v, severity %q, %v", got.File, got.Found, got.Severity, err)
			}
		})
	}
}

// TestFilesBeginAtTheFile holds for each setting that names a file or a folder.
func TestFilesBeginAtTheFile(t *testing.T) {
	values := map[string]string{
		"openapi": "[a.yaml, http://api.test/v1=b=c.yaml]", "report": "[markdown=a.md, html=-]", "client-cert": "api.test=a.pem,b.key", "proto": "[a.proto, reflection]",
	}
	for _, s := range configs.Settings() {
		if !s.TakesFile() || s.Command != "" {
			continue
		}
		text := values[s.Name]
		if text == "" {
			text = "a"
		}
		root := tree(t, map[string]string{"in/sidenote.yaml": s.Name + ": " + text + "\n"})
		file := filepath.Join(root, "in", "sidenote.yaml")
		c, _, err := configs.Load(nil, []string{"SIDENOTE_CONFIG=" + file}, "")
		if err != nil {
			t.Fatal(s.Name, err)
		}
		in := filepath.Join(root, "in") + string(filepath.Separator)
		got := map[string]string{
			"ca-dir": c.CADir, "upstream-ca": c.UpstreamCA, "policy": c.Policy, "baseline": c.Baseline, "save": c.Save,
			"store": c.Store, "log-file": c.LogFile, "otlp-ca": c.OTLPCA,
		}
		want := in + "a"
		switch s.Name {
		case "openapi":
			got[s.Name], want = strings.Join(c.OpenAPI, " "), in+"a.yaml http://api.test/v1="+in+"b=c.yaml"
		case "proto":
			got[s.Name], want = strings.Join(c.Proto, " "), in+"a.proto reflection"
		case "report":
			got[s.Name], want = c.Reports[0].File+" "+c.Reports[1].File, in+"a.md -"
		case "client-cert":
			got[s.Name], want = c.ClientCerts[0].Cert+" "+c.ClientCerts[0].Key, in+"a.pem "+in+"b.key"
		}
		if got[s.Name] != want {
			t.Errorf("%s: %q, want %q", s.Name, got[s.Name], want)
		}
	}
}

func TestStarterSetsNothing(t *testing.T) {
	c, _, err := load(t, configs.Starter(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if set := c.Entries(false); len(set) > 0 {
		t.Errorf("it sets %s", set[0].Setting.Name)
	}
	var all strings.Builder // with each setting as it stands there
	for line := range strings.Lines(configs.Starter()) {
		if rest, ok := strings.CutPrefix(line, "#"); ok && rest != "" && rest[0] != '#' && rest[0] != ' ' {
			all.WriteString(rest)
		}
	}
	c, _, err = load(t, all.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range configs.Settings() {
		if !s.InPolicy && !c.WasSet(s.Name) {
			t.Errorf("%s is not in it", s.Name)
		}
	}
}
