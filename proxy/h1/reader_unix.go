//go:build unix

package h1

import (
	"os"
	"syscall"
)

const readsSockets = true

// trySocket reads from a socket that does not block. It reports false when
// nothing is there, which makes the caller wait.
func (r *Reader) trySocket(fd uintptr) bool {
	if r.buf == nil {
		r.take()
	}
	for {
		n, err := syscall.Read(int(fd), (*r.buf)[r.to:])
		switch err {
		case nil:
			r.n = n
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			r.Rest()
			if f := r.first; f != nil {
				r.first = nil
				f()
			}
			return false
		default:
			r.fail = os.NewSyscallError("read", err)
			return true
		}
	}
}

// A Look is what can be seen of a connection without waiting.
type Look uint8

// What a Look can be.
const (
	Quiet Look = iota // nothing has come
	Ready             // octets have come
	Ended             // the other side ended the connection, or it failed
)

// LookAt tells what has come on a socket, and leaves it there.
func LookAt(c syscall.RawConn) Look {
	look := Quiet
	var one [1]byte
	err := c.Control(func(fd uintptr) {
		for {
			n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			switch {
			case err == syscall.EINTR:
				continue
			case err == syscall.EAGAIN:
			case err != nil || n == 0:
				look = Ended
			default:
				look = Ready
			}
			return
		}
	})
	if err != nil {
		return Ended
	}
	return look
}
