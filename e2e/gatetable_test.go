package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gateOrigin answers well and badly: /warn and /error have one fault each.
func gateOrigin() http.Handler {
	mux := http.NewServeMux()
	plain := func(w http.ResponseWriter, status int, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		fmt.Fprintln(w, text)
	}
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { plain(w, 200, "fine") })
	mux.HandleFunc("/warn", func(w http.ResponseWriter, _ *http.Request) { plain(w, 429, "come back later") })
	mux.HandleFunc("/error", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"type":"about:blank","title":"Out of stock","status":400}`)
	})
	return mux
}

// A gateCase is a situation in which somebody trusts the verdict.
type gateCase struct {
	name  string
	shell string // what is typed; sidenote is on the PATH
	code  int
	says  []string // on standard error or output
	not   []string
}

// gateCases lists situations, each with the verdict and the words that a careful
// reviewer would want.
func gateCases() []gateCase {
	return []gateCase{
		{"all is well", `sidenote run -- curl -s $GOOD/ok`, 0, []string{"policy: ok", "1 exchange: 1 2xx"}, nil},
		{"an error fails", `sidenote run -- curl -s $GOOD/error`, 10, []string{"policy: FAIL: 1 note at or above error", "content/problem-status-mismatch"}, nil},
		{"a warning does not", `sidenote run -- curl -s $GOOD/warn`, 0, []string{"1 warning", "policy: ok"}, nil},
		{"a warning does where that is asked", `sidenote run --fail-on warn -- curl -s $GOOD/warn`, 10, []string{"policy: FAIL: 1 note at or above warn"}, nil},
		{"nothing fails", `sidenote run --fail-on never -- curl -s $GOOD/error`, 0, []string{"1 error"}, []string{"FAIL"}},
		{"the command's own failure comes first", `sidenote run -- sh -c 'curl -s $GOOD/ok; exit 3'`, 3, []string{"exit code 3"}, nil},
		{"its failure does not hide the policy's", `sidenote run -- sh -c 'curl -s $GOOD/error; exit 3'`, 3, []string{"policy: FAIL", "exit code 3"}, nil},
		{"a signal ends it", `sidenote run -- sh -c 'curl -s $GOOD/ok; kill -TERM $$'`, 143, []string{"signal 15"}, nil},
		{"nothing came", `sidenote run -- true`, 11, []string{"policy: FAIL", "nothing came through the proxy"}, []string{"policy: ok"}},
		{"nothing had to come", `sidenote run --require-traffic=false -- true`, 0, []string{"0 exchanges"}, nil},
		{"too little came", `sidenote run --min-exchanges 2 -- curl -s $GOOD/ok`, 11, []string{"1 exchange", "--min-exchanges"}, nil},
		{"enough came", `sidenote run --min-exchanges 2 -- sh -c 'curl -s $GOOD/ok; curl -s $GOOD/ok'`, 0, []string{"policy: ok"}, nil},
		{"all of it went past", `sidenote run -- python3 straight.py $ADDRESS`, 11, []string{"1 connection to $ADDRESS", "bypassed the proxy", "nothing came through the proxy"}, nil},
		{"some went past", `sidenote run -- sh -c 'curl -s $GOOD/ok; python3 straight.py $ADDRESS'`, 0, []string{"1 connection to $ADDRESS", "bypassed the proxy"}, nil},
		{"some went past, which fails", `sidenote run --fail-on bypass -- sh -c 'curl -s $GOOD/ok; python3 straight.py $ADDRESS'`, 10, []string{"couldn't judge 1 connection"}, nil},
		{"what went past is allowed", `sidenote run --fail-on bypass --allow-bypass $ADDRESS -- sh -c 'curl -s $GOOD/ok; python3 straight.py $ADDRESS'`, 0, []string{"policy: ok"}, nil},
		{"a fault is adopted", `sidenote run --baseline b.yaml --update-baseline -- curl -s $GOOD/error; sidenote run --baseline b.yaml -- curl -s $GOOD/error`, 0, []string{"policy: ok", "accepted"}, nil},
		{"not that of another port", `sidenote run --baseline b.yaml --update-baseline -- curl -s $GOOD/error; sidenote run --baseline b.yaml -- curl -s $OTHER/error`, 10, []string{"policy: FAIL", "was not seen"}, nil},
		{"a port at random", `sidenote run --baseline b.yaml --update-baseline -- curl -sk $RANDOM1/error; sidenote run --baseline b.yaml -- curl -sk $RANDOM2/error`, 0, []string{"policy: ok", "accepted"}, nil},
		{"any port", `sidenote run --baseline b.yaml --update-baseline -- curl -s $GOOD/error; sed -i "s/:$PORT/:*/" b.yaml; sidenote run --baseline b.yaml -- curl -s $OTHER/error`, 0, []string{"policy: ok"}, nil},
		{"a baseline of old without ports", `sidenote run --baseline b.yaml --update-baseline -- curl -s $GOOD/error; sed -i "s/:$PORT//" b.yaml; sidenote run --baseline b.yaml -- curl -s $OTHER/error`, 0, []string{"policy: ok"}, nil},
		{"an entry has expired", `sidenote run --baseline b.yaml --update-baseline -- curl -s $GOOD/error; sed -i "s/^\( *\)route:/\1expires: 2001-01-01\n\1route:/" b.yaml; sidenote run --baseline b.yaml -- curl -s $GOOD/error`, 10, []string{"policy: FAIL", "expired"}, nil},
		{"an entry is of no use", `sidenote run --baseline b.yaml --update-baseline -- curl -s $GOOD/error; sidenote run --baseline b.yaml -- curl -s $GOOD/ok`, 0, []string{"was not seen", "policy: ok"}, nil},
		{"a run within a run", `sidenote run -- sidenote run -- curl -s $GOOD/error`, 10, []string{"policy: FAIL"}, nil},
		{"a check within a run", `sidenote run -- sidenote check $GOOD/ok`, 0, []string{"policy: ok"}, []string{"via-missing", "warn "}},
		{"a bad check within a run", `sidenote run -- sidenote check $GOOD/error`, 10, []string{"the check failed"}, nil},
		{"a check", `sidenote check $GOOD/ok`, 0, []string{"policy: ok"}, nil},
		{"a check of a page that is not there", `sidenote check $GOOD/none`, 10, []string{"the check failed"}, nil},
		{"nobody listens", `sidenote check http://127.0.0.1:1/`, 10, []string{"failure/connect-refused"}, nil},
		{"a company's proxy is dead", `http_proxy=http://127.0.0.1:1 sidenote run -- curl -s http://api.company.invalid/`, 10, []string{"(http_proxy)", "upstream proxy"}, []string{"dns"}},
		{"a company's proxy, not for loopback", `http_proxy=http://127.0.0.1:1 sidenote run -- curl -s $GOOD/ok`, 0, []string{"policy: ok"}, nil},
		{"what was saved is judged alike", `sidenote run --fail-on never --save s.jsonl -- curl -s $GOOD/error; sidenote lint s.jsonl`, 10, []string{"policy: FAIL: 1 note at or above error"}, nil},
		{"a capture that is cut", `sidenote run --fail-on never --save s.jsonl -- curl -s $GOOD/ok; head -c 300 s.jsonl >cut.jsonl; sidenote lint cut.jsonl`, 2, []string{"policy: FAIL: 1 file could not be read whole"}, nil},
		{"a capture that is cut and bad", `sidenote run --fail-on never --save s.jsonl -- sh -c 'curl -s $GOOD/error; curl -s $GOOD/error'; head -n 1 s.jsonl >cut.jsonl; head -c 300 s.jsonl >>cut.jsonl; sidenote lint cut.jsonl`, 2, []string{"1 note at or above error", "could not be read whole"}, nil},
		{"a capture without exchanges", `echo '{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[]}}' >e.har; sidenote lint e.har`, 11, []string{"policy: FAIL", "nothing was judged"}, nil},
		{"no room on the disk", `sidenote run --save /dev/full -- curl -s $GOOD/ok`, 125, []string{"/dev/full"}, nil},
		{"a budget is broken", `sidenote run --budget max-failed-rate=0% -- curl -s http://sidenote.localhost:1/`, 10, []string{"over the budget max-failed-rate"}, nil},
		{"an expectation is broken", `sidenote run --expect 'fine: status == 200' -- curl -s $GOOD/warn`, 10, []string{"expect/fine"}, nil},
		{"an expectation is of no use", `printf 'expect:\n  orders:\n    match: GET nowhere.test\n    status: 200\n' >p.yaml; sidenote run --policy p.yaml -- curl -s $GOOD/ok`, 0, []string{"no exchange matched the expectation orders"}, nil},
		{"a rule is off", `sidenote run --rules content/problem-status-mismatch=off -- curl -s $GOOD/error`, 0, []string{"policy: ok"}, nil},
		{"the folder's settings", `printf 'policy:\n  fail-on: warn\n' >sidenote.yaml; sidenote run -- curl -s $GOOD/warn`, 10, []string{"settings from sidenote.yaml", "FAIL"}, nil},
		{"without them", `printf 'policy:\n  fail-on: warn\n' >sidenote.yaml; sidenote run --no-config -- curl -s $GOOD/warn`, 0, []string{"policy: ok"}, []string{"settings from"}},
		{"a filter of what is printed is none of what is judged", `sidenote run --filter 'status:200' -- curl -s $GOOD/error`, 10, []string{"policy: FAIL"}, nil},
		{"quiet", `sidenote run --quiet -- curl -s $GOOD/error`, 10, []string{"policy: FAIL"}, nil},
		{"by name", `sidenote run --min-exchanges 1 -- curl -s http://localhost:$PORT/ok`, 0, []string{"1 exchange"}, nil},
		{"a client that doesn't trust the CA", `sidenote run -- curl -s --cacert /dev/null https://localhost:$SECUREPORT/ok`, 77, []string{"curl"}, nil},
		{"settings that are wrong", `sidenote run --fail-on wrn -- curl -s $GOOD/error`, 2, []string{"did you mean"}, nil},
	}
}

