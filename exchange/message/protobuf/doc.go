// Package protobuf says what messages of gRPC mean: by .proto files, by descriptor
// sets, or by what a server tells of itself.
package protobuf
