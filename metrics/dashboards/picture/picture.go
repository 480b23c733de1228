// Package picture draws dashboards from the results of their queries, much as
// Grafana shows them, for documents and for people without Grafana.
package picture

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidenote/metrics/dashboards"
)

// A Series is one series of a panel's result, with its points in the order of time.
type Series struct {
	Name   string // as Legend makes it
	Labels map[string]string
	At     []time.Time
	Values []float64
}

func (s *Series) last() float64 { return s.Values[len(s.Values)-1] }

var labelInLegend = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// Legend fills the labels of a series into the legend of its query.
func Legend(legend string, labels map[string]string) string {
	return labelInLegend.ReplaceAllStringFunc(legend, func(s string) string {
		return labels[labelInLegend.FindStringSubmatch(s)[1]]
	})
}

// Sizes of a page, in pixels.
const (
	pageWidth  = 1440
	columnWide = 59
	rowHigh    = 30
	gap        = 8
	margin     = 12
	headHigh   = 56
)

// Size is how large the page of a dashboard is, in pixels.
func Size(d *dashboards.Dashboard) (width, height int) {
	for _, at := range d.Places() {
		height = max(height, (at.Y+at.H)*rowHigh)
	}
	return pageWidth, height + headHigh + margin
}

const style = `body{margin:0;background:#111217;color:#ccccdc;font:13px/1.35 system-ui,"DejaVu Sans",sans-serif}
h1{font-size:20px;font-weight:500;margin:0;padding:14px 16px 0}h1 small{font-size:13px;color:#8e8e99;margin-left:12px;font-weight:400}
.panel{position:absolute;background:#181b1f;border:1px solid #2c3035;border-radius:3px;box-sizing:border-box;overflow:hidden}
.panel h2{font-size:13px;font-weight:500;margin:0;padding:6px 8px 2px}
.big{font-size:32px;text-align:center;padding-top:14px}
table{border-collapse:collapse;width:100%;font-size:12px}td,th{padding:3px 8px;text-align:left;border-bottom:1px solid #2c3035;max-width:260px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
th{color:#6e9fff;font-weight:500}td:last-child,th:last-child{text-align:right}
svg{display:block}text{fill:#9fa7b3;font-size:11px}.legend{font-size:11px;color:#9fa7b3;padding:0 8px;line-height:15px}.legend i{display:inline-block;width:10px;height:3px;margin:0 5px 3px 0}.legend span{margin-right:12px;white-space:nowrap}
.none{text-align:center;color:#8e8e99;padding-top:20px}`

// Page draws a dashboard as one page of HTML, which fits Size. The results are
// those of each panel.
func Page(d *dashboards.Dashboard, results [][]Series) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><meta charset=utf-8><title>%s</title><style>%s</style><h1>%[1]s<small>%[3]s</small></h1>",
		html.EscapeString(d.Title), style, html.EscapeString(d.Description))
	for i, at := range d.Places() {
		c := canvas{panel: &d.Panels[i], w: at.W*columnWide - gap, h: at.H*rowHigh - gap}
		fmt.Fprintf(&b, `<div class=panel style="left:%dpx;top:%dpx;width:%dpx;height:%dpx"><h2>%s</h2>`,
			margin+at.X*columnWide, headHigh+at.Y*rowHigh, c.w, c.h, html.EscapeString(c.panel.Title))
		c.draw(&b, results[i])
		b.WriteString("</div>")
	}
	return b.String()
}

// A canvas is the room of one panel.
type canvas struct {
	panel *dashboards.Panel
	w, h  int
}

const titleHigh = 26

func (c *canvas) draw(b *strings.Builder, series []Series) {
	if len(series) == 0 {
		b.WriteString("<div class=none>no data</div>")
		return
	}
	switch c.panel.Kind {
	case dashboards.Number:
		v := series[0].last()
		fmt.Fprintf(b, `<div class=big style="color:%s">%s</div>`, c.colorOf(v), format(c.panel.Unit, v))
	case dashboards.Bars:
		c.bars(b, series)
	case dashboards.Table:
		c.table(b, series)
	default:
		c.lines(b, series)
	}
}

// colorOf is the colour that the thresholds give a value.
func (c *canvas) colorOf(v float64) string {
	color := c.panel.Below()
	for _, t := range c.panel.Thresholds {
		if v >= t.From {
			color = t.Color
		}
	}
	return shade(color)
}

