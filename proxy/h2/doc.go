// Package h2 passes HTTP/2 (RFC 9113) on stream for stream, between one client's
// connection and one connection to its origin server.
//
// A Relay is a pipe with a reader on each side and no queue between them. Streams
// have the same number on both sides. Frames go on in the order in which they
// came and with the flags that they had: HEADERS, DATA with its padding, trailers,
// END_STREAM, RST_STREAM, GOAWAY, PING, priorities, frames of extensions. Header
// blocks are decoded, told to the Handler and encoded again with the table of the
// other side.
//
// Windows belong to the two ends: WINDOW_UPDATE and INITIAL_WINDOW_SIZE go through,
// so a sender sends what the receiver at the other end allows, and nothing has to
// be kept here. A receiver that does not read its socket stops the reader on the
// other side.
//
// What cannot be passed on is refused for its stream alone, or, where RFC 9113 §5.4.1
// leaves no choice, for the connection.
package h2
