package protobuf

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"sidenote/exchange"
)

// Reflection asks servers what their services are (gRPC Server Reflection), once for
// each service of each server. It is a message.Decoder, and safe for concurrent use.
// Decode waits for the server, so nothing that passes may wait for Decode.
type Reflection struct {
	// Dial opens a connection on which HTTP/2 is spoken to the origin server of an
	// exchange. Set it before the first Decode; without it nothing is asked.
	Dial func(ctx context.Context, scheme, authority string) (net.Conn, error)
	// Files are asked first; nil for none.
	Files *Files

	mu    sync.Mutex // guards what follows
	known map[string]*answer
}

// An answer is what a server told of a service.
type answer struct {
	once  sync.Once
	files *Files // nil where it told nothing
}

// The bounds of asking.
const (
	mostServices = 256
	askWithin    = 5 * time.Second
	mostOfAnswer = 8 << 20
	mostAsked    = 64 // files of one service
)

// Decode returns the JSON form of a message; "" where nothing describes it.
func (r *Reflection) Decode(x *exchange.Exchange, fromClient bool, content []byte) (string, error) {
	if r.Files != nil {
		if text, err := r.Files.Decode(x, fromClient, content); text != "" || err != nil {
			return text, err
		}
	}
	if r.Dial == nil {
		return "", nil
	}
	service, _ := split(x.Path())
	a := r.answerOf(x.Scheme, x.Authority, service)
	if a == nil {
		return "", nil
	}
	a.once.Do(func() { a.files, _ = r.ask(x.Scheme, x.Authority, service) }) // a server that has no reflection shows field numbers
	if a.files == nil {
		return "", nil
	}
	return a.files.Decode(x, fromClient, content)
}

// answerOf finds what is known of a service; nil where there are too many.
func (r *Reflection) answerOf(scheme, authority, service string) *answer {
	key := scheme + " " + authority + " " + service
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.known[key]
	if a == nil && len(r.known) < mostServices {
		if r.known == nil {
			r.known = map[string]*answer{}
		}
		a = &answer{}
		r.known[key] = a
	}
	return a
}

// ask asks a server for the files that describe a service.
func (r *Reflection) ask(scheme, authority, service string) (*Files, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	conn, err := r.Dial(ctx, scheme, authority)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c, err := (&http2.Transport{AllowHTTP: true, DisableCompression: true}).NewClientConn(conn)
	if err != nil {
		return nil, err
	}
	for _, version := range []string{"v1", "v1alpha"} {
		a := asking{ctx: ctx, conn: c, at: &url.URL{Scheme: scheme, Host: authority, Path: "/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo"}}
		var files *Files
		if files, err = a.service(service); err == nil {
			return files, nil
		}
	}
	return nil, err
}

// An asking is a conversation with one server.
type asking struct {
	ctx  context.Context
	conn *http2.ClientConn
	at   *url.URL
	got  map[string]*descriptorpb.FileDescriptorProto
}

// The fields of ServerReflectionRequest and ServerReflectionResponse.
const (
	fieldFileByName   = 3
	fieldFileOfSymbol = 4
	fieldFiles        = 4
	fieldError        = 7
)

// service asks for the file of a service, and for those that it imports.
func (a *asking) service(name string) (*Files, error) {
	a.got = map[string]*descriptorpb.FileDescriptorProto{}
	if err := a.call(fieldFileOfSymbol, name); err != nil {
		return nil, err
	}
	for asked := 0; ; asked++ {
		missing := a.missing()
		if missing == "" {
			break
		}
		if asked == mostAsked {
			return nil, errors.New("the service imports too many files")
		}
		if err := a.call(fieldFileByName, missing); err != nil {
			return nil, err
		}
		if a.got[missing] == nil {
			return nil, fmt.Errorf("the server does not tell of %q", missing)
		}
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, f := range a.got {
		set.File = append(set.File, f)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, err
	}
	return newFiles(files), nil
}

// missing is the name of a file that is imported and not there; "" for none.
func (a *asking) missing() string {
	for _, f := range a.got {
		for _, name := range f.Dependency {
			if a.got[name] != nil {
				continue
			}
			if known, err := protoregistry.GlobalFiles.FindFileByPath(name); err == nil {
				a.got[name] = protodesc.ToFileDescriptorProto(known)
				return a.missing()
			}
			return name
		}
	}
	return ""
}

// call asks one question, and takes the files of the answer.
func (a *asking) call(field protowire.Number, value string) error {
	question := protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), value)
	framed := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(question))), question...)
	q := (&http.Request{Method: "POST", URL: a.at, Host: a.at.Host, Body: io.NopCloser(bytes.NewReader(framed)), ContentLength: int64(len(framed)),
		Header: http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "User-Agent": {"sidenote"}}}).WithContext(a.ctx)
	resp, err := a.conn.RoundTrip(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostOfAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || len(b) < 5 || b[0] != 0 || uint64(binary.BigEndian.Uint32(b[1:])) > uint64(len(b)-5) {
		return errors.New("the server has no reflection")
	}
	return a.take(b[5 : 5+binary.BigEndian.Uint32(b[1:])])
}

// take reads a ServerReflectionResponse.
func (a *asking) take(b []byte) error {
	return eachField(b, func(number protowire.Number, value []byte) error {
		switch number {
		case fieldError:
			return errors.New("the server does not know the service")
		case fieldFiles:
			return eachField(value, func(number protowire.Number, file []byte) error {
				f := &descriptorpb.FileDescriptorProto{}
				if number != 1 {
					return nil
				}
				if err := proto.Unmarshal(file, f); err != nil {
					return err
				}
				a.got[f.GetName()] = f
				return nil
			})
		}
		return nil
	})
}

// eachField calls do for each field of a message whose value has a length.
func eachField(b []byte, do func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b[n:])
			if err := do(number, value); err != nil {
				return err
			}
		}
		b = b[n+size:]
	}
	return nil
}
