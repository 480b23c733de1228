package demo

import "net/http"

// A Step is one request of the tour.
type Step struct {
	Caption string // what to look at, in one line
	Method  string
	Path    string // path and query at the origin
	Fields  http.Header
	Content string
}

// Tour lists requests that show, one after the other, what sidenote sees. None
// takes longer than two seconds.
func Tour() []Step {
	json := http.Header{"Content-Type": {"application/json"}}
	get := func(path, caption string) Step { return Step{Caption: caption, Method: "GET", Path: path} }
	return []Step{
		get("/well/200", "a response with nothing to say about"),
		get("/badly/200", "a 200 that promises JSON and holds a login page"),
		{"a POST that made something, but what is its URI?", "POST", "/badly/201", json, `{"item":"pencil"}`},
		get("/badly/204", "a 204 with content, which no client will read"),
		{"a partial response that does not say which part it is", "GET", "/badly/206", http.Header{"Range": {"bytes=0-4"}}, ""},
		get("/badly/302", "a redirect to nowhere"),
		{"a redirect that loses the method of a PUT", "PUT", "/well/302", json, `{"count":3}`},
		{"a stored copy that is still good", "GET", "/well/304", http.Header{"If-None-Match": {`"v1"`}}, ""},
		get("/badly/304", "\"not modified\" to a client that has nothing stored"),
		get("/well/401", "credentials are wanted, and the response says which"),
		get("/badly/401", "credentials are wanted, but of which kind?"),
		get("/well/404", "an error that says why: sidenote quotes the reason"),
		{"a method is refused, and no other one offered", "DELETE", "/badly/405", nil, ""},
		{"an error whose content contradicts its status", "POST", "/badly/409", json, `{"item":"pencil"}`},
		get("/badly/429", "too many requests: but when may one come back?"),
		get("/badly/500", "an error in JSON that cannot be parsed"),
		get("/well/503", "a server that says when to come back"),
		get("/slow?ms=1200", "a response that is right but late"),
		get("/failing/truncated", "a response that is cut short"),
		get("/failing/reset", "a connection that is reset"),
	}
}
