package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"sidenote/cmd/sidenote/doctor"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
	"sidenote/proxy/ca"
)

// doctorOptions are the flags of the doctor command.
type doctorOptions struct {
	format   *choice
	timeout  time.Duration
	parallel int
}

func newDoctorCommand(p *program) *cobra.Command {
	o := doctorOptions{format: newChoice("text", "json")}
	c := &cobra.Command{
		Use:   "doctor [PROGRAM...]",
		Short: "Test that each runtime here uses the proxy and trusts the CA",
		Long: `Make an https request with each program found on this machine, using the variables
of "sidenote env", a temporary proxy and a local origin server. Print whether the
program used the proxy and trusted the CA, which variables it read, and how to fix
it if it didn't. Nothing leaves this machine and nothing is left behind. doctor
uses a temporary CA and doesn't touch yours.

PROGRAM selects programs by name or prefix: curl, or node for all that begin with
node. The exit code is 0 if all found programs work, and 10 if one doesn't.`,
		Example: `  sidenote doctor
  sidenote doctor curl node
  sidenote doctor --format json`,
		ValidArgs: doctorNames(),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case o.timeout <= 0:
				return usageErrorf("doctor: --timeout %s: want a duration above 0, such as 30s", o.timeout)
			case o.parallel < 1 || o.parallel > maxParallel:
				return usageErrorf("doctor: --jobs %d: want a number from 1 to %d", o.parallel, maxParallel)
			}
			probes, err := chooseProbes(args)
			if err != nil {
				return err
			}
			return p.examine(c.Context(), &o, probes, len(args) > 0)
		},
	}
	addChoice(c, o.format, "format", "how to print the results: text or json")
	c.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "how much `TIME` each program has for its request")
	c.Flags().IntVarP(&o.parallel, "jobs", "j", min(runtime.NumCPU(), 4), "`NUMBER` of programs to run at once")
	return c
}

// doctorNames lists what can be examined.
func doctorNames() []string {
	var names []string
	for _, probe := range doctor.Probes() {
		names = append(names, probe.Name)
	}
	return names
}

// chooseProbes returns those that are named, each by its name or the first word
// of it; all where none is.
func chooseProbes(names []string) ([]doctor.Probe, error) {
	all := doctor.Probes()
	if len(names) == 0 {
		return all, nil
	}
	chosen := make([]bool, len(all))
	var words []string
	for _, name := range names {
		found := false
		for i := range all {
			word, _, _ := strings.Cut(all[i].Name, " ")
			words = append(words, word)
			if strings.EqualFold(name, all[i].Name) || strings.EqualFold(name, word) {
				chosen[i], found = true, true
			}
		}
		if !found {
			words = slices.Compact(words[:len(all)])
			return nil, usageErrorf("doctor: no test for %q%s; there are tests for %s", name, wording.Suggestion(name, words, "%q"), strings.Join(words, ", "))
		}
	}
	var probes []doctor.Probe
	for i := range all {
		if chosen[i] {
			probes = append(probes, all[i])
		}
	}
	return probes, nil
}

// examine tries the probes and prints the result of them.
func (p *program) examine(ctx context.Context, o *doctorOptions, probes []doctor.Probe, named bool) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	dir, err := os.MkdirTemp("", "sidenote-doctor-")
	if err != nil {
		return &codedError{exitFailed, fmt.Errorf("doctor: can't create a folder for the programs: %w", err)}
	}
	defer os.RemoveAll(dir)
	d, err := p.newDoctor(dir, o)
	if err != nil {
		return &codedError{exitFailed, fmt.Errorf("doctor: %w", err)}
	}
	report := &diagnosis{out: p.stdout, width: nameWidth(probes), named: named}
	if o.format.value == "json" {
		report.records = []*doctor.Result{}
	}
	if err := d.Examine(ctx, probes, report.add); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		return &codedError{exitFailed, fmt.Errorf("doctor: %w", err)}
	}
	if err := report.close(); err != nil {
		return cannotWrite(err)
	}
	return report.err()
}

