package diff

import "testing"

func TestSteadyPath(t *testing.T) {
	for path, want := range map[string]string{
		"/v1/orders/{id}": "/v1/orders/{id}", "/v1beta1/a": "/v1beta1/a", "/oauth2/token": "/oauth2/token", "/assets/app.3f2a1b9c.js": "/assets/app.{id}.js",
		"/files/V1StGXR8_Z5jdHi6B-myT": "/files/{id}", "/o/ord_8f3k2q": "/o/{id}", "/page-17": "/page-{id}", "/a/order-123456": "/a/order-{id}",
		"/graphql": "/graphql", "/checkout/start": "/checkout/start", "/s/Ab3dE9xz": "/s/{id}", "/utf8": "/utf8", "/api/2.0.1/x": "/api/2.0.1/x", "/.well-known/a": "/.well-known/a",
	} {
		if got := steadyPath(path); got != want {
			t.Errorf("%s became %s, not %s", path, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	n := namer{}
	for _, name := range []string{"ada", "bob", "cy", "dan", "eve", "fay", "gil", "hal", "ida", "jo", "kim", "leo", "mia"} {
		n.learn(Operation{"GET", "a", "/users/" + name + "/cart"})
	}
	n.learn(Operation{"GET", "a", "/health"})
	for route, want := range map[string]string{"/users/ada/cart": "/users/{name}/cart", "/users/zoe/cart": "/users/{name}/cart", "/health": "/health", "/users": "/users"} {
		if got := n.name(Operation{"GET", "a", route}); got.Route != want {
			t.Errorf("%s became %s", route, got.Route)
		}
	}
}

func TestStatistics(t *testing.T) {
	near := func(what string, got, want float64) {
		if got < want*0.98-1e-9 || got > want*1.02+1e-9 {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	near("Fisher", fisher(1, 10, 9, 10), 0.00109)
	near("Fisher of nothing", fisher(5, 10, 5, 10), 1)
	near("binomial", binomial(9, 10, 0.5), 0.0215)
	p, effect := rankSum([]float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{9, 10, 11, 12, 13, 14, 15, 16})
	near("rank sum", p, 0.000939)
	near("effect", effect, 1)
	if p, effect = rankSum([]float64{1, 1, 1}, []float64{1, 1, 1}); p != 1 || effect != 0 {
		t.Errorf("equal samples: p %g, effect %g", p, effect)
	}
}
