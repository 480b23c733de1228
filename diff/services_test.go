package diff_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/diff"
	"sidenote/exchange"
)

// A world is one run of three small services: a shop, its accounts, and a gateway
// before both. Its clock, IDs, order and choices are its own.
type world struct {
	*rand.Rand
	broken string // the regression that is seeded; "" for none
	now    time.Time
	slow   float64 // how much slower this machine is
	side   *diff.Side
	port   int
}

func (w *world) has(regression string) bool { return w.broken == regression }

func (w *world) id() string {
	const digits = "0123456789abcdef"
	b := make([]byte, 24)
	for i := range b {
		b[i] = digits[w.IntN(len(digits))]
	}
	return string(b)
}

func (w *world) uuid() string {
	s := w.id() + w.id()
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:32]
}

// name is an ID as short-link services make them.
func (w *world) name() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := []byte("x0Y9")
	for range 6 {
		b = append(b, letters[w.IntN(len(letters))])
	}
	return string(b)
}

func (w *world) one(words ...string) string { return words[w.IntN(len(words))] }

// date is a moment of this run, as RFC 3339 has it.
func (w *world) date() string {
	w.now = w.now.Add(time.Duration(w.IntN(1e9)))
	return w.now.Format(time.RFC3339)
}

// answer writes JSON with the fields that each service adds.
func (w *world) answer(out http.ResponseWriter, status int, v any, fields ...string) {
	h := out.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Request-Id", w.uuid())
	h.Set("Date", w.now.Format(http.TimeFormat))
	h.Set("Server", "shop/1.4")
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	h.Set("X-Ratelimit-Remaining", fmt.Sprint(w.IntN(1000)))
	h.Set("X-Worker", w.one("ann", "bob", "cy", "dan", "eve", "fay", "gil", "hal", "ida"))
	h.Set("X-Mood", w.one("ann", "bob", "cy", "dan", "eve", "fay", "gil", "hal"))
	for i := 0; i < len(fields); i += 2 {
		h.Set(fields[i], fields[i+1])
	}
	for name := range h {
		if h.Get(name) == "" {
			h.Del(name)
		}
	}
	out.WriteHeader(status)
	_ = json.NewEncoder(out).Encode(v)
}

type object map[string]any

// item is one line of an order.
func (w *world) item() object {
	o := object{"sku": "A-" + fmt.Sprint(1000+w.IntN(9000)), "price": float64(w.IntN(10000)) / 100, "quantity": 1 + w.IntN(9), "id": w.id()}
	if w.has("member missing in some items") && w.IntN(3) == 0 {
		delete(o, "sku")
	}
	if w.has("price in cents as a string") {
		o["price"] = fmt.Sprint(w.IntN(10000))
	}
	return o
}

func (w *world) order(id string) object {
	o := object{"id": id, "created_at": w.date(), "status": w.one("paid", "open", "sent"), "total": float64(w.IntN(100000)) / 100,
		"customer": object{"name": w.one("Ada", "Grace", "Alan", "Edsger Wybe"), "email": w.one("ada", "grace") + fmt.Sprint(w.IntN(100)) + "@example.com"},
		"coupon":   nil, "tags": []any{}, "notes": map[string]any{w.id(): "left at the door"}}
	items := []any{}
	for range 1 + w.IntN(4) {
		items = append(items, w.item())
	}
	o["items"] = items
	if w.IntN(2) == 0 {
		o["coupon"] = w.one("SUMMER", "WINTER") + fmt.Sprint(w.IntN(100))
	}
	if w.IntN(3) == 0 {
		o["tags"] = []any{w.one("gift", "express")}
	}
	if w.IntN(4) == 0 { // optional
		o["gift_message"] = "for you"
	}
	switch w.broken {
	case "member gone":
		delete(o, "total")
	case "member of an object gone":
		delete(o["customer"].(object), "email")
	case "member renamed":
		o["state"] = o["status"]
		delete(o, "status")
	case "type changed":
		o["total"] = fmt.Sprint(o["total"])
	case "became null":
		if w.IntN(2) == 0 {
			o["customer"] = nil
		}
	case "object became array":
		o["customer"] = []any{o["customer"]}
	case "new member":
		o["currency"] = "EUR"
	case "format of a date":
		o["created_at"] = w.now.Format("02.01.2006 15:04")
	case "words in capitals":
		o["status"] = strings.ToUpper(o["status"].(string))
	case "items always empty":
		o["items"] = []any{}
	}
	return o
}

