package inspector

import (
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/exchange"
	"sidenote/sink/store"
)

// A detail is an exchange with all that is known of it, but its content.
type detail struct {
	row
	Run      string     `json:"run"`
	URL      string     `json:"url"`
	Status   statusFact `json:"meaning"`
	Caching  string     `json:"caching,omitempty"` // what caches may do with the response, in words
	Reason   string     `json:"stated,omitempty"`  // what the response itself gives as the reason of an error
	Failure  *failure   `json:"failure,omitempty"`
	Notes    []note     `json:"notes"`
	Request  message    `json:"request"`
	Interim  []message  `json:"interim"`
	Response *message   `json:"response"` // null when none came
	Timing   timing     `json:"timing"`
	Inbound  connection `json:"inbound"`
	Outbound connection `json:"outbound"`
	Changed  []string   `json:"changed"`
	Tunnel   *tunnel    `json:"tunnel,omitempty"`
	// Messages counts those of a stream inside of the exchange; the list is asked for
	// by itself.
	Messages *messageCounts `json:"messages,omitempty"`
}

// A statusFact is what the status means.
type statusFact struct {
	Code    int      `json:"code"`
	Name    string   `json:"name"`
	Meaning string   `json:"meaning"`
	Fault   string   `json:"fault,omitempty"`
	Act     string   `json:"act,omitempty"`
	Retry   string   `json:"retry,omitempty"`
	Refs    []ref    `json:"refs"`
	Expects []expect `json:"expects"` // the fields that it calls for
}

type expect struct {
	Field   string `json:"field"`
	Present bool   `json:"present"`
}

// A failure is why an exchange failed.
type failure struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Why    string `json:"why"`
	Act    string `json:"act"`
	Who    string `json:"who"`
	Detail string `json:"detail,omitempty"`
}

// A note is one finding with its evidence and its remedy.
// other is another exchange that a note is about.
type other struct {
	ID   string    `json:"id"`
	Role string    `json:"role"`
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

type note struct {
	Rule     string   `json:"rule"`
	Severity string   `json:"severity"`
	Blame    string   `json:"blame"`
	Title    string   `json:"title"`
	Message  string   `json:"message"`
	Help     string   `json:"help"`
	Doc      string   `json:"doc"`
	Refs     []ref    `json:"refs"`
	Place    place    `json:"place"`
	Evidence evidence `json:"evidence"`
	Accepted string   `json:"accepted,omitempty"` // why a baseline accepts it
	Related  []other  `json:"related,omitempty"`  // exchanges that it is about as well
	Example  string   `json:"example,omitempty"`  // an exchange as it should be
}

type ref struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

type place struct {
	Message string `json:"message"` // exchange, request, interim, response, connection
	Part    string `json:"part"`    // message, start-line, field, content, trailer
	Interim int    `json:"interim,omitempty"`
	Field   string `json:"field,omitempty"`
	Line    int    `json:"line"` // index of the field line; -1 for one that is missing
	Words   string `json:"words"`
}

// Evidence is the text that a note is about, in three pieces.
type evidence struct {
	Before string `json:"before"`
	Marked string `json:"marked"`
	After  string `json:"after"`
	Cut    bool   `json:"cut,omitempty"` // there is more text on either side
}

type message struct {
	StartLine string      `json:"startLine"`
	Version   string      `json:"version"`
	WireTrue  bool        `json:"wireTrue"` // fields stand as they were on the wire
	Made      bool        `json:"made,omitempty"`
	At        float64     `json:"at"`
	Fields    []fieldLine `json:"fields"`
	Trailers  []fieldLine `json:"trailers"`
	Content   content     `json:"content"`
}

type fieldLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Means string `json:"means,omitempty"` // what the field says, in a line
	Known bool   `json:"known"`
	Notes []int  `json:"notes,omitempty"` // indexes of notes about this line
}

