package proxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"

	"sidenote/exchange"
)

// A responseWriter is what goproxy writes a response to. It sends the head as
// it was received, flushes what cannot wait, and takes the connection over
// when protocols are switched.
type responseWriter struct {
	http.ResponseWriter
	ps *passage

	head     sync.Mutex // held while a head is written
	wrote    bool
	taken    bool // the connection was taken over by an upgrade
	buffered int  // octets of content that had been read together with the head
	length   int64
	sent     int64
	err      error // writing to the client failed
}

// writeInterim passes a 1xx on. The passage's lock is held.
func (w *responseWriter) writeInterim(i *exchange.Response, header map[string][]string) {
	w.head.Lock()
	defer w.head.Unlock()
	if w.wrote {
		return
	}
	h := w.Header()
	for name, values := range header {
		h[name] = values
	}
	if !w.ps.multi {
		w.ps.in.answer(&outgoingHead{start: i.Line(), fields: &i.Fields, status: i.Status, noBody: true})
	}
	w.ResponseWriter.WriteHeader(i.Status)
	clear(h)
}

// WriteHeader sends the head: goproxy calls it once for each response.
func (w *responseWriter) WriteHeader(status int) {
	w.head.Lock()
	defer w.head.Unlock()
	if w.wrote {
		return
	}
	w.wrote = true
	w.ps.ownTime()
	added := w.ps.proxy.headKnown(w.ps.x)
	if w.ps.upgraded != nil {
		w.taken = true
		w.takeOver(added)
		return
	}
	if w.ps.multi {
		w.writeMultiHead(status, added)
	} else {
		w.writeHead(status, added)
	}
	if w.length != 0 && w.buffered == 0 {
		w.flush()
	}
}

// ownTime works out what we spent on the head ourselves: before the request
// head was sent, connecting aside, and since the response began.
func (ps *passage) ownTime() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	t := &ps.x.Timing
	if t.HeadSent == 0 || t.FirstByte == 0 {
		return
	}
	t.Self = max(t.HeadSent-t.DNS-t.Connect-t.TLS, 0) + max(ps.since()-t.FirstByte, 0)
}

// writeHead lets net/http decide the framing only, and puts the record's head
// in the place of what it writes.
func (w *responseWriter) writeHead(status int, added http.Header) {
	h := w.Header()
	for name := range h {
		if name != "Content-Length" && name != "Trailer" {
			delete(h, name)
		}
	}
	h["Date"], h["Content-Type"] = nil, nil
	if _, announced := h["Trailer"]; !announced && w.length < 0 {
		h["Trailer"] = noTrailer // without it net/http counts small content and sends a Content-Length
	}
	if !w.ps.contentRead.Load() { // what comes after it could not be told from a request
		h["Connection"] = []string{"close"}
	}
	out := w.ps.responseHead()
	out.added = linesOf(added)
	w.ps.in.answer(out)
	w.ResponseWriter.WriteHeader(status)
}

// noTrailer announces that trailers may come, and none by name.
var noTrailer = []string{""}

