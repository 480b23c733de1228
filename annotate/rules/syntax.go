package rules

import (
	"iter"
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// syntaxRules lists the rules on the grammar of messages and fields.
func syntaxRules() []*annotate.Rule {
	return slices.Concat(
		syntaxHeadRules(),
		syntaxTargetRules(),
		syntaxHostRules(),
		syntaxLineRules(),
		syntaxDateRules(),
		syntaxValueRules(),
		syntaxParameterRules(),
		syntaxStructuredRules(),
	)
}

// A messageHead is the head of one of the two messages of an exchange, which
// rules judge alike.
type messageHead struct {
	*exchange.Message
	in       exchange.PlaceMessage
	blame    annotate.Blame
	overview *annotate.Overview
}

func requestHead(p *annotate.Pass) messageHead {
	return messageHead{&p.X.Request.Message, exchange.InRequest, annotate.ByClient, p.RequestOverview()}
}

func responseHead(p *annotate.Pass) messageHead {
	return messageHead{&p.X.Response.Message, exchange.InResponse, annotate.ByOrigin, p.ResponseOverview()}
}

// messageHeads returns both messages. A response that sidenote made is not looked at.
func messageHeads(p *annotate.Pass) iter.Seq[messageHead] {
	return func(yield func(messageHead) bool) {
		if !yield(requestHead(p)) || p.X.Response.Made || p.X.Response.Status == 0 {
			return
		}
		yield(responseHead(p))
	}
}

// line is the place of the i-th field line.
func (s messageHead) line(p *annotate.Pass, i int) exchange.Place {
	if s.in == exchange.InRequest {
		return p.RequestLine(i)
	}
	return p.ResponseLine(i)
}

// startLine is the place of the whole request line or status line.
func (s messageHead) startLine(p *annotate.Pass) exchange.Place {
	at := exchange.Place{Message: s.in, Part: exchange.PartStartLine}
	at.End = len(p.X.StartLine(at))
	return at
}

// note reports a finding with the message's sender to blame.
func (s messageHead) note(p *annotate.Pass, at exchange.Place, message string) {
	p.Report(annotate.Note{Place: at, Blame: s.blame, Message: message})
}

// A rawLine is one line of a head as received.
type rawLine struct {
	text   string // without its end
	index  int    // of the field line that it belongs to; -1 for the start line and the empty one
	bareLF bool   // it ends in LF without CR
	folded bool   // it continues the field line before
}

// rawLines takes a head apart as exchange.ParseHead does.
func rawLines(raw string) iter.Seq[rawLine] {
	return func(yield func(rawLine) bool) {
		for strings.HasPrefix(raw, "\r\n") || strings.HasPrefix(raw, "\n") {
			raw = raw[strings.IndexByte(raw, '\n')+1:]
		}
		l := rawLine{index: -1}
		next := 0
		for start := true; raw != ""; start = false {
			end := strings.IndexByte(raw, '\n')
			if end < 0 {
				end = len(raw)
			}
			l.text, l.bareLF = raw[:end], end < len(raw)
			if strings.HasSuffix(l.text, "\r") {
				l.text, l.bareLF = l.text[:end-1], false
			}
			raw = raw[min(end+1, len(raw)):]
			l.folded = next > 0 && l.text != "" && field.IsOWS(l.text[0])
			switch {
			case l.text == "":
				l.index = -1
			case !start && !l.folded:
				l.index = next
				next++
			}
			if !yield(l) || l.text == "" && !start {
				return
			}
		}
	}
}

// oddLines reports whether the head as received has a line that is not written
// as it should be, so that its octets are worth a look.
func (s messageHead) oddLines() bool { return s.WireTrue() && s.overview.Odd&annotate.OddLine != 0 }

// fieldLine is the place of the field line that a raw line belongs to; of the
// start line where that is none.
func (s messageHead) fieldLine(p *annotate.Pass, l rawLine) exchange.Place {
	if l.index < 0 || l.index >= s.Fields.Len() {
		return s.startLine(p)
	}
	return s.line(p, l.index)
}