func (w *world) shop(out http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v1")
	caching, etag := "private, max-age="+fmt.Sprint(w.IntN(60)), `"`+w.id()+`"`
	switch {
	case w.has("sometimes 500") && w.IntN(20) == 0:
		w.answer(out, 500, object{"error": "boom", "id": w.uuid()})
	case path == "/orders" && r.Method == http.MethodPost:
		status, at := 201, "/v1/orders/"+w.id()
		if w.has("created became ok") {
			status, at = 200, ""
		}
		w.answer(out, status, w.order(w.id()), "Location", at)
	case path == "/orders":
		list := []any{}
		for range w.IntN(4) {
			list = append(list, w.order(w.id()))
		}
		w.answer(out, 200, object{"orders": list, "next": w.one("", w.id())}, "Cache-Control", "no-cache")
	case strings.HasSuffix(path, "/missing"):
		body := object{"type": "about:blank", "title": "no such order", "status": 404, "instance": w.uuid()}
		status := 404
		if w.has("missing became ok") {
			status = 200
		}
		if w.has("other error") {
			body = object{"error": "no such order", "instance": w.uuid()}
		}
		w.answer(out, status, body, "Content-Type", "application/problem+json")
	default:
		if w.has("validator gone") {
			etag = ""
		}
		if w.has("private became public") {
			caching = "public, max-age=60"
		}
		kind := "application/json"
		if w.has("other content type") {
			kind = "text/html; charset=utf-8"
		}
		w.answer(out, 200, w.order(w.id()), "Cache-Control", caching, "ETag", etag, "Content-Type", kind)
	}
}

func (w *world) accounts(out http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/login":
		attributes := []string{"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}
		if w.has("cookie without Secure") {
			attributes = []string{"Path=/", "HttpOnly", "SameSite=Lax"}
		}
		if w.has("cookie for other sites") {
			attributes[3] = "SameSite=None"
		}
		w.Shuffle(len(attributes), func(i, j int) { attributes[i], attributes[j] = attributes[j], attributes[i] })
		if !w.has("cookie gone") {
			out.Header().Set("Set-Cookie", "session="+w.id()+"; "+strings.Join(attributes, "; ")+"; Max-Age="+fmt.Sprint(3600+w.IntN(9)))
		}
		to := "/users/" + fmt.Sprint(w.IntN(1e6)) + "?ticket=" + w.id()
		if w.has("redirect elsewhere") {
			to = "https://login.test/" + to
		}
		status := 302
		if w.has("redirect for ever") {
			status = 301
		}
		w.answer(out, status, object{}, "Location", to)
	case r.Header.Get("Authorization") == "":
		challenge := `Bearer realm="accounts", nonce="` + w.id() + `"`
		if w.has("challenge gone") {
			challenge = ""
		}
		w.answer(out, 401, object{"error": "who are you?"}, "WWW-Authenticate", challenge)
	default:
		origin := r.Header.Get("Origin")
		if w.has("CORS gone") {
			origin = ""
		}
		w.answer(out, 200, object{"name": w.one("Ada", "Grace"), "last_seen": w.date(), "age": w.IntN(90)}, "Access-Control-Allow-Origin", origin, "Vary", w.one("Origin, Accept", "Accept, Origin"))
	}
}

func (w *world) gateway(out http.ResponseWriter, r *http.Request) {
	w.answer(out, 200, object{"order": w.order(w.id()), "price_version": "v2", "took": w.Float64()}, "Cache-Control", "no-store")
}

