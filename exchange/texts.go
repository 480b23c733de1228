package exchange

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The text form of several exchanges is that of one, repeated. A line "@" begins
// each of them and says when, and whose it is:
//
//	@ 0s
//	> POST /orders
//	>
//	> {"a":1}
//	< 503
//	< Retry-After: 30
//	@ +2s like=1
//	@ +2s times=3 every=1s client=b took=80ms
//	> GET /orders/{n}
//	< 200
//
// The time counts from the beginning, or after "+" from the start of the exchange
// before. "like=1" repeats the messages of the first block. "times=3 every=1s"
// stands for three exchanges, in which "{n}" is 1, 2 and 3 and "{before}" one less. "client" names an
// address and "conn" a connection of it; "took" is how long the exchange lasted
// and "head" when the response head came.
//
// Heads may be short: the version, Host (shop.test), User-Agent, Date and
// Content-Length are added where they are missing, and the empty line too.
// Other lines are as in the text form of one exchange.

// textsStart is when a conversation in text form begins.
var textsStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Bounds of a conversation in text form.
const maxTexts = 10_000

// ParseTexts reads the text form of several exchanges, in the order in which they
// stand. An error says which block is wrong.
func ParseTexts(s string) ([]*Exchange, error) {
	p := textsParser{}
	var block *textBlock
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "@"):
			p.blocks = append(p.blocks, textBlock{head: strings.TrimSpace(line[1:])})
			block = &p.blocks[len(p.blocks)-1]
		case line == "" || line[0] == '#':
		case block == nil:
			return nil, errors.New("want a line that begins with '@' before the first message")
		default:
			block.lines = append(block.lines, line)
		}
	}
	for i := range p.blocks {
		if err := p.block(&p.blocks[i]); err != nil {
			return nil, fmt.Errorf("block %d: %w", i+1, err)
		}
	}
	if len(p.all) == 0 {
		return nil, errors.New("no exchange: want a line that begins with '@'")
	}
	return p.all, nil
}

type textsParser struct {
	blocks []textBlock
	all    []*Exchange
	last   time.Duration // when the exchange before began
}

// A textBlock is what stands between two lines that begin with '@'.
type textBlock struct {
	head  string
	lines []string

	at          time.Duration
	times       int
	every       time.Duration
	took, first time.Duration
	client      string
	conn        int
}

func (p *textsParser) block(b *textBlock) error {
	when, facts, _ := strings.Cut(b.head, " ")
	after, isLater := strings.CutPrefix(when, "+")
	at, err := time.ParseDuration(after)
	if err != nil {
		return err
	}
	if b.at = at; isLater {
		b.at += p.last
	}
	b.times, b.took, b.client = 1, 20*time.Millisecond, "a"
	if err := parseFacts(facts, func(k, v string) error { return p.set(b, k, v) }); err != nil {
		return err
	}
	if b.first == 0 {
		b.first = b.took
	}
	for n := 1; n <= b.times; n++ {
		if len(p.all) == maxTexts {
			return fmt.Errorf("more than %d exchanges", maxTexts)
		}
		p.last = b.at + time.Duration(n-1)*b.every
		x, err := ParseText(p.whole(b, n))
		if err != nil {
			return err
		}
		p.all = append(p.all, x)
	}
	return nil
}

func (p *textsParser) set(b *textBlock, k, v string) (err error) {
	switch k {
	case "like":
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > len(p.blocks) {
			return fmt.Errorf("like=%s: there is no such block", v)
		}
		b.lines = append(append([]string(nil), p.blocks[n-1].lines...), b.lines...)
	case "times":
		b.times, err = strconv.Atoi(v)
	case "every":
		b.every, err = time.ParseDuration(v)
	case "took":
		b.took, err = time.ParseDuration(v)
	case "head":
		b.first, err = time.ParseDuration(v)
	case "client":
		b.client = v
	case "conn":
		b.conn, err = strconv.Atoi(v)
	default:
		err = fmt.Errorf("unknown key %q", k)
	}
	return err
}

