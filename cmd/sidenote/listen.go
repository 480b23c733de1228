package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"syscall"

	"sidenote/cmd/sidenote/child"
	"sidenote/configs"
	"sidenote/internal/printable"
)

// listeners are the addresses on which a server answers, all open.
type listeners struct {
	proxy   net.Listener
	admin   net.Listener // nil when it is off
	reverse []reverseListener
}

type reverseListener struct {
	net.Listener
	to *url.URL
}

// openListeners opens every listener that a configuration asks for, or none.
func openListeners(c *configs.Config) (_ listeners, err error) {
	var l listeners
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.proxy, err = listenOn(c.Listen, "--listen"); err != nil {
		return l, err
	}
	if c.Admin != "off" {
		if l.admin, err = listenOn(c.Admin, "--admin"); err != nil {
			return l, err
		}
	}
	for _, r := range c.Reverse {
		to, err := url.Parse(r.URL)
		if err != nil {
			return l, usageErrorf("--reverse %q: %w", r.URL, err)
		}
		address := r.Listen
		if address == "" {
			address = "127.0.0.1:0"
		}
		opened, err := listenOn(address, "--reverse")
		if err != nil {
			return l, err
		}
		l.reverse = append(l.reverse, reverseListener{opened, to})
	}
	return l, nil
}

// listenOn opens a listener; the error says which flag to change.
func listenOn(address, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &codedError{exitFailed, fmt.Errorf("%s %s: %s already listens there; stop it, or choose another port (0 picks a free one)", flag, address, listener(address))}
	case errors.Is(err, syscall.EACCES):
		return nil, &codedError{exitFailed, fmt.Errorf("%s %s: not permitted; choose a port above 1023", flag, address)}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, &codedError{exitFailed, fmt.Errorf("%s %s: this machine has no such address; use one that it has, such as 127.0.0.1", flag, address)}
	case err != nil:
		return nil, &codedError{exitFailed, fmt.Errorf("%s %s: %w", flag, address, err)}
	}
	return l, nil
}

// listener names the program that listens on an address, as far as can be seen.
func listener(address string) string {
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return "another program"
	}
	if p, ok := child.Listener(a.AddrPort()); ok {
		return fmt.Sprintf("%s (process %d)", printable.Text(p.Program, false), p.PID)
	}
	return "another program"
}

// all lists the listeners.
func (l *listeners) all() (all []net.Listener) {
	if l.proxy != nil {
		all = append(all, l.proxy)
	}
	if l.admin != nil {
		all = append(all, l.admin)
	}
	for _, r := range l.reverse {
		all = append(all, r.Listener)
	}
	return all
}

func (l *listeners) close() {
	for _, one := range l.all() {
		one.Close()
	}
}

// addresses are those of the listeners.
func (l *listeners) addresses() (all []netip.AddrPort) {
	for _, one := range l.all() {
		if a, ok := addressOf(one); ok {
			all = append(all, a)
		}
	}
	return all
}

// addressOf is where a listener listens; ok is false for one that is not on TCP.
func addressOf(l net.Listener) (a netip.AddrPort, ok bool) {
	t, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return a, false
	}
	a = t.AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), true
}