// onChosenPort serves on a port that someone may have chosen: those that the system
// hands out at random stand as * in a baseline.
func onChosenPort(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	for port := 20000 + os.Getpid()%5000; port < 30000; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
		s.Start()
		t.Cleanup(s.Close)
		return s
	}
	t.Fatal("no port is free")
	return nil
}

// TestGateTable: one verdict in each situation, with its reason.
func TestGateTable(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	needPython(t, "socket")
	good, other := onChosenPort(t, gateOrigin()), onChosenPort(t, gateOrigin())
	secure := httptest.NewTLSServer(gateOrigin())
	t.Cleanup(secure.Close)
	random := func() string {
		s := httptest.NewServer(gateOrigin())
		t.Cleanup(s.Close)
		return s.URL
	}
	address := strings.TrimPrefix(good.URL, "http://")
	port := address[strings.LastIndexByte(address, ':')+1:]
	names := []string{"GOOD=" + good.URL, "OTHER=" + other.URL, "ADDRESS=" + address, "PORT=" + port,
		"RANDOM1=" + random(), "RANDOM2=" + random(), "SECUREPORT=" + secure.URL[strings.LastIndexByte(secure.URL, ':')+1:]}
	bin := filepath.Dir(program(t))
	cases := gateCases()
	if len(cases) < 40 {
		t.Errorf("only %d situations", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "straight.py"), []byte(straight), 0o600); err != nil {
				t.Fatal(err)
			}
			shell := exec.Command("sh", "-c", c.shell)
			shell.Dir = dir
			shell.Env = append(append(plainEnv(dir), "PATH="+bin+":"+os.Getenv("PATH"), "SIDENOTE_CA_DIR="+filepath.Join(dir, "ca"), "TMPDIR="+dir), names...)
			out, _ := shell.CombinedOutput()
			printed := string(out)
			if code := shell.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			last := printed[strings.LastIndex(printed, "INF proxy on ")+1:] // of the last run
			for _, want := range c.says {
				if want = strings.ReplaceAll(want, "$ADDRESS", address); !strings.Contains(printed, want) {
					t.Errorf("no %q", want)
				}
			}
			for _, not := range c.not {
				if strings.Contains(last, not) {
					t.Errorf("%q is said", not)
				}
			}
			if n := strings.Count(last, "policy: "); n > 2 {
				t.Errorf("the verdict is said %d times", n)
			}
			if t.Failed() {
				t.Log(printed)
			}
		})
	}
}
