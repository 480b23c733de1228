//go:build !unix

package h1

import "syscall"

const readsSockets = false

func (r *Reader) trySocket(uintptr) bool { return true }

// A Look is what can be seen of a connection without waiting.
type Look uint8

// What a Look can be.
const (
	Quiet Look = iota // nothing has come
	Ready             // octets have come
	Ended             // the other side ended the connection, or it failed
)

// LookAt cannot tell here what has come.
func LookAt(syscall.RawConn) Look { return Quiet }
