package picture

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"time"

	"sidenote/metrics/dashboards"
)

// A plot turns moments and values into places of a drawing.
type plot struct {
	left, top, w, h float64
	from, to        time.Time
	scale
}

func (p *plot) x(at time.Time) float64 {
	whole := p.to.Sub(p.from).Seconds()
	if whole == 0 {
		return p.left
	}
	return p.left + at.Sub(p.from).Seconds()/whole*p.w
}

func (p *plot) y(v float64) float64 { return p.top + p.h - v/p.high*p.h }

// lines draws values over time, with a legend below.
func (c *canvas) lines(b *strings.Builder, series []Series) {
	legend := c.legend(series)
	rows := min(2, 1+len(legendText(series))*6/c.w)
	stacked := c.panel.Kind == dashboards.Stacked
	floors := make([][]float64, len(series))
	if stacked {
		series, floors = stack(series)
	}
	p := plot{left: 58, top: 6, w: float64(c.w - 70), h: float64(c.h - titleHigh - 30 - rows*15), scale: scaleOf(series, baseOf(c.panel.Unit))}
	p.from, p.to = extent(series)
	fmt.Fprintf(b, "<svg width=%d height=%d>", c.w, c.h-titleHigh-rows*15-4)
	p.axes(b, c.panel.Unit)
	for i := len(series) - 1; i >= 0; i-- {
		p.line(b, &series[i], floors[i], c.seriesColor(series[i].Name, i), stacked)
	}
	fmt.Fprintf(b, "</svg><div class=legend style=\"height:%dpx;overflow:hidden\">%s</div>", rows*15, legend)
}

func (c *canvas) legend(series []Series) string {
	var b strings.Builder
	for i := range series {
		fmt.Fprintf(&b, `<span><i style="background:%s"></i>%s</span> `, c.seriesColor(series[i].Name, i), html.EscapeString(series[i].Name))
	}
	return b.String()
}

func legendText(series []Series) (text string) {
	for i := range series {
		text += series[i].Name + "     "
	}
	return text
}

// stack puts each series on top of those before it, at the moments of all; a
// value that is missing is 0. It also returns what each one is on.
func stack(series []Series) (stacked []Series, floors [][]float64) {
	moments := allMoments(series)
	floor := make([]float64, len(moments))
	for _, s := range series {
		values, top, j := floor, make([]float64, len(moments)), 0
		for i, at := range moments {
			top[i] = values[i]
			for j < len(s.At) && s.At[j].Before(at) {
				j++
			}
			if j < len(s.At) && s.At[j].Equal(at) {
				top[i] += s.Values[j]
			}
		}
		stacked = append(stacked, Series{Name: s.Name, At: moments, Values: top})
		floors = append(floors, floor)
		floor = top
	}
	return stacked, floors
}

func allMoments(series []Series) (moments []time.Time) {
	seen := map[int64]bool{}
	for _, s := range series {
		for _, at := range s.At {
			if !seen[at.UnixMilli()] {
				seen[at.UnixMilli()] = true
				moments = append(moments, at)
			}
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	return moments
}

// A scale is what the lines across a plot stand for: each step from 0 to high.
type scale struct{ high, step float64 }

// scaleOf has three to five round steps, the last not below any value; base is
// 1024 for octets that are counted so, and 1000 for everything else.
func scaleOf(series []Series, base float64) scale {
	most := 0.0
	for _, s := range series {
		for _, v := range s.Values {
			most = max(most, v)
		}
	}
	if most == 0 {
		return scale{1, .25}
	}
	prefix := math.Pow(base, math.Floor(math.Log(most)/math.Log(base)))
	step := math.Pow(10, math.Floor(math.Log10(most/prefix))-1) * prefix
	for _, times := range [...]float64{2, 2.5, 5, 10, 20, 25} {
		if most <= 5*step*times {
			step *= times
			break
		}
	}
	return scale{math.Ceil(most/step-1e-9) * step, step}
}

func extent(series []Series) (from, to time.Time) {
	for _, s := range series {
		if from.IsZero() || s.At[0].Before(from) {
			from = s.At[0]
		}
		if last := s.At[len(s.At)-1]; last.After(to) {
			to = last
		}
	}
	return from, to
}

func (p *plot) axes(b *strings.Builder, unit dashboards.Unit) {
	for i := range int(math.Round(p.high/p.step)) + 1 {
		v := p.step * float64(i)
		y := p.y(v)
		fmt.Fprintf(b, `<line x1=%.1f x2=%.1f y1=%.1f y2=%.1f stroke="#2c3035"/><text x=%.1f y=%.1f text-anchor=end>%s</text>`,
			p.left, p.left+p.w, y, y, p.left-6, y+4, format(unit, v))
	}
	moments := max(1, int(p.w/120))
	for i := range moments + 1 {
		at := p.from.Add(p.to.Sub(p.from) * time.Duration(i) / time.Duration(moments))
		fmt.Fprintf(b, `<text x=%.1f y=%.1f text-anchor=middle>%s</text>`, min(p.x(at), p.left+p.w-22), p.top+p.h+16, at.Format("15:04:05"))
	}
}

// line draws a series; a filled one down to its floor.
func (p *plot) line(b *strings.Builder, s *Series, floor []float64, color string, filled bool) {
	var points strings.Builder
	for i, at := range s.At {
		fmt.Fprintf(&points, "%.1f,%.1f ", p.x(at), p.y(min(s.Values[i], p.high)))
	}
	if filled {
		area := points.String()
		for i := len(s.At) - 1; i >= 0; i-- {
			area += fmt.Sprintf("%.1f,%.1f ", p.x(s.At[i]), p.y(floor[i]))
		}
		fmt.Fprintf(b, `<polygon points="%s" fill="%s" fill-opacity=.6 />`, area, color)
	}
	if len(s.At) == 1 {
		fmt.Fprintf(b, `<circle cx=%.1f cy=%.1f r=2 fill="%s"/>`, p.x(s.At[0]), p.y(s.Values[0]), color)
		return
	}
	fmt.Fprintf(b, `<polyline points="%s" fill=none stroke="%s" stroke-width=1.6 />`, points.String(), color)
}
