package scale

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// A Subject is the sidenote that is measured.
type Subject struct {
	Proxy, Admin string // host:port
	PID          int
	Link, Token  string // of "sidenote open"
	StoreBytes   int64  // as --store-bytes says
}

// A Claim is what is promised of one number.
type Claim struct {
	Name  string
	Unit  string
	Bound float64
	Least bool // the bound is the least that is asked; else it is the most
	Clock bool // what else the machine does moves the number
	Whole bool // the number is of all memory that a process has
}

// A Figure is what was measured of a claim: the worst where that was done
// several times.
type Figure struct {
	Claim
	Value float64 // in the claim's unit
	Of    string  // what it was measured of; may be ""
	Times int     // how often it was measured
}

// Holds reports whether the figure is within its bound.
func (f Figure) Holds() bool { return !f.isWorse(f.Bound) }

// isWorse reports whether the figure is worse than another value.
func (f Figure) isWorse(than float64) bool {
	if f.Least {
		return f.Value < than
	}
	return f.Value > than
}

func (f Figure) String() string {
	asked := "at most"
	if f.Least {
		asked = "at least"
	}
	s := fmt.Sprintf("%s: %s %s (asked: %s %s)", f.Name, number(f.Value), f.Unit, asked, number(f.Bound))
	if f.Times > 1 {
		s += fmt.Sprintf("; worst of %d", f.Times)
	}
	if f.Of != "" {
		s += "; " + f.Of
	}
	return s
}

