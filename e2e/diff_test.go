package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Services are three whose answers have IDs, times, choices and optional
// members of their own. broken are the faults that are seeded.
type services struct {
	orders, users, rates *httptest.Server
}

func startServices(t *testing.T, broken []string) *services {
	t.Helper()
	s := &services{}
	is := func(fault string) bool { return slices.Contains(broken, fault) }
	answer := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", rand.Text())
		w.Header().Set("X-Runtime", fmt.Sprint(mathrand.Float64()))
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	order := func(id string) map[string]any {
		o := map[string]any{"id": id, "at": time.Now().Format(time.RFC3339Nano), "total": float64(mathrand.IntN(10000)) / 100,
			"state": []string{"paid", "open"}[mathrand.IntN(2)], "lines": []any{map[string]any{"sku": rand.Text(), "quantity": mathrand.IntN(9)}}}
		if mathrand.IntN(3) == 0 {
			o["message"] = "for you"
		}
		if is("type") {
			o["total"] = fmt.Sprint(o["total"])
		}
		if is("member") {
			delete(o["lines"].([]any)[0].(map[string]any), "sku")
		}
		return o
	}
	orders := http.NewServeMux()
	orders.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age="+fmt.Sprint(mathrand.IntN(60)))
		if !is("validator") {
			w.Header().Set("ETag", `"`+rand.Text()+`"`)
		}
		if is("slow") {
			time.Sleep(250 * time.Millisecond)
		}
		answer(w, 200, order(r.PathValue("id")))
	})
	orders.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		id, status := rand.Text(), 201
		if is("status") {
			status = 200
		}
		w.Header().Set("Location", "/orders/"+id)
		answer(w, status, order(id))
	})
	users := http.NewServeMux()
	users.HandleFunc("/login", func(w http.ResponseWriter, _ *http.Request) {
		cookie := "session=" + rand.Text() + "; HttpOnly; Secure; Path=/"
		if is("cookie") {
			cookie = strings.Replace(cookie, "Secure; ", "", 1)
		}
		to := "/users/" + fmt.Sprint(mathrand.IntN(1e6))
		if is("redirect") {
			to = "https://elsewhere.test" + to
		}
		w.Header().Set("Set-Cookie", cookie)
		w.Header().Set("Location", to)
		answer(w, 303, map[string]any{})
	})
	rates := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{"EUR": mathrand.Float64(), "at": time.Now().Unix()})
	})
	for at, h := range map[**httptest.Server]http.Handler{&s.orders: orders, &s.users: users, &s.rates: rates} {
		*at = httptest.NewServer(h)
		t.Cleanup((*at).Close)
	}
	return s
}

// visit has so many visitors shop at once, each in an order of its own.
func (s *services) visit(t *testing.T, h *http.Client, visitors, rounds int, broken []string) {
	t.Helper()
	ask := func(method, url, body string) {
		r, err := http.NewRequest(method, url, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		resp, err := h.Do(r)
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	var all sync.WaitGroup
	for range visitors {
		all.Go(func() {
			for range rounds {
				steps := []func(){
					func() { ask("GET", s.orders.URL+"/orders/"+fmt.Sprint(mathrand.IntN(1e9)), "") },
					func() { ask("POST", s.orders.URL+"/orders", `{"sku":"`+rand.Text()+`"}`) },
					func() { ask("POST", s.users.URL+"/login", `{"user":"ada"}`) },
					func() {
						ask("GET", s.rates.URL+"/latest", "")
						if slices.Contains(broken, "calls") {
							for range 4 {
								ask("GET", s.rates.URL+"/latest", "")
							}
						}
					},
				}
				mathrand.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
				for _, step := range steps {
					step()
				}
			}
		})
	}
	all.Wait()
}

// recordServices records a run of the services.
func recordServices(t *testing.T, broken ...string) (file string) {
	t.Helper()
	s := startServices(t, broken)
	p := start(t)
	s.visit(t, p.way(t).goClient(t, false), 6, 8, broken)
	p.stop()
	return p.save
}

// TestDiff compares real runs of three services: of one version, and with a fault
// of each kind.
func TestDiff(t *testing.T) {
	t.Parallel()
	before := recordServices(t)
	// The times of a loaded machine are not this test's; rows are counted without them.
	rows := func(out string) (n int) {
		for l := range strings.Lines(out) {
			if f := strings.Fields(l); len(f) > 1 && (f[0] == "breaking" || f[0] == "changed") && f[1] != "time" {
				n++
			}
		}
		return n
	}
	diff := func(after string) string {
		out, err := exec.Command(program(t), "diff", "--fail-on", "none", before, after).CombinedOutput()
		if err != nil {
			t.Errorf("diff: %v", err)
		}
		return string(out)
	}
	if out := diff(recordServices(t)); rows(out) > 0 || !strings.Contains(out, " of 4 operations) against ") {
		t.Errorf("two runs of one version:\n%s", out)
	}
	faults := map[string]string{
		"type": "total changed type: number -> string", "member": "lines[].sku is gone", "validator": "header etag is gone",
		"slow": "the response is slower", "status": "status changed: 201 -> 200", "cookie": "cookie session changed: HttpOnly; Path=/; Secure -> HttpOnly; Path=/",
		"redirect": "redirect changed: /users/{id} -> https://elsewhere.test/users/{id}", "calls": "the operation is called far more often",
	}
	out := diff(recordServices(t, slices.Collect(maps.Keys(faults))...))
	for fault, want := range faults {
		if !strings.Contains(out, want) {
			t.Errorf("%s: there is no %q", fault, want)
		}
	}
	if rows(out) > len(faults)+2 || t.Failed() {
		t.Errorf("%d rows:\n%s", rows(out), out)
	}
}
