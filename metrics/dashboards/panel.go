// Package dashboards describes the Grafana dashboards of sidenote, panel by
// panel, and writes them in Grafana's JSON. The files in configs/grafana are
// made of what is here.
package dashboards

// A Kind says how a panel shows what its queries give.
type Kind uint8

// The kinds.
const (
	Lines   Kind = iota + 1 // values over time
	Stacked                 // values over time, one above the other
	Number                  // one value, large
	Bars                    // one bar for each value of the moment
	Table                   // one row for each value of the moment, its labels as columns
)

// OverTime reports whether the kind shows a range of time, not one moment.
func (k Kind) OverTime() bool { return k == Lines || k == Stacked }

// A Unit is that of a panel's values, as Grafana names it.
type Unit string

// The units.
const (
	Count    Unit = "short"
	PerSec   Unit = "reqps" // requests, or anything else that comes one by one
	Seconds  Unit = "s"
	Octets   Unit = "bytes"
	OctetsPS Unit = "Bps"
	Share    Unit = "percentunit" // 1 is the whole
)

// Colours, as Grafana names them.
const (
	Green  = "green"
	Blue   = "blue"
	Yellow = "yellow"
	Orange = "orange"
	Red    = "red"
	Purple = "purple"
	Gray   = "#8e8e8e"
)

// A Query is one expression of PromQL, which may hold the variables of its
// dashboard and Grafana's own.
type Query struct {
	Expr   string
	Legend string // what the series is called; "{{label}}" stands for a label
}

// A Threshold colours values from From on. Values below all are green.
type Threshold struct {
	From  float64
	Color string
}

// A Panel is one picture.
type Panel struct {
	Title       string
	Description string // what it shows, and what to make of it
	Kind        Kind
	Unit        Unit
	Width       int // of Columns
	Height      int // in rows of 30 pixels
	Queries     []Query
	Thresholds  []Threshold
	Best        bool              // thresholds are for what should be high: below all is red
	Colors      map[string]string // of series that always have the same, by legend
	Links       []Link            // to the exchanges behind it
}

// Columns is how many a dashboard has side by side.
const Columns = 24

// A Variable is a choice at the top of a dashboard.
type Variable struct {
	Name   string
	Label  string
	Metric string // selects the series that have the label, as in label_values(Metric, Of)
	Of     string // the label whose values can be chosen
}

// A Dashboard is a page of panels, laid out from left to right and from top to
// bottom in their order.
type Dashboard struct {
	UID         string // in its address; must never change
	Title       string
	Description string
	Variables   []Variable // beside those that every dashboard has
	Panels      []Panel
}

// All lists the dashboards.
func All() []Dashboard {
	return []Dashboard{overview(), ruleDashboard(), latency(), itself()}
}

// Everywhere lists the variables that every dashboard has.
func Everywhere() []Variable {
	return []Variable{
		{Name: "job", Label: "Job", Metric: "sidenote_build_info", Of: "job"},
		{Name: "instance", Label: "Instance", Metric: `sidenote_build_info{job=~"$job"}`, Of: "instance"},
	}
}

// A Place is the position of a panel, in columns and rows.
type Place struct{ X, Y, W, H int }

// Places lays the panels out.
func (d *Dashboard) Places() []Place {
	places := make([]Place, len(d.Panels))
	x, y, high := 0, 0, 0
	for i, p := range d.Panels {
		if x+p.Width > Columns {
			x, y, high = 0, y+high, 0
		}
		places[i] = Place{x, y, p.Width, p.Height}
		x += p.Width
		high = max(high, p.Height)
	}
	return places
}
