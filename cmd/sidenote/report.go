package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/internal/wholefile"
	"sidenote/sink"
	"sidenote/sink/report"
)

// reports are the reports of --report and the summary at the end of a run. Open
// them before anything starts, pass them every exchange (as lanes of a Fanout,
// or with Write), and finish them with the verdict.
type reports struct {
	program   *program
	collector *report.Collector
	whole     []reportFile    // written at the end
	streams   []*reportStream // written as exchanges come
	summary   string          // file of a GitHub job's summary; "" for none
	mode      fs.FileMode     // of the files that are written at the end
}

type reportFile struct {
	configs.Report
	kind   report.Kind
	target string // File, links followed
	beside string // the second file that the kind has; "" for none
}

type reportStream struct {
	configs.Report

	mu   sync.Mutex // a lane that was too slow to drain may still be at work
	sink sink.Sink  // nil once it is closed
	err  error      // the first, after which nothing is written
}

// reportOptions says what a report keeps, what is shown and what fails; title
// is what is run, and run its name.
func reportOptions(j *judge, least annotate.Severity, title, run string) report.Options {
	o := report.Options{FailOn: j.policy.FailOn(), Least: least, Title: title, Run: run}
	if o.FailOn != 0 {
		o.Least = min(o.Least, o.FailOn)
	}
	return o
}

// verdictOf is what a judge has to say, for a report.
func verdictOf(j *judge) report.Verdict {
	v := j.gate.Verdict()
	out := report.Verdict{Passed: v.Passed, Reasons: v.Reasons}
	switch failOn := j.policy.FailOn(); {
	case !v.Passed || !j.policy.CanFail():
	case failOn == 0:
		out.Reasons = []string{"the policy passed"}
	default:
		out.Reasons = []string{"no note at or above " + failOn.String()}
	}
	return out
}

// judged adds what else led to the verdict of a judge: reasons why the run
// failed, though the policy may have passed.
func judged(j *judge, more ...string) report.Verdict {
	v := verdictOf(j)
	if len(more) > 0 && v.Passed {
		v = report.Verdict{}
	}
	v.Reasons = append(v.Reasons, more...)
	return v
}

// notTheSameFile refuses to write a report over what is to be read.
func notTheSameFile(reports []configs.Report, inputs []capture) error {
	for _, r := range reports {
		info, err := os.Stat(r.File)
		if err != nil {
			continue
		}
		for i := range inputs {
			if in, err := os.Stat(inputs[i].name); err == nil && os.SameFile(info, in) {
				return usageErrorf("--report %s=%s: this is also an input file; choose another name", r.Kind, r.File)
			}
		}
	}
	return nil
}

// openReports makes the reports ready that a configuration asks for. What
// cannot be written is an error of the start.
func (p *program) openReports(c *configs.Config, o report.Options) (*reports, error) {
	r := &reports{program: p, mode: publicMode}
	if c.ShowSecrets {
		r.mode = privateMode
	}
	kinds := report.Kinds()
	for _, asked := range c.Reports {
		kind := kinds[slices.IndexFunc(kinds, func(k report.Kind) bool { return k.Name == asked.Kind })]
		var err error
		if kind.Stream != nil {
			err = r.openStream(asked, kind)
		} else {
			err = r.openWhole(asked, kind)
			o.Detail = true
		}
		if err != nil {
			r.close()
			return nil, &codedError{exitUsage, fmt.Errorf("--report %s: %w", asked.Kind, err)}
		}
	}
	o.Version = readVersion().Version
	r.collector = report.NewCollector(o)
	return r, nil
}

// openWhole finds out whether a report that is written at the end can be.
func (r *reports) openWhole(asked configs.Report, kind report.Kind) error {
	f := reportFile{Report: asked, kind: kind}
	var err error
	if f.target, err = r.makeRoom(asked.File); err != nil {
		return err
	}
	if _, err := os.Stat(f.target); kind.Beside != "" && f.File != "-" && errors.Is(err, fs.ErrNotExist) { // so it is not a device
		f.beside = f.target + kind.Beside
		if _, err := r.makeRoom(f.beside); err != nil {
			return err
		}
	}
	if kind.JobSummary {
		if r.summary, _ = r.program.lookup("GITHUB_STEP_SUMMARY"); r.summary != "" {
			if err := r.appendSummary(func(io.Writer) error { return nil }); err != nil {
				return err
			}
		}
	}
	r.whole = append(r.whole, f)
	return nil
}

// appendSummary adds to the summary of a GitHub Actions job.
func (r *reports) appendSummary(write func(io.Writer) error) error {
	f, err := os.OpenFile(r.summary, os.O_WRONLY|os.O_APPEND|os.O_CREATE, publicMode)
	if err == nil {
		err = errors.Join(write(f), f.Close())
	}
	if err != nil {
		return cannotWriteFile("GITHUB_STEP_SUMMARY "+r.summary, err)
	}
	return nil
}

// openStream opens a report that grows with each exchange.
func (r *reports) openStream(asked configs.Report, kind report.Kind) error {
	w, closer, isFile := r.program.stdout, io.Closer(nil), false
	if asked.File != "-" {
		f, err := os.OpenFile(asked.File, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, privateMode)
		if err != nil {
			return cannotWriteFile(asked.File, err)
		}
		info, err := f.Stat()
		isFile = err == nil && info.Mode().IsRegular()
		w, closer = f, f
	}
	s := kind.Stream(report.Stream{W: w, Closer: closer, IsFile: isFile, Version: readVersion().Version})
	r.streams = append(r.streams, &reportStream{Report: asked, sink: s})
	return nil
}

