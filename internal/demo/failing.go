package demo

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// connection is what is left of a server's connection once it was taken over.
type connection struct {
	net.Conn
}

// stallFor is how long a stalled response keeps its connection.
const stallFor = 30 * time.Second

// failures are the ways in which an exchange can fail, by name. Each does what
// it does to the connection, which is closed afterwards.
func failures() map[string]func(c connection) {
	write := func(octets string) func(connection) {
		return func(c connection) { _, _ = io.WriteString(c, octets) }
	}
	return map[string]func(c connection){
		"closed": func(connection) {},
		"reset": func(c connection) {
			if tcp, ok := c.Conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // close then sends RST
			}
		},
		"truncated":   write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"items\": [1, 2, 3"),
		"chunk":       write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n"),
		"status-line": write("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
		"field":       write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nthis is not a header line\r\nContent-Length: 0\r\n\r\n"),
		"stalled": func(c connection) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nhalf of it")
			_ = c.SetReadDeadline(time.Now().Add(stallFor))
			_, _ = c.Read(make([]byte, 1)) // until the other side gives up
		},
	}
}

// failureKinds lists the names in a fixed order.
func failureKinds() []string {
	var kinds []string
	for kind := range failures() {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

func failing(w http.ResponseWriter, r *http.Request) {
	fail, ok := failures()[r.PathValue("kind")]
	if !ok {
		sendProblem(w, http.StatusNotFound, "there is no such failure; want one of "+strings.Join(failureKinds(), ", "))
		return
	}
	withConnection(w, fail)
}

// withConnection takes the connection over, has it used, and closes it. Where
// it cannot be had, as in HTTP/2, it says so with a 501.
func withConnection(w http.ResponseWriter, use func(connection)) {
	h, ok := w.(http.Hijacker)
	if !ok {
		sendProblem(w, http.StatusNotImplemented, "this needs HTTP/1.1")
		return
	}
	c, _, err := h.Hijack()
	if err != nil {
		sendProblem(w, http.StatusNotImplemented, "this needs a connection of its own: "+err.Error())
		return
	}
	defer c.Close()
	use(connection{c})
}
