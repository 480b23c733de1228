package inspector

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sidenote/exchange"
	"sidenote/sink"
	"sidenote/sink/store"
)

// messagesOf are the messages of a stream as the API tells them.
type messagesOf struct {
	messageCounts
	Open     bool            `json:"open"` // the exchange runs, so there can be more
	Messages []streamMessage `json:"messages"`
}

// messageCounts are what is known of the messages of a stream as a whole.
type messageCounts struct {
	Format   string        `json:"format"`
	Sent     int64         `json:"sent"`
	Received int64         `json:"received"`
	Dropped  int64         `json:"dropped"`
	Unread   int64         `json:"unread"`
	Faults   []streamFault `json:"faults"`
}

type streamFault struct {
	Code   string  `json:"code"`
	Detail string  `json:"detail,omitempty"`
	From   string  `json:"from"`
	Number int64   `json:"number"` // of the first message that has it; 0 for the stream itself
	At     float64 `json:"at"`
	Times  int64   `json:"times"`
}

type streamMessage struct {
	Number     int64          `json:"number"`
	From       string         `json:"from"` // client, origin
	At         float64        `json:"at"`   // milliseconds since the exchange began
	Kind       string         `json:"kind"`
	Size       int64          `json:"size"`
	WireSize   int64          `json:"wireSize"`
	Parts      int            `json:"parts,omitempty"`
	Truncated  bool           `json:"truncated,omitempty"` // octets of the content were not kept
	Compressed bool           `json:"compressed,omitempty"`
	Name       string         `json:"name,omitempty"`
	ID         string         `json:"id,omitempty"`
	Code       int            `json:"code,omitempty"`
	Kept       int            `json:"kept"` // octets of the content that were kept
	Text       string         `json:"text,omitempty"`
	Base64     string         `json:"base64,omitempty"` // in the place of text that is none
	Cut        bool           `json:"cut,omitempty"`    // more was kept than is here
	Decoded    string         `json:"decoded,omitempty"`
	Faults     []messageFault `json:"faults,omitempty"`
}

