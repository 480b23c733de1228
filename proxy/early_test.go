package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestEarlyResponseKeepsInStep has an origin server answer and close before the
// content of the request has come: the content must not become the next request.
func TestEarlyResponseKeepsInStep(t *testing.T) {
	origin := listen(t)
	go func() {
		for {
			c, err := origin.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
			}
			c.Close()
		}
	}()
	r := newRig(t, nil)
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	br := bufio.NewReader(c)
	answered := func() {
		t.Helper()
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if string(b) != "no" || err != nil {
			t.Fatalf("%d %.60q %v", resp.StatusCode, b, err)
		}
	}
	fmt.Fprintf(c, "POST http://%[1]s/a HTTP/1.1\r\nHost: %[1]s\r\nContent-Length: 8\r\n\r\n", origin.Addr())
	answered()
	time.Sleep(20 * time.Millisecond) // the handler is over
	fmt.Fprintf(c, "user=annGET http://%[1]s/b HTTP/1.1\r\nHost: %[1]s\r\n\r\n", origin.Addr())
	if resp, err := http.ReadResponse(br, nil); err == nil && resp.Header.Get("Proxy-Status") != "" {
		t.Errorf("the rest of the content was taken for a request: %v", resp.Header)
	} // the connection may have been ended instead
}