// writeMultiHead sends the head in HTTP/2, where net/http writes the fields.
func (w *responseWriter) writeMultiHead(status int, added http.Header) {
	h := w.Header()
	for name, values := range added {
		h[name] = append(h[name], values...)
	}
	for _, name := range [...]string{"Date", "Content-Type"} {
		if _, ok := h[name]; !ok {
			h[name] = nil
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func linesOf(h http.Header) []exchange.Line {
	if len(h) == 0 {
		return nil
	}
	lines := make([]exchange.Line, 0, len(h)+1)
	for _, name := range addedNames {
		for _, v := range h[name] {
			lines = append(lines, exchange.Line{Name: name, Value: v})
		}
	}
	for name, values := range h {
		if isAddedName(name) {
			continue
		}
		for _, v := range values {
			lines = append(lines, exchange.Line{Name: name, Value: v})
		}
	}
	return lines
}

// addedNames is the order of the fields that sidenote adds.
var addedNames = [...]string{exchange.FieldSidenote.String(), exchange.FieldSidenoteExchange.String(), exchange.FieldServerTiming.String()}

var ownFields = exchange.NamesThat(exchange.Name.IsOurs)

func isAddedName(name string) bool {
	for _, n := range addedNames {
		if n == name {
			return true
		}
	}
	return false
}

// responseHead is the head to forward on HTTP/1.x.
func (ps *passage) responseHead() *outgoingHead {
	s := &ps.x.Response
	out := &outgoingHead{fields: &s.Fields, status: s.Status}
	reason := s.Reason
	if s.RawHead == "" && reason == "" {
		reason = http.StatusText(s.Status)
	}
	out.start = "HTTP/1.1 " + strconv.Itoa(s.Status) + " " + reason
	out.noBody = !ps.x.MayHaveContent()
	out.upgrade = s.Fields.Has(exchange.FieldUpgrade)
	if hopByHop(&s.Fields, true, &out.skip) || consumesConnection(&s.Fields, out.upgrade) {
		ps.x.Changed |= exchange.ChangedResponseHopByHop
	}
	if ps.reframes(out.noBody) {
		ps.x.Changed |= exchange.ChangedResponseFraming
	}
	ps.skipOwnFields(&out.skip)
	return out
}

// reframes reports whether a response goes out on HTTP/1.x with another framing
// than it came with (RFC 9112 §6): net/http keeps a length, and has chunks
// where there is none, but for clients that do not know them.
func (ps *passage) reframes(noBody bool) bool {
	s := &ps.x.Response
	if noBody || s.Made || s.Version > exchange.HTTP11 {
		return false
	}
	length, chunked := s.Fields.Has(exchange.FieldContentLength), s.Fields.Has(exchange.FieldTransferEncoding)
	if ps.w.length >= 0 {
		return !length || chunked
	}
	return chunked != (ps.x.Request.Version >= exchange.HTTP11)
}

// skipOwnFields leaves out Sidenote fields that an origin server sent: they
// would be taken for ours.
func (ps *passage) skipOwnFields(skip *lineSet) {
	for _, n := range ownFields {
		for i := range ps.x.Response.Fields.Each(n) {
			skip.add(i)
			ps.x.Changed |= exchange.ChangedSidenoteRemoved
		}
	}
}

// Write sends content.
func (w *responseWriter) Write(p []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(p)
	w.sent += int64(n)
	if err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		w.err = err
	}
	return n, err
}

// ReadFrom copies content. What has come is never held back: it is flushed
// unless the end has come with it.
func (w *responseWriter) ReadFrom(src io.Reader) (copied int64, err error) {
	if w.taken {
		return 0, nil
	}
	bufp := w.ps.proxy.buffers.Get().(*[]byte)
	defer w.ps.proxy.buffers.Put(bufp)
	buf := *bufp
	for {
		n, rerr := src.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return copied, err
			}
			copied += int64(n)
			if rerr == nil && w.sent != w.length {
				w.flush()
			}
		}
		if rerr != nil {
			if rerr == io.EOF {
				return copied, nil
			}
			w.flush() // what came of it, since the connection is about to be cut
			return copied, rerr
		}
	}
}

func (w *responseWriter) flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// flushWhole sends a response of known length that net/http still holds, which
// costs nothing, since it would do so next: the record then knows whether the
// client took it, and the client does not wait for the record.
func (w *responseWriter) flushWhole() {
	if !w.wrote || w.taken || w.length < 0 || w.err != nil {
		return
	}
	if f, ok := w.ResponseWriter.(interface{ FlushError() error }); ok {
		w.err = f.FlushError()
	}
}

// Flush sends what is buffered.
func (w *responseWriter) Flush() { w.flush() }

// Unwrap returns the server's own writer to http.ResponseController.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var errNoHijack = errors.New("this connection cannot be taken over")

// Hijack takes the client's connection over, with what net/http has read
// beyond the request.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	hj, ok := w.ResponseWriter.(http.Hijacker)
	if !ok || w.ps.multi {
		return nil, nil, errNoHijack
	}
	c, rw, err := hj.Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.ps.in.mu.Lock()
	w.ps.in.hijacked = true
	w.ps.in.recorder.off()
	w.ps.in.mu.Unlock()
	var early []byte
	if n := rw.Reader.Buffered(); n > 0 {
		b, _ := rw.Reader.Peek(n)
		early = append(early, b...)
	}
	c = &replayConn{Conn: c, early: early}
	return c, bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c)), nil
}
