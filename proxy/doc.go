// Package proxy passes HTTP through and records each exchange as it goes.
//
// goproxy routes requests and CONNECT. On HTTP/1.x each connection of a client has
// a goroutine that reads a head into the record, has goproxy route it, and does
// the exchange with the origin server itself, on a connection that belongs to the
// client's alone (package h1 reads and writes the messages). HTTP/2 is passed on
// stream by stream (package h2). What is recorded leaves through Hooks; the package
// knows nothing of rules, notes or where records end up.
package proxy