type content struct {
	Size      int64  `json:"size"`
	Kept      int    `json:"kept"`
	Complete  bool   `json:"complete"`
	Truncated bool   `json:"truncated"`
	Type      string `json:"type"`
	Kind      string `json:"kind"`
	Coding    string `json:"coding,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
}

// A timing has times in milliseconds since the exchange began.
type timing struct {
	Phases []phase `json:"phases"`
	Total  float64 `json:"total"`
	Self   float64 `json:"self"`
	Reused bool    `json:"reused"`
}

type phase struct {
	Name  string  `json:"name"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

type connection struct {
	Peer     string  `json:"peer,omitempty"`
	Local    string  `json:"local,omitempty"`
	Reused   bool    `json:"reused"`
	Attempts int     `json:"attempts,omitempty"`
	Proxy    string  `json:"proxy,omitempty"`
	Closed   bool    `json:"closed"`
	TLS      *tlsNow `json:"tls,omitempty"`
}

type tlsNow struct {
	Version     string         `json:"version"`
	Cipher      string         `json:"cipher"`
	ALPN        string         `json:"alpn,omitempty"`
	SNI         string         `json:"sni,omitempty"`
	Resumed     bool           `json:"resumed"`
	ClientCert  bool           `json:"clientCert,omitempty"`
	Certificate *certificate   `json:"certificate,omitempty"`
	Chain       []*certificate `json:"chain,omitempty"` // what the peer sent above it
	VerifyError string         `json:"verifyError,omitempty"`
}

type certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	SHA256    string    `json:"sha256"`
}

type tunnel struct {
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
}

func (i *Inspector) one(w http.ResponseWriter, r *http.Request) {
	if e, ok := i.entry(w, r); ok {
		answer(w, i.detailOf(&e))
	}
}

// redacted returns an entry without its secrets.
func (i *Inspector) redacted(e *store.Entry) store.Entry {
	out := *e
	out.Annotated = annotate.Redacted(e.Annotated, i.o.Redact, true)
	return out
}

func (i *Inspector) detailOf(e *store.Entry) detail {
	shown := i.redacted(e)
	x := shown.X
	d := detail{
		row: i.rowOf(e), Run: text(x.Run), URL: text(x.URL()), Status: statusOf(x), Reason: text(annotate.Reason(x)), Caching: text(annotate.CachingShown(x)),
		Request: messageOf(&x.Request.Message, x.Request.Line()), Timing: timingOf(x),
		Interim: []message{}, Inbound: connectionOf(&x.Client), Outbound: connectionOf(&x.Origin), Changed: []string{},
	}
	if x.Response.Status != 0 {
		m := messageOf(&x.Response.Message, x.Response.Line())
		m.Made, m.At = x.Response.Made, millis(x.Response.At)
		d.Response = &m
	}
	for n := range x.Interim {
		m := messageOf(&x.Interim[n].Message, x.Interim[n].Line())
		m.At = millis(x.Interim[n].At)
		d.Interim = append(d.Interim, m)
	}
	d.Changed = append(d.Changed, x.Changed.Names()...)
	if x.Tunnel != (exchange.Tunnel{}) {
		d.Tunnel = &tunnel{x.Tunnel.Sent, x.Tunnel.Received}
	}
	if x.Messages != nil {
		counts := countsOf(x.Messages)
		d.Messages = &counts
	}
	if x.Err != nil {
		d.Failure = failureOf(x.Err)
	}
	d.Notes = make([]note, len(shown.Notes))
	for n := range shown.Notes {
		d.Notes[n] = noteOf(x, &shown.Notes[n])
		d.mark(n, shown.Notes[n].Place)
	}
	return d
}

