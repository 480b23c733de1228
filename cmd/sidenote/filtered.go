package main

import (
	"errors"
	"strings"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/sink"
)

// parseFilter makes a test of exchanges from a setting's value; nil for all of
// them.
func parseFilter(setting, text string) (func(*annotate.Annotated) bool, error) {
	f, err := filter.Parse(text)
	var bad *filter.Error
	switch {
	case errors.As(err, &bad):
		return nil, usageErrorf("--%s%s", setting, strings.TrimPrefix(bad.Error(), "filter"))
	case err != nil:
		return nil, usageErrorf("--%s: %w", setting, err)
	case f.IsEmpty():
		return nil, nil
	}
	return func(a *annotate.Annotated) bool {
		r := filter.RowOf(a)
		return f.Match(&r)
	}, nil
}

// A filtered sink takes some exchanges only. It is a sink.Flusher where the
// other is one.
type filtered struct {
	sink.Sink
	wanted func(*annotate.Annotated) bool
}

// only puts a filter before a sink; it returns the sink itself for none.
func only(s sink.Sink, wanted func(*annotate.Annotated) bool) sink.Sink {
	if wanted == nil {
		return s
	}
	return filtered{s, wanted}
}

// Write passes on what is wanted.
func (f filtered) Write(a *annotate.Annotated) error {
	if !f.wanted(a) {
		return nil
	}
	return f.Sink.Write(a)
}

// Flush passes on the call.
func (f filtered) Flush() error {
	if s, ok := f.Sink.(sink.Flusher); ok {
		return s.Flush()
	}
	return nil
}
