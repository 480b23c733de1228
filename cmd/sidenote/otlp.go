package main

import (
	"crypto/tls"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sidenote/metrics"
	"sidenote/sink"
	"sidenote/sink/otlp"
)

// otlpFromEnviron is the value of --otlp that asks for OpenTelemetry's own
// variables. They are not read unasked: they are often there for other programs.
const otlpFromEnviron = "env"

// tracer finds the place of exchanges in traces.
func (s *serving) tracer() otlp.Tracer {
	return otlp.Tracer{Mode: otlp.ContextMode(s.config.TraceContext), Spans: s.targets.Any()}
}

// otlpLane makes the sink that sends to an OpenTelemetry collector.
func (s *serving) otlpLane() (sink.Lane, error) {
	resource, err := s.resource()
	if err != nil {
		return sink.Lane{}, err
	}
	exporter := otlp.New(otlp.Options{
		Targets: s.targets, Resource: resource, Tracer: s.tracer(), Log: s.log, Where: s.collector(),
	})
	s.metrics.OTLP("spans", func() metrics.OTLPStats { spans, _ := exporter.Stats(); return metrics.OTLPStats(spans) })
	s.metrics.OTLP("log_records", func() metrics.OTLPStats { _, records := exporter.Stats(); return metrics.OTLPStats(records) })
	return sink.Lane{Name: "otlp", Sink: exporter, Lossy: true, Direct: true, Fix: "see whether the collector runs"}, nil
}

// otlpTargets finds where to send, if anything is.
func (s *serving) otlpTargets() (otlp.Targets, error) {
	where := s.config.Where("otlp")
	switch s.config.OTLP {
	case "":
		return otlp.Targets{}, nil
	case otlpFromEnviron:
		return s.otlpFromEnviron(where)
	}
	header, err := s.otlpHeader()
	if err != nil {
		return otlp.Targets{}, err
	}
	var config *tls.Config
	if s.config.OTLPCA != "" {
		roots, err := rootsWith(s.config.OTLPCA, "--otlp-ca")
		if err != nil {
			return otlp.Targets{}, err
		}
		config = &tls.Config{RootCAs: roots}
	}
	t, err := otlp.ParseTarget(s.config.OTLP, header, config)
	if err != nil {
		return t, usageErrorf("%s: %w", where, err)
	}
	return t, nil
}

// otlpFromEnviron reads OpenTelemetry's own variables, and no setting of ours
// beside them: two places for one thing would leave one out unseen.
func (s *serving) otlpFromEnviron(where string) (otlp.Targets, error) {
	if len(s.config.OTLPHeaders) > 0 {
		return otlp.Targets{}, usageErrorf("%s is for the URL of a collector; with %s env, set OTEL_EXPORTER_OTLP_HEADERS", s.config.Where("otlp-headers"), where)
	}
	if s.config.OTLPCA != "" {
		return otlp.Targets{}, usageErrorf("%s is for the URL of a collector; with %s env, set OTEL_EXPORTER_OTLP_CERTIFICATE", s.config.Where("otlp-ca"), where)
	}
	t, err := otlp.TargetsFromEnviron(func(name string) string { v, _ := s.program.lookup(name); return v })
	if err != nil {
		return t, usageErrorf("%s env: %w", where, err)
	}
	return t, nil
}

// otlpHeader returns the fields that the configuration adds to requests.
func (s *serving) otlpHeader() (http.Header, error) {
	h := http.Header{}
	for name, value := range s.config.OTLPHeaders {
		if !otlp.ValidHeader(name, value) {
			return nil, usageErrorf("%s: %q cannot be sent: a name has no spaces, and a value no control characters", s.config.Where("otlp-headers"), name)
		}
		h.Set(name, value)
	}
	return h, nil
}

// collector names the collector in messages.
func (s *serving) collector() string {
	switch {
	case s.config.OTLP != otlpFromEnviron:
		return s.config.OTLP
	case s.targets.Traces == nil:
		return s.targets.Logs.URL.String()
	}
	return s.targets.Traces.URL.String()
}

// greetCollector says what is sent to a collector.
func (s *serving) greetCollector() {
	where := s.config.Where("otlp")
	switch {
	case s.targets.Off != "":
		s.log.Info().Msgf("nothing is sent to an OpenTelemetry collector: %s names the environment, where %s", where, s.targets.Off)
	case s.targets.Any():
		s.log.Info().Msgf("spans and notes go to the OpenTelemetry collector that %s names", where)
	}
}

// resource describes this process to the collector, with what
// OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say of it.
func (s *serving) resource() ([]otlp.Attribute, error) {
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
	var all []otlp.Attribute
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		all = append(all, otlp.Attribute{Key: key, Value: attributes[key]})
	}
	return all, nil
}
