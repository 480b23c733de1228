package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// The types below are the part of Grafana's dashboard JSON that is used here,
// as of schema 39 (Grafana 10 and 11).

type grafanaDashboard struct {
	UID           string             `json:"uid"`
	Title         string             `json:"title"`
	Description   string             `json:"description"`
	Tags          []string           `json:"tags"`
	SchemaVersion int                `json:"schemaVersion"`
	Editable      bool               `json:"editable"`
	GraphTooltip  int                `json:"graphTooltip"` // 1 shows one moment in all panels
	Refresh       string             `json:"refresh"`
	Time          grafanaTime        `json:"time"`
	Timezone      string             `json:"timezone"`
	Templating    grafanaTemplating  `json:"templating"`
	Annotations   grafanaAnnotations `json:"annotations"`
	Links         []grafanaLink      `json:"links"`
	Panels        []grafanaPanel     `json:"panels"`
}

type grafanaTime struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type grafanaTemplating struct {
	List []grafanaVariable `json:"list"`
}

type grafanaVariable struct {
	Name       string          `json:"name"`
	Label      string          `json:"label"`
	Type       string          `json:"type"`
	Query      any             `json:"query"`
	Definition string          `json:"definition,omitempty"`
	Datasource *grafanaSource  `json:"datasource,omitempty"`
	Refresh    int             `json:"refresh,omitempty"` // 2 is whenever the time range changes
	Sort       int             `json:"sort,omitempty"`
	Multi      bool            `json:"multi,omitempty"`
	IncludeAll bool            `json:"includeAll,omitempty"`
	AllValue   string          `json:"allValue,omitempty"`
	Current    *grafanaCurrent `json:"current,omitempty"`
}

type grafanaCurrent struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

type grafanaQuery struct {
	Query string `json:"query"`
	RefID string `json:"refId"`
}

type grafanaSource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type grafanaAnnotations struct {
	List []grafanaAnnotation `json:"list"`
}

type grafanaAnnotation struct {
	Name            string        `json:"name"`
	Datasource      grafanaSource `json:"datasource"`
	Enable          bool          `json:"enable"`
	IconColor       string        `json:"iconColor"`
	Expr            string        `json:"expr"`
	TitleFormat     string        `json:"titleFormat"`
	TextFormat      string        `json:"textFormat"`
	UseValueForTime string        `json:"useValueForTime,omitempty"`
}

type grafanaLink struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"` // "link" or "dashboards"
	URL         string   `json:"url,omitempty"`
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	Tags        []string `json:"tags"`
	AsDropdown  bool     `json:"asDropdown"`
	KeepTime    bool     `json:"keepTime"`
	IncludeVars bool     `json:"includeVars"`
	TargetBlank bool     `json:"targetBlank"`
}

type grafanaPanel struct {
	ID              int                     `json:"id"`
	Type            string                  `json:"type"`
	Title           string                  `json:"title"`
	Description     string                  `json:"description"`
	GridPos         grafanaPlace            `json:"gridPos"`
	Datasource      grafanaSource           `json:"datasource"`
	Targets         []grafanaTarget         `json:"targets"`
	FieldConfig     grafanaFields           `json:"fieldConfig"`
	Options         grafanaOptions          `json:"options"`
	Transformations []grafanaTransformation `json:"transformations,omitempty"`
}

type grafanaPlace struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

type grafanaTarget struct {
	RefID        string        `json:"refId"`
	Datasource   grafanaSource `json:"datasource"`
	Expr         string        `json:"expr"`
	LegendFormat string        `json:"legendFormat,omitempty"`
	Format       string        `json:"format,omitempty"`
	Instant      bool          `json:"instant"`
	Range        bool          `json:"range"`
	Exemplar     bool          `json:"exemplar"`
}

type grafanaFields struct {
	Defaults  grafanaDefaults   `json:"defaults"`
	Overrides []grafanaOverride `json:"overrides"`
}

type grafanaDefaults struct {
	Unit       string            `json:"unit"`
	Min        *float64          `json:"min,omitempty"`
	Max        *float64          `json:"max,omitempty"`
	NoValue    string            `json:"noValue"`
	Color      grafanaColor      `json:"color"`
	Thresholds grafanaThresholds `json:"thresholds"`
	Custom     *grafanaCustom    `json:"custom,omitempty"`
	Links      []grafanaDataLink `json:"links,omitempty"`
}

type grafanaDataLink struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	TargetBlank bool   `json:"targetBlank"`
}

type grafanaColor struct {
	Mode       string `json:"mode"`
	FixedColor string `json:"fixedColor,omitempty"`
}

type grafanaThresholds struct {
	Mode  string        `json:"mode"`
	Steps []grafanaStep `json:"steps"`
}

