package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sidenote/metrics/dashboards"
)

// TestDashboardsAreGrafanas has the compiler of TypeScript hold the dashboards
// to Grafana's own types, of the version in docker-compose.yaml. One that is
// wrong shows that it looks.
func TestDashboardsAreGrafanas(t *testing.T) {
	t.Parallel()
	schema, tsc := nodePackage(t, "@grafana/schema", "package.json"), nodePackage(t, "typescript", "bin", "tsc")
	image := regexp.MustCompile(`docker\.io/grafana/grafana:(\S+)`).FindStringSubmatch(readFile(t, "../docker-compose.yaml"))
	if image == nil || !strings.Contains(readFile(t, schema), `"version": "`+image[1]+`"`) {
		t.Errorf("the types are not those of Grafana %q", image)
	}
	dir := t.TempDir()
	types, err := filepath.Abs(filepath.Join("node", "grafana.ts"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range dashboards.All() {
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		made := fmt.Sprintf("import type { Made } from %q;\nexport const made: Made = %s;\n", strings.TrimSuffix(types, ".ts"), text)
		write(d.UID+".ts", made)
		write(d.UID+"-wrong.ts", strings.Replace(made, `"legend": {`, `"legnd": {`, 1))
	}
	config, err := json.Marshal(map[string]any{"compilerOptions": map[string]any{
		"strict": true, "noEmit": true, "skipLibCheck": true, "module": "esnext", "target": "esnext", "moduleResolution": "bundler",
	}})
	if err != nil {
		t.Fatal(err)
	}
	write("tsconfig.json", string(config))
	c := exec.Command(need(t, "node"), tsc, "--project", dir)
	c.Env = plainEnv(dir)
	out, _ := c.CombinedOutput() // it fails, for some are wrong
	for line := range strings.Lines(string(out)) {
		if name, fault, _ := strings.Cut(line, "("); !strings.HasSuffix(name, "-wrong.ts") && !strings.HasPrefix(line, " ") {
			t.Errorf("%s: %.600s", name, fault)
		}
	}
	for _, d := range dashboards.All() {
		if !strings.Contains(string(out), d.UID+"-wrong.ts(") {
			t.Errorf("%s with a mistake in it is taken", d.UID)
		}
	}
}
