package exchange

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A WindowStall says for how long a receiver kept a window of HTTP/2 closed (RFC 9113
// §5.2) while a message was under way, so that its sender had to wait.
type WindowStall struct {
	By         WindowHolder
	Connection bool          // the window of the whole connection, not that of the stream
	At         time.Duration // when it was closed first, since Exchange.Started
	Total      time.Duration // in all
	Times      int           // how often it was closed
	Open       bool          // it was still closed when the exchange ended
}

// A WindowHolder is who has to open a window.
type WindowHolder string

// The holders of windows: the client opens those for responses, the origin server
// those for requests.
const (
	WindowOfClient WindowHolder = "client"
	WindowOfOrigin WindowHolder = "origin"
)

// Window names which window it is: "stream" or "connection".
func (w *WindowStall) Window() string {
	if w.Connection {
		return "connection"
	}
	return "stream"
}

// setWindow takes the two names of a window.
func (w *WindowStall) setWindow(by, window string) error {
	switch w.By = WindowHolder(by); w.By {
	case WindowOfClient, WindowOfOrigin:
	default:
		return fmt.Errorf("a window is held by client or origin, not by %.60q", by)
	}
	switch window {
	case "stream":
	case "connection":
		w.Connection = true
	default:
		return fmt.Errorf("a window is that of the stream or the connection, not %.60q", window)
	}
	return nil
}

// parseStall reads a "window" fact, as in
//
//	client stream at=12ms total=1.5s times=3 open
func (x *Exchange) parseStall(s string) error {
	by, rest, _ := strings.Cut(s, " ")
	window, rest, _ := strings.Cut(rest, " ")
	w := WindowStall{Times: 1}
	if err := w.setWindow(by, window); err != nil {
		return err
	}
	err := parseFacts(rest, func(k, v string) (err error) {
		switch k {
		case "at":
			w.At, err = time.ParseDuration(v)
		case "total":
			w.Total, err = time.ParseDuration(v)
		case "times":
			w.Times, err = strconv.Atoi(v)
		case "open":
			w.Open = true
		default:
			err = fmt.Errorf("unknown key %q", k)
		}
		return err
	})
	x.WindowStalls = append(x.WindowStalls, w)
	return err
}

func (w *WindowStall) facts() string {
	f := factList{string(w.By), w.Window()}
	f.set("at", w.At.String())
	f.set("total", w.Total.String())
	f.set("times", strconv.Itoa(w.Times))
	f.flag("open", w.Open)
	return strings.Join(f, " ")
}

func appendStalls(b []byte, list []WindowStall) []byte {
	b = append(b, '[')
	for i := range list {
		w := &list[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"by":"`...), w.By...)
		b = append(append(b, `","window":"`...), w.Window()...)
		b = appendMillis(append(b, `","at":`...), w.At)
		b = appendMillis(append(b, `,"total":`...), w.Total)
		b = strconv.AppendInt(append(b, `,"times":`...), int64(w.Times), 10)
		if w.Open {
			b = append(b, `,"open":true`...)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// A recordStall is a WindowStall as encoding/json reads it.
type recordStall struct {
	By     string `json:"by"`
	Window string `json:"window"`
	At     millis `json:"at"`
	Total  millis `json:"total"`
	Times  int    `json:"times"`
	Open   bool   `json:"open"`
}

func (r *record) fillStalls(x *Exchange) error {
	for i := range r.Stalls {
		s := &r.Stalls[i]
		w := WindowStall{At: time.Duration(s.At), Total: time.Duration(s.Total), Times: s.Times, Open: s.Open}
		if err := w.setWindow(s.By, s.Window); err != nil {
			return err
		}
		x.WindowStalls = append(x.WindowStalls, w)
	}
	return nil
}

func stallProperties() []Property {
	return []Property{
		{Key: "by", Doc: "who kept the window closed: client, for responses, or origin, for requests", Schema: map[string]any{"enum": []any{string(WindowOfClient), string(WindowOfOrigin)}}, Required: true},
		{Key: "window", Doc: "which window: that of the stream or of the connection", Schema: map[string]any{"enum": []any{"stream", "connection"}}, Required: true},
		{Key: "at", Doc: "milliseconds from the beginning to when it was closed first", Schema: milliseconds(), Required: true},
		{Key: "total", Doc: "milliseconds that it was closed, in all", Schema: milliseconds(), Required: true},
		{Key: "times", Doc: "how often it was closed", Schema: integer(), Required: true},
		{Key: "open", Doc: "it was still closed when the exchange ended", When: whenTrue, Schema: yes()},
	}
}
