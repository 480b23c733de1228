package sink_test

import (
	"bytes"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/sink"
)

const failedInside = `* id 7f3m
* started 2026-01-02T12:04:31.390Z
> POST /rpc HTTP/1.1
> Host: a.test
> Content-Type: application/json
>
> {"jsonrpc":"2.0","method":"eth_call","id":1}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"execution reverted"}}
`

// The console says what an error inside a success says, and counts it.
func TestErrorInsideASuccess(t *testing.T) {
	var out bytes.Buffer
	c := sink.NewConsole(&out, sink.ConsoleOptions{})
	for _, text := range []string{ok, failedInside} {
		if err := c.Write(&annotate.Annotated{X: parse(t, text)}); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(out.String(), ` says "-32000: execution reverted"`) {
		t.Errorf("it does not say why:\n%s", out.String())
	}
	if got, want := c.Summary(), "-- 2 exchanges: 2 2xx (1 with an error inside); 0 errors, 0 warnings"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	out.Reset()
	log := sink.NewJSONLog(&out, nil)
	if err := log.Write(&annotate.Annotated{X: parse(t, failedInside)}); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"sidenote.effective":{"outcome":"error","protocol":"jsonrpc","code":"-32000","message":"execution reverted"}`,
		`"sidenote.operation":{"protocol":"jsonrpc","name":"eth_call"}`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the record lacks %s:\n%s", want, out.String())
		}
	}
}