func (c *canvas) bars(b *strings.Builder, series []Series) {
	const most, high = 12, 19
	whole := 0.0
	for i := range series {
		whole = max(whole, series[i].last())
	}
	if c.panel.Unit == dashboards.Share {
		whole = 1
	}
	room := min(most, (c.h-titleHigh)/high)
	names := c.w * 45 / 100
	fmt.Fprintf(b, "<svg width=%d height=%d>", c.w, c.h-titleHigh)
	for i := range series[:min(room, len(series))] {
		s, y := &series[i], i*high+2
		wide := 0.0
		if whole > 0 {
			wide = s.last() / whole * float64(c.w-names-64)
		}
		fmt.Fprintf(b, `<text x=%d y=%d text-anchor=end>%s</text><rect x=%d y=%d width=%.1f height=%d fill="%s"/><text x=%.1f y=%d>%s</text>`,
			names-6, y+12, html.EscapeString(shorten(s.Name, names/6)), names, y+1, max(wide, 1), high-5, c.colorOf(s.last()),
			float64(names)+wide+6, y+12, format(c.panel.Unit, s.last()))
	}
	b.WriteString("</svg>")
}

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func (c *canvas) table(b *strings.Builder, series []Series) {
	var names []string
	for _, s := range series {
		for name := range s.Labels {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	b.WriteString("<table><tr>")
	for _, name := range append(names, "number") {
		fmt.Fprintf(b, "<th>%s", html.EscapeString(name))
	}
	room := (c.h - titleHigh - 24) / 23
	slices.SortStableFunc(series, func(a, b Series) int { return cmp.Compare(b.last(), a.last()) })
	for _, s := range series[:min(room, len(series))] {
		b.WriteString("<tr>")
		for _, name := range names {
			fmt.Fprintf(b, "<td>%s", html.EscapeString(s.Labels[name]))
		}
		fmt.Fprintf(b, "<td>%s", format(c.panel.Unit, s.last()))
	}
	b.WriteString("</table>")
}

// palette are the colours of series that have none of their own.
var palette = [...]string{"#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#b877d9", "#f2495c", "#8ab8ff", "#96d98d", "#ffb357", "#ca95e5"}

// seriesColor is the colour of a line.
func (c *canvas) seriesColor(name string, i int) string {
	if own, ok := c.panel.Colors[name]; ok {
		return shade(own)
	}
	return palette[i%len(palette)]
}

// shade is Grafana's shade of a colour that it knows by name.
func shade(color string) string {
	switch color {
	case dashboards.Green:
		return "#73bf69"
	case dashboards.Blue:
		return "#5794f2"
	case dashboards.Yellow:
		return "#fade2a"
	case dashboards.Orange:
		return "#ff9830"
	case dashboards.Red:
		return "#f2495c"
	case dashboards.Purple:
		return "#b877d9"
	}
	return color
}

// format writes a value with its unit.
func format(unit dashboards.Unit, v float64) string {
	switch unit {
	case dashboards.Seconds:
		switch {
		case v == 0:
			return "0 s"
		case v < 1e-3:
			return digits(v*1e6) + " µs"
		case v < 1:
			return digits(v*1e3) + " ms"
		case v >= 120:
			return digits(v/60) + " min"
		}
		return digits(v) + " s"
	case dashboards.Share:
		return digits(v*100) + " %"
	case dashboards.PerSec:
		return scaled(v, 1000) + "/s"
	case dashboards.Octets:
		return octets(v, baseOf(unit))
	case dashboards.OctetsPS:
		return octets(v, baseOf(unit)) + "/s"
	}
	return scaled(v, 1000)
}

func octets(v, step float64) string {
	if v < step {
		return digits(v) + " B"
	}
	return scaled(v, step) + "B"
}

// scaled writes a number with a prefix of its size.
func scaled(v, step float64) string {
	prefixes := []string{"", " k", " M", " G"}
	i := 0
	for ; v >= step && i < len(prefixes)-1; i++ {
		v /= step
	}
	return digits(v) + prefixes[i]
}

// baseOf is how much larger each prefix makes a unit.
func baseOf(unit dashboards.Unit) float64 {
	if unit == dashboards.Octets {
		return 1024
	}
	return 1000
}

// digits writes a number with at most three digits that count.
func digits(v float64) string {
	precision := 2
	switch {
	case v >= 100:
		precision = 0
	case v >= 10:
		precision = 1
	case v > 0 && v < .1:
		precision = min(6, 1-int(math.Floor(math.Log10(v))))
	}
	text := strconv.FormatFloat(v, 'f', precision, 64)
	if precision > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
