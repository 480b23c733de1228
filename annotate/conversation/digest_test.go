package conversation_test

import (
	"testing"

	"sidenote/annotate/conversation"
	"sidenote/exchange"
)

// TestContentKeptInPart: the same content is the same, whether it was kept whole,
// in part, or not at all.
func TestContentKeptInPart(t *testing.T) {
	const text = "@ 0s times=2 every=1s\n> GET /data\n< 200\n< ETag: \"v1\"\n<\n< 0123456789\n"
	for _, kept := range []string{"0123", "", "0123456789"} {
		all := parse(t, text)
		for _, x := range all {
			x.Response.Content.SHA256 = exchange.DigestOf([]byte("0123456789"))
		}
		c := &all[0].Response.Content
		c.Kept, c.Truncated = []byte(kept), len(kept) < 10
		if found := told(conversation.Options{}, all); len(found) != 0 {
			t.Errorf("%q kept: %s", kept, found[0].Note.Message)
		}
	}
}
