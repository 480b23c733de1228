package proxy

import (
	"errors"
	"net"
	"os"
	"strings"
)

// detailOf is what the library said, without the layers that say nothing, and
// with plain words for what package net says of an operation on a socket.
func detailOf(err error) string {
	s := err.Error()
	var op *net.OpError
	if errors.As(err, &op) {
		s = strings.Replace(s, op.Error(), socketDetail(op), 1)
	}
	for _, prefix := range []string{"net/http: ", "http: ", "http2: ", "HTTP/1.x transport connection broken: "} {
		s = strings.TrimPrefix(s, prefix)
	}
	return s
}

// socketDetail says with whom an operation failed, and why: "192.0.2.7:443:
// connection refused".
func socketDetail(op *net.OpError) string {
	var (
		dns  *net.DNSError
		call *os.SyscallError
	)
	why := op.Err.Error()
	switch {
	case errors.As(op.Err, &dns):
		return nameDetail(dns)
	case op.Timeout():
		why = "no answer in time"
	case errors.As(op.Err, &call):
		why = call.Err.Error()
	}
	doing := map[string]string{"dial": "", "read": "reading from ", "write": "writing to "}
	with, known := doing[op.Op]
	if !known || op.Addr == nil {
		return op.Error()
	}
	return with + op.Addr.String() + ": " + why
}

// nameDetail says what became of looking a name up, and who was asked.
func nameDetail(dns *net.DNSError) string {
	why := dns.Err
	switch {
	case dns.IsTimeout:
		why = "no answer in time"
	case dns.IsNotFound:
		why = "no such name"
	}
	if dns.Server != "" && !dns.IsTimeout {
		why += ", says " + dns.Server
	}
	return dns.Name + ": " + why
}

func firstOctets(b []byte, n int) []byte { return b[:min(len(b), n)] }
