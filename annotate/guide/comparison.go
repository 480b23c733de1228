package guide

import "slices"

// A Comparison holds status codes side by side that are easily confused.
type Comparison struct {
	Codes    []int
	Question string // that tells them apart
	Rows     []Row
}

// A Row answers a question for each code of a Comparison.
type Row struct {
	Name  string
	Cells []string
}

// ComparisonsOf lists those that a status code stands in.
func ComparisonsOf(code int) (of []Comparison) {
	for _, c := range comparisons {
		if slices.Contains(c.Codes, code) {
			of = append(of, c)
		}
	}
	return of
}

var comparisons = []Comparison{
	{[]int{401, 403}, "Could the same user succeed by logging in?", []Row{
		{"means", []string{"The server doesn't know who asks: credentials are missing, expired or wrong.", "The server knows who asks, or doesn't care, and says no."}},
		{"send it when", []string{"no token came, or it is not valid", "the token is valid, but this user may not do this"}},
		{"must have", []string{"WWW-Authenticate", "nothing; say why in the body"}},
		{"the client", []string{"gets new credentials and tries once more", "shows the reason; it doesn't log in again"}},
	}},
	{[]int{400, 422}, "Could the server read the body?", []Row{
		{"means", []string{"The server can't read the request: broken JSON, a missing parameter, a bad header.", "The server can read the body, but not accept what it says."}},
		{"for example", []string{`{"item": 12`, `{"item": -12}`}},
		{"the client", []string{"fixes how it writes requests", "fixes the value that the body names"}},
	}},
	{[]int{301, 302, 303, 307, 308}, "Is the new URI permanent, and must the method stay?", []Row{
		{"the new URI", []string{"is permanent", "is for this time", "has the result", "is for this time", "is permanent"}},
		{"POST becomes", []string{"GET in most clients", "GET in most clients", "GET", "POST, same body", "POST, same body"}},
		{"caches keep it", []string{"yes", "only if told to", "only if told to", "only if told to", "yes"}},
		{"use it to", []string{"move a page", "send a visitor elsewhere", "show a page after a form", "move an API call for now", "move an API"}},
	}},
	{[]int{404, 410}, "Did it exist, and will it come back?", []Row{
		{"means", []string{"There is nothing here. It may never have existed, or come later.", "It was here. It was removed on purpose and won't come back."}},
		{"the client", []string{"checks the URI and may try later", "removes the link"}},
		{"search engines", []string{"try again for some time", "drop the page sooner"}},
	}},
	{[]int{502, 503, 504}, "Who failed: the server behind the gateway, the server itself, or the clock?", []Row{
		{"means", []string{"The server behind the gateway refused, closed the connection, or sent something invalid.", "The server can't take requests now: overload, maintenance, no healthy instance.", "The server behind the gateway didn't answer in time."}},
		{"look at", []string{"the gateway's log, then whether the server crashed", "load, deployments, health checks", "how long it took: 30 or 60 s is a limit"}},
		{"was it done?", []string{"perhaps", "usually not", "perhaps, and it may still be running"}},
		{"retry", []string{"GET, PUT, DELETE after a short wait", "after Retry-After", "GET, PUT, DELETE after a longer wait"}},
	}},
	{[]int{429, 503}, "Is it this client's fault, or is everyone affected?", []Row{
		{"means", []string{"This client sends too much.", "The server has too much to do, for any client."}},
		{"counts", []string{"requests of one key, user or address", "nothing; it can't keep up"}},
		{"should have", []string{"Retry-After", "Retry-After"}},
		{"the client", []string{"slows down all its workers", "waits, then tries again with growing waits"}},
	}},
	{[]int{403, 404}, "May the client know that it exists?", []Row{
		{"means", []string{"It exists, and you may not have it.", "There is nothing here, or the server won't say."}},
		{"send it when", []string{"the client may know that it exists", "its existence is itself a secret"}},
	}},
	{[]int{405, 501}, "Does any resource of this server know the method?", []Row{
		{"means", []string{"This resource doesn't take the method, others may.", "The server doesn't know the method at all."}},
		{"must have", []string{"Allow", "nothing"}},
		{"to blame", []string{"the client: it picked the wrong method or URI", "the server, or a typing error in the method"}},
	}},
	{[]int{409, 412, 428}, "Did the client say which version it means to change?", []Row{
		{"means", []string{"The change doesn't fit the current state.", "The request named a version, and it isn't the current one.", "The request must name a version, and doesn't."}},
		{"the client", []string{"reads the state and decides", "reads the new version, merges, sends it with the new ETag", "reads the ETag and sends it in If-Match"}},
	}},
	{[]int{406, 415}, "Which body doesn't fit: the response or the request?", []Row{
		{"means", []string{"The server has no form of the response that Accept allows.", "The server can't read the format of the request body."}},
		{"look at", []string{"Accept, Accept-Language, Accept-Encoding", "Content-Type, Content-Encoding"}},
	}},
	{[]int{200, 201, 202, 204}, "Is it done, and is there something to read?", []Row{
		{"means", []string{"Done. The body is the result.", "Done, and something new exists.", "Not done yet: the work goes on.", "Done, and there is nothing to read."}},
		{"should have", []string{"Content-Type", "Location of the new thing", "Location of the job", "no body"}},
	}},
	{[]int{408, 504}, "Who was too slow: the client or a server?", []Row{
		{"means", []string{"The client didn't send its request in time.", "A server behind the gateway didn't answer in time."}},
		{"look at", []string{"the upload, or an idle connection that was used again", "the slow server, and the gateway's limit"}},
	}},
}