// mark lets the field line of a note know of it.
func (d *detail) mark(n int, p exchange.Place) {
	var m *message
	switch p.Message {
	case exchange.InRequest:
		m = &d.Request
	case exchange.InResponse:
		m = d.Response
	case exchange.InInterim:
		if p.Interim < len(d.Interim) {
			m = &d.Interim[p.Interim]
		}
	}
	if m == nil {
		return
	}
	lines := m.Fields
	if p.Part == exchange.PartTrailer {
		lines = m.Trailers
	}
	if (p.Part == exchange.PartField || p.Part == exchange.PartTrailer) && p.Line >= 0 && p.Line < len(lines) {
		lines[p.Line].Notes = append(lines[p.Line].Notes, n)
	}
}

func statusOf(x *exchange.Exchange) statusFact {
	code := x.Response.Status
	if code == 0 || annotate.ClassOf(x) == annotate.ClassNone {
		return statusFact{Code: code, Name: "no response", Meaning: "The other side never answered.", Refs: []ref{}, Expects: []expect{}}
	}
	s, _ := annotate.LookupStatus(code)
	f := statusFact{
		Code: code, Name: s.Name, Meaning: s.Meaning, Fault: string(annotate.BlameOf(x)), Act: s.Act,
		Refs: refsOf(s.Refs), Expects: []expect{},
	}
	if s.Retry.Helps != annotate.RetryNo {
		f.Retry = s.Retry.When
	}
	for _, w := range wantedBy(s.Expects) {
		f.Expects = append(f.Expects, expect{w.words(), w.isIn(&x.Response.Message)})
	}
	return f
}

func failureOf(e *exchange.Err) *failure {
	known, _ := e.Code.Lookup()
	return &failure{Code: string(e.Code), Title: known.Title, Why: known.Why, Act: known.Act, Who: known.Who, Detail: text(e.Detail)}
}

func noteOf(x *exchange.Exchange, n *annotate.Note) note {
	out := note{
		Rule: n.Rule.ID, Severity: n.Severity.String(), Blame: string(n.Blame), Title: n.Rule.Title, Message: text(n.Message),
		Help: text(n.HelpText()), Doc: n.Rule.Doc, Refs: refsOf(n.Rule.Refs), Evidence: evidenceOf(x, n.Place), Accepted: n.Accepted,
		Place: place{
			Message: n.Place.Message.String(), Part: n.Place.Part.String(), Interim: n.Place.Interim,
			Field: text(n.Place.Field), Line: n.Place.Line, Words: text(n.Place.String()),
		},
	}
	for i := range n.Related {
		r := &n.Related[i]
		out.Related = append(out.Related, other{r.Exchange, text(r.Role), r.At, text(r.What)})
	}
	if len(n.Rule.Good) > 0 {
		out.Example = strings.TrimSpace(n.Rule.Good[0])
	}
	return out
}

// mostEvidence bounds the text on either side of what a note marks.
const mostEvidence = 240

func evidenceOf(x *exchange.Exchange, p exchange.Place) evidence {
	whole := x.Text(p)
	if p.End <= p.Start || p.End > len(whole) {
		if p.Part == exchange.PartContent {
			return evidence{}
		}
		return cut("", whole, "")
	}
	return cut(whole[:p.Start], whole[p.Start:p.End], whole[p.End:])
}

func cut(before, marked, after string) (e evidence) {
	if len(before) > mostEvidence {
		before, e.Cut = before[len(before)-mostEvidence:], true
	}
	if len(marked) > 2*mostEvidence {
		marked, e.Cut = marked[:2*mostEvidence], true
	}
	if len(after) > mostEvidence {
		after, e.Cut = after[:mostEvidence], true
	}
	e.Before, e.Marked, e.After = text(before), text(marked), text(after)
	return e
}

func refsOf(refs []string) []ref {
	out := make([]ref, len(refs))
	for i, r := range refs {
		out[i] = ref{Text: r, URL: annotate.RefURL(r)}
	}
	return out
}