// call makes one request and records it.
func (w *world) call(method, host, target string, serve http.HandlerFunc, fields ...string) {
	r := httptest.NewRequest(method, "http://"+host+target, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	rec := httptest.NewRecorder()
	serve(rec, r)
	x := &exchange.Exchange{Started: w.now, Scheme: "https", Authority: host}
	x.Request.Method, x.Request.Target, x.Request.Version = method, target, exchange.HTTP2
	for name, values := range r.Header {
		x.Request.Fields.Add(name, values[0])
	}
	x.Request.Content.Complete = true
	resp := rec.Result()
	x.Response.Status, x.Response.Version = resp.StatusCode, exchange.HTTP2
	for name, values := range resp.Header {
		for _, v := range values {
			x.Response.Fields.Add(name, v)
		}
	}
	body, _ := io.ReadAll(resp.Body)
	x.Response.Content = exchange.Content{Size: int64(len(body)), Kept: body, Complete: true}
	x.Origin.TLS = &exchange.TLS{Version: tls.VersionTLS13, Certificate: &exchange.Certificate{Issuer: "CN=CA 1"}}
	if w.has("older TLS") {
		x.Origin.TLS.Version = tls.VersionTLS12
	}
	if w.has("HTTP/1.1") {
		x.Response.Version = exchange.HTTP11
	}
	wait := 20 * math.Exp(w.NormFloat64()/2) * w.slow
	if w.has("slow") && strings.HasPrefix(target, "/v1/orders/") {
		wait += 60
	}
	x.Timing.RequestSent = time.Millisecond
	x.Timing.FirstByte = x.Timing.RequestSent + time.Duration(wait*float64(time.Millisecond))
	x.Timing.Done = x.Timing.FirstByte + time.Millisecond
	w.side.Add(&annotate.Annotated{X: x, Notes: w.notes(x)})
}

var (
	noFrameOptions = &annotate.Rule{ID: "security/frame-options-missing", Severity: annotate.Warn}
	bodyIsBad      = &annotate.Rule{ID: "content/json-invalid", Severity: annotate.Error}
)

func (w *world) notes(*exchange.Exchange) (notes []annotate.Note) {
	notes = append(notes, annotate.Note{Rule: noFrameOptions, Severity: annotate.Warn})
	if w.has("new note") {
		notes = append(notes, annotate.Note{Rule: bodyIsBad, Severity: annotate.Error})
	}
	return notes
}

// run makes so many requests, in any order.
func run(seed uint64, broken string, requests int) *diff.Side {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 17)), broken: broken, now: time.Unix(int64(1.7e9)+int64(seed)*86400, 0), side: diff.NewSide()}
	w.slow = 1 + w.Float64()
	w.port = 32768 + w.IntN(20000)
	shop, accounts, gateway := "shop.test", "accounts.test", fmt.Sprintf("127.0.0.1:%d", w.port)
	v := "/v1"
	calls := []func(){
		func() { w.call("POST", shop, v+"/orders", w.shop, "Content-Type", "application/json") },
		func() { w.call("GET", shop, v+"/orders?limit=10&after="+w.id(), w.shop) },
		func() {
			path := v
			if w.has("path moved") {
				path = "/v2"
			}
			w.call("GET", shop, path+"/orders/"+w.id(), w.shop, "Accept", "application/json")
			if w.has("N+1") {
				for range 5 {
					w.call("GET", shop, v+"/products/"+w.id(), w.shop)
				}
			}
		},
		func() { w.call("GET", shop, v+"/orders/missing", w.shop) },
		func() { w.call("GET", shop, v+"/products/"+w.id(), w.shop) },
		func() { w.call("POST", accounts, "/login", w.accounts) },
		func() { w.call("GET", accounts, "/users/"+fmt.Sprint(w.IntN(1e6)), w.accounts) },
		func() {
			w.call("GET", accounts, "/users/"+fmt.Sprint(w.IntN(1e6)), w.accounts, "Authorization", "Bearer "+w.id(), "Origin", "https://shop.test")
		},
		func() { w.call("GET", gateway, "/files/"+w.name()+"/part-"+fmt.Sprint(w.IntN(99)), w.gateway) },
		func() { w.call("GET", gateway, "/checkout/"+url.PathEscape(w.one("ada", "grace")), w.gateway) },
	}
	if w.has("new call") {
		calls = append(calls, func() { w.call("GET", "rates.test", "/latest", w.gateway) })
	}
	for range requests {
		calls[w.IntN(len(calls))]()
	}
	return w.side
}
