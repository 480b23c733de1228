package main

import (
	"crypto/tls"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sidenote/metrics"
	"sidenote/sink"
	"sidenote/telemetry"
)

// otlpFromEnviron is the value of --otlp that asks for OpenTelemetry's own
// variables. They are not read unasked: they are often there for other programs.
const otlpFromEnviron = "env"

// tracer finds the place of exchanges in traces.
func (s *serving) tracer() telemetry.Tracer {
	return telemetry.Tracer{Mode: telemetry.ContextMode(s.config.TraceContext), Spans: s.config.OTLP != ""}
}

// otlpLane makes the sink that sends to an OpenTelemetry collector.
func (s *serving) otlpLane() (sink.Lane, error) {
	targets, err := s.otlpTargets()
	if err != nil {
		return sink.Lane{}, err
	}
	resource, err := s.resource()
	if err != nil {
		return sink.Lane{}, err
	}
	exporter := telemetry.New(telemetry.Options{
		Targets: targets, Resource: resource, Tracer: s.tracer(), Log: s.log, Where: s.collector(targets),
	})
	s.metrics.OTLP("spans", func() metrics.OTLPStats { spans, _ := exporter.Stats(); return metrics.OTLPStats(spans) })
	s.metrics.OTLP("log_records", func() metrics.OTLPStats { _, records := exporter.Stats(); return metrics.OTLPStats(records) })
	return sink.Lane{Name: "otlp", Sink: exporter, Lossy: true, Direct: true, Fix: "see whether the collector runs"}, nil
}

var errNoSignal = errors.New("OTEL_TRACES_EXPORTER and OTEL_LOGS_EXPORTER say that nothing is to be sent")

// otlpTargets finds where to send.
func (s *serving) otlpTargets() (telemetry.Targets, error) {
	where := s.config.Where("otlp")
	if s.config.OTLP == otlpFromEnviron {
		t, err := telemetry.TargetsFromEnviron(func(name string) string { v, _ := s.program.lookup(name); return v })
		if err == nil && t == (telemetry.Targets{}) {
			err = errNoSignal
		}
		if err != nil {
			return t, usageErrorf("%s env: %w", where, err)
		}
		return t, nil
	}
	header, err := s.otlpHeader()
	if err != nil {
		return telemetry.Targets{}, err
	}
	var config *tls.Config
	if s.config.OTLPCA != "" {
		roots, err := rootsWith(s.config.OTLPCA, "--otlp-ca")
		if err != nil {
			return telemetry.Targets{}, err
		}
		config = &tls.Config{RootCAs: roots}
	}
	t, err := telemetry.ParseTarget(s.config.OTLP, header, config)
	if err != nil {
		return t, usageErrorf("%s: %w", where, err)
	}
	return t, nil
}

// otlpHeader gives the fields that the configuration adds to requests.
func (s *serving) otlpHeader() (http.Header, error) {
	h := http.Header{}
	for name, value := range s.config.OTLPHeaders {
		if !telemetry.ValidHeader(name, value) {
			return nil, usageErrorf("%s: %q cannot be sent: a name has no spaces, and a value no control characters", s.config.Where("otlp-headers"), name)
		}
		h.Set(name, value)
	}
	return h, nil
}

// collector names the collector in messages.
func (s *serving) collector(t telemetry.Targets) string {
	switch {
	case s.config.OTLP != otlpFromEnviron:
		return s.config.OTLP
	case t.Traces == nil:
		return t.Logs.URL.String()
	}
	return t.Traces.URL.String()
}

// resource describes this process to the collector, with what
// OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say of it.
func (s *serving) resource() ([]telemetry.Attribute, error) {
	attributes := map[string]string{"service.name": "sidenote", "service.version": buildOf().Version, "service.instance.id": s.runID}
	list, _ := s.program.lookup("OTEL_RESOURCE_ATTRIBUTES")
	for item := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		name, value, ok := strings.Cut(item, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || err != nil || name == "" {
			return nil, usageErrorf("OTEL_RESOURCE_ATTRIBUTES: want NAME=VALUE, separated by commas, not %q", item)
		}
		attributes[name] = value
	}
	if name, _ := s.program.lookup("OTEL_SERVICE_NAME"); name != "" {
		attributes["service.name"] = name
	}
	var all []telemetry.Attribute
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		all = append(all, telemetry.Attribute{Key: key, Value: attributes[key]})
	}
	return all, nil
}
