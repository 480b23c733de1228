package pipeline_test

import (
	"fmt"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
	"sidenote/pipeline"
	"sidenote/policy"
)

// A pipeline makes the notes of an exchange that has ended, and counts what the
// policy makes of them.
func Example() {
	set, err := annotate.NewSet(rules.All(), annotate.DefaultOptions())
	if err != nil {
		fmt.Println(err)
		return
	}
	gate := policy.Default().NewGate()
	p := pipeline.New(pipeline.Options{Rules: set, Gate: gate})

	x := &exchange.Exchange{Scheme: "http", Authority: "shop.test"}
	x.Request.Version, x.Request.Method, x.Request.Target = exchange.HTTP11, "PUT", "/orders"
	x.Response.Version, x.Response.Status = exchange.HTTP11, 405
	x.Response.Content.Complete = true
	if _, err := p.Whole(x); err != nil {
		fmt.Println(err)
		return
	}
	v := gate.Verdict()
	fmt.Println(v.Exchanges, v.Passed)
	// Output: 1 false
}
