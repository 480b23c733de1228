package annotate_test

import (
	"fmt"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A rule is one value. A Set runs the rules that an exchange calls for.
func ExampleSet() {
	teapot := &annotate.Rule{
		ID: "status/418-in-production", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "a teapot in production",
		When:  annotate.When{Status: []int{418}},
		Check: func(p *annotate.Pass) {
			p.Note(p.StatusLine(), "%s was answered by a teapot", p.X.URL())
		},
	}
	set, err := annotate.NewSet([]*annotate.Rule{teapot}, annotate.DefaultOptions())
	if err != nil {
		fmt.Println(err)
		return
	}
	x := &exchange.Exchange{Scheme: "http", Authority: "shop.test"}
	x.Request.Method, x.Request.Target = "GET", "/coffee"
	x.Response.Status = 418
	for _, note := range set.All(x, nil) {
		fmt.Printf("%s %s: %s\n", note.Severity, note.Rule.ID, note.Message)
	}
	// Output: warn status/418-in-production: http://shop.test/coffee was answered by a teapot
}
