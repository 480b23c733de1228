package protobuf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"sidenote/exchange"
	"sidenote/internal/wholefile"
)

// mostOfFile bounds a file of descriptions.
const mostOfFile = 64 << 20

// Files are descriptions of services that have been read. They are a
// message.Decoder, and safe for concurrent use.
type Files struct {
	files *protoregistry.Files
	types *dynamicpb.Types
}

// Read reads .proto files, and descriptor sets in the binary form that protoc and
// buf write. Imports of a .proto file are looked for beside it, in the folders above
// it, and in the working directory.
func Read(names ...string) (*Files, error) {
	all := &protoregistry.Files{}
	for _, name := range names {
		var err error
		if strings.EqualFold(filepath.Ext(name), ".proto") {
			err = addSource(all, name)
		} else {
			err = addSet(all, name)
		}
		if err != nil {
			return nil, err
		}
	}
	return newFiles(all), nil
}

func newFiles(all *protoregistry.Files) *Files { return &Files{all, dynamicpb.NewTypes(all)} }

// addSource compiles a .proto file.
func addSource(all *protoregistry.Files, name string) error {
	if _, err := wholefile.Read(name, mostOfFile); err != nil {
		return err
	}
	folder, base := filepath.Split(name)
	folder = filepath.Clean(folder)
	failure := error(nil)
	for range mostFolders {
		c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{folder, "."}})}
		compiled, err := c.Compile(context.Background(), filepath.ToSlash(base))
		if err == nil {
			return addCompiled(all, compiled)
		}
		if failure == nil {
			failure = err
		}
		up := filepath.Dir(folder)
		if up == folder || folder == "." || !errors.Is(err, fs.ErrNotExist) {
			break
		}
		base = filepath.Join(filepath.Base(folder), base) // imports may begin at a folder above
		folder = up
	}
	return fmt.Errorf("%s: %w", name, failure)
}

// mostFolders bounds how many folders above a file imports may begin at.
const mostFolders = 8

func addCompiled(all *protoregistry.Files, list linker.Files) error {
	for _, f := range list {
		if err := addFile(all, f); err != nil {
			return err
		}
	}
	return nil
}

// addFile adds a file after those that it imports; what is there already stays.
func addFile(all *protoregistry.Files, f protoreflect.FileDescriptor) error {
	if _, err := all.FindFileByPath(f.Path()); err == nil {
		return nil
	}
	imports := f.Imports()
	for i := range imports.Len() {
		if err := addFile(all, imports.Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	return all.RegisterFile(f)
}

// addSet reads a descriptor set.
func addSet(all *protoregistry.Files, name string) error {
	b, err := wholefile.Read(name, mostOfFile)
	if err != nil {
		return err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(b, &set); err != nil || len(set.File) == 0 {
		return fmt.Errorf("%s: not a descriptor set; make one with: protoc --include_imports --descriptor_set_out=%s FILE.proto", name, filepath.Base(name))
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return fmt.Errorf("%s: %w; was it made with --include_imports?", name, err)
	}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool { err = addFile(all, f); return err == nil })
	return err
}

// Decode returns the JSON form of a message, as its method describes it. It returns
// "" for a method that no file describes.
func (f *Files) Decode(x *exchange.Exchange, fromClient bool, content []byte) (string, error) {
	service, method := split(x.Path())
	found, err := f.files.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return "", nil //nolint:nilerr // no file describes it
	}
	s, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return "", nil
	}
	m := s.Methods().ByName(protoreflect.Name(method))
	if m == nil {
		return "", nil
	}
	described := m.Output()
	if fromClient {
		described = m.Input()
	}
	return f.decode(described, content)
}

// mostDepth bounds how deep messages are nested.
const mostDepth = 100

func (f *Files) decode(described protoreflect.MessageDescriptor, content []byte) (string, error) {
	m := dynamicpb.NewMessage(described)
	if err := (proto.UnmarshalOptions{RecursionLimit: mostDepth, Resolver: f.types}).Unmarshal(content, m); err != nil {
		return "", fmt.Errorf("not a %s", described.FullName())
	}
	b, err := protojson.MarshalOptions{UseProtoNames: true, Resolver: f.types}.Marshal(m)
	if err != nil {
		return "", nil //nolint:nilerr // such as an Any of a type that is not known
	}
	var out bytes.Buffer
	if err := json.Compact(&out, b); err != nil { // the spaces of protojson differ from program to program
		return "", nil //nolint:nilerr // it is what protojson wrote
	}
	return out.String(), nil
}

// split takes the path of a call apart: "/shop.Orders/Find". What stands before it,
// as gRPC-Web has, is left out.
func split(path string) (service, method string) {
	rest, method := path, ""
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		rest, method = rest[:i], rest[i+1:]
	}
	return rest[strings.LastIndexByte(rest, '/')+1:], method
}
