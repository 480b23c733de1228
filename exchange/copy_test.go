package exchange_test

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sidenote/exchange"
)

// TestSlimLeavesNothingElseOut fills every exported part of an exchange, so
// that one that is added is missed here when a copy lacks it.
func TestSlimLeavesNothingElseOut(t *testing.T) {
	x := &exchange.Exchange{}
	fill(reflect.ValueOf(x).Elem())
	x.Started = time.Unix(3, 0)
	x.Client.Peer, x.Origin.Peer = netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2")
	x.Request.Fields.Add("Content-Length", "9")
	x.Response.Content.Kept = []byte("a long content")
	x.Response.Content.Unhashed = false // see the next test

	y := x.Slim(6)
	if got := string(y.Response.Content.Kept); got != "a long" {
		t.Errorf("kept %q", got)
	}
	y.Response.Content.Kept = x.Response.Content.Kept
	if diff := cmp.Diff(x, y, cmp.AllowUnexported(exchange.Fields{}, exchange.Line{}), cmpopts.IgnoreUnexported(exchange.Exchange{}, exchange.Content{}), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("the copy is otherwise (-first +copy):\n%s", diff)
	}
}

func TestSlimKeepsTheDigestOfAllContent(t *testing.T) {
	x := &exchange.Exchange{}
	x.Response.Content.Kept, x.Response.Content.Unhashed = []byte("a long content"), true
	if got, want := x.Slim(6).Response.Content.Digest(), exchange.DigestOf([]byte("a long content")); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// fill sets every exported part of a value to something other than zero.
func fill(v reflect.Value) {
	switch {
	case !v.CanSet():
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case v.Kind() == reflect.Array:
		fill(v.Index(0))
	case v.Kind() == reflect.String:
		v.SetString("text")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(3)
	case v.CanUint():
		v.SetUint(3)
	}
}
