package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"sidenote/configs"
	"sidenote/diff"
	"sidenote/internal/wholefile"
	"sidenote/pipeline"
	"sidenote/sink"
)

// changes compare the exchanges of a run with those of an earlier one.
type changes struct {
	config *configs.Config
	before *diff.Side // nil where there is no earlier run yet
	name   string     // of its file
	after  *diff.Side
	kept   *os.File // becomes the file of --baseline-run if the run is green; nil without it
}

// openChanges reads the earlier run that the settings name; nil where they name none.
func (p *program) openChanges(c *configs.Config, j *judge) (*changes, error) {
	if c.Compare == "" && c.BaselineRun == "" {
		return nil, nil
	}
	if c.Compare != "" && c.BaselineRun != "" {
		return nil, usageErrorf("%s: there is %s already; give only one of the two", c.Where("compare"), c.Where("baseline-run"))
	}
	if err := checkDiffReports("run", "--compare-report", c.CompareReports); err != nil {
		return nil, err
	}
	ch := &changes{config: c, name: c.Compare, after: diff.NewSide()}
	if c.BaselineRun != "" {
		if _, err := os.Stat(c.BaselineRun); err == nil {
			ch.name = c.BaselineRun
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, &codedError{exitUsage, fmt.Errorf("%s: %w", c.Where("baseline-run"), wholefile.Unreadable(c.BaselineRun, err))}
		}
	}
	if ch.name != "" {
		var err error
		if ch.before, err = p.readSide(context.Background(), "run", ch.name, j); err != nil {
			return nil, err
		}
	}
	if c.BaselineRun != "" {
		var err error
		if ch.kept, err = wholefile.Beside(wholefile.Target(c.BaselineRun), privateMode); err != nil {
			return nil, &codedError{exitUsage, fmt.Errorf("%s: %w", c.Where("baseline-run"), wholefile.Unwritable(c.BaselineRun, err))}
		}
	}
	return ch, nil
}

// lanes are what the exchanges are written to.
func (ch *changes) lanes(j *judge) []sink.Lane {
	if ch == nil {
		return nil
	}
	lanes := []sink.Lane{{Name: "compare", Sink: newCompared(ch.after, pipeline.New(j.alone())), Content: true, Fix: "run fewer requests at once"}}
	if ch.kept != nil {
		lanes = append(lanes, sink.Lane{Name: "baseline-run", Sink: sink.NewSave(ch.kept, ch.kept), Content: true, Fix: "free disk space for " + ch.config.BaselineRun})
	}
	return lanes
}

// finish prints what changed, writes it to the files that were asked for, and
// returns why the changes fail; "" if they do not.
func (ch *changes) finish(out io.Writer, title string, ascii bool) (failing string, err error) {
	if ch == nil || ch.before == nil || ch.after.Exchanges() == 0 { // which is told of elsewhere
		return "", nil
	}
	r := diff.Compare(ch.before, ch.after)
	names := diff.Names{Before: ch.name, After: title}
	if err := r.WriteText(out, names, ascii); err != nil {
		return "", cannotWrite(err)
	}
	return failingChanges(r, ch.config.FailOnChanges), writeDiffReports("run", ch.config.CompareReports, r, names)
}

// keep makes this run the one that later ones are compared with, where it is green.
func (ch *changes) keep(green bool) error {
	if ch == nil || ch.kept == nil {
		return nil
	}
	if !green || ch.after.Exchanges() == 0 {
		return os.Remove(ch.kept.Name())
	}
	if err := os.Rename(ch.kept.Name(), wholefile.Target(ch.config.BaselineRun)); err != nil {
		return &codedError{exitFailed, fmt.Errorf("--baseline-run: %w", wholefile.Unwritable(ch.config.BaselineRun, err))}
	}
	return nil
}

// drop removes what is left of a run that did not come to its end.
func (ch *changes) drop() {
	if ch != nil && ch.kept != nil {
		ch.kept.Close()
		_ = os.Remove(ch.kept.Name()) // gone where keep has been
	}
}
