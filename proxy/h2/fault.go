package h2

import (
	"fmt"

	"golang.org/x/net/http2"
)

// A Peer is one of those who can end a stream or a connection.
type Peer uint8

// The peers.
const (
	Client Peer = iota + 1
	Origin
	Self // the Relay, or who holds it
)

// String returns the peer in a word.
func (p Peer) String() string {
	switch p {
	case Client:
		return "client"
	case Origin:
		return "origin"
	case Self:
		return "proxy"
	}
	return ""
}

// cutShort reports whether p reset a stream, so that sender may send on it in good
// faith until it knows.
func (p Peer) cutShort(sender Peer) bool { return p != 0 && p != sender }

// A Kind is a way for a stream or a connection to end early.
type Kind uint8

// The kinds.
const (
	Reset     Kind = iota + 1 // the peer sent RST_STREAM
	GoneAway                  // the peer sent GOAWAY and did not process the stream
	Closed                    // the peer closed its connection; Err says how
	Malformed                 // the peer broke a rule of RFC 9113
	Short                     // the content ended before it was as long as the peer had said
	TooLarge                  // a field section has more octets than Config.MaxHeaderBytes
	TooMany                   // the client has more streams open than it was allowed
	Flood                     // the peer sends too much that moves nothing on
	Unreached                 // there is no connection to the origin server; Err says why
	Aborted                   // Stream.Abort or Relay.Close; Err is their cause
)

// A Fault is why a stream or a connection ended early.
type Fault struct {
	By         Peer
	Kind       Kind
	Code       http2.ErrCode // as it came, or as it is sent
	Section    string        // of RFC 9113, as "§8.2.1", where a rule of it was broken
	Detail     string        // what came, in words
	Connection bool          // it ended the connection, not one stream
	Err        error
}

// Error returns the fault in words.
func (f *Fault) Error() string {
	s := f.Detail
	if s == "" && f.Err != nil {
		s = f.Err.Error()
	}
	if f.Section != "" {
		s += " (RFC 9113 " + f.Section + ")"
	}
	return fmt.Sprintf("%v: %s", f.Code, s)
}

// Unwrap returns the error inside.
func (f *Fault) Unwrap() error { return f.Err }

// broken makes the fault of a connection whose peer broke a rule.
func broken(by Peer, code http2.ErrCode, section, format string, a ...any) *Fault {
	return &Fault{By: by, Kind: Malformed, Code: code, Section: section, Detail: fmt.Sprintf(format, a...), Connection: true}
}

// malformed makes the fault of a stream whose peer broke a rule.
func malformed(by Peer, section, format string, a ...any) *Fault {
	return &Fault{By: by, Kind: Malformed, Code: http2.ErrCodeProtocol, Section: section, Detail: fmt.Sprintf(format, a...)}
}

// flood makes the fault of a connection whose peer sends too much of something.
func flood(by Peer, format string, a ...any) *Fault {
	return &Fault{By: by, Kind: Flood, Code: http2.ErrCodeEnhanceYourCalm, Section: "§10.5", Detail: fmt.Sprintf(format, a...), Connection: true}
}

// goAwayText is what a GOAWAY frame says.
func goAwayText(f *http2.GoAwayFrame) string {
	text := fmt.Sprintf("GOAWAY with %v, last stream %d", f.ErrCode, f.LastStreamID)
	if debug := f.DebugData(); len(debug) > 0 {
		text += fmt.Sprintf(", debug data %q", debug[:min(len(debug), 128)])
	}
	return text
}