func number(f float64) string {
	if f >= 100 || f == math.Trunc(f) {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}

// besideStore is the memory that the program may hold beside the store: its
// own bound for what is in use and garbage, and its code, which is in no heap.
const besideStore = (192 + 32) << 20

const mib = 1 << 20

// claims are what is promised of the page and of the server; a name of the
// script's is that of its claim.
func claims(exchanges int, storeBytes int64) map[string]Claim {
	return map[string]Claim{
		"taken":              {Name: "exchanges in the store's count", Unit: "exchanges", Bound: float64(exchanges), Least: true},
		"heap":               {Name: "page: heap without garbage, after all exchanges", Unit: "MiB", Bound: 24},
		"growth":             {Name: "page: heap that came with the other exchanges", Unit: "MiB", Bound: 4},
		"nodes":              {Name: "page: nodes of the document", Unit: "nodes", Bound: 10_000},
		"rows":               {Name: "page: rows drawn", Unit: "rows", Bound: 120},
		"frames":             {Name: "page: frames a second while scrolling, rendered without a GPU", Unit: "frames", Bound: 50, Least: true, Clock: true},
		"frame":              {Name: "page: CPU time of the main thread for a frame; 20 ms let 50 a second through", Unit: "ms", Bound: 20, Clock: true},
		"filter on the page": {Name: "page: filter until its rows are seen", Unit: "ms", Bound: 100, Clock: true},
		"answer":             {Name: "API: answer to a filter that was never asked before", Unit: "ms", Bound: 100, Clock: true},
		"filter":             {Name: "API: such a filter, until every exchange was looked at", Unit: "ms", Bound: 100, Clock: true},
		"filter of contents": {Name: "API: the same for a filter that reads contents", Unit: "ms", Bound: 500, Clock: true},
		"filter again":       {Name: "API: a filter that was asked before", Unit: "ms", Bound: 100, Clock: true},
		"store":              {Name: "server: memory of the store, as it counts", Unit: "MiB", Bound: float64(storeBytes) / mib},
		"resident":           {Name: "server: most memory resident, with the store", Unit: "MiB", Bound: float64(storeBytes+besideStore) / mib, Whole: true},
	}
}

// filters are asked of the API and, as other filters that mean the same,
// written on the page.
var filters = []string{
	"status:5xx", "has:errors", "path:/v1/orders method:POST", "time:>5ms type:json", "rule:cache/*", "-agent:curl size:<500", "field:etag",
	"missing", "body:database", `body~"out of (paper|ink)"`,
}

// sameAgain makes a filter that lets the same through, but is another text, so
// that nothing is known of it yet.
func sameAgain(filter string) string { return filter + " -status:999" }

// A Measurement is one run.
type Measurement struct {
	Subject
	Node, Chromium, Scripts string // paths; Scripts is e2e/node
	Exchanges               int
	Connections             int

	claims  map[string]Claim
	figures []Figure
}

// firstPart of the exchanges pass before the page is measured the first time.
const firstPart = 0.05

// Run lets the exchanges pass while the page is open, and returns the figures.
func (m *Measurement) Run() ([]Figure, error) {
	m.claims = claims(m.Exchanges, m.StoreBytes)
	origin := httptest.NewServer(Origin())
	defer origin.Close()
	load := &Load{Proxy: m.Proxy, Origin: origin.URL, Connections: m.Connections}
	first := int(float64(m.Exchanges) * firstPart)
	var failed error
	serve := func(what string) {
		count := first
		if what == "rest" {
			count = m.Exchanges - first
		}
		failed = errors.Join(failed, load.Send(count))
	}
	onPage := make([]string, len(filters))
	for i, f := range filters {
		onPage[i] = sameAgain(f)
	}
	list, err := json.Marshal(onPage)
	if err != nil {
		return nil, err
	}
	script := Script{Node: m.Node, Folder: m.Scripts, Name: "scale.mjs", Config: map[string]string{"chromium": m.Chromium, "link": m.Link, "filters": string(list)}}
	if err := errors.Join(script.Run(serve, m.hear), failed); err != nil {
		return nil, err
	}
	if err := errors.Join(m.measureFilters(), m.measureServer()); err != nil {
		return m.figures, err
	}
	if len(m.figures) != len(m.claims) {
		return m.figures, fmt.Errorf("%d of %d claims were measured", len(m.figures), len(m.claims))
	}
	return m.figures, nil
}

// hear takes a figure that the script says.
func (m *Measurement) hear(line []byte) error {
	var said struct {
		Figure, Of, Failed string
		Value              float64
	}
	if err := json.Unmarshal(line, &said); err != nil {
		return err
	}
	if said.Failed != "" {
		return errors.New("the page: " + said.Failed)
	}
	if m.claims[said.Figure].Unit == "MiB" {
		said.Value /= mib
	}
	return m.add(said.Figure, said.Value, said.Of)
}

// add takes a value; of several for one claim the worst stays.
func (m *Measurement) add(name string, value float64, of string) error {
	c, known := m.claims[name]
	if !known {
		return fmt.Errorf("there is no claim %q", name)
	}
	f := Figure{Claim: c, Value: value, Of: of, Times: 1}
	for i := range m.figures {
		before := &m.figures[i]
		if before.Name != c.Name {
			continue
		}
		before.Times++
		if f.isWorse(before.Value) {
			before.Value, before.Of = value, of
		}
		return nil
	}
	m.figures = append(m.figures, f)
	return nil
}

// A list is what the API says of a list.
type list struct {
	Total, Looked, Entire int
	Stats                 struct {
		Entries, Last int
		Bytes         float64
	}
}

// list asks the API for the first rows that a filter lets through.
func (m *Measurement) list(filter string) (l list, err error) {
	r, err := http.NewRequest("GET", "http://"+m.Admin+"/api/v1/exchanges?from=0&limit=60&filter="+url.QueryEscape(filter), nil)
	if err != nil {
		return l, err
	}
	r.Header.Set("Authorization", "Bearer "+m.Token)
	resp, err := (&http.Client{Timeout: time.Minute}).Do(r)
	if err != nil {
		return l, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		return l, fmt.Errorf("list: %s: %s", resp.Status, text)
	}
	return l, json.NewDecoder(resp.Body).Decode(&l)
}

// measureFilters asks for each filter until its answer is final: the server
// returns what it has when a filter takes long.
func (m *Measurement) measureFilters() error {
	for _, f := range filters {
		whole := "filter"
		if strings.HasPrefix(f, "body") {
			whole = "filter of contents"
		}
		var l list
		began, asked := time.Now(), 0
		for asked == 0 || l.Looked < l.Entire {
			var err error
			if l, err = m.list(f); err != nil {
				return err
			}
			if asked++; asked > 1 {
				continue
			}
			if err := m.add("answer", millis(began), f); err != nil {
				return err
			}
		}
		of := fmt.Sprintf("%s (%d of %d, in %d answers)", f, l.Total, l.Entire, asked)
		if err := m.add(whole, millis(began), of); err != nil {
			return err
		}
		again := time.Now()
		if _, err := m.list(f); err != nil {
			return err
		}
		if err := m.add("filter again", millis(again), f); err != nil {
			return err
		}
	}
	return nil
}

func millis(since time.Time) float64 { return time.Since(since).Seconds() * 1000 }

func (m *Measurement) measureServer() error {
	l, err := m.list("")
	if err != nil {
		return err
	}
	resident, err := mostResident(m.PID)
	if err != nil {
		return err
	}
	return errors.Join(
		m.add("taken", float64(l.Stats.Last), ""),
		m.add("store", l.Stats.Bytes/mib, fmt.Sprintf("%d exchanges are kept", l.Stats.Entries)),
		m.add("resident", float64(resident)/mib, ""),
	)
}

// mostResident is the most memory that a process has had resident, in octets.
func mostResident(pid int) (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "VmHWM:" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("the system does not say how much memory a process has")
}
