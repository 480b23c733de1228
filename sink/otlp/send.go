package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// A message is an export request: what it begins with, and the records.
type message struct {
	head, records []byte
	open          atomic.Int32 // readers of it that are not closed
}

func (m *message) len() int { return len(m.head) + len(m.records) }

// reader returns the octets of a message. Anyone who reads may do so after the
// request is answered, and until it closes the reader.
func (m *message) reader() io.ReadCloser {
	m.open.Add(1)
	r := &messageReader{Reader: io.MultiReader(bytes.NewReader(m.head), bytes.NewReader(m.records))}
	r.close = sync.OnceFunc(func() { m.open.Add(-1) })
	return r
}

type messageReader struct {
	io.Reader
	close func()
}

func (r *messageReader) Close() error {
	r.close()
	return nil
}

// An answer is what a collector says of a request that it took.
type answer struct {
	rejected int64  // records that it did not take, of those in the request
	reason   string // why
}

// A sendError is why a request was not taken. It can be sent again when retry
// is set, and not before wait is over where the collector named a time.
type sendError struct {
	err   error
	retry bool
	wait  time.Duration
}

func (e *sendError) Error() string { return e.err.Error() }

// A sender sends requests of one signal to its target.
type sender interface {
	// send ends when ctx does. Its error is a *sendError.
	send(ctx context.Context, m *message) (answer, error)
	close()
}

// newSender makes the sender for a target.
func newSender(t *Target, s signal) sender {
	protocols := new(http.Protocols)
	if t.GRPC {
		protocols.SetHTTP2(true)
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(true)
	}
	// No proxy is asked, whatever the environment says: it may well say that
	// everything goes through sidenote.
	transport := &http.Transport{
		Protocols: protocols, TLSClientConfig: t.TLS, MaxIdleConnsPerHost: 1,
		IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if t.GRPC {
		return newGRPCSender(t, s, client)
	}
	return &httpSender{target: t, client: client}
}

// maxAnswer bounds what is read of an answer, in octets.
const maxAnswer = 64 << 10

// httpSender sends OTLP/HTTP with protobuf.
type httpSender struct {
	target *Target
	client *http.Client
}

func (s *httpSender) close() { s.client.CloseIdleConnections() }

const protobufType = "application/x-protobuf"

func (s *httpSender) send(ctx context.Context, m *message) (answer, error) {
	r, err := s.request(ctx, m)
	if err != nil {
		return answer{}, &sendError{err: err}
	}
	resp, err := s.client.Do(r)
	if s.target.refuses(err) {
		return answer{}, &sendError{err: errClosed, retry: true}
	}
	if err != nil {
		return answer{}, &sendError{err: withoutURL(err), retry: true}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, &sendError{err: fmt.Errorf("the answer broke off: %w", withoutURL(err)), retry: true}
	}
	if resp.StatusCode/100 != 2 { // the specification asks for 200; Loki sends 204, others 202
		return answer{}, refusal(resp, b)
	}
	return readAnswer(resp, b)
}

func (s *httpSender) request(ctx context.Context, m *message) (*http.Request, error) {
	if s.target.Gzip {
		var err error
		if m, err = packed(m); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target.URL.String(), m.reader())
	if err != nil {
		return nil, err
	}
	r.ContentLength = int64(m.len())
	r.GetBody = func() (io.ReadCloser, error) { return m.reader(), nil } // for a connection that the collector has just closed
	for name, values := range s.target.Header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", protobufType)
	r.Header.Set("User-Agent", "sidenote")
	if s.target.Gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	return r, nil
}

// packed returns a message as gzip.
func packed(m *message) (*message, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, head := z.Write(m.head)
	_, records := z.Write(m.records)
	err := errors.Join(head, records, z.Close())
	return &message{records: b.Bytes()}, err
}

// errClosed is what a collector seems to mean that ends a connection over TLS
// before it answers.
var errClosed = errors.New("it closed the connection; perhaps it wants a client certificate")

// refuses reports whether that is so: in TLS 1.3 the refusal of a client races
// with what that client writes, and the library may know of the end alone.
func (t *Target) refuses(err error) bool {
	return t.TLS != nil && len(t.TLS.Certificates) == 0 &&
		(errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE))
}

// withoutURL leaves the URL out of an error, which says enough without.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// refusal tells what a status code that is not of success means (OTLP specification,
// "Failures"): four of them ask to try again.
func refusal(resp *http.Response, b []byte) error {
	e := &sendError{err: fmt.Errorf("it answers %d %s%s", resp.StatusCode, http.StatusText(resp.StatusCode), statusMessageOf(resp, b))}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.retry, e.wait = true, retryAfter(resp.Header.Get("Retry-After"))
	}
	return e
}

// statusMessageOf reads the google.rpc.Status that an OTLP server explains itself with.
func statusMessageOf(resp *http.Response, b []byte) string {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), protobufType) {
		return ""
	}
	text := ""
	err := fields(b, func(field protowire.Number, _ uint64, value []byte) {
		if field == 2 {
			text = string(value)
		}
	})
	return quoted(text, err)
}

