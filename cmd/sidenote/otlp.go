package main

import (
	"crypto/tls"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"sidenote/configs"
	"sidenote/sink"
	"sidenote/sink/otlp"
)

// otlpFromEnviron is the value of --otlp that asks for OpenTelemetry's own
// variables. They are not read unasked: they are often there for other programs.
const otlpFromEnviron = "env"

// An export is what goes to an OpenTelemetry collector, if anything does.
type export struct {
	setting  string      // where it was asked for, in words
	off      string      // what in the environment keeps all from being sent; "" for nothing
	tracer   otlp.Tracer // finds the place of exchanges in traces
	exporter *otlp.Exporter
	lane     *sink.Lane // of the exporter; nil where there is none
}

// newExport makes what a configuration asks for.
func (p *program) newExport(c *configs.Config, run string, log zerolog.Logger) (export, error) {
	targets, err := p.otlpTargets(c)
	e := export{setting: c.Where("otlp"), off: targets.Off}
	if err != nil {
		return e, err
	}
	e.tracer = otlp.Tracer{Mode: otlp.ContextMode(c.TraceContext), Spans: targets.Any()}
	if !targets.Any() {
		return e, nil
	}
	resource, err := p.otlpResource(run)
	if err != nil {
		return e, err
	}
	e.exporter = otlp.New(otlp.Options{Targets: targets, Resource: resource, Tracer: e.tracer, Log: log, Where: collector(c, targets)})
	e.lane = &sink.Lane{Name: "otlp", Sink: e.exporter, Lossy: true, Direct: true, Fix: "check that the collector runs"}
	return e, nil
}

// otlpTargets finds where to send, if anything is.
func (p *program) otlpTargets(c *configs.Config) (otlp.Targets, error) {
	where := c.Where("otlp")
	switch c.OTLP {
	case "":
		return otlp.Targets{}, nil
	case otlpFromEnviron:
		return p.otlpFromEnviron(c, where)
	}
	header, err := otlpHeader(c)
	if err != nil {
		return otlp.Targets{}, err
	}
	var config *tls.Config
	if c.OTLPCA != "" {
		roots, err := rootsWith(c.OTLPCA, "--otlp-ca")
		if err != nil {
			return otlp.Targets{}, err
		}
		config = &tls.Config{RootCAs: roots}
	}
	t, err := otlp.ParseTarget(c.OTLP, header, config)
	if err != nil {
		return t, usageErrorf("%s: %w", where, err)
	}
	return t, nil
}

// otlpFromEnviron reads OpenTelemetry's own variables, and no setting of ours
// beside them: two places for one thing would leave one out unseen.
func (p *program) otlpFromEnviron(c *configs.Config, where string) (otlp.Targets, error) {
	if len(c.OTLPHeaders) > 0 {
		return otlp.Targets{}, usageErrorf("%s needs a collector URL; with %s env, set OTEL_EXPORTER_OTLP_HEADERS instead", c.Where("otlp-headers"), where)
	}
	if c.OTLPCA != "" {
		return otlp.Targets{}, usageErrorf("%s needs a collector URL; with %s env, set OTEL_EXPORTER_OTLP_CERTIFICATE instead", c.Where("otlp-ca"), where)
	}
	t, err := otlp.TargetsFromEnviron(func(name string) string { v, _ := p.lookup(name); return v })
	if err != nil {
		return t, usageErrorf("%s env: %w", where, err)
	}
	return t, nil
}

// otlpHeader returns the fields that the configuration adds to requests.
func otlpHeader(c *configs.Config) (http.Header, error) {
	h := http.Header{}
	for name, value := range c.OTLPHeaders {
		if !otlp.ValidHeader(name, value) {
			return nil, usageErrorf("%s: can't send %q: a name can't contain spaces, and a value can't contain control characters", c.Where("otlp-headers"), name)
		}
		h.Set(name, value)
	}
	return h, nil
}

// collector names the collector in messages.
func collector(c *configs.Config, targets otlp.Targets) string {
	switch {
	case c.OTLP != otlpFromEnviron:
		return c.OTLP
	case targets.Traces == nil:
		return targets.Logs.URL.String()
	}
	return targets.Traces.URL.String()
}

// greet says what is sent to a collector.
func (e *export) greet(log zerolog.Logger) {
	switch {
	case e.off != "":
		log.Info().Msgf("not sending to an OpenTelemetry collector: %s uses the environment, where %s", e.setting, e.off)
	case e.lane != nil:
		log.Info().Msgf("sending spans and notes to the OpenTelemetry collector of %s", e.setting)
	}
}

// otlpResource describes this process to the collector, with what
// OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say of it.
func (p *program) otlpResource(run string) ([]otlp.Attribute, error) {
	attributes := map[string]string{"service.name": "sidenote", "service.version": buildOf().Version, "service.instance.id": run}
	list, _ := p.lookup("OTEL_RESOURCE_ATTRIBUTES")
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
	if name, _ := p.lookup("OTEL_SERVICE_NAME"); name != "" {
		attributes["service.name"] = name
	}
	var all []otlp.Attribute
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		all = append(all, otlp.Attribute{Key: key, Value: attributes[key]})
	}
	return all, nil
}
