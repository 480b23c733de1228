package main

import (
	"io"
	"os"

	"github.com/rs/zerolog"

	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/sink"
)

// outputs are what a server writes exchanges to, all open.
type outputs struct {
	out     io.Writer // what people read
	reports *reports
	logs    recordFiles
	changes *changes // nil where the run is compared with none
	lanes   []sink.Lane
}

// An outputPlan says what outputs are opened for.
type outputPlan struct {
	serverPlan
	config *configs.Config
	judge  *judge
	run    string
	store  sink.Sink  // what keeps the inspector's exchanges; nil for nothing
	otlp   *sink.Lane // what sends to a collector; nil for nothing
}

// openOutputs opens what a configuration asks for, or nothing.
func (p *program) openOutputs(plan outputPlan) (_ *outputs, err error) {
	c := plan.config
	o := &outputs{out: plan.out, logs: recordFiles{log: plan.log}}
	defer func() {
		if err != nil {
			o.reports.close()
		}
	}()
	if o.reports, err = p.openReports(c, reportOptions(plan.judge, leastShown(c), plan.title, plan.run)); err != nil {
		return nil, err
	}
	if o.reports.toStdout() && o.out == p.stdout {
		o.out = p.stderr
	}
	for _, open := range []func(*program, *outputPlan) (sink.Lane, error){o.console, o.log, o.save} {
		lane, err := open(p, &plan)
		if err != nil {
			return nil, err
		}
		if lane.Sink != nil {
			o.lanes = append(o.lanes, lane)
		}
	}
	if plan.store != nil {
		o.lanes = append(o.lanes, sink.Lane{Name: "store", Sink: plan.store, Content: true, Fix: "free disk space for " + c.Store})
	}
	if plan.otlp != nil {
		o.lanes = append(o.lanes, *plan.otlp)
	}
	if plan.compare {
		if o.changes, err = p.openChanges(c, plan.judge); err != nil {
			return nil, err
		}
		o.lanes = append(o.lanes, o.changes.lanes(plan.judge)...)
	}
	if plan.summary || o.reports.any() {
		o.lanes = append(o.lanes, o.reports.lanes()...)
	}
	return o, nil
}

// console returns the lane of what is printed.
func (o *outputs) console(p *program, plan *outputPlan) (sink.Lane, error) {
	c := plan.config
	wanted, err := parseFilter("filter", c.Filter)
	if err != nil {
		return sink.Lane{}, err
	}
	lane := sink.Lane{Name: "console", Fix: "check the program that reads the output"}
	if c.Format == "json" {
		lane.Sink = only(jsonLog(c, o.out, nil), wanted)
		return lane, nil
	}
	shown := sink.ConsoleOptions{Terminal: p.terminal(o.out, c.Color), Least: leastShown(c), Quiet: c.Quiet, Wanted: wanted}
	if !plan.summary {
		shown.Closing = plan.judge.closing
	}
	lane.Sink = sink.NewConsole(o.out, shown)
	return lane, nil
}

// log returns the lane of the JSON log; none where there is no file for it.
func (o *outputs) log(_ *program, plan *outputPlan) (sink.Lane, error) {
	c := plan.config
	if c.LogFile == "" {
		return sink.Lane{}, nil
	}
	f, err := o.logs.open(c.LogFile, "--log-file", sink.LogFileOptions{MaxSize: c.LogMaxSize, MaxAge: c.LogMaxAge, Keep: c.LogKeep})
	if err != nil {
		return sink.Lane{}, err
	}
	return sink.Lane{Name: "log", Sink: jsonLog(c, f, f), Fix: "free disk space for " + c.LogFile}, nil
}

// save returns the lane of whole exchanges; none where there is no file for
// them. A filter of them alone is only looked at.
func (o *outputs) save(_ *program, plan *outputPlan) (sink.Lane, error) {
	c := plan.config
	saved, err := parseFilter("save-filter", c.SaveFilter)
	if err != nil || c.Save == "" {
		return sink.Lane{}, err
	}
	f, err := o.logs.open(c.Save, "--save", sink.LogFileOptions{})
	if err != nil {
		return sink.Lane{}, err
	}
	return sink.Lane{Name: "save", Sink: only(sink.NewSave(f, f), saved), Content: true, Fix: "free disk space for " + c.Save}, nil
}

// jsonLog makes a sink of the JSON log, with the lines that are asked for.
func jsonLog(c *configs.Config, w io.Writer, closer io.Closer) *sink.JSONSink {
	log := sink.NewJSONLog(w, closer)
	log.Notes, log.Messages = c.LogNotes, c.LogMessages
	return log
}

// redactor is what takes secrets out before exchanges are shown or written; nil
// where they are to be seen.
func redactor(c *configs.Config) *exchange.Redactor {
	if c.ShowSecrets {
		return nil
	}
	return exchange.NewRedactor(nil)
}

// terminal says what it is that text for people is written to.
func (p *program) terminal(w io.Writer, color string) sink.Terminal {
	env := func(name string) string { v, _ := p.lookup(name); return v }
	if b, ok := w.(besides); ok {
		w = b.Writer
	}
	f, _ := w.(*os.File)
	if f == nil {
		return sink.Terminal{Color: sink.WantsColor(color, false, env), Program: p.self()}
	}
	t := sink.DetectTerminal(f, color, env)
	t.Program = p.self()
	return t
}

// newLog makes the log of what the program itself has to say.
func newLog(w io.Writer) zerolog.Logger {
	return zerolog.New(zerolog.ConsoleWriter{Out: w, NoColor: true, PartsOrder: []string{"level", "message"}}).Level(zerolog.InfoLevel)
}
