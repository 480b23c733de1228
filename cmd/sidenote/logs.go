package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"sidenote/sink"
)

// recordFiles are the files of records that SIGHUP opens again.
type recordFiles struct {
	log   zerolog.Logger
	files []*sink.LogFile
}

// open opens one more.
func (r *recordFiles) open(path, flag string, o sink.LogFileOptions) (*sink.LogFile, error) {
	o.Log = r.log
	f, err := sink.OpenLogFile(path, flag, o)
	if err != nil {
		return nil, &codedError{exitUsage, err}
	}
	r.files = append(r.files, f)
	return f, nil
}

// reopen opens all of them again.
func (r *recordFiles) reopen() {
	for _, f := range r.files {
		if err := f.Reopen(); err != nil {
			r.log.Warn().Msgf("SIGHUP: %v; sidenote keeps writing to the old file until then", err)
		}
	}
	if len(r.files) > 0 {
		r.log.Info().Msg("SIGHUP: reopened the record files")
	}
}

// hangups opens the files of records again at each SIGHUP until ctx ends. When
// the signal comes because the terminal is gone, it calls stop instead.
func (p *program) hangups(ctx context.Context, stop func(), files *recordFiles) {
	terminals := p.terminals()
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
		files.reopen()
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
