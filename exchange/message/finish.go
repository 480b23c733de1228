package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// A Decoder says what binary content means, as JSON.
type Decoder interface {
	// Decode returns JSON; "" where it does not know. An error says that the content
	// is not what it should be.
	Decode(x *exchange.Exchange, fromClient bool, content []byte) (string, error)
}

// A Finisher does what a Reader leaves out. It is given the messages of an exchange
// one after another, in their order.
type Finisher struct {
	x       *exchange.Exchange
	keep    int
	decoder Decoder
	inflate [2]*inflater
}

// NewFinisher makes one for an exchange whose heads are known. Of a message it
// keeps so many octets. decoder may be nil.
func NewFinisher(x *exchange.Exchange, keep int, decoder Decoder) *Finisher {
	return &Finisher{x: x, keep: keep, decoder: decoder}
}

// Finish completes a message.
func (f *Finisher) Finish(m *exchange.StreamMessage) {
	if m.Compressed {
		f.decompress(m)
	}
	if len(m.Content) > f.keep {
		m.Content, m.Truncated = bytes.Clone(m.Content[:f.keep]), true
	}
	switch m.Kind {
	case exchange.KindMessage:
		f.decode(m)
	case exchange.KindText, exchange.KindEvent, exchange.KindLine:
		if name, id, code, _, ok := rpcOf(m.Content); ok && !m.Truncated {
			m.Code = code
			if m.Name == "" || m.Name == "message" {
				m.Name = name
			}
			if m.ID == "" {
				m.ID = id
			}
		}
	}
}

func (f *Finisher) decode(m *exchange.StreamMessage) {
	if m.Truncated || len(m.Content) == 0 {
		return
	}
	if f.decoder != nil {
		text, err := f.decoder.Decode(f.x, m.FromClient, m.Content)
		if err != nil {
			addFault(m, exchange.FaultProtobuf, err.Error())
		}
		if m.Decoded = text; text != "" {
			return
		}
	}
	m.Decoded = FieldTree(m.Content)
}

func sideOf(m *exchange.StreamMessage) int {
	if m.FromClient {
		return 0
	}
	return 1
}

// decompress replaces what was sent by what it means.
func (f *Finisher) decompress(m *exchange.StreamMessage) {
	if m.Kind == exchange.KindMessage {
		f.decompressGRPC(m)
		return
	}
	side := sideOf(m)
	if f.inflate[side] == nil {
		f.inflate[side] = newInflater(f.takeover(m.FromClient))
	}
	f.inflate[side].message(m, f.keep)
}

// takeover reports whether the compression of a direction refers to what was sent
// before (RFC 7692 §7.1.1).
func (f *Finisher) takeover(fromClient bool) bool {
	params, _ := deflateOf(f.x.Response.Fields.Combined(exchange.FieldSecWebSocketExtensions))
	want := "server_no_context_takeover"
	if fromClient {
		want = "client_no_context_takeover"
	}
	for p := range field.Pieces(params, ';') {
		if strings.EqualFold(p.Text, want) {
			return false
		}
	}
	return true
}

func (f *Finisher) decompressGRPC(m *exchange.StreamMessage) {
	fields := &f.x.Response.Fields
	if m.FromClient {
		fields = &f.x.Request.Fields
	}
	coding := grpcCoding(fields)
	if coding == "" || m.Truncated {
		return
	}
	r, err := grpcDecoder(coding, m.Content)
	if r == nil && err == nil {
		return // a coding that is not known here
	}
	var plain []byte
	var size int64
	if err == nil {
		plain, size, err = readSome(r, f.keep)
	}
	if err != nil && !errors.Is(err, errTooMuch) {
		addFault(m, exchange.FaultCompression, coding+": "+err.Error())
		m.Content, m.Truncated = nil, true
		return
	}
	m.Content, m.Size, m.Truncated = plain, size, size > int64(len(plain))
}

func grpcDecoder(coding string, content []byte) (io.Reader, error) {
	switch coding {
	case "gzip", "deflate", "br", "zstd":
		return decoder(coding, bytes.NewReader(content))
	}
	return nil, nil
}

// mostInflated bounds the octets that one message is decompressed to.
const mostInflated = 32 << 20

// readSome reads all and keeps the beginning.
func readSome(r io.Reader, keep int) (kept []byte, size int64, err error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(keep)))
	if err != nil {
		return out.Bytes(), n, err
	}
	more, err := io.Copy(io.Discard, io.LimitReader(r, mostInflated-n+1))
	if n+more > mostInflated {
		err = errTooMuch
	}
	return out.Bytes(), n + more, err
}

// window is how far back DEFLATE refers (RFC 1951 §2).
const window = 32 << 10

// deflateTail is what a sender leaves out at the end of a message (RFC 7692 §7.2.1),
// and an empty last block, so that a decoder sees an end.
const deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// An inflater removes permessage-deflate from the messages of one direction.
type inflater struct {
	takeover bool
	lost     bool // what later messages refer to is not known
	seen     []byte
	r        io.ReadCloser
}

