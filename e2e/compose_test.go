package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"sidenote/configs"
)

// readYAML reads a file of the repository, all of whose keys into must know.
func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// A service is one of docker-compose.yaml.
type service struct {
	Build       string
	Image       string
	Command     []string
	Entrypoint  []string
	Environment map[string]string
	Ports       []string
	Volumes     []string
	DependsOn   []string `yaml:"depends_on"`
	Healthcheck struct{ Disable bool }
	Restart     string
}

// A scraping is what is read here of a Prometheus configuration.
type scraping struct {
	Global struct {
		ScrapeInterval     string `yaml:"scrape_interval"`
		EvaluationInterval string `yaml:"evaluation_interval"`
	}
	RuleFiles     []string `yaml:"rule_files"`
	ScrapeConfigs []struct {
		JobName   string `yaml:"job_name"`
		BasicAuth struct {
			Username string
			Password string
		} `yaml:"basic_auth"`
		StaticConfigs []struct {
			Targets []string
			Labels  map[string]string
		} `yaml:"static_configs"`
	} `yaml:"scrape_configs"`
}

// TestCompose holds the playground together without a container engine: what
// it mounts is there, its settings are settings, and Prometheus is let in.
func TestCompose(t *testing.T) {
	t.Parallel()
	var compose struct {
		Services map[string]service
		Volumes  map[string]any
	}
	readYAML(t, "docker-compose.yaml", &compose)
	for name, s := range compose.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			_, declared := compose.Volumes[from]
			if _, err := os.Stat(filepath.Join("..", from)); err != nil && !declared {
				t.Errorf("%s: volume %s is neither a folder nor declared", name, v)
			}
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %s can be reached from elsewhere", name, port)
			}
		}
		for _, other := range s.DependsOn {
			if _, ok := compose.Services[other]; !ok {
				t.Errorf("%s depends on %s, which is not there", name, other)
			}
		}
	}
	settings := configs.Settings()
	environment := compose.Services["sidenote"].Environment
	for name := range environment {
		if !slices.ContainsFunc(settings, func(s configs.Setting) bool { return s.Env() == name }) {
			t.Errorf("%s is no setting", name)
		}
	}
	var prom scraping
	readYAML(t, "configs/prometheus/compose.yml", &prom)
	job := prom.ScrapeConfigs[0]
	user, password := job.BasicAuth.Username, job.BasicAuth.Password
	if got := environment["SIDENOTE_PROXY_AUTH"]; got != user+":"+password {
		t.Errorf("Prometheus comes as %s:%s, and sidenote lets in %s", user, password, got)
	}
	if visits := compose.Services["visitor"].Environment["http_proxy"]; visits != "http://"+user+":"+password+"@sidenote:8080" {
		t.Errorf("the visitor goes through %s", visits)
	}
	checkComposeScrape(t, user, password, job.StaticConfigs[0].Targets[0])
	checkProvisioning(t, compose.Services["grafana"], prom.Global.ScrapeInterval)
}

// checkComposeScrape asks for the metrics as Prometheus does in the playground.
func checkComposeScrape(t *testing.T, user, password, host string) {
	t.Helper()
	p := start(t, "--listen", "0.0.0.0:0", "--admin", "0.0.0.0:0", "--proxy-auth", user+":"+password)
	for _, c := range []struct {
		password string
		want     int
	}{{password, http.StatusOK}, {"", http.StatusUnauthorized}} {
		r, err := http.NewRequest("GET", "http://"+p.admin+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.SetBasicAuth(user, c.password)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body) // its status is what counts
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("password %q: %d, not %d", c.password, resp.StatusCode, c.want)
		}
	}
}

// checkProvisioning reads what Grafana is given at its start.
func checkProvisioning(t *testing.T, grafana service, interval string) {
	t.Helper()
	sources := readSources(t)
	if s := sources.Datasources[0]; s.Type != "prometheus" || s.URL != "http://prometheus:9090" || s.JSONData.TimeInterval != interval {
		t.Errorf("the data source is %+v, and Prometheus asks every %s", s, interval)
	}
	var dashboards struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type    string
			AllowUIUpdates        bool `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int  `yaml:"updateIntervalSeconds"`
			Options               struct{ Path string }
		}
	}
	readYAML(t, "configs/grafana/provisioning/dashboards/sidenote.yaml", &dashboards)
	path := dashboards.Providers[0].Options.Path
	if !slices.Contains(grafana.Volumes, "./configs/grafana/dashboards:"+path+":ro") {
		t.Errorf("the dashboards are looked for in %s, and mounted as %v", path, grafana.Volumes)
	}
	home := grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	if _, err := os.Stat(strings.Replace(home, path, "../configs/grafana/dashboards", 1)); err != nil {
		t.Errorf("the home dashboard: %v", err)
	}
}

// sources are what Grafana is told of data sources.
type sources struct {
	APIVersion  int `yaml:"apiVersion"`
	Datasources []struct {
		Name, UID, Type, Access, URL string
		IsDefault                    bool `yaml:"isDefault"`
		Editable                     bool
		JSONData                     struct {
			TimeInterval string `yaml:"timeInterval"`
			Exemplars    []struct {
				Name, URL string
				Label     string `yaml:"urlDisplayLabel"`
			} `yaml:"exemplarTraceIdDestinations"`
		} `yaml:"jsonData"`
	}
}

func readSources(t *testing.T) (s sources) {
	t.Helper()
	readYAML(t, "configs/grafana/provisioning/datasources/sidenote.yaml", &s)
	return s
}