// newDoctor makes a throw-away CA with all its files in a folder.
func (p *program) newDoctor(dir string, o *doctorOptions) (*doctor.Doctor, error) {
	settings, err := p.caSettings(dir)
	if err != nil {
		return nil, err
	}
	authority, err := ca.Open(dir)
	if err != nil {
		return nil, err
	}
	return &doctor.Doctor{
		Authority: authority, Settings: settings, Environ: p.environ, Folder: dir, Timeout: o.timeout, Parallel: o.parallel,
	}, nil
}

// A diagnosis prints results as they come.
type diagnosis struct {
	out     io.Writer
	width   int              // of the column of names
	records []*doctor.Result // for JSON; nil for text
	named   bool             // the programs were named on the command line

	begun   bool
	works   int
	fails   []string
	deaf    []string // those that never use a proxy, which is a fault only where they were named
	missing []string
}

// nameWidth is the width of the longest name, with room for a version.
func nameWidth(probes []doctor.Probe) int {
	width := len("program")
	for _, p := range probes {
		width = max(width, len(p.Name)+len(" 00.00.00"))
	}
	return width
}

func (d *diagnosis) add(r *doctor.Result) error {
	switch {
	case !r.Found:
		d.missing = append(d.missing, r.Name)
	case r.Works():
		d.works++
	case r.Deaf && !r.Proxied && !d.named:
		d.deaf = append(d.deaf, r.Name)
	default:
		d.fails = append(d.fails, r.Name)
	}
	if d.records != nil {
		d.records = append(d.records, r)
		return nil
	}
	if !r.Found {
		return nil
	}
	return writeText(d.out, d.row(r))
}

// row is one program's line, and what to do about it on lines below.
func (d *diagnosis) row(r *doctor.Result) string {
	var b strings.Builder
	line := func(name, proxied, trusted, with string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %-7s  %-7s  %s", d.width, name, proxied, trusted, with), " ") + "\n")
	}
	if !d.begun {
		line("program", "proxied", "trusted", "by")
		d.begun = true
	}
	name := printable.Text(strings.TrimSpace(r.Name+" "+r.Version), false)
	trusted := yesNo(r.Trusted)
	if !r.Proxied {
		trusted = "-"
	}
	by := strings.Join(slices.Compact(slices.Concat(r.ProxiedBy, r.TrustedBy)), ", ")
	if r.Works() && len(r.ProxiedBy) == 0 {
		by = "several variables together"
	}
	line(name, yesNo(r.Proxied), trusted, by)
	for _, more := range [][2]string{{"", r.Problem}, {"said: ", r.Said}, {"fix: ", r.Fix}} {
		if more[1] != "" {
			fmt.Fprintf(&b, "    %s%s\n", more[0], printable.Text(more[1], false))
		}
	}
	return b.String()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "NO"
}

// close prints what there is to say in the end.
func (d *diagnosis) close() error {
	if d.records != nil {
		b, err := json.MarshalIndent(struct {
			Schema   string           `json:"schema"`
			Works    bool             `json:"works"`
			Programs []*doctor.Result `json:"programs"`
		}{"sidenote.doctor/1", len(d.fails) == 0, d.records}, "", "  ")
		if err != nil {
			return err
		}
		return writeText(d.out, string(b)+"\n")
	}
	text := fmt.Sprintf("-- %d of %s", d.works, wording.Count(d.works+len(d.fails), "program"))
	if d.works == 1 && len(d.fails) == 0 {
		text += " works"
	} else {
		text += " work"
	}
	if len(d.deaf) > 0 {
		text += "; don't support a proxy: " + strings.Join(d.deaf, ", ")
	}
	if len(d.missing) > 0 {
		text += "; not on this machine: " + strings.Join(d.missing, ", ")
	}
	return writeText(d.out, text+"\n")
}

// err is that of the command. A program that was named should be there.
func (d *diagnosis) err() error {
	switch {
	case len(d.fails) > 0:
		return &codedError{exitPolicy, fmt.Errorf("doctor: %s can't be observed with this setup", strings.Join(d.fails, ", "))}
	case d.named && len(d.missing) > 0:
		return &codedError{exitPolicy, fmt.Errorf("doctor: not on this machine: %s", strings.Join(d.missing, ", "))}
	}
	return nil
}
