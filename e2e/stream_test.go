package e2e_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestEventStream measures how long events take through the proxy, and that
// the head does not wait for them.
func TestEventStream(t *testing.T) {
	const most = 20 * time.Millisecond
	a := newAuthority(t)
	headSeen := make(chan struct{})
	clear, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		flush := http.NewResponseController(w).Flush
		flush()
		select {
		case <-headSeen:
		case <-time.After(5 * time.Second):
			return
		}
		for range 5 {
			time.Sleep(20 * time.Millisecond)
			fmt.Fprintf(w, "data: %d\n\n", time.Now().UnixNano())
			flush()
		}
	}))
	p := start(t, "--upstream-ca", a.file)
	w := p.way(t)
	for _, c := range []struct {
		name, url string
		h2        bool
	}{{"HTTP1", clear.URL, false}, {"HTTPS1", secure.URL, false}, {"HTTPS2", secure.URL, true}} {
		t.Run(c.name, func(t *testing.T) {
			h := w.goClient(t, c.h2)
			best, slowest := time.Hour, time.Duration(0)
			for range 3 {
				first, worst := readEvents(t, h, c.url, headSeen)
				best = min(best, first)
				slowest = max(slowest, worst)
			}
			t.Logf("first event %s at best, any %s at worst", best, slowest)
			if best > most {
				t.Errorf("the first event took %s at best; the most is %s", best, most)
			}
		})
	}
}

// readEvents says how long the first event was on its way, and the slowest.
func readEvents(t *testing.T, h *http.Client, url string, headSeen chan<- struct{}) (first, worst time.Duration) {
	t.Helper()
	resp, err := h.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	select {
	case headSeen <- struct{}{}:
	case <-time.After(time.Second):
		t.Fatal("the head came after the origin server had given up waiting")
	}
	n := 0
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		sent, ok := strings.CutPrefix(s.Text(), "data: ")
		if !ok {
			continue
		}
		at, err := strconv.ParseInt(sent, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(time.Unix(0, at))
		if n == 0 {
			first = took
		}
		worst = max(worst, took)
		n++
	}
	if n != 5 {
		t.Fatalf("%d events", n)
	}
	return first, worst
}

// mostMemory is what the proxy may have resident, however large a content is.
const mostMemory = 64 << 20

// TestSoakLargeContent passes 1 GiB each way with everything switched on.
func TestSoakLargeContent(t *testing.T) {
	const whole = 1 << 30
	a := newAuthority(t)
	block := pseudoRandom(1 << 20)
	clear, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			size, _ := strconv.ParseInt(r.URL.RawQuery, 10, 64)
			w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
			io.Copy(w, newContent(block, size))
			return
		}
		sum := sha256.New()
		n, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{r.Body}, make([]byte, 1<<20))
		fmt.Fprintf(w, "%s %d %v", sumOf(sum), n, err)
	}))
	p := start(t, "--upstream-ca", a.file, "--annotate", "full", "--severity", "info")
	w := p.way(t)
	for _, c := range []struct {
		name, url string
		size      int64
	}{{"HTTP1", clear.URL, whole}, {"HTTPS2", secure.URL, whole / 4}} {
		t.Run(c.name, func(t *testing.T) {
			if raceEnabled {
				c.size /= 16
			}
			h := w.goClient(t, true)
			url := fmt.Sprintf("%s/?%d", c.url, c.size)
			began := time.Now()
			download(t, h, url, block, c.size)
			down := time.Since(began)
			upload(t, h, url, block, c.size)
			t.Logf("down in %.1f s, up in %.1f s, peak memory %d MiB", down.Seconds(), (time.Since(began) - down).Seconds(), p.peakMemory()>>20)
		})
	}
	if peak := p.peakMemory(); peak > mostMemory && !raceEnabled {
		t.Errorf("peak memory %d MiB; the most is %d MiB", peak>>20, mostMemory>>20)
	}
	p.stop()
	for _, r := range p.records(p.save) {
		body := r["sidenote.body"].(map[string]any)
		side := map[string]string{"GET": "response", "PUT": "request"}[r.text("http.request.method")]
		if got := record(body[side].(map[string]any)); strconv.Itoa(got.number("size")) != r.text("url.query") || got["complete"] == false {
			t.Errorf("%s %s: %v", r.text("http.request.method"), r.text("url.full"), body)
		}
	}
}

func download(t *testing.T, h *http.Client, url string, block []byte, size int64) {
	t.Helper()
	resp, err := h.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, want := newContent(nil, 0).sum, newContent(block, size)
	n, err := io.CopyBuffer(struct{ io.Writer }{got}, resp.Body, make([]byte, 1<<20))
	if err != nil || n != size {
		t.Fatalf("%d octets, %v", n, err)
	}
	io.CopyBuffer(struct{ io.Writer }{io.Discard}, want, make([]byte, 1<<20))
	if sumOf(got) != sumOf(want.sum) {
		t.Error("other octets arrived than were sent")
	}
}

func upload(t *testing.T, h *http.Client, url string, block []byte, size int64) {
	t.Helper()
	c := newContent(block, size)
	r, err := http.NewRequest(http.MethodPut, url, c)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = size
	resp, err := h.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if want := fmt.Sprintf("%s %d <nil>", sumOf(c.sum), size); err != nil || string(answer) != want {
		t.Errorf("%q, %v; want %q", answer, err, want)
	}
}

// content is a stream of pseudo-random blocks, each numbered, so that none can
// be lost or are in another's place. It keeps the sum of what was read.
type content struct {
	block []byte
	left  int64
	at    int
	n     uint64
	sum   hash.Hash
}

func newContent(block []byte, size int64) *content {
	return &content{block: append([]byte(nil), block...), left: size, sum: sha256.New()}
}

func (c *content) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	if c.at == len(c.block) {
		c.at = 0
		c.n++
		copy(c.block, fmt.Appendf(nil, "block %d", c.n))
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n := copy(p, c.block[c.at:])
	c.at += n
	c.left -= int64(n)
	c.sum.Write(p[:n])
	return n, nil
}

func sumOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// pseudoRandom returns octets that are always the same and do not compress.
func pseudoRandom(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}
