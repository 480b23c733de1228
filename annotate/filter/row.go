package filter

import (
	"sidenote/annotate"
	"sidenote/exchange"
)

// A Row is an exchange with what filters ask of it most, found once so that a
// hundred thousand of them can be filtered while someone types.
type Row struct {
	*annotate.Annotated

	Host    string            // as exchange.Host gives it
	Path    string            // with the query
	Type    string            // media type of the response, without parameters, in lower case
	Verdict annotate.Severity // 0 for no note that counts
	Status  int               // of the final response; 0 for none

	Pinned  bool
	ByHand  bool   // sent again by someone, not by the client
	Comment string // someone's words
}

// RowOf makes the row of an exchange that has ended.
func RowOf(a *annotate.Annotated) Row {
	x := a.X
	return Row{
		Annotated: a, Host: x.Host(), Path: x.PathQuery(), Type: x.Response.MediaType(),
		Verdict: a.Verdict(), Status: x.Response.Status,
	}
}

// MediaType returns the type and subtype that a message says its content has, in
// lower case; "" where it says none.
func MediaType(m *exchange.Message) string {
	return m.MediaType()
}
