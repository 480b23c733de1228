// Package exchange holds the one record that everything in sidenote is about:
// a request, what came back, and how the bytes travelled.
//
// The proxy fills a record in, a capture file can be read into one, the rules
// read it, and every sink prints it. The package knows HTTP's shape (RFC 9110
// and RFC 9112) and nothing of rules, sockets or screens.
package exchange
