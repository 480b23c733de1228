// Package doctor finds out whether the programs of this machine use a proxy and
// trust its CA when their environment says so: each makes a real https request
// to an origin server of our own, through a proxy of our own. Nothing leaves
// the machine, and nothing is left behind.
package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sidenote/cmd/sidenote/environ"
	"sidenote/internal/inorder"
	"sidenote/proxy/ca"
)

// A Doctor examines programs.
type Doctor struct {
	// Authority is the CA that is to be trusted, and Settings say in which files
	// the programs find it. ProxyURL is filled in.
	Authority *ca.Authority
	Settings  environ.Settings
	Environ   []string      // as os.Environ gives it
	Folder    string        // for what the programs leave behind; the caller removes it
	Timeout   time.Duration // for each time that a program runs
	Parallel  int           // how many programs are examined at once; 1 if not positive

	origin *originIdentity
}

// A Result is what was found of one program.
type Result struct {
	Name    string `json:"name"`              // of the probe: "curl", "node fetch"
	Found   bool   `json:"found"`             // it is on this machine
	Path    string `json:"path,omitempty"`    // of the program
	Version string `json:"version,omitempty"` // as it says it

	Proxied  bool `json:"proxied"`  // its request came to the proxy
	Trusted  bool `json:"trusted"`  // and it took the certificate of the CA
	Verifies bool `json:"verifies"` // and would not have taken it without being told of the CA

	// What does it: variables each set of which is enough.
	ProxiedBy []string `json:"proxied_by,omitempty"`
	TrustedBy []string `json:"trusted_by,omitempty"`

	Problem string `json:"problem,omitempty"` // what is wrong, as a clause; "" when it works
	Fix     string `json:"fix,omitempty"`     // what to do about it, in one line
	Said    string `json:"said,omitempty"`    // what the program complained of, when it does not work

	Deaf bool `json:"deaf,omitempty"` // no version of it reads variables for a proxy
}

// Works reports whether the program can be watched.
func (r *Result) Works() bool { return r.Proxied && r.Trusted }

// Examine tries the probes and hands the results to done in their order,
// whichever ends first. It ends early when ctx does, or with the error of done.
func (d *Doctor) Examine(ctx context.Context, probes []Probe, done func(*Result) error) (err error) {
	if d.origin, err = newOriginIdentity(); err != nil {
		return err
	}
	return inorder.Run(ctx, len(probes), d.Parallel, func(ctx context.Context, i int) (*Result, error) {
		result, err := d.examine(ctx, &probes[i])
		if err == nil { // what a program does that is interrupted says nothing of it
			err = ctx.Err()
		}
		return result, err
	}, done)
}

// An examination is one probe being tried.
type examination struct {
	doctor *Doctor
	probe  *Probe
	path   string
	result *Result
	runs   int
}

func (d *Doctor) examine(ctx context.Context, p *Probe) (*Result, error) {
	e := &examination{doctor: d, probe: p, result: &Result{Name: p.Name, Deaf: p.Deaf}}
	if !e.find(ctx) {
		return e.result, nil
	}
	all, err := e.run(ctx, nil)
	if err != nil {
		return nil, err
	}
	e.judge(all)
	if e.result.Works() {
		err = e.explain(ctx)
	}
	return e.result, err
}

// find looks for the program and asks it for its version. One that does not
// say it is taken for not being there: Python without a module, say.
func (e *examination) find(ctx context.Context) bool {
	for _, name := range e.probe.Programs {
		path, err := e.lookPath(name)
		if err != nil {
			continue
		}
		ended := e.start(ctx, path, e.probe.Version, e.doctor.Environ)
		if ended.err == nil {
			e.path = path
			e.result.Found, e.result.Path, e.result.Version = true, path, versionIn(ended.output)
			return true
		}
	}
	return false
}

