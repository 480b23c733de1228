package protobuf_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"sidenote/exchange"
	"sidenote/exchange/message/protobuf"
)

const orders = `syntax = "proto3";
package shop;
import "common/money.proto";
import "google/protobuf/timestamp.proto";
service Orders { rpc Find(Query) returns (stream Order); }
message Query { int64 id = 1; repeated string tags = 2; }
message Order { shop.Money price = 1; google.protobuf.Timestamp at = 2; bytes token = 3; }
`

const money = `syntax = "proto3";
package shop;
message Money { string currency = 1; int32 cents = 2; }
`

// tree writes the files of a service into folders, and returns the first.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{"api/orders.proto": orders, "common/money.proto": money} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(root, "api", "orders.proto")
}

func called(path string) *exchange.Exchange {
	x := &exchange.Exchange{Scheme: "http", Authority: "shop.test"}
	x.Request.Method, x.Request.Target = "POST", path
	return x
}

func TestDecode(t *testing.T) {
	files, err := protobuf.Read(tree(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path       string
		fromClient bool
		content    string
		want, err  string
	}{
		{"/shop.Orders/Find", true, "\x08\x07\x12\x01a\x12\x01b", `{"id":"7","tags":["a","b"]}`, ""},
		{"/api/shop.Orders/Find", false, "\x0a\x07\x0a\x03EUR\x10\x05", `{"price":{"currency":"EUR","cents":5}}`, ""},
		{"/shop.Orders/Find", false, "\x12\x02\x08\x01\x1a\x01\xff", `{"at":"1970-01-01T00:00:01Z","token":"/w=="}`, ""},
		{"/shop.Orders/Find", true, "\x08", "", "not a shop.Query"},
		{"/shop.Orders/Other", true, "\x08\x07", "", ""},
		{"/other.Orders/Find", true, "\x08\x07", "", ""},
		{"/shop.Query/Find", true, "\x08\x07", "", ""},
		{"", true, "\x08\x07", "", ""},
	} {
		text, err := files.Decode(called(c.path), c.fromClient, []byte(c.content))
		if text != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s %q: %s, %v", c.path, c.content, text, err)
		}
	}
}

func TestDescriptorSet(t *testing.T) {
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(grpc_health_v1.File_grpc_health_v1_health_proto)}}
	b, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "set.binpb")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := protobuf.Read(name, tree(t))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := files.Decode(called("/grpc.health.v1.Health/Check"), false, []byte("\x08\x01")); text != `{"status":"SERVING"}` || err != nil {
		t.Errorf("%s, %v", text, err)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.proto")
	if err := os.WriteFile(broken, []byte("syntax = \"proto3\";\nmessage {\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone.proto")
	if err := os.WriteFile(alone, []byte(orders), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		broken: "broken.proto:2:9", alone: "common/money.proto", "none.proto": "none.proto", "none.binpb": "none.binpb", "protobuf_test.go": "protoc --include_imports",
	} {
		if _, err := protobuf.Read(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
}

// A server is asked once for each service; one without reflection is not asked again.
func TestReflection(t *testing.T) {
	start := func(reflects bool) string {
		s := grpc.NewServer()
		grpc_health_v1.RegisterHealthServer(s, health.NewServer())
		if reflects {
			reflection.Register(s)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.Serve(l) }()
		t.Cleanup(s.Stop)
		return l.Addr().String()
	}
	dialed := 0
	r := &protobuf.Reflection{Dial: func(ctx context.Context, _, authority string) (net.Conn, error) {
		dialed++
		return (&net.Dialer{}).DialContext(ctx, "tcp", authority)
	}}
	for _, c := range []struct {
		reflects bool
		path     string
		want     string
	}{
		{true, "/grpc.health.v1.Health/Check", `{"status":"SERVING"}`},
		{true, "/grpc.health.v1.Unknown/Check", ""},
		{false, "/grpc.health.v1.Health/Check", ""},
	} {
		x := called(c.path)
		x.Authority = start(c.reflects)
		dialed = 0
		for range 3 {
			if text, err := r.Decode(x, false, []byte("\x08\x01")); text != c.want || err != nil {
				t.Errorf("reflection %v, %s: %s, %v", c.reflects, c.path, text, err)
			}
		}
		if dialed != 1 {
			t.Errorf("reflection %v, %s: asked %d times", c.reflects, c.path, dialed)
		}
	}
}

// FuzzDecode decodes anything as a message that is described; nothing panics.
func FuzzDecode(f *testing.F) {
	name := filepath.Join(f.TempDir(), "money.proto")
	if err := os.WriteFile(name, []byte(money+"service Bank { rpc Pay(Money) returns (Money); }\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	files, err := protobuf.Read(name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("/shop.Bank/Pay", []byte("\x0a\x03EUR\x10\x05"))
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		text, err := files.Decode(called(path), true, content)
		if err == nil && text != "" && !json.Valid([]byte(text)) {
			t.Errorf("%q is %s", content, text)
		}
	})
}
