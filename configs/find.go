package configs

import (
	"os"
	"path/filepath"
	"strings"
)

// FileName is the configuration file that is found without being named.
const FileName = "sidenote.yaml"

// Find returns the configuration file that holds for what is started in a folder:
// FileName in the folder itself, or in the nearest folder above it that is not
// above the root of its repository. Outside of a repository only the folder itself
// counts, for what lies above may be anybody's. It returns "" where there is none.
func Find(folder string) string {
	found := ""
	for at := folder; ; at = filepath.Dir(at) {
		if name := filepath.Join(at, FileName); found == "" && isFile(name) {
			found = name
		}
		if found != "" && filepath.Dir(found) == folder || isRepository(at) {
			return found
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// isRepository reports whether a folder is the root of a checkout.
func isRepository(folder string) bool {
	for _, mark := range []string{".git", ".hg", ".jj"} { // .git may be a file
		if _, err := os.Stat(filepath.Join(folder, mark)); err == nil {
			return true
		}
	}
	return false
}

// files returns where the settings that name files have their names.
func (c *Config) files() map[string][]*string {
	all := map[string][]*string{
		"ca-dir": {&c.CADir}, "upstream-ca": {&c.UpstreamCA}, "policy": {&c.Policy}, "baseline": {&c.Baseline},
		"save": {&c.Save}, "store": {&c.Store}, "log-file": {&c.LogFile}, "otlp-ca": {&c.OTLPCA},
	}
	for i := range c.ClientCerts {
		all["client-cert"] = append(all["client-cert"], &c.ClientCerts[i].Cert, &c.ClientCerts[i].Key)
	}
	for i := range c.Reports {
		all["report"] = append(all["report"], &c.Reports[i].File)
	}
	for i := range c.OpenAPI {
		all["openapi"] = append(all["openapi"], &c.OpenAPI[i])
	}
	for i := range c.Proto {
		if c.Proto[i] != ProtoReflection {
			all["proto"] = append(all["proto"], &c.Proto[i])
		}
	}
	return all
}

// ProtoReflection is what --proto has in the place of a file: servers are asked.
const ProtoReflection = "reflection"

// rebase has the names of files that a configuration file holds begin at its
// folder, so that they mean the same wherever sidenote is started.
func (c *Config) rebase(folder string) {
	for setting, names := range c.files() {
		if !c.WasSet(setting) {
			continue
		}
		for _, name := range names {
			before, file := cutURL(*name)
			if file != "" && file != "-" && !filepath.IsAbs(file) {
				*name = before + filepath.Join(folder, file)
			}
		}
	}
}

// cutURL takes "URL=FILE" apart; before is "" where only a file is named.
func cutURL(s string) (before, file string) {
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return "", s
	}
	at := strings.IndexByte(s, '=') + 1 // the URL has no query
	return s[:at], s[at:]
}