func newInflater(takeover bool) *inflater { return &inflater{takeover: takeover} }

// message decompresses a message.
func (i *inflater) message(m *exchange.StreamMessage, keep int) {
	if i.lost {
		addFault(m, exchange.FaultContextUnknown, "")
		m.Content, m.Truncated = nil, true
		return
	}
	in := io.MultiReader(bytes.NewReader(m.Content), strings.NewReader(deflateTail))
	if m.Truncated {
		in = bytes.NewReader(m.Content)
	}
	if i.r == nil {
		i.r = flate.NewReaderDict(in, i.seen)
	} else if err := i.r.(flate.Resetter).Reset(in, i.seen); err != nil {
		i.lost = true
		return
	}
	out := inflated{keep: keep, window: i.seen[:len(i.seen):len(i.seen)]}
	if m.Kind == exchange.KindText {
		out.text = &utf8Check{}
	}
	n, err := io.Copy(&out, io.LimitReader(i.r, mostInflated+1))
	if i.seen = nil; i.takeover {
		i.seen = out.window[max(0, len(out.window)-window):]
	}
	cut := m.Truncated || n > mostInflated
	switch {
	case cut:
		i.lost = i.takeover
	case err != nil:
		i.lost = i.takeover
		addFault(m, exchange.FaultCompression, whyNotInflated(err))
	default:
		m.Size = n
		if out.text != nil && out.text.end() > 0 {
			addFault(m, exchange.FaultInvalidUTF8, fmt.Sprintf("byte %d", out.text.end()))
		}
	}
	m.Content, m.Truncated = out.kept, cut || err != nil || n > int64(len(out.kept))
}

func whyNotInflated(err error) string {
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &corrupt):
		return fmt.Sprintf("corrupt near byte %d", int64(corrupt)+1)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends early"
	case errors.Is(err, gzip.ErrHeader):
		return "it does not begin as gzip does"
	}
	return err.Error()
}

// inflated takes decompressed octets: it keeps the beginning, and the last octets
// as the window of the next message.
type inflated struct {
	keep   int
	kept   []byte
	window []byte
	text   *utf8Check
}

// Write takes octets.
func (w *inflated) Write(p []byte) (int, error) {
	if room := w.keep - len(w.kept); room > 0 {
		w.kept = append(w.kept, p[:min(room, len(p))]...)
	}
	w.window = append(w.window, p[max(0, len(p)-window):]...)
	if len(w.window) > 4*window {
		w.window = append([]byte(nil), w.window[len(w.window)-window:]...)
	}
	if w.text != nil {
		w.text.take(p)
	}
	return len(p), nil
}

// mostRPC bounds the content that is searched for JSON-RPC.
const mostRPC = 1 << 20

// rpcOf reads the method or the result of JSON-RPC 2.0.
func rpcOf(content []byte) (name, id string, code int, kind exchange.MessageKind, ok bool) {
	if len(content) > mostRPC || !bytes.Contains(content, []byte(`"jsonrpc"`)) {
		return "", "", 0, "", false
	}
	var rpc struct {
		Version string          `json:"jsonrpc"`
		Method  *string         `json:"method"`
		ID      json.RawMessage `json:"id"`
		Error   *struct {
			Code json.Number `json:"code"`
		} `json:"error"`
	}
	if err := json.Unmarshal(content, &rpc); err != nil || rpc.Version != "2.0" {
		return "", "", 0, "", false
	}
	if len(rpc.ID) > 0 && string(rpc.ID) != "null" {
		id = strings.Trim(short(rpc.ID), `"`)
	}
	switch {
	case rpc.Method != nil:
		return short([]byte(*rpc.Method)), id, 0, exchange.KindCall, true
	case rpc.Error != nil:
		if n, err := rpc.Error.Code.Int64(); err == nil && n >= math.MinInt32 && n <= math.MaxInt32 {
			code = int(n)
		}
		return "", id, code, exchange.KindError, true
	}
	return "", id, 0, exchange.KindResult, true
}

// JSONRPC returns the calls, results and errors of JSON-RPC in content that is kept
// whole, one alone or a batch; none where it is something else.
func JSONRPC(content []byte) (list []exchange.StreamMessage) {
	content = bytes.TrimSpace(content)
	if len(content) == 0 || len(content) > mostRPC || content[0] != '{' && content[0] != '[' ||
		!bytes.Contains(content, []byte(`"jsonrpc"`)) || !utf8.Valid(content) {
		return nil
	}
	items := []json.RawMessage{content}
	if content[0] == '[' {
		items = nil
		if json.Unmarshal(content, &items) != nil {
			return nil
		}
	}
	for _, item := range items {
		name, id, code, kind, ok := rpcOf(item)
		if !ok {
			return nil
		}
		list = append(list, exchange.StreamMessage{
			Kind: kind, Name: name, ID: id, Code: code, Size: int64(len(item)), Wire: int64(len(item)), Content: item,
		})
	}
	return list
}