func messageOf(m *exchange.Message, startLine string) message {
	c := &m.Content
	return message{
		StartLine: text(startLine), Version: m.Version.String(), WireTrue: m.WireTrue(),
		Fields: linesOf(&m.Fields), Trailers: linesOf(&m.Trailers),
		Content: content{
			Size: c.Size, Kept: len(c.Kept), Complete: c.Complete, Truncated: c.Truncated, SHA256: c.Digest().String(),
			Type: text(filter.MediaType(m)), Kind: filter.KindOf(filter.MediaType(m)), Coding: text(m.Fields.Combined(exchange.FieldContentEncoding)),
		},
	}
}

func linesOf(f *exchange.Fields) []fieldLine {
	lines := make([]fieldLine, f.Len())
	for i, l := range f.All() {
		lines[i] = fieldLine{Name: text(l.Name), Value: text(l.Value)}
		if known, ok := annotate.LookupField(l.Known); ok {
			lines[i].Known, lines[i].Means = true, known.Says
		}
	}
	return lines
}

// timingOf turns the points of time of an exchange into phases.
func timingOf(x *exchange.Exchange) timing {
	t := &x.Timing
	out := timing{Total: millis(t.Done), Self: millis(t.Self), Reused: x.Origin.Reused, Phases: []phase{}}
	at := time.Duration(0)
	add := func(name string, start, end time.Duration) {
		if end > start {
			out.Phases = append(out.Phases, phase{name, millis(start), millis(end)})
			at = end
		}
	}
	if t.HeadSent == 0 && t.FirstByte == 0 && x.Source.File == "" {
		out.Phases = unsent(x)
		return out
	}
	begun := max(t.HeadSent-t.DNS-t.Connect-t.TLS, 0)
	add("queue", 0, begun)
	add("dns", at, at+t.DNS)
	add("connect", at, at+t.Connect)
	add("tls", at, at+t.TLS)
	add("send", t.HeadSent, t.RequestSent)
	if t.FirstByte > 0 {
		add("wait", max(t.RequestSent, at), t.FirstByte)
		add("receive", t.FirstByte, t.Done)
	} else {
		add("wait", max(t.RequestSent, at), t.Done)
	}
	return out
}

// unsent returns the phases of an exchange whose request was never sent: it
// failed before, or sidenote answered it.
func unsent(x *exchange.Exchange) (phases []phase) {
	t, at := &x.Timing, time.Duration(0)
	for _, p := range []struct {
		name string
		took time.Duration
	}{{"dns", t.DNS}, {"connect", t.Connect}, {"tls", t.TLS}} {
		if p.took > 0 {
			phases = append(phases, phase{p.name, millis(at), millis(at + p.took)})
			at += p.took
		}
	}
	last := "answered"
	if x.Err != nil {
		last = "failed"
	}
	if t.Done > at {
		phases = append(phases, phase{last, millis(at), millis(t.Done)})
	}
	if phases == nil {
		phases = []phase{}
	}
	return phases
}

func connectionOf(c *exchange.Connection) connection {
	out := connection{Reused: c.Reused, Attempts: c.Attempts, Proxy: text(c.Proxy), Closed: c.Closed}
	if c.Peer.IsValid() {
		out.Peer = c.Peer.String()
	}
	if c.Local.IsValid() {
		out.Local = c.Local.String()
	}
	if t := c.TLS; t != nil {
		out.TLS = &tlsNow{
			Version: tls.VersionName(t.Version), Cipher: tls.CipherSuiteName(t.Cipher), ALPN: text(t.ALPN), SNI: text(t.SNI),
			Resumed: t.Resumed, ClientCert: t.ClientCert, VerifyError: text(t.VerifyError),
		}
		if t.Certificate != nil {
			out.TLS.Certificate = certificateOf(t.Certificate)
		}
		for _, c := range t.Chain {
			out.TLS.Chain = append(out.TLS.Chain, certificateOf(c))
		}
	}
	return out
}

func certificateOf(c *exchange.Certificate) *certificate {
	names := make([]string, len(c.Names))
	for i, n := range c.Names {
		names[i] = text(n)
	}
	return &certificate{text(c.Subject), text(c.Issuer), names, c.NotBefore, c.NotAfter, c.SHA256}
}