type grafanaStep struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"` // null for the first
}

type grafanaCustom struct {
	DrawStyle   string          `json:"drawStyle,omitempty"`
	LineWidth   int             `json:"lineWidth,omitempty"`
	FillOpacity int             `json:"fillOpacity,omitempty"`
	ShowPoints  string          `json:"showPoints,omitempty"`
	Stacking    *grafanaStacked `json:"stacking,omitempty"`
}

type grafanaStacked struct {
	Mode string `json:"mode"`
}

type grafanaOverride struct {
	Matcher    grafanaMatcher    `json:"matcher"`
	Properties []grafanaProperty `json:"properties"`
}

type grafanaMatcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

type grafanaProperty struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

type grafanaOptions struct {
	Legend        *grafanaLegend  `json:"legend,omitempty"`
	Tooltip       *grafanaTooltip `json:"tooltip,omitempty"`
	ReduceOptions *grafanaReduce  `json:"reduceOptions,omitempty"`
	ColorMode     string          `json:"colorMode,omitempty"`
	GraphMode     string          `json:"graphMode,omitempty"`
	DisplayMode   string          `json:"displayMode,omitempty"`
	Orientation   string          `json:"orientation,omitempty"`
	ShowHeader    bool            `json:"showHeader,omitempty"`
}

type grafanaLegend struct {
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
	Calcs       []string `json:"calcs"`
}

type grafanaTooltip struct {
	Mode string `json:"mode"`
	Sort string `json:"sort"`
}

type grafanaReduce struct {
	Calcs  []string `json:"calcs"`
	Values bool     `json:"values"`
}

type grafanaTransformation struct {
	ID      string          `json:"id"`
	Options grafanaOrganize `json:"options"`
}

type grafanaOrganize struct {
	ExcludeByName map[string]bool   `json:"excludeByName"`
	RenameByName  map[string]string `json:"renameByName"`
}

// tag marks all dashboards, so that each can link to the others.
const tag = "sidenote"

func source() grafanaSource { return grafanaSource{Type: "prometheus", UID: "${datasource}"} }