// The modes of new files, before the umask. Reports are made to be picked up by
// other programs, unless secrets are shown; the exchanges themselves are their
// owner's.
const (
	publicMode  = 0o644
	privateMode = 0o600
)

// toStdout reports whether a report goes to standard output, where nothing
// else may then stand.
func (r *reports) toStdout() bool {
	return slices.ContainsFunc(r.whole, func(f reportFile) bool { return f.File == "-" }) ||
		slices.ContainsFunc(r.streams, func(s *reportStream) bool { return s.File == "-" })
}

// any reports whether there are reports at all; the collector alone makes none.
func (r *reports) any() bool { return len(r.whole) > 0 || len(r.streams) > 0 }

// needContent reports whether a report holds the content of every exchange, so
// that secrets have to be looked for in all of it.
func (r *reports) needContent() bool { return len(r.streams) > 0 }

// lanes returns what a Fanout is to write to.
func (r *reports) lanes() []sink.Lane {
	lanes := []sink.Lane{{Name: "report", Sink: r.collector}}
	for _, s := range r.streams {
		lanes = append(lanes, sink.Lane{Name: "report " + s.Kind, Sink: s, Content: true, Fix: "free disk space for " + s.File})
	}
	return lanes
}

// inPlace is the outlet of commands that write as they go.
type inPlace struct {
	reports *reports
	shown   sink.Sink
}

// Write puts an exchange into the reports and shows it.
func (o inPlace) Write(a *annotate.Annotated) error {
	o.reports.Write(a)
	return o.shown.Write(a)
}

// ShowsContent reports whether a report holds content; what is shown does not.
func (o inPlace) ShowsContent() bool { return o.reports.needContent() }

// Write puts an exchange into every report, for programs that have no Fanout.
// It never fails: finish says what went wrong.
func (r *reports) Write(a *annotate.Annotated) {
	_ = r.collector.Write(a) // never fails
	for _, s := range r.streams {
		_ = s.Write(a)
	}
}

// Write keeps the first error, and writes nothing after it.
func (s *reportStream) Write(a *annotate.Annotated) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && s.sink != nil {
		s.err = s.sink.Write(a)
	}
	return s.err
}

// Flush writes what is held back.
func (s *reportStream) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.sink.(sink.Flusher); ok && s.err == nil {
		s.err = f.Flush()
	}
	return s.err
}

// Close closes the file. It may be called again.
func (s *reportStream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sink != nil {
		if err := s.sink.Close(); s.err == nil {
			s.err = err
		}
		s.sink = nil
	}
	return s.err
}

// close abandons the reports and closes their files.
func (r *reports) close() {
	if r == nil {
		return
	}
	for _, s := range r.streams {
		_ = s.Close()
	}
}

// finish writes all reports after the last exchange. A report that cannot be
// written does not keep the others from it; the error names each.
func (r *reports) finish(v report.Verdict) (*report.Report, error) {
	var errs []error
	for _, s := range r.streams {
		if err := s.Close(); err != nil {
			errs = append(errs, fmt.Errorf("--report %s: %w", s.Kind, cannotWriteFile(s.File, err)))
		}
	}
	made := r.collector.Report(v)
	for _, f := range r.whole {
		if err := r.write(f, made); err != nil {
			errs = append(errs, fmt.Errorf("--report %s: %w", f.Kind, err))
		}
	}
	if len(errs) > 0 {
		return made, &codedError{exitFailed, joined(errs)}
	}
	return made, nil
}

// joined makes one line of several errors.
func joined(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

func (r *reports) write(f reportFile, made *report.Report) error {
	named := ""
	if f.beside != "" {
		named = f.File
		if err := wholefile.Replace(f.beside, r.mode, func(w io.Writer) error { return f.kind.WriteBeside(w, made) }); err != nil {
			return cannotWriteFile(f.File+f.kind.Beside, err)
		}
	}
	write := func(w io.Writer) error { return f.kind.Write(w, made, named) }
	var err error
	if f.File == "-" {
		err = write(r.program.stdout)
	} else {
		err = wholefile.Replace(f.target, r.mode, write)
	}
	switch {
	case err != nil:
		return cannotWriteFile(f.File, err)
	case f.kind.JobSummary && r.summary != "":
		return r.appendSummary(func(w io.Writer) error { return report.WriteMarkdown(w, made) })
	}
	return nil
}

// makeRoom finds out whether a file can be written, and removes the
// report of an earlier run, which would be taken for one of this. It returns the
// path of the file that the name stands for.
func (r *reports) makeRoom(name string) (target string, err error) {
	if name == "-" {
		return name, nil
	}
	target = wholefile.Target(name)
	info, err := os.Stat(target)
	switch {
	case err == nil && info.IsDir():
		return "", cannotWriteFile(name, syscall.EISDIR)
	case err == nil && !info.Mode().IsRegular():
		return target, nil // a device or a pipe, which is written as it is
	case err == nil:
		if err := os.Remove(target); err != nil {
			return "", cannotWriteFile(name, err)
		}
	}
	f, err := wholefile.Beside(target, r.mode)
	if err != nil {
		return "", cannotWriteFile(name, err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return "", cannotWriteFile(name, err)
	}
	return target, nil
}

// cannotWriteFile says what is wrong with a file that is to be written, and
// what to do.
func cannotWriteFile(name string, err error) error {
	if name == "-" {
		return fmt.Errorf("can't write to standard output: %w", err)
	}
	return wholefile.Unwritable(name, err)
}

// printSummary writes what to fix first, and the verdict.
func (p *program) printSummary(w io.Writer, r *report.Report, t sink.Terminal) error {
	return report.WriteSummary(w, r, t)
}
