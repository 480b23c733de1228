package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// When a progress bar is shown, and how often it is drawn.
const (
	progressAfter = 2 * time.Second
	progressEvery = 200 * time.Millisecond
)

// A progress is a bar on a terminal that shows how much of some files has been
// read, once that takes long. A nil one shows nothing.
type progress struct {
	w       io.Writer
	now     func() time.Time
	total   int64 // octets to read; 0 when unknown
	read    int64
	started time.Time
	drawn   time.Time
	shown   bool
}

// newProgress returns a bar on stderr if that is a terminal that can take a line
// back, and nil otherwise.
func (p *program) newProgress() *progress {
	f, ok := p.stderr.(*os.File)
	if name, _ := p.lookup("TERM"); !ok || name == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &progress{w: f, now: time.Now}
}

// begin starts the clock; the total is unknown when the size of one file is.
func (p *progress) begin(files []capture) {
	if p == nil {
		return
	}
	p.started = p.now()
	for i := range files {
		p.total += files[i].size
		if files[i].size == 0 && files[i].err == nil {
			p.total = 0
			return
		}
	}
}

// counting returns a reader that moves the bar on.
func (p *progress) counting(r io.Reader) io.Reader {
	if p == nil {
		return r
	}
	return &countedReader{r, p}
}

type countedReader struct {
	r io.Reader
	p *progress
}

func (c *countedReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.read += int64(n)
	c.p.draw()
	return n, err
}

// draw shows the bar when it is time to.
func (p *progress) draw() {
	now := p.now()
	if now.Sub(p.started) < progressAfter || now.Sub(p.drawn) < progressEvery {
		return
	}
	p.drawn, p.shown = now, true
	fmt.Fprintf(p.w, "\r\x1b[K%s", p.line())
}

// line is the bar as text.
func (p *progress) line() string {
	const mega, width = 1e6, 30
	if p.total == 0 {
		return fmt.Sprintf("lint: %.0f MB read", float64(p.read)/mega)
	}
	part := min(float64(p.read)/float64(p.total), 1)
	done := int(part * width)
	return fmt.Sprintf("lint: [%s%s] %3.0f%% of %.0f MB", strings.Repeat("=", done), strings.Repeat(" ", width-done), part*100, float64(p.total)/mega)
}

// clear takes the bar away.
func (p *progress) clear() {
	if p == nil || !p.shown {
		return
	}
	p.shown = false
	fmt.Fprint(p.w, "\r\x1b[K")
}
