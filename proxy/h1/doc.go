// Package h1 reads and writes HTTP/1.x messages on connections (RFC 9112).
//
// It is tolerant in reading and exact in recording: a head is kept as it came,
// octet for octet, and content is handed on as it stands on the wire, with its
// chunks and trailers. What would let two readers disagree about where a message
// ends is a Fault, with its place; such a message is not to be passed on.
//
// The package knows connections and messages. Where a message goes, and what is
// recorded of it, is for others.
package h1