// whole is the n-th exchange of a block in text form, with nothing left out.
func (p *textsParser) whole(b *textBlock, n int) string {
	var out strings.Builder
	started := textsStart.Add(p.last)
	fmt.Fprintf(&out, "* id x%d\n* started %s\n", len(p.all)+1, started.Format(time.RFC3339Nano))
	fmt.Fprintf(&out, "* client peer=%s\n", textPeer(b.client, b.conn))
	fmt.Fprintf(&out, "* timing head-sent=1ms request-sent=1ms first-byte=%v response-at=%v done=%v\n", b.first, b.first, b.took)
	var messages []*shortMessage
	for _, line := range b.lines {
		line = strings.ReplaceAll(strings.ReplaceAll(line, "{n}", strconv.Itoa(n)), "{before}", strconv.Itoa(n-1))
		mark := line[0]
		if mark != '>' && mark != '<' {
			out.WriteString(line + "\n")
			continue
		}
		text := strings.TrimPrefix(line[1:], " ")
		if len(messages) == 0 || messages[len(messages)-1].mark != mark || messages[len(messages)-1].isInterimOver(text) {
			messages = append(messages, &shortMessage{mark: mark})
		}
		messages[len(messages)-1].add(text)
	}
	for i, m := range messages {
		m.write(&out, started.Add(b.first), i == len(messages)-1)
	}
	return out.String()
}

// textPeer makes an address of a client's name, and a port of its connection.
func textPeer(client string, conn int) string {
	host := 0
	for _, c := range []byte(client) {
		host = (host*31 + int(c)) % 250
	}
	return fmt.Sprintf("192.0.2.%d:%d", host+1, 40000+conn)
}

// A shortMessage is a message in which much is left out.
type shortMessage struct {
	mark    byte
	head    []string
	content []string
	ended   bool // the empty line has come
}

func (m *shortMessage) add(text string) {
	switch {
	case m.ended:
		m.content = append(m.content, text)
	case text == "":
		m.ended = true
	default:
		m.head = append(m.head, text)
	}
}

// isInterimOver reports whether a status line begins the response after a 1xx.
func (m *shortMessage) isInterimOver(text string) bool {
	return m.mark == '<' && len(m.head) > 0 && len(m.content) == 0 && len(text) >= 3 && isDigit(text[0]) && m.status() < 200
}

func (m *shortMessage) status() int {
	word, _, _ := strings.Cut(strings.TrimPrefix(m.head[0], "HTTP/1.1 "), " ")
	n, _ := strconv.Atoi(word)
	return n
}

func (m *shortMessage) write(out *strings.Builder, date time.Time, isFinal bool) {
	if len(m.head) == 0 {
		return
	}
	line := func(s string) { out.WriteString(string(m.mark) + " " + s + "\n") }
	start := m.head[0]
	var added []string
	if m.mark == '>' {
		if !strings.Contains(start, " HTTP/") {
			start += " HTTP/1.1"
		}
		added = m.missing("Host: shop.test", "User-Agent: app/1.0")
	} else {
		if !strings.HasPrefix(start, "HTTP/") {
			start = "HTTP/1.1 " + start
		}
		if word := strings.TrimPrefix(start, "HTTP/1.1 "); len(word) == 3 {
			status, _ := strconv.Atoi(word)
			start += " " + http.StatusText(status)
		}
		if isFinal {
			added = m.missing("Date: " + date.Format(http.TimeFormat))
		}
	}
	line(start)
	for _, l := range append(m.head[1:], append(added, m.length()...)...) {
		line(l)
	}
	out.WriteString(string(m.mark) + "\n")
	for _, l := range m.content {
		line(l)
	}
}

// missing returns the field lines given whose names the head has not.
func (m *shortMessage) missing(lines ...string) (added []string) {
	for _, l := range lines {
		name, _, _ := strings.Cut(l, ":")
		if !m.has(name) {
			added = append(added, l)
		}
	}
	return added
}

func (m *shortMessage) has(name string) bool {
	for _, l := range m.head[1:] {
		if n, _, _ := strings.Cut(l, ":"); strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// length is the Content-Length that a message has to have.
func (m *shortMessage) length() []string {
	if m.has("Transfer-Encoding") {
		return nil
	}
	n := len(strings.Join(m.content, "\n"))
	if m.mark == '>' && n == 0 {
		return nil
	}
	if m.mark == '<' {
		if s := m.status(); s < 200 || s == 204 || s == 304 {
			return nil
		}
	}
	return m.missing("Content-Length: " + strconv.Itoa(n))
}