// JSON returns a dashboard as Grafana reads it.
func (d *Dashboard) JSON() ([]byte, error) {
	out := grafanaDashboard{
		UID: d.UID, Title: d.Title, Description: d.Description, Tags: []string{tag}, SchemaVersion: 39, Editable: true, GraphTooltip: 1,
		Refresh: "10s", Time: grafanaTime{"now-1h", "now"}, Timezone: "browser",
		Templating: grafanaTemplating{d.grafanaVariables()}, Annotations: grafanaAnnotations{[]grafanaAnnotation{restarts()}}, Links: links(),
	}
	for i, at := range d.Places() {
		p := &d.Panels[i]
		out.Panels = append(out.Panels, grafanaPanel{
			ID: i + 1, Type: p.Kind.grafanaType(), Title: p.Title, Description: p.Description, GridPos: grafanaPlace(at), Datasource: source(),
			Targets: p.targets(), FieldConfig: grafanaFields{p.defaults(), p.overrides()}, Options: p.options(), Transformations: p.transformations(),
		})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	return b.Bytes(), nil
}

func (d *Dashboard) grafanaVariables() []grafanaVariable {
	list := []grafanaVariable{{Name: "datasource", Label: "Prometheus", Type: "datasource", Query: "prometheus", Refresh: 1}}
	from := source()
	for _, v := range append(Everywhere(), d.Variables...) {
		definition := "label_values(" + v.Metric + ", " + v.Of + ")"
		list = append(list, grafanaVariable{
			Name: v.Name, Label: v.Label, Type: "query", Query: grafanaQuery{definition, v.Name}, Definition: definition, Datasource: &from,
			Refresh: 2, Sort: 1, Multi: true, IncludeAll: true, AllValue: ".*", Current: &grafanaCurrent{"All", "$__all"},
		})
	}
	return append(list, grafanaVariable{
		Name: "admin", Label: "Admin address", Type: "textbox", Query: "http://127.0.0.1:8081",
		Current: &grafanaCurrent{"http://127.0.0.1:8081", "http://127.0.0.1:8081"},
	})
}

// restarts marks when a process began.
func restarts() grafanaAnnotation {
	return grafanaAnnotation{
		Name: "Restarts", Datasource: source(), Enable: true, IconColor: Blue, UseValueForTime: "on",
		Expr:        of("process_start_time_seconds") + " * 1000",
		TitleFormat: "sidenote started", TextFormat: "{{instance}}",
	}
}

func links() []grafanaLink {
	list := []grafanaLink{
		{Title: "Dashboards", Type: "dashboards", Icon: "external link", Tags: []string{tag}, AsDropdown: true, KeepTime: true, IncludeVars: true},
	}
	for _, l := range [...]struct{ title, path, icon string }{
		{"Inspector", "/", "external link"}, {"Metrics", "/docs/metrics.md", "doc"}, {"Error codes", "/docs/errors.md", "doc"},
	} {
		list = append(list, grafanaLink{Title: l.title, Type: "link", URL: "$admin" + l.path, Icon: l.icon, Tags: []string{}, TargetBlank: true})
	}
	return list
}

func (k Kind) grafanaType() string {
	switch k {
	case Number:
		return "stat"
	case Bars:
		return "bargauge"
	case Table:
		return "table"
	}
	return "timeseries"
}

func (p *Panel) targets() (list []grafanaTarget) {
	for i, q := range p.Queries {
		t := grafanaTarget{
			RefID: string(rune('A' + i)), Datasource: source(), Expr: q.Expr, LegendFormat: q.Legend,
			Instant: !p.Kind.OverTime(), Range: p.Kind.OverTime(), Exemplar: p.Kind == Lines && p.Unit == Seconds,
		}
		if p.Kind == Table {
			t.Format = "table"
		}
		list = append(list, t)
	}
	return list
}

func (p *Panel) defaults() grafanaDefaults {
	zero := 0.0
	d := grafanaDefaults{
		Unit: string(p.Unit), Min: &zero, NoValue: "no data", Color: grafanaColor{Mode: "palette-classic"},
		Thresholds: grafanaThresholds{"absolute", p.steps()}, Links: p.dataLinks(""),
	}
	if p.Kind == Number || p.Kind == Bars {
		d.Color.Mode = "thresholds"
	}
	if p.Unit == Share && p.Kind != Number {
		whole := 1.0
		d.Max = &whole
	}
	switch p.Kind {
	case Lines:
		d.Custom = &grafanaCustom{DrawStyle: "line", LineWidth: 2, FillOpacity: 8, ShowPoints: "never"}
	case Stacked:
		d.Custom = &grafanaCustom{DrawStyle: "line", LineWidth: 1, FillOpacity: 60, ShowPoints: "never", Stacking: &grafanaStacked{"normal"}}
	}
	return d
}

// Below is the colour of values below all thresholds.
func (p *Panel) Below() string {
	switch {
	case p.Best:
		return Red
	case len(p.Thresholds) == 0:
		return Blue
	}
	return Green
}

func (p *Panel) steps() []grafanaStep {
	steps := []grafanaStep{{Color: p.Below()}}
	for _, t := range p.Thresholds {
		steps = append(steps, grafanaStep{t.Color, &t.From})
	}
	return steps
}

func (p *Panel) overrides() []grafanaOverride {
	byName := map[string][]grafanaProperty{}
	for name, color := range p.Colors {
		byName[name] = append(byName[name], grafanaProperty{"color", grafanaColor{"fixed", color}})
	}
	for _, l := range p.Links {
		if l.Series != "" {
			byName[l.Series] = append(byName[l.Series], grafanaProperty{"links", p.dataLinks(l.Series)})
		}
	}
	list := []grafanaOverride{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, grafanaOverride{grafanaMatcher{"byName", name}, byName[name]})
	}
	return list
}

// dataLinks returns the links of one series, or those that all series have.
func (p *Panel) dataLinks(series string) (list []grafanaDataLink) {
	for _, l := range p.Links {
		if l.Series == series {
			list = append(list, grafanaDataLink{linkTitle, l.url(p.Kind), true})
		}
	}
	return list
}

func (p *Panel) options() grafanaOptions {
	last := &grafanaReduce{Calcs: []string{"lastNotNull"}}
	switch p.Kind {
	case Number:
		return grafanaOptions{ReduceOptions: last, ColorMode: "value", GraphMode: "none"}
	case Bars:
		return grafanaOptions{ReduceOptions: last, DisplayMode: "basic", Orientation: "horizontal"}
	case Table:
		return grafanaOptions{ShowHeader: true}
	}
	return grafanaOptions{
		Legend:  &grafanaLegend{DisplayMode: "list", Placement: "bottom", ShowLegend: true, Calcs: []string{}},
		Tooltip: &grafanaTooltip{Mode: "multi", Sort: "desc"},
	}
}

// transformations leave the time out of a table and name its value.
func (p *Panel) transformations() []grafanaTransformation {
	if p.Kind != Table {
		return nil
	}
	return []grafanaTransformation{{ID: "organize", Options: grafanaOrganize{
		ExcludeByName: map[string]bool{"Time": true}, RenameByName: map[string]string{"Value": "number"},
	}}}
}
