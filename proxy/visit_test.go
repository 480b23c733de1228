package proxy_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sidenote/exchange"
	"sidenote/proxy"
)

// TestRecordsHaveTheirOwn: what an exchange takes beside its record is used again
// for another, and records share pieces of memory. None has anything of another,
// while they are made and after.
func TestRecordsHaveTheirOwn(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Token")
		w.Header().Set("X-Answer", token)
		got, _ := io.ReadAll(r.Body)
		n, _ := strconv.Atoi(token[strings.IndexByte(token, '-')+1:])
		switch {
		case n%7 == 3:
			w.WriteHeader(http.StatusNotFound)
		case n%11 == 5:
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close() // without an answer
			return
		case n%13 == 7:
			w.Header().Set("Connection", "close")
		case n%5 == 1:
			w.(http.Flusher).Flush() // chunked
		}
		fmt.Fprintf(w, "%s %s %s", token, got, strings.Repeat(token, n%300))
	}))
	defer origin.Close()
	r := newRig(t, func(c *proxy.Config) {
		c.Hooks.Head = func(x *exchange.Exchange, added []exchange.Line) []exchange.Line {
			return append(added, exchange.Line{Name: "Sidenote-Exchange", Value: x.Request.Fields.At(x.Request.Fields.Named("X-Token")).Value})
		}
	})
	const clients, each = 8, 60
	sent := make([]map[string]string, clients) // the content of each request, by its token
	var wg sync.WaitGroup
	for c := range clients {
		sent[c] = map[string]string{}
		client := r.client(false)
		wg.Go(func() {
			for n := range each {
				token := fmt.Sprintf("c%d-%d", c, n)
				content := ""
				if n%3 == 0 {
					content = strings.Repeat("<"+token+">", 1+n*n)
				}
				sent[c][token] = content
				askWithToken(t, client, origin.URL, token, content)
			}
		})
	}
	wg.Wait()
	for _, x := range r.wait(clients * each) {
		checkOwn(t, x, sent)
	}
}

// askWithToken sends a request that can be told from all others, and compares
// the lines that sidenote added to the response.
func askWithToken(t *testing.T, client *http.Client, url, token, content string) {
	method := http.MethodGet
	if content != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, url+"/"+token, strings.NewReader(content))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("X-Token", token)
	resp, err := client.Do(req)
	if err != nil {
		return // the connection had just been closed
	}
	defer resp.Body.Close()
	got, _ := io.ReadAll(resp.Body)
	if resp.StatusCode < 500 && (!bytes.HasPrefix(got, []byte(token+" "+content)) || resp.Header.Get("X-Answer") != token) {
		t.Errorf("%s got %.60q", token, got)
	}
	if got := resp.Header.Get("Sidenote-Exchange"); got != token {
		t.Errorf("%s got the lines of %s", token, got)
	}
}

func checkOwn(t *testing.T, x *exchange.Exchange, sent []map[string]string) {
	t.Helper()
	_, token, _ := strings.Cut(strings.TrimPrefix(x.Request.Target, "http://"), "/")
	value := func(f *exchange.Fields, name string) string {
		if i := f.Named(name); i >= 0 {
			return f.At(i).Value
		}
		return ""
	}
	c, _ := strconv.Atoi(token[1:strings.IndexByte(token, '-')])
	content, known := sent[c][token]
	ok := known && value(&x.Request.Fields, "X-Token") == token && strings.Contains(x.Request.RawHead, "/"+token+" HTTP/1.1") && x.Request.Fields.Len() == strings.Count(x.Request.RawHead, "\n")-2
	if x.Request.Content.Complete && string(x.Request.Content.Kept) != content {
		ok = false
	}
	if s := &x.Response; !s.Made && s.Status != 0 {
		ok = ok && value(&s.Fields, "X-Answer") == token && strings.Contains(s.RawHead, ": "+token+"\r\n")
		ok = ok && bytes.HasPrefix(s.Content.Kept, []byte(token+" "+content))
	}
	if !ok {
		t.Errorf("the record of %s is\n%s", token, x.Format())
	}
}