// quoted returns what a collector says, so that it can be shown.
func quoted(text string, err error) string {
	if err != nil || text == "" {
		return ""
	}
	return fmt.Sprintf(" (%.200q)", text)
}

// retryAfter reads seconds or a date (RFC 9110 §10.2.3); 0 where it is neither.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}

// readAnswer reads an Export…ServiceResponse. Whatever else answers with
// content is not a collector.
func readAnswer(resp *http.Response, b []byte) (answer, error) {
	mediaType, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch mediaType = strings.TrimSpace(mediaType); {
	case len(b) == 0 || mediaType == "application/json": // some collectors answer so, and took it
		return answer{}, nil
	case mediaType == protobufType || mediaType == "application/protobuf":
		a, err := parseAnswer(b)
		if err == nil {
			return a, nil
		}
	}
	return answer{}, &sendError{err: fmt.Errorf("it answers %d with %.40q, which is not a collector's response", resp.StatusCode, mediaType)}
}

// parseAnswer reads the partial success of a response, which both signals have
// in the same form.
func parseAnswer(b []byte) (a answer, err error) {
	var within error
	err = fields(b, func(field protowire.Number, _ uint64, partial []byte) {
		if field != 1 {
			return
		}
		within = fields(partial, func(field protowire.Number, n uint64, text []byte) {
			switch field {
			case 1:
				a.rejected = int64(n)
			case 2:
				a.reason = string(text)
			}
		})
	})
	return a, errors.Join(err, within)
}

// fields calls f for each field of a protobuf message.
func fields(b []byte, f func(field protowire.Number, n uint64, value []byte)) error {
	for len(b) > 0 {
		field, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		var n uint64
		var value []byte
		switch kind {
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			value, size = protowire.ConsumeBytes(b)
		default:
			size = protowire.ConsumeFieldValue(field, kind, b)
		}
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		f(field, n, value)
	}
	return nil
}

// grpcSender sends OTLP/gRPC.
type grpcSender struct {
	target *Target
	http   *http.Client
	client *connect.Client[message, answer]
}

func newGRPCSender(t *Target, s signal, client *http.Client) *grpcSender {
	options := []connect.ClientOption{connect.WithGRPC(), connect.WithCodec(codec{}), connect.WithReadMaxBytes(maxAnswer)}
	if t.Gzip {
		options = append(options, connect.WithSendGzip())
	}
	return &grpcSender{t, client, connect.NewClient[message, answer](client, t.URL.String()+s.service, options...)}
}

func (s *grpcSender) close() { s.http.CloseIdleConnections() }

func (s *grpcSender) send(ctx context.Context, m *message) (answer, error) {
	r := connect.NewRequest(m)
	for name, values := range s.target.Header {
		r.Header()[name] = values
	}
	resp, err := s.client.CallUnary(ctx, r)
	if err == nil {
		return *resp.Msg, nil
	}
	if s.target.refuses(err) {
		return answer{}, &sendError{err: errClosed, retry: true}
	}
	var said *connect.Error
	if !errors.As(err, &said) {
		return answer{}, &sendError{err: err, retry: true}
	}
	e := &sendError{err: fmt.Errorf("it answers %s: %.200q", said.Code(), said.Message())}
	e.wait, e.retry = retryInfo(said)
	switch said.Code() {
	case connect.CodeCanceled, connect.CodeDeadlineExceeded, connect.CodeAborted, connect.CodeOutOfRange,
		connect.CodeUnavailable, connect.CodeDataLoss:
		e.retry = true
	case connect.CodeResourceExhausted: // only where it says when (OTLP specification, "OTLP/gRPC Throttling")
	default:
		e.retry = false
	}
	return answer{}, e
}

// retryInfo reads the google.rpc.RetryInfo of an error.
func retryInfo(err *connect.Error) (wait time.Duration, ok bool) {
	for _, d := range err.Details() {
		if d.Type() != "google.rpc.RetryInfo" {
			continue
		}
		var seconds, nanos uint64
		bad := fields(d.Bytes(), func(field protowire.Number, _ uint64, duration []byte) {
			_ = fields(duration, func(field protowire.Number, n uint64, _ []byte) {
				switch field {
				case 1:
					seconds = n
				case 2:
					nanos = n
				}
			})
		})
		if bad == nil && seconds < 1<<31 && nanos < 1e9 {
			return time.Duration(seconds)*time.Second + time.Duration(nanos), true
		}
	}
	return 0, false
}

// codec carries messages that are protobuf already.
type codec struct{}

// Name makes it plain "application/grpc".
func (codec) Name() string { return "proto" }

// Marshal returns the octets of a *message.
func (codec) Marshal(v any) ([]byte, error) {
	m, ok := v.(*message)
	if !ok {
		return nil, fmt.Errorf("a %T is not a message", v)
	}
	return append(append(make([]byte, 0, m.len()), m.head...), m.records...), nil
}

// Unmarshal reads an *answer, or the details of an error.
func (codec) Unmarshal(b []byte, v any) (err error) {
	switch v := v.(type) {
	case *answer:
		*v, err = parseAnswer(b)
	case proto.Message:
		err = proto.Unmarshal(b, v)
	default:
		err = fmt.Errorf("a %T is not an answer", v)
	}
	return err
}
