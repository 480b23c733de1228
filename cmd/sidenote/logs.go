package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"sidenote/sink"
)

// jsonLog makes a sink of the JSON log, with the lines that are asked for.
func (s *serving) jsonLog(w io.Writer, closer io.Closer) *sink.JSONSink {
	log := sink.NewJSONLog(w, closer)
	log.Notes = s.config.LogNotes
	return log
}

// openLog opens a file of records, which SIGHUP opens anew.
func (s *serving) openLog(path, flag string, o sink.LogFileOptions) (*sink.LogFile, error) {
	o.Log = s.log
	f, err := sink.OpenLogFile(path, flag, o)
	if err != nil {
		return nil, &codedError{exitFailed, err}
	}
	s.logs = append(s.logs, f)
	return f, nil
}

// hangups opens the files of records anew at each SIGHUP until ctx ends. When
// the signal comes because the terminal is gone, it calls stop instead.
func (s *serving) hangups(ctx context.Context, stop func()) {
	terminals := s.program.terminals()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		for _, f := range terminals {
			if !term.IsTerminal(int(f.Fd())) {
				stop()
				return
			}
		}
		s.reopenLogs()
	}
}

// terminals lists what of the standard files is a terminal.
func (p *program) terminals() (all []*os.File) {
	for _, v := range [...]any{p.stdin, p.stdout, p.stderr} {
		if f, ok := v.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			all = append(all, f)
		}
	}
	return all
}

// reopenLogs opens the files of records anew.
func (s *serving) reopenLogs() {
	for _, f := range s.logs {
		if err := f.Reopen(); err != nil {
			s.log.Warn().Msgf("SIGHUP: %v; until then records go where they went", err)
		}
	}
	if len(s.logs) > 0 {
		s.log.Info().Msg("SIGHUP: the files of records are opened anew")
	}
}
