package h2_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"sidenote/proxy/h2"
)

// silent is a Handler and a Tap that takes no notice.
type silent struct{}

func (silent) Begin(*h2.Stream, *h2.RequestHead, *h2.Fault) (h2.Tap, *h2.Answer) {
	return silent{}, nil
}
func (silent) Broken(*h2.Fault)                     {}
func (silent) RequestContent([]byte)                {}
func (silent) RequestTrailers([]hpack.HeaderField)  {}
func (silent) RequestEnd()                          {}
func (silent) Interim(*h2.ResponseHead)             {}
func (silent) Response(*h2.ResponseHead)            {}
func (silent) ResponseContent([]byte)               {}
func (silent) ResponseTrailers([]hpack.HeaderField) {}
func (silent) ResponseEnd()                         {}
func (silent) Failed(*h2.Fault) *h2.Answer          { return nil }
func (silent) End(*h2.Fault)                        {}

// BenchmarkRelay fetches 1 KiB over and over, directly and through a relay.
func BenchmarkRelay(b *testing.B) {
	content := strings.Repeat("x", 1024)
	origin := goOrigin(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, content) })
	for name, addr := range map[string]string{"direct": origin, "through": front(b, origin, silent{})} {
		b.Run(name, func(b *testing.B) {
			c := goClient(b, addr)
			b.ReportAllocs()
			b.SetParallelism(10)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					resp, err := c.Get("http://a.test/")
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			})
		})
	}
}
