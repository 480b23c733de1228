package rules

import (
	"fmt"
	"slices"

	"sidenote/annotate"
	"sidenote/exchange"
)

// The rules on messages inside of streams. What is wrong with a message is found
// while it passes (exchange/message); a rule says what that means.

// ifStream holds where an exchange has messages of a format.
func ifStream(formats ...exchange.MessageFormat) *annotate.Condition {
	return &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		s := p.Messages()
		return s != nil && slices.Contains(formats, s.Format)
	}}
}

// noteFaults makes a note of each fault of one of the codes. say returns what is
// wrong with the message, as the end of a sentence that begins with it.
func noteFaults(p *annotate.Pass, say func(*exchange.StreamFault) string, codes ...exchange.FaultCode) {
	s := p.Messages()
	for i := range s.Faults {
		f := &s.Faults[i]
		if !slices.Contains(codes, f.Code) {
			continue
		}
		what := say(f)
		if what == "" {
			continue
		}
		more := ""
		if f.Times > 1 {
			more = fmt.Sprintf("; %d more like it", f.Times-1)
		}
		p.Report(annotate.Note{Place: ofSide(f.FromClient), Blame: blameOf(f.FromClient), Message: messageWords(f) + " " + what + more})
	}
}

// messageWords names the message of a fault: "message 3 of the client".
func messageWords(f *exchange.StreamFault) string {
	who := sender(f.FromClient)
	if f.Number == 0 {
		return "the stream of " + who
	}
	return fmt.Sprintf("message %d, of %s,", f.Number, who)
}

func sender(fromClient bool) string {
	if fromClient {
		return "the client"
	}
	return "the server"
}

func ofSide(fromClient bool) exchange.Place {
	if fromClient {
		return exchange.Place{Message: exchange.InRequest}
	}
	return exchange.Place{Message: exchange.InResponse}
}

func blameOf(fromClient bool) annotate.Blame {
	if fromClient {
		return annotate.ByClient
	}
	return annotate.ByOrigin
}

// saying returns a say for noteFaults that is the same for every fault.
func saying(what string) func(*exchange.StreamFault) string {
	return func(*exchange.StreamFault) string { return what }
}
