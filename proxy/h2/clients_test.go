package h2_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"sidenote/proxy/h2"
)

// front listens for clients and relays each connection to an address.
func front(t testing.TB, to string, h h2.Handler) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				h2.New(c, h2.Config{Handler: h, Dial: func(ctx context.Context) (net.Conn, error) {
					var d net.Dialer
					return d.DialContext(ctx, "tcp", to)
				}}).Run(ctx)
			})
		}
	})
	t.Cleanup(func() { l.Close(); cancel(); wg.Wait() })
	return l.Addr().String()
}

// goOrigin is an HTTP/2 server of x/net.
func goOrigin(t testing.TB, handler http.HandlerFunc) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() { new(http2.Server).ServeConn(c, &http2.ServeConnOpts{Handler: handler}) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// goClient is an HTTP/2 client of x/net.
func goClient(t testing.TB, addr string) *http.Client {
	tr := &http2.Transport{AllowHTTP: true, DialTLSContext: func(ctx context.Context, network, _ string, _ *tls.Config) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

func TestGoClientAndServer(t *testing.T) {
	origin := goOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/echo":
			w.Header().Set("X-Target", r.RequestURI)
			w.Header().Set("Trailer", "X-Sum")
			n, _ := io.Copy(w, r.Body)
			w.Header().Set("X-Sum", fmt.Sprint(n))
		case "/early":
			w.Header().Set("Link", "</a>")
			w.WriteHeader(103)
			w.WriteHeader(200)
		case "/abort":
			w.WriteHeader(200)
			_, _ = w.Write([]byte("some"))
			panic(http.ErrAbortHandler)
		}
	})
	b := newBook()
	c := goClient(t, front(t, origin, b))
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			resp, err := c.Post("http://a.test/echo?a%2Fb|c", "text/plain", bytes.NewReader(big))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if err != nil || !bytes.Equal(got, big) || resp.Trailer.Get("X-Sum") != fmt.Sprint(len(big)) || resp.Header.Get("X-Target") != "/echo?a%2Fb|c" {
				t.Errorf("%d bytes, %v, trailers %v, %v", len(got), err, resp.Trailer, resp.Header)
			}
		})
	}
	wg.Wait()
	if resp, err := c.Get("http://a.test/early"); err != nil || resp.StatusCode != 200 {
		t.Error(resp, err)
	}
	resp, err := c.Get("http://a.test/abort")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
	}
	var stream http2.StreamError
	if !errors.As(err, &stream) || stream.Code != http2.ErrCodeInternal {
		t.Errorf("abort: %v", err)
	}
	for _, p := range b.wait(t, 10) {
		if p.Ends != 1 || p.late {
			t.Errorf("%+v", p)
		}
	}
}

// echo is a gRPC service without generated code: each method takes and returns
// strings.
var echo = grpc.ServiceDesc{
	ServiceName: "test.Echo", HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "Unary", Handler: func(_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		in := new(wrapperspb.StringValue)
		if err := dec(in); err != nil {
			return nil, err
		}
		if code, ok := strings.CutPrefix(in.Value, "fail "); ok {
			var n int
			_, _ = fmt.Sscan(code, &n)
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-why", "asked"))
			return nil, status.Error(codes.Code(n), "as asked: ü %")
		}
		if strings.HasPrefix(in.Value, "wait") {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		_ = grpc.SendHeader(ctx, metadata.Pairs("x-head", "1", "x-bin", "\x00\xff"))
		return in, nil
	}}},
	Streams: []grpc.StreamDesc{{StreamName: "Bidi", ClientStreams: true, ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
		n := 0
		for ; ; n++ {
			in := new(wrapperspb.StringValue)
			if err := s.RecvMsg(in); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
			if err := s.SendMsg(in); err != nil {
				return err
			}
		}
		s.SetTrailer(metadata.Pairs("x-count", fmt.Sprint(n)))
		return nil
	}}},
}