// lookPath finds a program as the examined environment would.
func (e *examination) lookPath(name string) (string, error) {
	for _, kv := range slices.Backward(e.doctor.Environ) {
		dirs, ok := strings.CutPrefix(kv, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(dirs) {
			if path, err := exec.LookPath(filepath.Join(dir, name)); dir != "" && err == nil && filepath.IsAbs(path) {
				return path, nil
			}
		}
		break
	}
	return "", exec.ErrNotFound
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+[-+.\w]*`)

// versionIn finds the version in what a program says of itself.
func versionIn(output string) string {
	v := versionNumber.FindString(output)
	return v[:min(len(v), 24)]
}

// judge reads what happened when all variables were set.
func (e *examination) judge(o *outcome) {
	r := e.result
	r.Proxied, r.Trusted = o.answered || o.refused != nil, o.answered
	switch {
	case o.answered:
		return
	case o.refused != nil:
		r.Problem, r.Fix = "it uses the proxy, but does not trust its CA", e.probe.FixTrust
	case o.direct:
		r.Problem, r.Fix = "it went past the proxy", e.probe.FixProxy
	case o.timedOut:
		r.Problem, r.Fix = "it had not ended after "+e.doctor.Timeout.String(), "try again with a larger --timeout"
	case o.reached:
		r.Problem, r.Fix = "it connected to the proxy, but asked for nothing", e.probe.FixTrust
	default:
		r.Problem, r.Fix = "it did not connect to the proxy", e.probe.FixProxy
	}
	r.Said = telling(o.output)
}

// explain finds out which variables do it: first those that are known to,
// alone; then the others that the probe names. Without any that vouches for
// the CA the program should refuse it.
func (e *examination) explain(ctx context.Context) error {
	for _, proxied := range e.probe.Proxy {
		for _, trusted := range e.probe.Trust {
			o, err := e.run(ctx, slices.Concat(proxied, trusted))
			if err != nil {
				return err
			}
			if o.answered {
				e.result.ProxiedBy, e.result.TrustedBy = proxied, trusted
				return e.verifies(ctx, proxied, trusted)
			}
			if !o.reached {
				break // no use in trying what it trusts
			}
		}
	}
	return nil
}

// verifies leaves out what vouches for the CA.
func (e *examination) verifies(ctx context.Context, proxied, trusted []string) error {
	var only []string
	for _, name := range proxied {
		if !slices.Contains(trusted, name) {
			only = append(only, name)
		}
	}
	if len(only) == 0 { // one variable does both
		e.result.Verifies = true
		return nil
	}
	o, err := e.run(ctx, only)
	if err != nil {
		return err
	}
	if e.result.Verifies = !o.answered; !e.result.Verifies {
		e.result.TrustedBy = nil
		e.result.Problem, e.result.Fix = "it takes any certificate", "find the setting that turns verification off, and remove it"
	}
	return nil
}

// environment is that of the program: with all variables that environ knows,
// or with some of them only and none of the others.
func (e *examination) environment(s environ.Settings, only []string) []string {
	plan := environ.New(s, e.doctor.Environ)
	if only != nil {
		for i := range plan.Variables {
			v := &plan.Variables[i]
			v.Unset = v.Unset || !slices.Contains(only, v.Name)
		}
	}
	return plan.Apply(e.doctor.Environ)
}

// folder makes a new folder for a run of the program.
func (e *examination) folder() (string, error) {
	e.runs++
	dir := filepath.Join(e.doctor.Folder, strings.ReplaceAll(e.probe.Name, " ", "-"), fmt.Sprint(e.runs))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for name, content := range e.probe.Files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// complaint is a word by which the line can be told in which a program says
// what is wrong.
var complaint = regexp.MustCompile(`(?i)error|fail|refused|certificate|could not|cannot|unable`)

// telling returns the last line of a program's output that sounds like a
// complaint, else the last line.
func telling(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	line := lines[len(lines)-1]
	for _, l := range slices.Backward(lines) {
		if complaint.MatchString(l) {
			line = l
			break
		}
	}
	line = strings.TrimSpace(line)
	const most = 300
	if len(line) > most {
		line = line[:most] + "..."
	}
	return line
}

func pool(c *x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}
