// Package message finds the messages of a stream in its octets: those of a
// WebSocket, of an event stream, of gRPC, of newline-delimited JSON and of
// JSON-RPC.
//
// A Reader is given the octets of one direction as they pass, and is quick: it
// looks for where messages begin and end, keeps what there is room for, and does
// not wait. A Finisher does what takes longer, in the order of the messages and
// where nobody waits for it: it removes compression and says what content means.
package message