func grpcOrigin(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	s.RegisterService(&echo, struct{}{})
	go s.Serve(l)
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// rpcs does everything that a gRPC client can do, and returns what it saw.
func rpcs(t *testing.T, addr string) (saw []string) {
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	say := func(format string, a ...any) { saw = append(saw, fmt.Sprintf(format, a...)) }
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	unary := func(ctx context.Context, text string) {
		var head, trail metadata.MD
		out := new(wrapperspb.StringValue)
		err := conn.Invoke(ctx, "/test.Echo/Unary", wrapperspb.String(text), out, grpc.Header(&head), grpc.Trailer(&trail))
		delete(head, "date")
		say("unary %q: %q %v head %v trailers %v", text, out.Value, err, head, trail)
	}
	unary(ctx, "hello")
	for code := 1; code <= 16; code++ {
		unary(ctx, fmt.Sprintf("fail %d", code))
	}
	say("unknown: %v", conn.Invoke(ctx, "/test.Echo/None", wrapperspb.String(""), new(wrapperspb.StringValue)))
	short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	say("deadline: %v", status.Code(conn.Invoke(short, "/test.Echo/Unary", wrapperspb.String("wait, at most 50 ms"), new(wrapperspb.StringValue))))
	stop()
	giveUp, stop := context.WithCancel(ctx)
	time.AfterFunc(50*time.Millisecond, stop)
	say("cancelled: %v", status.Code(conn.Invoke(giveUp, "/test.Echo/Unary", wrapperspb.String("wait for ever"), new(wrapperspb.StringValue))))
	s, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/test.Echo/Bidi")
	if err != nil {
		t.Fatal(err)
	}
	const messages = 10000
	go func() {
		for i := range messages {
			_ = s.SendMsg(wrapperspb.String(fmt.Sprint(i)))
		}
		_ = s.CloseSend()
	}()
	same := 0
	for {
		in := new(wrapperspb.StringValue)
		if err = s.RecvMsg(in); err != nil {
			break
		}
		if in.Value == fmt.Sprint(same) {
			same++
		}
	}
	say("bidi: %d %v %v", same, err, s.Trailer())
	return saw
}

func TestGRPC(t *testing.T) {
	origin := grpcOrigin(t)
	b := newBook()
	direct, passed := rpcs(t, origin), rpcs(t, front(t, origin, b))
	if d := cmp.Diff(direct, passed); d != "" {
		t.Errorf("directly (-) and through (+):\n%s", d)
	}
	pages := b.wait(t, len(passed))
	for _, p := range pages {
		if strings.Contains(string(p.RequestContent), "wait for ever") && (p.Fault == nil || p.Fault.Kind != h2.Reset || p.Fault.Code != http2.ErrCodeCancel) {
			t.Errorf("the cancellation is recorded as %v", p.Fault)
		}
	}
}

func TestCurl(t *testing.T) {
	origin := goOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		fmt.Fprintf(w, "%s %s", r.Method, r.RequestURI)
	})
	through := front(t, origin, newBook())
	for _, args := range [][]string{
		{"--path-as-is", "http://ADDR/a%2Fb|c/../%7E{x}"},
		{"-X", "OPTIONS", "--request-target", "*", "http://ADDR"},
		{"-I", "http://ADDR/head"},
		{"-H", "X-Large: " + strings.Repeat("x", 60000), "http://ADDR/large"},
	} {
		run := func(addr string) string {
			all := []string{"-gsS", "-m", "10", "--http2-prior-knowledge", "-H", "Host: a.test", "-w", " %{http_code} %{exitcode}"}
			for _, a := range args {
				all = append(all, strings.ReplaceAll(a, "ADDR", addr))
			}
			out, _ := exec.Command("curl", all...).CombinedOutput()
			return string(out)
		}
		if direct, passed := run(origin), run(through); direct != passed || !strings.Contains(direct, "OPTIONS *") && args[0] == "-X" {
			t.Errorf("curl %.80q:\n directly %q\n through  %q", args, direct, passed)
		}
	}
}