type messageFault struct {
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// A stream is messages that are asked for: of an exchange that runs, or of one that
// has ended.
type stream struct {
	of   *exchange.Stream // with its secrets
	open *store.OpenStream
	done *exchange.Messages
}

// after returns the messages after a number.
func (s *stream) after(n int64, most int) store.StreamPart {
	if s.open != nil {
		return s.open.After(n, most)
	}
	p := store.StreamPart{Counts: *s.done, Ended: true}
	for i := range s.done.List {
		if len(p.List) >= most {
			break
		}
		if m := &s.done.List[i]; m.Number > n {
			p.List = append(p.List, m)
		}
	}
	return p
}

// streamOf finds the stream that a request names, or answers why there is none.
func (i *Inspector) streamOf(w http.ResponseWriter, r *http.Request) (*stream, bool) {
	if r.PathValue("seq") != "" {
		e, ok := i.entry(w, r)
		if !ok {
			return nil, false
		}
		s := &stream{done: &exchange.Messages{}}
		if e.X.Messages != nil {
			s.done = e.X.Messages
		}
		s.of = exchange.StreamOf(e.X, s.done.Format, nil)
		return s, true
	}
	if open := i.o.Store.Stream(r.PathValue("id")); open != nil {
		return &stream{of: open.Of(), open: open}, true
	}
	problem(w, http.StatusNotFound, "no running exchange with this ID has messages", "when it has ended, /api/v1/ids/ID has its number")
	return nil, false
}

// The bounds of what one answer has of messages.
const (
	mostMessages       = 1000
	usualMessages      = 200
	usualOfContent     = 4 << 10
	mostContentInAList = 8 << 20
)

// messages answers GET …/messages: those after a number, oldest first.
func (i *Inspector) messages(w http.ResponseWriter, r *http.Request) {
	s, ok := i.streamOf(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	limit := min(atLeast0(q.Get("limit"), usualMessages), mostMessages)
	content := min(atLeast0(q.Get("content"), usualOfContent), mostContentInAList/max(limit, 1))
	part := s.after(int64(atLeast0(q.Get("after"), 0)), limit)
	out := messagesOf{messageCounts: countsOf(&part.Counts), Open: !part.Ended, Messages: []streamMessage{}}
	for _, m := range part.List {
		out.Messages = append(out.Messages, streamMessageOf(i.o.Redact.StreamMessage(m), content))
	}
	answer(w, out)
}

// atLeast0 reads a number that is not negative, or returns the usual one.
func atLeast0(s string, usual int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return usual
	}
	return n
}

func countsOf(s *exchange.Messages) messageCounts {
	c := messageCounts{Format: string(s.Format), Sent: s.Sent, Received: s.Received, Dropped: s.Dropped, Unread: s.Unread, Faults: []streamFault{}}
	for _, f := range s.Faults {
		c.Faults = append(c.Faults, streamFault{Code: string(f.Code), Detail: text(f.Detail), From: side(f.FromClient), Number: f.Number, At: millis(f.At), Times: f.Times})
	}
	return c
}

func side(fromClient bool) string {
	if fromClient {
		return "client"
	}
	return "origin"
}

// streamMessageOf is a message with so many octets of its content.
func streamMessageOf(m *exchange.StreamMessage, content int) streamMessage {
	out := streamMessage{
		Number: m.Number, From: side(m.FromClient), At: millis(m.At), Kind: string(m.Kind), Size: m.Size, WireSize: m.Wire, Parts: m.Parts,
		Truncated: m.Truncated, Compressed: m.Compressed, Name: text(m.Name), ID: text(m.ID), Code: m.Code, Kept: len(m.Content),
	}
	shown := m.Content
	if out.Cut = len(shown) > content; out.Cut {
		shown = shown[:content]
	}
	whole := shown
	if out.Cut || m.Truncated {
		whole = wholeRunes(shown)
	}
	if _, isText := m.Text(); isText && m.Decoded == "" && utf8.Valid(whole) {
		out.Text = string(whole)
	} else {
		out.Base64 = base64.StdEncoding.EncodeToString(shown)
	}
	if out.Decoded = text(m.Decoded); len(out.Decoded) > content {
		out.Decoded, out.Cut = string(wholeRunes([]byte(out.Decoded[:content]))), true
	}
	for _, f := range m.Faults {
		out.Faults = append(out.Faults, messageFault{string(f.Code), text(f.Detail)})
	}
	return out
}

// messageContent serves the content of one message: "raw" for its octets, "hex" for
// a dump, "pretty" for text set out to be read.
func (i *Inspector) messageContent(w http.ResponseWriter, r *http.Request) {
	s, ok := i.streamOf(w, r)
	if !ok {
		return
	}
	n, ok := number(r.PathValue("number"))
	part := store.StreamPart{}
	if ok && n > 0 {
		part = s.after(int64(n)-1, 1)
	}
	if len(part.List) == 0 || part.List[0].Number != int64(n) {
		problem(w, http.StatusNotFound, "there is no message with this number, or it had to make room", "give streams more room with --keep-messages")
		return
	}
	m := i.o.Redact.StreamMessage(part.List[0])
	h := w.Header()
	h.Set("Content-Security-Policy", sandbox)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	switch r.URL.Query().Get("form") {
	case "", "raw":
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="message-%d"`, m.Number))
		_, _ = w.Write(m.Content)
	case "hex":
		fmt.Fprint(w, hex.Dump(m.Content[:min(len(m.Content), mostOf("hex"))]))
	case "pretty":
		shown, kind := []byte(m.Decoded), "application/json"
		if len(shown) == 0 {
			if shown = m.Content; len(shown) == 0 || shown[0] != '{' && shown[0] != '[' {
				kind = "text/plain"
			}
		}
		_, _ = w.Write(pretty(kind, wholeRunes(shown)))
	default:
		h.Del("Content-Disposition")
		problem(w, http.StatusUnprocessableEntity, "there is no such form: take raw, pretty or hex", "")
	}
}

// exportMessages writes the messages that are kept as records of --log-messages.
func (i *Inspector) exportMessages(w http.ResponseWriter, r *http.Request) {
	s, ok := i.streamOf(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="sidenote-messages-`+time.Now().UTC().Format("20060102-150405")+`.ndjson"`)
	of := *s.of
	of.URL, of.Host = i.o.Redact.URI(of.URL), i.o.Redact.URI(of.Host)
	out := sink.NewJSONLog(w, nil)
	for last := int64(0); ; {
		part := s.after(last, mostMessages)
		of.Format = part.Counts.Format
		for _, m := range part.List {
			last = m.Number
			if out.WriteMessage(&sink.Message{Of: &of, Message: i.o.Redact.StreamMessage(m)}) != nil {
				return
			}
		}
		if len(part.List) < mostMessages {
			break
		}
	}
	_ = out.Close()
}

// followMessages streams the messages of an exchange that runs (server-sent events):
// an event "messages" with those that are new, and "end" when it has ended. The ID of
// an event is the number of its last message, so that a page that comes back goes on
// there.
func (i *Inspector) followMessages(w http.ResponseWriter, r *http.Request) {
	s, ok := i.streamOf(w, r)
	if !ok {
		return
	}
	after := r.Header.Get("Last-Event-ID")
	if after == "" {
		after = r.URL.Query().Get("after")
	}
	last := int64(atLeast0(after, 0))
	content := min(atLeast0(r.URL.Query().Get("content"), usualOfContent), mostContentInAList/usualMessages)
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{})
	for {
		part := s.after(last, usualMessages)
		news := messagesOf{messageCounts: countsOf(&part.Counts), Open: !part.Ended, Messages: []streamMessage{}}
		for _, m := range part.List {
			last = m.Number
			news.Messages = append(news.Messages, streamMessageOf(i.o.Redact.StreamMessage(m), content))
		}
		more := len(part.List) == usualMessages
		event := "messages"
		if part.Ended && !more {
			event = "end"
		}
		b, err := json.Marshal(news)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", last, event, b); err != nil || out.Flush() != nil || event == "end" {
			return
		}
		if !more && !i.wait(r, w, out, part.Changed, newsEvery) {
			return
		}
	}
}

// messageRoutes are the routes of the messages of an exchange, running or ended.
func (i *Inspector) messageRoutes(routes map[string]http.HandlerFunc) {
	for _, of := range []string{"exchanges/{seq}", "running/{id}"} {
		at := "GET /api/v1/" + of + "/messages"
		routes[at] = i.messages
		routes[at+"/{number}/content"] = i.messageContent
		routes[at+"/export"] = i.exportMessages
		if strings.HasPrefix(of, "running") {
			routes[at+"/events"] = i.followMessages
		}
	}
}
